/* The clock of a visit at the counter: [data-visit] holds the seconds used when the server made the page, [data-standard] those of
   the standard. It counts on from there by the browser's own clock, so a wrong one does no harm. */
export function start(root) {
  for (const box of root.querySelectorAll("[data-visit]")) {
    const began = performance.now() - Number(box.dataset.visit) * 1000;
    const standard = Number(box.dataset.standard);
    const left = box.querySelector("[data-left]");
    const bar = box.querySelector("progress");
    const show = () => {
      const used = Math.floor((performance.now() - began) / 1000);
      const seconds = Math.abs(standard - used);
      left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      bar.value = Math.min(used, standard);
      box.classList.toggle("is-over", used > standard);
    };
    show();
    setInterval(show, 1000);
  }
}
