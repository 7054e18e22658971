/* The error summary takes the focus when the page opens; its links put the cursor into the field, not only near it. */

const made = new WeakSet();

export function start(root) {
  const summary = root.querySelector("[data-focus]");
  if (!summary || made.has(summary)) return;
  made.add(summary);
  summary.focus();
  summary.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    const field = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!field) return;
    event.preventDefault();
    field.scrollIntoView({ block: "center" });
    field.focus({ preventScroll: true });
  });
}
