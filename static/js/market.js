/* The one script a page loads. Each small part is fetched only where the page has something for it to do, and every page
   works without any of them. `wake(root)` is also called for markup that a part has put on the page later. */

const PARTS = [
  ["[data-focus]", "./errors.js"],
  ["details.wm-account, details.wm-menu", "./menus.js"],
  ["form[data-once]", "./once.js"],
  ["input[type=file][data-limit], form[data-upload]", "./upload.js"],
  ["[data-suggest]", "./suggest.js"],
  ["form[data-live]", "./facets.js"],
  ["form[data-compare]", "./compare.js"],
  ["[data-read-aloud]", "./aloud.js"],
  ["[data-copy], [data-print]", "./buttons.js"],
];

export function wake(root) {
  for (const [selector, file] of PARTS) {
    if (root.querySelector(selector)) import(file).then((part) => part.start(root));
  }
}

wake(document);
