/* Copy an address, print the page: buttons that are hidden until a script can do what they say. */

const made = new WeakSet();

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea"); // pages not served over https have no clipboard object
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("copying was refused");
}

export function start(root) {
  root.querySelectorAll("[data-copy], [data-print]").forEach((button) => {
    if (made.has(button)) return;
    made.add(button);
    button.hidden = false;
    if ("print" in button.dataset) {
      button.addEventListener("click", () => window.print());
      return;
    }
    const label = button.querySelector("span");
    const idle = label.textContent;
    button.addEventListener("click", async () => {
      const url = new URL(button.dataset.copy || location.href, location.href).href;
      try {
        await copy(url);
        label.textContent = button.dataset.done;
        setTimeout(() => (label.textContent = idle), 4000);
      } catch {
        window.prompt(idle, url);
      }
    });
  });
}
