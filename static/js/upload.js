/* Files: name and size as soon as they are chosen, those above the limit marked and not sent; while a form with files travels,
   how far it has come and a way to stop it. The server judges again; without a script the form is sent as any other. */

import { free } from "./once.js";
import { goTo, parsed } from "./swap.js";

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

/* What is too big is taken out before sending, so that the rest arrives; the list keeps saying why. */
function withoutBig(form) {
  const body = new FormData(form);
  for (const input of form.querySelectorAll("input[type=file][data-limit]")) {
    body.delete(input.name);
    for (const file of input.files) if (file.size <= Number(input.dataset.limit)) body.append(input.name, file);
  }
  return body;
}

function meter(form) {
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
  line.append(status, " ", stop);
  box.append(bar, line);
  form.append(box);
  return { box, bar, status, stop };
}

function send(form, submitter) {
  const body = withoutBig(form);
  if (submitter && submitter.name) body.append(submitter.name, submitter.value);
  const { box, bar, status, stop } = meter(form);
  const request = new XMLHttpRequest();
  let said = 0;
  const end = (text) => {
    travelling.delete(form);
    free(form);
    if (!text) return box.remove();
    bar.remove();
    stop.remove();
    status.textContent = text;
    status.className = "wm-flag";
  };
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    const share = Math.floor((event.loaded / event.total) * 100);
    bar.value = share;
    if (share >= said + 10 || share === 100) status.textContent = `${(said = share)}%`;
  });
  request.addEventListener("load", () => {
    const page = parsed(request.responseText);
    if (!goTo(page, request.responseURL, request.responseURL !== location.href)) end(form.dataset.broken);
  });
  request.addEventListener("error", () => end(form.dataset.broken));
  request.addEventListener("abort", () => end(""));
  stop.addEventListener("click", () => request.abort());
  request.open("POST", form.getAttribute("action") || location.href);
  request.setRequestHeader("Accept", "text/html");
  request.send(body);
}

export function start(root) {
  root.querySelectorAll("input[type=file][data-limit]").forEach((input) => {
    if (made.has(input)) return;
    made.add(input);
    input.addEventListener("change", () => show(input));
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
