/* The one script a page loads. Each small part is fetched only where the page has something for it to do, and every page
   works without any of them. `wake(root)` is also called for markup that a part has put on the page later; the attribute
   data-scripts="ready" on <html> says that all parts are at work. */

const PARTS = [
  ["[data-focus]", "./errors.js"],
  ["details.wm-account, details.wm-menu", "./menus.js"],
  ["form[data-once]", "./once.js"],
  ["input[type=file][data-limit], form[data-upload]", "./upload.js"],
  ["[data-suggest]", "./suggest.js"],
  ["form[data-live]", "./facets.js"],
  ["form[data-review]", "./review.js"],
  ["form[data-compare]", "./compare.js"],
  ["[data-read-aloud]", "./aloud.js"],
  ["[data-copy], [data-print]", "./buttons.js"],
  ["[data-await]", "./await.js"],
  ["[data-visit]", "./visit.js"],
  ["[data-pad]", "./pad.js"],
  ["[data-again]", "./again.js"],
  ["[data-idle]", "./idle.js"],
  ["form[data-keypad]", "./keypad.js"],
  ["form[data-seal]", "./seal.js"],
  ["[data-verify]", "./verify.js"],
];

export function wake(root) {
  const wanted = PARTS.filter(([selector]) => root.querySelector(selector));
  return Promise.all(wanted.map(([, file]) => import(file).then((part) => part.start(root))));
}

wake(document).then(() => (document.documentElement.dataset.scripts = "ready"));
