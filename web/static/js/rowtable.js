// The rows of a campaign in memory: filters and order from the address, what is chosen, what is seen.
const FILTERS = ["area", "cam", "decision", "marca", "q", "orden"];
const UNDECIDED = "sin_decision";
const MARKS = /[\u0300-\u036f]/g;

/** Lower case without accents, as the server folds. */
export const fold = (text) => text.normalize("NFD").replace(MARKS, "").toLowerCase();

/** Numbers as ranges: 1-90,95. */
export function ranges(numbers) {
  const parts = [];
  let begin = 0;
  let end = 0;
  const flush = () => begin && parts.push(begin === end ? `${begin}` : `${begin}-${end}`);
  for (const n of [...numbers].sort((a, b) => a - b)) {
    if (begin && n === end + 1) end = n;
    else {
      flush();
      begin = end = n;
    }
  }
  flush();
  return parts.join(",");
}

/** Ranges as numbers. */
export function spread(text) {
  const found = [];
  for (const part of text.split(",").filter(Boolean)) {
    const [first, last = first] = part.split("-").map(Number);
    for (let n = first; n <= last; n += 1) found.push(n);
  }
  return found;
}

/** What the address asks for. */
export function asked() {
  const query = new URLSearchParams(location.search);
  return Object.fromEntries(FILTERS.filter((name) => query.get(name)).map((name) => [name, query.get(name)]));
}

export class RowTable {
  constructor(table) {
    this.table = table;
    this.body = table.tBodies[0];
    this.chosen = new Set();
    this.seen = []; // rows that match, in order
    this.rows = new Map();
    this.order = "";
    this.collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
  }

  /** Take in rows as the server drew them: all of them, or those that changed. */
  take(html, whole) {
    const parsed = document.createElement("template");
    parsed.innerHTML = html;
    const elements = [...parsed.content.querySelectorAll("tr")];
    if (whole || elements.length === this.rows.size) {
      whole = true;
      this.rows.clear();
      this.order = "number";
      this.body.replaceChildren(parsed.content);
    }
    for (const element of elements) {
      const row = this.read(element);
      const old = this.rows.get(row.n);
      if (old && !whole) {
        element.hidden = old.element.hidden;
        old.element.replaceWith(element);
      }
      this.rows.set(row.n, row);
      if (row.barred) this.chosen.delete(row.n);
    }
    return elements.length;
  }

  read(element) {
    const { n, area, cam, decision, marks, seq, barred } = element.dataset;
    const cells = [...element.cells].filter((cell) => !cell.classList.contains("rows__pick"));
    const texts = cells.map((cell) => cell.textContent.trim().replace(/\s+/g, " "));
    const [, name, areaName, status, , who] = texts;
    element.tabIndex = -1;
    return {
      element, area, cam, decision, seq: Number(seq), n: Number(n), barred: barred ?? "", box: element.querySelector("input[name=fila]"),
      marks: new Set(marks.split(" ")), words: fold(texts.join(" ")), name, areaName, status, who,
      say: element.querySelector("[data-say]").textContent,
    };
  }

  matches(row, want, words) {
    if (want.area && row.area !== want.area) return false;
    if (want.cam && row.cam !== (want.cam === UNDECIDED ? "" : want.cam)) return false;
    if (want.decision && row.decision !== (want.decision === UNDECIDED ? "" : want.decision)) return false;
    if (want.marca && !row.marks.has(want.marca)) return false;
    return words.every((word) => row.words.includes(word));
  }

  compare(key) {
    const by = { number: "n", name: "name", area: "areaName", status: "status", decision: "say", at: "seq" }[key] ?? "n";
    return (a, b) => (typeof a[by] === "number" ? a[by] - b[by] : this.collator.compare(a[by], b[by])) || a.n - b.n;
  }

  /** Show what matches, in the order asked for. */
  apply(want) {
    const words = fold(want.q ?? "").split(/\s+/).filter(Boolean);
    const order = want.orden ?? "number";
    const rows = [...this.rows.values()].sort(this.compare(order.replace(/^-/, "")));
    if (order.startsWith("-")) rows.reverse();
    this.seen = rows.filter((row) => this.matches(row, want, words));
    const shown = new Set(this.seen);
    for (const row of rows) row.element.hidden = !shown.has(row);
    if (order !== this.order) this.body.append(...rows.map((row) => row.element));
    this.order = order;
    this.table.setAttribute("aria-rowcount", String(this.seen.length + 1));
    this.seen.forEach((row, place) => row.element.setAttribute("aria-rowindex", String(place + 2)));
    this.paint();
  }

  /** The numbers of the rows whose box is ticked in the page. */
  ticked() {
    return [...this.body.querySelectorAll("input[name=fila]:checked")].map((box) => Number(box.value));
  }

  choose(numbers, on = true) {
    for (const n of numbers) {
      const row = this.rows.get(n);
      if (on && row && !row.barred) this.chosen.add(n);
      else this.chosen.delete(n);
    }
    this.paint();
  }

  /** Say in each row whether it is chosen. */
  paint() {
    for (const row of this.rows.values()) {
      const on = this.chosen.has(row.n);
      row.element.setAttribute("aria-selected", String(on));
      if (row.box) row.box.checked = on;
    }
  }

  /** Chosen rows that the filters hide. */
  get unseen() {
    const shown = new Set(this.seen.map((row) => row.n));
    return [...this.chosen].filter((n) => !shown.has(n)).length;
  }

  /** Mark rows: pending, saved, theirs, or nothing; the style sheet says the word that goes with it. */
  mark(numbers, state) {
    for (const n of numbers) {
      const row = this.rows.get(n);
      if (!row) continue;
      if (state) row.element.dataset.state = state;
      else delete row.element.dataset.state;
    }
  }
}
