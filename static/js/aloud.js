/* Reads the page aloud with the browser's own voice (large text mode). Shows only where there is one. A second press stops. */

const made = new WeakSet();
const PIECE = 180; // browsers give up on long texts

function pieces(text) {
  return (text.match(/[^。！？.!?\n]+[。！？.!?\n]*/g) || []).flatMap((sentence) => {
    const cut = [];
    for (let i = 0; i < sentence.length; i += PIECE) cut.push(sentence.slice(i, i + PIECE));
    return cut.filter((one) => one.trim());
  });
}

export function start(root) {
  if (!("speechSynthesis" in window)) return;
  root.querySelectorAll("[data-read-aloud]").forEach((button) => {
    if (made.has(button)) return;
    made.add(button);
    const label = button.querySelector("span");
    const idle = label.textContent;
    const stop = () => {
      speechSynthesis.cancel();
      label.textContent = idle;
      button.setAttribute("aria-pressed", "false");
    };
    button.hidden = false;
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-pressed") === "true") return stop();
      label.textContent = button.dataset.stop;
      button.setAttribute("aria-pressed", "true");
      const said = pieces(document.getElementById("main").innerText);
      said.forEach((text, index) => {
        const voice = new SpeechSynthesisUtterance(text);
        voice.lang = document.documentElement.lang === "en" ? "en-GB" : "zh-CN";
        voice.rate = 0.9;
        if (index === said.length - 1) voice.addEventListener("end", stop);
        speechSynthesis.speak(voice);
      });
      if (!said.length) stop();
    });
    window.addEventListener("pagehide", () => speechSynthesis.cancel());
  });
}
