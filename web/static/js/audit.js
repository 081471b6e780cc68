// Walking through a case without leaving the keyboard: arrows turn entries over in place, N and P go on in the sample,
// T enters the attributes, digits answer. What was typed there stays while entries are turned, and over a reload.
import { watch } from "./preview.js";

const KEYS = { ArrowRight: "next", ArrowLeft: "previous", ArrowDown: "next", ArrowUp: "previous", n: "next-case", p: "previous-case", h: "finding" };
const form = document.querySelector("[data-tests]");
let turning = false;

const go = (name) => document.querySelector(`[data-go="${name}"]`);

/** Show another entry: its part of the page is fetched and takes the place of the one shown. */
async function turn(address, push = true) {
  if (turning) return;
  turning = true;
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-walk]");
    if (!answer.ok || !fresh) {
      location.assign(address);
      return;
    }
    const shown = document.querySelector("[data-walk]");
    const held = shown.contains(document.activeElement);
    shown.replaceWith(fresh);
    const seq = page.querySelector("[data-here]")?.dataset.seq;
    for (const line of document.querySelectorAll(".walk__steps [data-seq]")) {
      const here = line.dataset.seq === seq;
      line.toggleAttribute("data-here", here);
      const link = line.querySelector("a");
      if (here) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
      if (here) line.scrollIntoView({ block: "nearest" });
    }
    watch(fresh);
    if (held) fresh.focus({ preventScroll: true });
    fresh.querySelector("[data-walk-live]").textContent = fresh.querySelector("h2").textContent;
    if (push) history.pushState({}, "", address);
  } catch {
    location.assign(address);
  } finally {
    turning = false;
  }
}

const inText = (target) => target.closest("textarea, select, input:not([type=radio])") !== null;

document.addEventListener("keydown", (event) => {
  if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit(form.querySelector('[name="onward"]'));
    return;
  }
  if (event.key === "Escape" && inText(event.target) && form?.contains(event.target)) {
    event.target.closest("[data-test]")?.querySelector("input")?.focus();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || inText(event.target)) return;
  const test = event.target.closest("[data-test]");
  if (test && /^[123]$/.test(event.key)) {
    event.preventDefault();
    answer(test, Number(event.key) - 1);
    return;
  }
  if (test && event.key.startsWith("Arrow")) return; // the browser moves between the answers
  if (event.key.toLowerCase() === "t" && form) {
    event.preventDefault();
    const lacking = [...form.querySelectorAll("[data-test]")].find((one) => !one.querySelector("input:checked"));
    (lacking ?? form).querySelector("input[type=radio]")?.focus();
    return;
  }
  const link = go(KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? "");
  if (!link) return;
  event.preventDefault();
  if (link.dataset.go === "next" || link.dataset.go === "previous") turn(link.href);
  else link.click();
});

/** Choose an answer by its digit, and go on: to the note after an exception, else to the next attribute. */
function answer(test, place) {
  const choice = test.querySelectorAll("input[type=radio]")[place];
  if (!choice || choice.disabled) return;
  choice.checked = true;
  choice.dispatchEvent(new Event("input", { bubbles: true }));
  const tests = [...form.querySelectorAll("[data-test]")];
  const next = tests[tests.indexOf(test) + 1];
  if (choice.value === "exception") test.querySelector("textarea").focus();
  else if (next) (next.querySelector("input:checked") ?? next.querySelector("input")).focus();
  else form.querySelector('[name="onward"]').focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest(".walk__steps a, [data-jump], [data-go=next], [data-go=previous]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  turn(link.href);
});
addEventListener("popstate", () => turn(location.href, false));

// Results not sealed yet are kept in this tab.
if (form?.querySelector("[name=onward]")) {
  const key = `pruebas:${form.dataset.keep}`;
  const own = `pruebas:${form.dataset.keep.split("/")[0]}/`;
  for (const name of Object.keys(sessionStorage)) {
    if (name.startsWith("pruebas:") && !name.startsWith(own)) sessionStorage.removeItem(name); // another person's
  }
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "[]");
  for (const [name, value] of kept) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (field.type === "radio") field.checked = field.value === value;
      else field.value = value;
    }
  }
  form.addEventListener("input", () => {
    const told = [...new FormData(form)].filter(([name]) => name.startsWith("r.") || name.startsWith("n."));
    sessionStorage.setItem(key, JSON.stringify(told));
  });
  form.addEventListener("submit", () => sessionStorage.removeItem(key));
}
