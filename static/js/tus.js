/* A large file in parts, by the open protocol tus 1.0 (https://tus.io): what has arrived stays, a broken line costs one part,
   and the same file chosen again, even after a reload, goes on where it stopped. */

const PART = 4 * 1048576;
/* seconds to wait between tries; then the sender asks */
const WAITS = [1, 2, 4, 8, 15, 30];

/* What cannot be mended by trying again; `message` is for the reader. */
export class Refused extends Error {}

function nameOf(file) {
  return `upload:${file.name}:${file.size}:${file.lastModified}`;
}

function remembered(file) {
  try {
    return localStorage.getItem(nameOf(file));
  } catch {
    return null;
  }
}

function remember(file, address) {
  try {
    if (address) localStorage.setItem(nameOf(file), address);
    else localStorage.removeItem(nameOf(file));
  } catch {
    /* a browser that keeps nothing: then a reload begins anew */
  }
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function request(method, address, headers, body, { onPart, signal } = {}) {
  return new Promise((done, failed) => {
    const one = new XMLHttpRequest();
    const stop = () => one.abort();
    if (signal) signal.addEventListener("abort", stop, { once: true });
    one.open(method, address);
    one.setRequestHeader("Tus-Resumable", "1.0.0");
    one.setRequestHeader("Accept", "application/json");
    for (const [key, value] of Object.entries(headers)) one.setRequestHeader(key, value);
    if (onPart) one.upload.addEventListener("progress", (event) => onPart(event.loaded));
    one.addEventListener("load", () => done(one));
    one.addEventListener("error", () => failed(new Error("line")));
    one.addEventListener("abort", () => failed(new DOMException("stopped", "AbortError")));
    one.addEventListener("loadend", () => signal && signal.removeEventListener("abort", stop));
    one.send(body ?? null);
  });
}

function refusal(answer) {
  try {
    const problem = JSON.parse(answer.responseText);
    const fields = Object.values(problem.fields || {}).flat();
    return new Refused([...fields, fields.length ? "" : problem.title, problem.remedy].filter(Boolean).join(" "));
  } catch {
    return new Refused("");
  }
}

async function begun(file, address, token, signal) {
  const known = remembered(file);
  if (known) {
    const answer = await request("HEAD", known, {}, null, { signal });
    if (answer.status === 200 && Number(answer.getResponseHeader("Upload-Length")) === file.size) {
      return { address: known, offset: Number(answer.getResponseHeader("Upload-Offset")) };
    }
    remember(file, null);
  }
  const headers = {
    "Upload-Length": String(file.size),
    "Upload-Metadata": `filename ${base64(file.name)}`,
    "X-CSRFToken": token,
  };
  const answer = await request("POST", address, headers, null, { signal });
  if (answer.status >= 500) throw new Error("line");
  if (answer.status !== 201) throw refusal(answer);
  const made = new URL(answer.getResponseHeader("Location"), location.href).href;
  remember(file, made);
  return { address: made, offset: 0 };
}

async function once(file, address, token, { onProgress, signal }) {
  const upload = await begun(file, address, token, signal);
  while (upload.offset < file.size) {
    onProgress(upload.offset);
    const headers = {
      "Content-Type": "application/offset+octet-stream",
      "Upload-Offset": String(upload.offset),
      "X-CSRFToken": token,
    };
    const from = upload.offset;
    const part = file.slice(from, from + PART);
    const onPart = (loaded) => onProgress(from + loaded);
    const answer = await request("PATCH", upload.address, headers, part, { onPart, signal });
    if (answer.status === 204 || answer.status === 409) upload.offset = Number(answer.getResponseHeader("Upload-Offset"));
    else if (answer.status === 404) {
      remember(file, null);
      throw new Error("gone");
    } else if (answer.status >= 500 || answer.status === 429 || answer.status === 460) throw new Error("line");
    else throw refusal(answer);
  }
  onProgress(file.size);
  return upload.address.replace(/.*\//, "");
}

/* Send `file`; gives the code that stands for it in a form. `onWait(seconds)` tells of a wait, `ask()` promises that the sender
   wants to go on. Throws Refused, or an AbortError when `signal` stops it. */
export async function sendAhead(file, address, token, { onProgress, onWait, ask, signal }) {
  for (let tries = 0; ; ) {
    try {
      let moved = -1;
      const watch = (offset) => {
        if (offset > moved && moved >= 0) tries = 0;
        moved = offset;
        onProgress(offset);
      };
      return await once(file, address, token, { onProgress: watch, signal });
    } catch (error) {
      if (error instanceof Refused || error.name === "AbortError") throw error;
      if (tries >= WAITS.length) {
        await ask();
        tries = 0;
        continue;
      }
      onWait(WAITS[tries]);
      await new Promise((done) => setTimeout(done, WAITS[tries] * 1000));
      if (signal.aborted) throw new DOMException("stopped", "AbortError");
      tries += 1;
    }
  }
}

/* The form that held the file has arrived: nothing is to be gone on with, and the parts on the server need not wait to expire.
   Should the line break now, they expire. */
export function forget(file, token) {
  const known = remembered(file);
  remember(file, null);
  if (!known) return;
  const headers = { "Tus-Resumable": "1.0.0", "X-CSRFToken": token };
  fetch(known, { method: "DELETE", headers, keepalive: true }).catch(() => {});
}
