// Words for people, translated by the server and carried in the page.
const texts = JSON.parse(document.getElementById("textos").textContent);

/** The text of `key` with its `{fields}` filled in. */
export function say(key, fields = {}) {
  return texts[key].replace(/\{(\w+)\}/g, (_, name) => fields[name] ?? "");
}

/** Announce to everybody: shown for a moment, read by screen readers. */
export function announce(message) {
  const toast = document.getElementById("aviso");
  toast.textContent = message;
  clearTimeout(announce.timer);
  announce.timer = setTimeout(() => { toast.textContent = ""; }, 6000);
}

/** An element with attributes and children; texts become text nodes, never markup. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

/** An icon of the sprite that the page already uses. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  const sprite = document.querySelector(".icon use")?.getAttribute("href")?.split("#")[0] ?? "";
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}
