/* The kiosk ends itself: [data-idle] holds the seconds, [data-over] the address of the end. Every touch starts them anew. */
export function start(root) {
  const bar = root.querySelector("[data-idle]");
  const all = Number(bar.dataset.idle);
  const words = bar.querySelector("[data-words]");
  const progress = bar.querySelector("progress");
  let since = performance.now();
  for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) {
    addEventListener(kind, () => (since = performance.now()), { passive: true });
  }
  const show = () => {
    const left = Math.ceil(all - (performance.now() - since) / 1000);
    if (left <= 0) {
      clearInterval(clock);
      location.replace(bar.dataset.over);
      return;
    }
    words.textContent = bar.dataset.text.replace("{n}", left);
    progress.value = left;
  };
  const clock = setInterval(show, 500);
  show();
}
