/* Findings while one types: after a pause the form is sent to where it says (data-review-at, else as its button would send it),
   and what comes back takes the place of the findings (data-review names them). Nothing else on the page changes; when anything
   fails, the button still works. */

import { parsed, swap } from "./swap.js";

const WAIT = 700;
const made = new WeakSet();

function attach(form) {
  let timer = 0;
  let under = null;
  async function ask() {
    const texts = [...form.querySelectorAll("textarea, input[type=text]")];
    if (!texts.some((one) => one.value.trim())) return;
    if (under) under.abort();
    under = new AbortController();
    try {
      const answer = await fetch(form.dataset.reviewAt || form.action, { method: "POST", body: new FormData(form), signal: under.signal });
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
