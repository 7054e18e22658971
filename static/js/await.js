/* A part of a page that waits for something (a payment on its way) looks again by itself for a minute: it is replaced by the same
   part of its address, and goes on only while that still waits. */

import { page, swap } from "./swap.js";

const PAUSE = 2000;
const MOST = 30;
const looked = new Map();

export function start(root) {
  root.querySelectorAll("[data-await]").forEach((part) => {
    const times = looked.get(part.id) || 0;
    if (times >= MOST) return;
    looked.set(part.id, times + 1);
    setTimeout(() => look(part), PAUSE);
  });
}

async function look(part) {
  if (!part.isConnected || part.querySelector("form[aria-busy=true]")) return;
  try {
    const { html } = await page(part.dataset.await);
    swap(html, [part.id]);
  } catch {
    start(part.parentElement);
  }
}
