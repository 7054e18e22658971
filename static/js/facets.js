/* Live filters: a change fetches the same address the button would have opened and puts its results and counts in place. The
   history keeps every step. When anything fails, the form is sent as it would be without a script. */

import { page, swap } from "./swap.js";

const made = new WeakSet();
let under = null;
let listening = false;
let status = null;

/* Said by screen readers: the words that the page marks as the result in short. */
function say() {
  const words = document.querySelector("[data-live-status]");
  if (words) status.textContent = words.textContent.trim();
}

function parts(form) {
  const ids = form.dataset.live.split(/\s+/);
  return form.id && !ids.includes(form.id) ? [...ids, form.id] : ids;
}

/* The address of a form as it stands, without empty values. */
function address(form) {
  const url = new URL(form.getAttribute("action") || "", location.href);
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value !== "") query.append(name, value);
  url.search = query;
  return url.href;
}

function busy(ids, on) {
  for (const id of ids) {
    const part = document.getElementById(id);
    if (!part) continue;
    part.classList.add("is-live");
    part.setAttribute("aria-busy", String(on));
  }
}

async function show(url, ids, remember) {
  if (under) under.abort();
  const mine = (under = new AbortController());
  busy(ids, true);
  const got = await page(url, mine.signal);
  if (!swap(got.html, ids)) throw new Error("the answer lacks a part");
  document.title = got.html.title;
  say();
  if (remember) history.pushState({ live: ids }, "", url);
}

export function start(root) {
  root.querySelectorAll("form[data-live]").forEach((form) => {
    if (made.has(form)) return;
    made.add(form);
    form.querySelectorAll("[data-apply]").forEach((button) => (button.hidden = true));
    const change = () => {
      const ids = parts(form);
      show(address(form), ids, true).catch((error) => {
        if (error.name !== "AbortError") form.submit();
      });
    };
    form.addEventListener("change", change);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      change();
    });
  });
  if (listening) return;
  listening = true;
  status = document.createElement("p");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  document.getElementById("main").after(status);
  const first = document.querySelector("form[data-live]");
  history.replaceState({ live: parts(first) }, "");
  window.addEventListener("popstate", (event) => {
    const ids = event.state && event.state.live;
    if (!ids) return location.reload();
    show(location.href, ids, false).catch((error) => error.name === "AbortError" || location.reload());
  });
}
