/* [data-again="4"]: the page looks every so many seconds whether the server would show something else, and then shows it.
   data-version tells the versions apart. Nothing is reloaded while nothing changes, so nobody is interrupted in reading. */
export function start(root) {
  const here = root.querySelector("[data-again]");
  setInterval(async () => {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-again]");
      if (fresh && fresh.dataset.version !== here.dataset.version) location.replace(location.href);
    } catch {
      // the server is away for a moment: look again next time
    }
  }, Number(here.dataset.again) * 1000);
}
