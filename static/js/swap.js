/* Put parts of a freshly fetched page in place of the same parts of this one, without losing the place of the keyboard. */

import { wake } from "./market.js";

/* The parsed page at `url`; throws when the answer is not a page. `signal` ends the wait. */
export async function page(url, signal) {
  const answer = await fetch(url, { signal, headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
  return { html: parsed(await answer.text()), url: answer.url };
}

export function parsed(text) {
  return new DOMParser().parseFromString(text, "text/html");
}

function place() {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  return { id: at.id, name: at.name, value: at.value, form: at.form ? at.form.id : "" };
}

function restore(at) {
  if (!at) return;
  const same = at.id
    ? document.getElementById(at.id)
    : [...document.querySelectorAll("input, select, button")].find(
        (one) => one.name === at.name && one.value === at.value && (one.form ? one.form.id : "") === at.form,
      );
  if (same && same !== document.activeElement) same.focus({ preventScroll: true });
}

/* Replace the elements with these ids by those of `html`; false when one of them is missing there. */
export function swap(html, ids) {
  const pairs = ids.map((id) => [document.getElementById(id), html.getElementById(id)]);
  if (pairs.some(([old, fresh]) => !old || !fresh)) return false;
  const at = place();
  for (const [old, fresh] of pairs) {
    old.replaceWith(fresh);
    wake(fresh.parentElement);
  }
  restore(at);
  return true;
}

let pushed = false;

/* Show `html` as if the browser had gone there: main part, title, address, focus. */
export function goTo(html, url, remember = true) {
  const fresh = html.getElementById("main");
  if (!fresh) return false;
  document.getElementById("main").replaceWith(fresh);
  document.title = html.title;
  if (remember) history.pushState({ swapped: true }, "", url);
  if (remember && !pushed) window.addEventListener("popstate", () => location.reload());
  pushed = pushed || remember;
  window.scrollTo(0, 0);
  if (!fresh.querySelector("[data-focus]")) fresh.focus({ preventScroll: true });
  wake(fresh);
  return true;
}
