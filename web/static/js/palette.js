// The list under the search box: cases, steps and processes as one types; arrows choose, Enter goes, Escape closes.
// Without it the form leads to the page that shows the same.
import { element, say } from "./words.js";

const PAUSE = 160;

/** Make an input a combobox over `list`, fed by the address of its form. */
export function palette(input, list) {
  if (!input || !list) return;
  const told = document.getElementById("halladas-cuantas");
  const address = input.form.action;
  let timer = 0;
  let asked = "";
  let chosen = -1;
  let call = null;

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");

  const options = () => [...list.querySelectorAll("[role=option]")];

  const close = () => {
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    told.textContent = "";
  };

  const choose = (next) => {
    const all = options();
    if (!all.length) return;
    chosen = (next + all.length) % all.length;
    all.forEach((option, n) => option.setAttribute("aria-selected", String(n === chosen)));
    input.setAttribute("aria-activedescendant", all[chosen].id);
    all[chosen].scrollIntoView({ block: "nearest" });
  };

  const show = (groups, query) => {
    list.replaceChildren();
    let n = 0;
    for (const group of groups) {
      const box = element("div", { role: "group", "aria-label": group.title });
      box.append(element("p", { class: "palette__group", "aria-hidden": "true" }, group.title));
      for (const item of group.items) box.append(option(item, (n += 1)));
      list.append(box);
    }
    told.textContent = n ? say("results", { n }) : say("noresults");
    const whole = new URL(address);
    whole.searchParams.set("q", query);
    const all = { href: whole.href, code: "", title: [[say(n ? "everything" : "noresults", { query }), false]], text: [] };
    const last = option(all, n + 1);
    last.classList.add("palette__all");
    list.append(last);
    list.hidden = false;
    chosen = -1;
    input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-expanded", "true");
  };

  const ask = async () => {
    const query = input.value.trim();
    if (query === asked && !list.hidden) return;
    asked = query;
    call?.abort();
    if (query.length < 2) {
      close();
      return;
    }
    call = new AbortController();
    const wanted = new URL(address);
    wanted.searchParams.set("q", query);
    try {
      const answer = await fetch(wanted, { headers: { Accept: "application/json" }, signal: call.signal });
      if (answer.ok && query === input.value.trim()) show((await answer.json()).groups, query);
    } catch (error) {
      if (error.name !== "AbortError") close(); // no network: Enter still asks the page, which says so
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("focus", () => {
    if (input.value.trim().length > 1) ask();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) return;
      event.preventDefault();
      choose(event.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? -1 : chosen - 1);
    } else if (event.key === "Enter" && chosen >= 0 && !list.hidden) {
      event.preventDefault();
      options()[chosen].click();
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
  input.addEventListener("blur", () => setTimeout(close, 120));
}

/** One result: an address that is also an option of the list. */
function option(item, n) {
  const name = element("span", {}, item.code ? element("span", { class: "palette__code" }, item.code) : null, ...marked(item.title));
  const text = item.text.length ? element("span", { class: "palette__text" }, ...marked(item.text)) : null;
  const attributes = { class: "palette__item", role: "option", id: `hallada-${n}`, href: item.href, tabindex: "-1", "aria-selected": "false" };
  return element("a", attributes, name, text);
}

/** Pieces of a text; those that were searched for are marked. */
function marked(pieces) {
  return pieces.map(([text, hit]) => (hit ? element("mark", {}, text) : document.createTextNode(text)));
}
