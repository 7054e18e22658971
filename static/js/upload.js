/* Files: name and size as soon as they are chosen, those above the limit marked and not sent; while a form with files travels,
   how far it has come and a way to stop it. Large ones go ahead in parts, which go on after a broken line, and stand in the form
   by their code. The server judges again; without a script the form is sent as any other. */

import { free } from "./once.js";
import { goTo, parsed } from "./swap.js";
import { forget, Refused, sendAhead } from "./tus.js";

/* from this size on a file goes ahead in parts */
const LARGE = 2 * 1048576;

const made = new WeakSet();
const travelling = new WeakSet();

function words(size) {
  const mebibytes = size / 1048576;
  return mebibytes >= 1 ? `${(Math.round(mebibytes * 10) / 10).toString()} MB` : `${Math.max(1, Math.round(size / 1024))} KB`;
}

function element(tag, className, text) {
  const one = document.createElement(tag);
  if (className) one.className = className;
  if (text !== undefined) one.textContent = text;
  return one;
}

function listOf(input) {
  return document.querySelector(`[data-files-of="${CSS.escape(input.id)}"]`);
}

function show(input) {
  const list = listOf(input);
  const files = [...input.files];
  const limit = Number(input.dataset.limit);
  list.replaceChildren(
    ...files.map((file) => {
      const big = file.size > limit;
      const row = element("li", big ? "is-bad" : "");
      const name = element("span", "nm");
      name.append(element("span", "", file.name));
      const state = element("span", "st");
      state.append(element("span", big ? "wm-flag" : "wm-dim", big ? input.dataset.tooBig : input.dataset.ready));
      row.append(name, element("span", "wm-dim tnum", words(file.size)), state);
      return row;
    }),
  );
  list.hidden = files.length === 0;
}

/* What is too big is not sent, so that the rest arrives; the list keeps saying why. */
function sendable(form) {
  const found = [];
  for (const input of form.querySelectorAll("input[type=file][data-limit]")) {
    for (const file of input.files) if (file.size <= Number(input.dataset.limit)) found.push({ input, file });
  }
  return found;
}

function meter(form, stopped) {
  const box = element("div", "wm-travel");
  const bar = element("progress", "wm-left");
  bar.max = 100;
  bar.value = 0;
  bar.setAttribute("aria-label", form.dataset.label);
  const line = element("p", "small wm-dim mb-0");
  const status = element("span", "tnum", "0%");
  status.setAttribute("role", "status");
  const stop = element("button", "btn btn-secondary btn-sm", form.dataset.stop);
  stop.type = "button";
  stop.addEventListener("click", stopped);
  line.append(status, " ", stop);
  box.append(bar, line);
  form.append(box);
  let said = 0;
  return {
    to(share) {
      bar.value = share;
      if (share >= said + 10 || share === 100 || status.dataset.told) status.textContent = `${(said = share)}%`;
      delete status.dataset.told;
    },
    tell(text) {
      status.textContent = text;
      status.dataset.told = "yes";
    },
    /* a button to go on; the promise is kept when it is pressed */
    ask(text, label) {
      this.tell(text);
      const again = element("button", "btn btn-secondary btn-sm", label);
      again.type = "button";
      line.append(" ", again);
      return new Promise((done) =>
        again.addEventListener("click", () => {
          again.remove();
          done();
        }),
      );
    },
    end(text) {
      if (!text) return box.remove();
      bar.remove();
      stop.remove();
      status.textContent = text;
      status.className = "wm-flag";
    },
  };
}

/* The form's fields, with the codes of the files that went ahead in their places. */
async function filled(form, submitter, travel, signal) {
  const body = new FormData(form);
  if (submitter && submitter.name) body.append(submitter.name, submitter.value);
  const files = sendable(form);
  const all = files.reduce((sum, { file }) => sum + file.size, 0);
  for (const input of form.querySelectorAll("input[type=file][data-limit]")) {
    if (input.files.length) body.delete(input.name);
  }
  const ahead = [];
  let before = 0;
  for (const { input, file } of files) {
    if (file.size < LARGE || !input.dataset.uploads) {
      body.append(input.name, file);
      continue;
    }
    const start = before;
    const code = await sendAhead(file, input.dataset.uploads, body.get("csrf_token"), {
      onProgress: (offset) => travel.to(Math.floor(((start + offset) / all) * 100)),
      onWait: () => travel.tell(form.dataset.waiting),
      ask: () => travel.ask(form.dataset.paused, form.dataset.goOn),
      signal,
    });
    before += file.size;
    body.append(input.name, code);
    ahead.push(file);
  }
  return { body, ahead, before, all };
}

async function send(form, submitter) {
  const stopping = new AbortController();
  const travel = meter(form, () => stopping.abort());
  const end = (text) => {
    travelling.delete(form);
    free(form);
    travel.end(text);
  };
  let ready;
  try {
    ready = await filled(form, submitter, travel, stopping.signal);
  } catch (error) {
    if (error.name === "AbortError") return end("");
    return end((error instanceof Refused && error.message) || form.dataset.broken);
  }
  const request = new XMLHttpRequest();
  const rest = ready.all - ready.before;
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable || !rest) return;
    travel.to(Math.floor(((ready.before + (event.loaded / event.total) * rest) / ready.all) * 100));
  });
  request.addEventListener("load", () => {
    if (request.status < 400) ready.ahead.forEach((file) => forget(file, ready.body.get("csrf_token")));
    const page = parsed(request.responseText);
    if (!goTo(page, request.responseURL, request.responseURL !== location.href)) end(form.dataset.broken);
  });
  request.addEventListener("error", () => end(form.dataset.broken));
  request.addEventListener("abort", () => end(""));
  stopping.signal.addEventListener("abort", () => request.abort());
  request.open("POST", form.getAttribute("action") || location.href);
  request.setRequestHeader("Accept", "text/html");
  request.send(ready.body);
}

/* Another file takes the place of one that had arrived before. */
function chosen(input) {
  show(input);
  if (input.files.length) document.querySelectorAll(`[data-kept-of="${CSS.escape(input.id)}"]`).forEach((old) => old.remove());
}

export function start(root) {
  root.querySelectorAll("input[type=file][data-limit]").forEach((input) => {
    if (made.has(input)) return;
    made.add(input);
    input.addEventListener("change", () => chosen(input));
    if (input.files.length) show(input);
  });
  root.querySelectorAll("form[data-upload]").forEach((form) => {
    if (made.has(form)) return;
    made.add(form);
    form.addEventListener("submit", (event) => {
      const chosen = [...form.querySelectorAll("input[type=file]")].some((input) => input.files.length);
      if (event.defaultPrevented || !chosen) return;
      event.preventDefault();
      if (travelling.has(form)) return;
      travelling.add(form);
      form.querySelectorAll(".wm-travel").forEach((old) => old.remove());
      send(form, event.submitter);
    });
  });
}
