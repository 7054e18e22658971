/* Suggestions under the one box: an ARIA 1.2 combobox with a listbox. Arrow keys walk, Enter takes, Escape closes (and a second
   one empties, as a search box does by itself). While an input method composes (pinyin), nothing is asked and no key is taken. */

const WAIT = 150;
const MOST = 8;
const made = new WeakSet();

function attach(input) {
  const { suggest, listLabel, one, many } = input.dataset;
  const ask = input.closest(".wm-ask");
  const box = document.createElement("div");
  box.className = "wm-suggest";
  const typing = document.activeElement === input;
  ask.replaceWith(box);
  const list = document.createElement("ul");
  list.id = `${input.id}-list`;
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", listLabel);
  const status = document.createElement("p");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  box.append(ask, list, status);
  if (typing) input.focus(); // moving it took the cursor away

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);

  let found = [];
  let at = -1;
  let timer = 0;
  let under = null;
  let composing = false;
  let asked = input.defaultValue.trim();

  function close() {
    clearTimeout(timer);
    if (under) under.abort();
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(index) {
    at = index;
    [...list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
    if (at < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", list.children[at].id);
      list.children[at].scrollIntoView({ block: "nearest" });
    }
  }

  function take(index) {
    const chosen = found[index];
    close();
    if (chosen.url) {
      location.assign(chosen.url);
      return;
    }
    input.value = asked = chosen.text;
    input.form.requestSubmit();
  }

  function show() {
    list.replaceChildren(
      ...found.map((item, index) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${index}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        const text = document.createElement("span");
        text.textContent = item.text;
        option.append(text);
        if (item.kind) {
          const kind = document.createElement("small");
          kind.textContent = item.kind;
          option.append(kind);
        }
        option.addEventListener("pointerdown", (event) => event.preventDefault());
        option.addEventListener("click", () => take(index));
        return option;
      }),
    );
    at = -1;
    input.removeAttribute("aria-activedescendant");
    list.hidden = found.length === 0;
    input.setAttribute("aria-expanded", String(found.length > 0));
    status.textContent = found.length === 0 ? "" : found.length === 1 ? one : many.replace("{n}", found.length);
  }

  async function look(text) {
    if (under) under.abort();
    under = new AbortController();
    try {
      const url = new URL(suggest, location.href);
      url.searchParams.set("q", text);
      const answer = await fetch(url, { signal: under.signal, headers: { Accept: "application/json" } });
      const body = answer.ok ? await answer.json() : {};
      if (text !== asked || document.activeElement !== input) return;
      found = (body.suggestions || []).slice(0, MOST);
      show();
    } catch {
      /* aborted, or away: the box works without suggestions */
    }
  }

  function typed() {
    const text = input.value.trim();
    if (composing || text === asked) return;
    asked = text;
    clearTimeout(timer);
    if (!text) return close();
    timer = setTimeout(() => look(text), WAIT);
  }

  input.addEventListener("compositionstart", () => (composing = true));
  input.addEventListener("compositionend", () => {
    composing = false;
    typed();
  });
  input.addEventListener("input", typed);
  input.addEventListener("blur", close);
  input.form.addEventListener("submit", close);
  if (typing) typed(); // what was typed before this script arrived
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || composing || event.keyCode === 229) return;
    const open = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!found.length) return;
      event.preventDefault();
      if (!open) show();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const count = found.length + 1; // one place more: back in the box
      mark(((at + 1 + step + count) % count) - 1);
    } else if (event.key === "Enter" && open && at >= 0) {
      event.preventDefault();
      take(at);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      close();
    }
  });
}

export function start(root) {
  root.querySelectorAll("[data-suggest]").forEach((input) => {
    if (made.has(input)) return;
    made.add(input);
    attach(input);
  });
}
