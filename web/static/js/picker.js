// A plain file input behind a button: says what was chosen, and takes what is dropped on it.
import { say } from "./words.js";

for (const box of document.querySelectorAll("[data-picker]")) {
  const input = box.querySelector("input[type=file]");
  const told = box.querySelector("[data-picked]");
  const nothing = told.textContent;

  const show = () => {
    const names = [...input.files].map((file) => file.name);
    told.textContent = names.length ? say("picked", { names: names.join(", ") }) : nothing;
    box.dataset.full = String(names.length > 0);
  };

  input.addEventListener("change", show);
  box.addEventListener("dragover", (event) => event.preventDefault());
  box.addEventListener("drop", (event) => {
    const files = event.dataTransfer?.files;
    if (!files?.length) return;
    event.preventDefault();
    const some = new DataTransfer();
    for (const file of input.multiple ? files : [files[0]]) some.items.add(file);
    input.files = some.files;
    show();
  });
  addEventListener("pageshow", show); // a page gone back to may still hold what was chosen
}
