// A contact on one screen: only what belongs to its end is shown, the minutes count themselves, Ctrl+Enter seals.
const form = document.querySelector("form[data-attention]");
const began = Date.now();

function value(name) {
  const found = form.elements[name];
  if (!found) return "";
  if (found.type === "checkbox") return found.checked ? found.value : "";
  return found.value ?? "";
}

function due(box) {
  if (box.dataset.ends && !box.dataset.ends.split(" ").includes(value("fin"))) return false;
  if (box.dataset.ways && !box.dataset.ways.split(" ").some((name) => value(`d.${name}`))) return false;
  const when = box.dataset.when ? JSON.parse(box.dataset.when) : {};
  return Object.entries(when).every(([name, values]) => values.includes(value(`d.${name}`)));
}

function fit() {
  for (const box of form.querySelectorAll("[data-ends], [data-ways], [data-when]")) box.hidden = !due(box);
  for (const input of form.querySelectorAll("input, select, textarea")) {
    if (input.type !== "hidden") input.disabled = Boolean(input.closest("[hidden]"));
  }
}

function count() {
  const minutes = form.elements["d.duracion"];
  if (minutes && !minutes.dataset.typed) minutes.value = String(Math.max(1, Math.ceil((Date.now() - began) / 60000)));
}

if (form) {
  const minutes = form.elements["d.duracion"];
  if (minutes?.value) minutes.dataset.typed = "1";
  minutes?.addEventListener("input", () => { minutes.dataset.typed = "1"; });
  form.addEventListener("change", fit);
  form.addEventListener("submit", count, { capture: true });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  setInterval(count, 15000);
  count();
  fit();
  form.noValidate = false; // before, fields that are not due would have stopped the button without a word
}
