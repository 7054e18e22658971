/* The comparison tray: counts what is chosen, stops at the most, and keeps the choice while the list is filtered or turned.
   Kept for this tab only, apart for each service item; without a script the checked boxes of the page are what is sent. */

const redraw = new WeakMap();

function attach(form) {
  const { most, none, some, full } = form.dataset;
  const limit = Number(most);
  const store = `compare:${form.dataset.compare}`;
  const button = form.querySelector("button");
  const status = form.querySelector("[data-status]");
  const boxes = () => [...document.querySelectorAll(`input[type=checkbox][form="${form.id}"]`)];

  function kept() {
    try {
      return JSON.parse(sessionStorage.getItem(store)) || [];
    } catch {
      return [];
    }
  }

  function keep(codes) {
    try {
      sessionStorage.setItem(store, JSON.stringify(codes));
    } catch {
      /* storage is closed: the choice lives as long as the page */
    }
    chosen = codes;
  }

  let chosen = kept();

  /* Choices on other pages of the list travel as hidden fields, those on this page as their boxes. */
  function draw() {
    const here = boxes();
    const visible = new Set(here.map((box) => box.value));
    for (const box of here) {
      box.checked = chosen.includes(box.value);
      box.disabled = !box.checked && chosen.length >= limit;
    }
    form.querySelectorAll("[data-elsewhere]").forEach((field) => field.remove());
    for (const code of chosen.filter((one) => !visible.has(one))) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = "c";
      field.value = code;
      field.dataset.elsewhere = "";
      form.append(field);
    }
    form.classList.toggle("is-some", chosen.length > 0);
    button.textContent = chosen.length < 2 ? none : some.replace("{n}", chosen.length);
    button.setAttribute("aria-disabled", String(chosen.length < 2));
    status.textContent = chosen.length >= limit ? full : "";
  }

  redraw.set(form, draw);
  const checked = boxes().filter((box) => box.checked).map((box) => box.value);
  keep([...new Set([...chosen, ...checked])].slice(0, limit));
  draw();

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!form.isConnected || box.type !== "checkbox" || box.getAttribute("form") !== form.id) return;
    keep(box.checked ? [...chosen.filter((one) => one !== box.value), box.value].slice(0, limit) : chosen.filter((one) => one !== box.value));
    draw();
  });
  form.addEventListener("submit", (event) => {
    if (chosen.length < 2) event.preventDefault();
  });
}

export function start(root) {
  root.querySelectorAll("form[data-compare]").forEach((form) => {
    if (redraw.has(form)) redraw.get(form)(); // the list around it is a new one
    else attach(form);
  });
}
