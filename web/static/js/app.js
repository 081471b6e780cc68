// What every page does: shortcuts, menus that close, focus on what matters, forms that are sent once.
import { palette } from "./palette.js";
import { say } from "./words.js";

const finder = document.getElementById("buscar");
if (finder) palette(finder, document.getElementById("halladas"));

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    const box = document.getElementById("buscar");
    if (box) {
      event.preventDefault();
      box.focus();
      box.select();
    }
  }
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    }
  }
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  if (event.target.closest("[data-back]")) history.back();
  if (event.target.closest("[data-print]")) print();
});

// The theme changes at once; the form that remembers it goes on in the background.
for (const form of document.querySelectorAll("[data-theme-form]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const chosen = event.submitter.value;
    const sent = new FormData(form, event.submitter);
    if (chosen === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
    for (const other of document.querySelectorAll("[data-theme-form] button")) {
      other.setAttribute("aria-pressed", String(other.value === chosen));
    }
    await fetch(form.action, { method: "POST", body: new URLSearchParams(sent), redirect: "manual" });
  });
}

// One submit is one request: the second click finds the button busy.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    const button = event.submitter ?? form.querySelector("button");
    button.setAttribute("aria-busy", "true");
    const label = button.querySelector("span");
    if (label) label.textContent = say("working");
  });
}
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

const told = document.querySelector("[data-focus]");
if (told) {
  told.focus({ preventScroll: true });
  told.scrollIntoView({ block: "nearest" });
}
