// Signing: which way, a pad to draw on, and the drawing as a picture when the form is sent.
const form = document.querySelector("[data-sign]");

if (form) {
  const box = form.querySelector(".link-sign");
  const choose = () => {
    box.dataset.on = form.querySelector('input[name="metodo"]:checked').value;
  };
  for (const way of form.querySelectorAll('input[name="metodo"]')) way.addEventListener("change", choose);
  choose();
  pad(form.querySelector(".link-pad"), form.querySelector('input[name="dibujo"]'), form.querySelector("[data-wipe]"));
}

/** Let people draw; what was drawn is kept in `field` as a PNG, and is empty while nothing was. */
function pad(canvas, field, wipe) {
  const pen = canvas.getContext("2d");
  let drawing = false;
  const clear = () => {
    pen.fillStyle = "#ffffff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.strokeStyle = "#14284b";
    pen.lineWidth = 7;
    pen.lineCap = "round";
    pen.lineJoin = "round";
    field.value = "";
  };
  const at = (event) => {
    const room = canvas.getBoundingClientRect();
    const x = ((event.clientX - room.left) / room.width) * canvas.width;
    return [x, ((event.clientY - room.top) / room.height) * canvas.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    drawing = true;
    canvas.setPointerCapture(event.pointerId);
    const [x, y] = at(event);
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(x + 0.1, y);
    pen.stroke();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    pen.lineTo(...at(event));
    pen.stroke();
  });
  const end = () => {
    if (!drawing) return;
    drawing = false;
    field.value = canvas.toDataURL("image/png");
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  wipe.addEventListener("click", clear);
  clear();
}
