// Files come in from anywhere on the page: dropped, or pasted as a screenshot.
import { element, say } from "./words.js";

/** Listen on the whole document for `form` (an object with `take(files)` and `form.dataset`). */
export function bringIn(form) {
  if (!form.list) return;
  let depth = 0;
  let veil = null;
  const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const lift = () => {
    veil?.remove();
    veil = null;
    depth = 0;
  };

  document.addEventListener("dragenter", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    depth += 1;
    if (!veil) {
      veil = element("div", { class: "veil" }, element("p", { class: "veil__card" }, say("drop", { step: form.form.dataset.step })));
      document.body.append(veil);
    }
  });
  document.addEventListener("dragleave", (event) => {
    if (!carries(event)) return;
    depth -= 1;
    if (depth <= 0) lift();
  });
  document.addEventListener("dragover", (event) => {
    if (carries(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    lift();
    if (event.target.closest?.("[data-picker]")) return;
    form.take([...event.dataTransfer.files], event.target.closest?.("[data-slot]")?.dataset.slot ?? "");
  });

  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    form.take(files.map((file) => named(file, form.form.dataset)));
  });
}

/** A pasted picture has no name of its own: case, step and time make one. */
function named(file, { folio, step }) {
  if (!file.type.startsWith("image/") || !/^(image|blob)?(\.\w+)?$/i.test(file.name)) return file;
  const ending = file.type === "image/jpeg" ? "jpg" : file.type.split("/")[1];
  const time = new Date().toLocaleString("sv-SE").replace(" ", "_").replaceAll(":", "");
  return new File([file], `captura_${folio}_${step}_${time}.${ending}`, { type: file.type });
}
