/* Findings while one types: after a pause the form is sent as its button would send it, and what comes back takes the place of
   the findings. Nothing else on the page changes; when anything fails, the button still works. */

import { parsed, swap } from "./swap.js";

const WAIT = 700;
const made = new WeakSet();

function attach(form) {
  let timer = 0;
  let under = null;
  async function ask() {
    if (!form.text.value.trim()) return;
    if (under) under.abort();
    under = new AbortController();
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), signal: under.signal });
      if (answer.ok) swap(parsed(await answer.text()), [form.dataset.review]);
    } catch {
      /* the button remains */
    }
  }
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
}

export function start(root) {
  for (const form of root.querySelectorAll("form[data-review]")) {
    if (!made.has(form)) {
      made.add(form);
      attach(form);
    }
  }
}
