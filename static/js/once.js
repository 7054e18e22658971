/* A form that changes something is sent once: a second press while the answer is under way does nothing.
   The button stays in the page (it may carry the value that is sent); coming back through the history frees it again. */

const sent = new WeakSet();
const made = new WeakSet();
let listening = false;

function mark(form, busy) {
  form.setAttribute("aria-busy", busy ? "true" : "false");
  form.querySelectorAll("button:not([type=button])").forEach((button) => {
    if (busy) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  });
}

export function free(form) {
  sent.delete(form);
  mark(form, false);
}

export function start(root) {
  root.querySelectorAll("form[data-once]").forEach((form) => {
    if (made.has(form)) return;
    made.add(form);
    form.addEventListener("submit", (event) => {
      if (sent.has(form)) {
        event.preventDefault();
        event.stopImmediatePropagation();
        return;
      }
      sent.add(form);
      mark(form, true);
    });
  });
  if (listening) return;
  listening = true;
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form[data-once]").forEach(free);
  });
}
