// Opening a case: fields that belong to some answers only are shown when they are due. evidence.js keeps the draft.
const form = document.querySelector("form[data-opening]");

function fit() {
  for (const box of form.querySelectorAll("[data-when]")) {
    const when = JSON.parse(box.dataset.when);
    const due = Object.entries(when).every(([name, values]) => values.includes(form.elements[`d.${name}`]?.value ?? ""));
    box.hidden = !due;
    for (const input of box.querySelectorAll("input, select, textarea")) input.disabled = !due;
  }
}

if (form) {
  form.addEventListener("change", fit);
  fit();
}
