// Choosing rows of a list: all of the page at once, ranges with Shift, and how many are chosen, in words.
import { say } from "./words.js";

for (const form of document.querySelectorAll("[data-pickmany]")) {
  const all = form.querySelector("[data-pickall]");
  const boxes = [...form.querySelectorAll("[data-pickone]")];
  const told = form.querySelector("[data-picked-count]");
  const lead = told.textContent;
  let last = -1;

  const show = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
    told.textContent = chosen ? say("chosen", { n: chosen }) : lead;
  };

  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    show();
  });
  form.addEventListener("click", (event) => {
    const here = boxes.indexOf(event.target);
    if (here < 0) return;
    if (event.shiftKey && last >= 0) {
      const [from, to] = [Math.min(last, here), Math.max(last, here)];
      for (const box of boxes.slice(from, to + 1)) box.checked = event.target.checked;
    }
    last = here;
    show();
  });
  addEventListener("pageshow", show);
}
