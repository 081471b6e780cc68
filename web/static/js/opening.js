// Opening a case: fields that belong to some answers only are shown when they are due; what is typed is kept.
import { request } from "./net.js";
import { say } from "./words.js";

const form = document.querySelector("form[data-opening]");
let timer = 0;

function fit() {
  for (const box of form.querySelectorAll("[data-when]")) {
    const when = JSON.parse(box.dataset.when);
    const due = Object.entries(when).every(([name, values]) => values.includes(form.elements[`d.${name}`]?.value ?? ""));
    box.hidden = !due;
    for (const input of box.querySelectorAll("input, select, textarea")) input.disabled = !due;
  }
}

async function save() {
  const fields = Object.fromEntries([...new FormData(form)].filter(([name, value]) => name.startsWith("d.") && typeof value === "string"));
  const status = form.querySelector("[data-draft-state]");
  try {
    await request("PUT", `${form.dataset.draft}/campos`, { fields });
    const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    status.textContent = say("saved", { time });
  } catch (trouble) {
    status.textContent = trouble.status === 401 ? say("expired") : say("offline");
    timer = setTimeout(save, 5000);
  }
}

if (form) {
  form.addEventListener("change", fit);
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(save, 600);
  });
  form.addEventListener("submit", () => clearTimeout(timer));
  fit();
}
