/* The menus are <details>: they open without a script. Here Escape and a click elsewhere close them. */

let listening = false;

function close(menu) {
  menu.open = false;
}

export function start() {
  if (listening) return;
  listening = true;
  const open = () => document.querySelectorAll("details.wm-account[open], details.wm-menu[open]");
  document.addEventListener("click", (event) => open().forEach((menu) => menu.contains(event.target) || close(menu)));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      const inside = menu.contains(document.activeElement);
      close(menu);
      if (inside) menu.querySelector("summary").focus();
    }
  });
}
