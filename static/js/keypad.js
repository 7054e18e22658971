/* Keys on the screen: a press writes into the field without a round to the server (which the same buttons make without scripts). */
export function start(root) {
  for (const form of root.querySelectorAll("form[data-keypad]")) {
    const field = form.querySelector("input[name=typed]");
    form.addEventListener("click", (event) => {
      const key = event.target.closest("button[name=key]");
      if (!key) return;
      event.preventDefault();
      if (key.value === "back") field.value = field.value.slice(0, -1);
      else if (key.value === "clear") field.value = "";
      else if (field.value.length < 8) field.value += key.value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
}
