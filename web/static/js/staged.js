// The list of what will be sealed: one row a file, with progress, its place as evidence, and a way out.
import { element, icon, say } from "./words.js";

const MARKS = { pdf: "pdf", image: "image", xlsx: "sheet", eml: "mail", msg: "mail", text: "note" };

/** Bytes as people read them. */
export function sizeText(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < 3) {
    value /= 1000;
    unit += 1;
  }
  return unit ? `${value.toFixed(1)} ${units[unit]}` : `${bytes} B`;
}

/** A row for a file on its way; `set` moves its bar, `fail` leaves a message and a retry button. */
export function uploadRow(list, name, retry) {
  const meta = element("span", { class: "files__meta" });
  const bar = element("progress", { max: "100", value: "0", "aria-label": name });
  const row = element(
    "li",
    { "data-state": "uploading" },
    icon("upload"),
    element("span", {}, element("span", { class: "files__name" }, name), element("br"), meta),
    element("span", { class: "files__do" }),
    bar,
  );
  list.append(row);
  return {
    row,
    set(part) {
      bar.value = Math.round(part * 100);
      meta.textContent = say("uploading", { name: "", percent: bar.value }).replace(/\s+:/, ":").trim();
    },
    fail(message, mayRetry) {
      bar.remove();
      row.dataset.state = "failed";
      meta.textContent = message;
      const again = element("button", { type: "button", class: "button button--quiet" }, say("retry"));
      again.addEventListener("click", () => { row.remove(); retry(); });
      const close = element("button", { type: "button", class: "button button--quiet", "aria-label": say("remove", { name }) }, icon("cross"));
      close.addEventListener("click", () => row.remove());
      row.querySelector(".files__do").append(...(mayRetry ? [again] : []), close);
    },
  };
}

/** A row for a staged file. `slots` are {code, name}; the callbacks change the draft. */
export function stagedRow(file, slots, { onSlot, onRemove }) {
  const facts = [sizeText(file.size)];
  if (file.about?.pages) facts.push(`${file.about.pages} p.`);
  if (file.about?.subject) facts.push(file.about.subject);
  const row = element(
    "li",
    { "data-id": file.id, "data-file-slot": file.slot },
    icon(MARKS[file.family] ?? "file"),
    element(
      "span",
      {},
      element("span", { class: "files__name" }, file.name),
      element("br"),
      element("span", { class: "files__meta" }, facts.join(" · ")),
    ),
  );
  const tools = element("span", { class: "files__do" });
  if (slots.length > 1) tools.append(slotPicker(file, slots, onSlot));
  const away = element("button", { type: "button", class: "button button--quiet", "aria-label": say("remove", { name: file.name }) }, icon("cross"));
  away.addEventListener("click", () => { away.disabled = true; onRemove(file); });
  tools.append(away);
  row.append(tools);
  for (const warning of file.warnings ?? []) {
    row.append(element("span", { class: "files__wide files__meta" }, icon("warn"), ` ${warning}`));
  }
  for (const check of file.checks ?? []) {
    const mark = { confirmed: "check", differs: "cross", person: "user" }[check.state];
    row.append(element("span", { class: `files__wide files__meta paper paper--${check.state}` }, icon(mark), ` ${check.text}`));
  }
  return row;
}

function slotPicker(file, slots, onSlot) {
  const picker = element("select", { class: "input input--slot", "aria-label": `${say("as")}: ${file.name}` });
  picker.append(element("option", { value: "" }, say("loose")));
  for (const slot of slots) {
    picker.append(element("option", { value: slot.code, selected: slot.code === file.slot }, slot.name));
  }
  picker.addEventListener("change", () => onSlot(file, picker.value));
  return picker;
}
