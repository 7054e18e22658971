/* A field to sign in: strokes of finger, pen or mouse become "M10,20L11,22..." in the hidden field beside the canvas. */
export function start(root) {
  for (const pad of root.querySelectorAll("[data-pad]")) {
    pad.hidden = false;
    const canvas = pad.querySelector("canvas");
    const kept = pad.querySelector("input");
    const pen = canvas.getContext("2d");
    let path = "";
    pen.lineWidth = 2.5;
    pen.lineCap = "round";
    pen.strokeStyle = getComputedStyle(canvas).color;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      const x = Math.round(((event.clientX - box.left) * canvas.width) / box.width);
      const y = Math.round(((event.clientY - box.top) * canvas.height) / box.height);
      return [Math.max(0, Math.min(canvas.width, x)), Math.max(0, Math.min(canvas.height, y))];
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      const [x, y] = at(event);
      path += `M${x},${y}`;
      pen.beginPath();
      pen.moveTo(x, y);
      event.preventDefault();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!canvas.hasPointerCapture(event.pointerId) || path.length > 19900) return;
      const [x, y] = at(event);
      path += `L${x},${y}`;
      pen.lineTo(x, y);
      pen.stroke();
      kept.value = path;
    });
    pad.querySelector("[data-clear]").addEventListener("click", () => {
      path = kept.value = "";
      pen.clearRect(0, 0, canvas.width, canvas.height);
    });
  }
}
