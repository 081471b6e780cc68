// The grid of a campaign: filters at once, many rows chosen, one decision, and «guardado» only with the receipt.
import { request, upload } from "./net.js";
import { keys } from "./rowkeys.js";
import { RowTable, asked, ranges, spread } from "./rowtable.js";
import { announce, element } from "./words.js";

const texts = JSON.parse(document.getElementById("textos-filas").textContent);
const say = (key, fields = {}) => texts[key].replace(/\{(\w+)\}/g, (_, name) => fields[name] ?? "");
const POLL = 20000;

class Grid {
  constructor(form) {
    this.form = form;
    this.live = document.querySelector("[data-rows-live]");
    this.table = new RowTable(form.querySelector("[data-grid]"));
    this.bulk = form.querySelector("[data-bulk]");
    this.seen = Number(form.elements.seen.value);
    this.want = asked();
    this.busy = false;
  }

  async begin() {
    const { table } = this.table;
    for (const [name, key] of [["--pending", "pending"], ["--saved", "saved"], ["--theirs", "changed"]]) table.style.setProperty(name, JSON.stringify(say(key)));
    this.form.noValidate = true;
    const all = await this.text(this.form.dataset.all);
    const early = this.table.ticked(); // before the rows were all here
    this.take(all, true);
    this.table.choose(early);
    table.setAttribute("role", "grid");
    table.setAttribute("aria-multiselectable", "true");
    this.keys = keys(this);
    this.listen();
    this.show();
    this.known = this.bulk ? this.restore() : Promise.resolve();
    await this.known;
    if (early.length) this.changed();
    setInterval(() => document.visibilityState === "visible" && this.poll(), POLL);
    addEventListener("focus", () => this.poll());
  }

  async text(url) {
    const answer = await fetch(url, { headers: { Accept: "text/html" } });
    return answer.ok ? answer.text() : "";
  }

  take(html, whole) {
    if (html) this.table.take(html, whole);
    else this.table.take(this.table.body.innerHTML, true); // the page the server drew
  }

  listen() {
    const filters = document.querySelector("[data-rows-filters]");
    const search = document.getElementById("filas-q");
    filters.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-name]");
      if (!link || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const { name, value } = link.dataset;
      this.go({ ...this.want, [name]: this.want[name] === value ? "" : value });
    });
    this.table.table.tHead.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-sort]");
      if (!link) return;
      event.preventDefault();
      const key = link.dataset.sort;
      this.go({ ...this.want, orden: (this.want.orden ?? "number") === key ? `-${key}` : key });
    });
    search.addEventListener("input", () => this.go({ ...this.want, q: search.value.trim() }, true));
    search.form.addEventListener("submit", (event) => event.preventDefault());
    addEventListener("popstate", () => {
      this.want = asked();
      search.value = this.want.q ?? "";
      this.show();
    });
    this.table.body.addEventListener("click", (event) => {
      const link = event.target.closest("[data-history]");
      if (!link || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.history(link);
    });
    document.querySelector("[data-history-box] [data-close]").addEventListener("click", (event) => event.target.closest("dialog").close());
    document.querySelector("[data-history-box]").addEventListener("close", () => this.keys.settle(true));
    if (this.bulk) this.listenBulk();
  }

  listenBulk() {
    const all = this.form.querySelector("[data-all-box]");
    all.addEventListener("change", () => this.chooseAll(all.checked));
    this.bulk.querySelector("[data-clear]").addEventListener("click", () => this.clear());
    this.bulk.addEventListener("input", () => this.changed());
    this.bulk.addEventListener("change", () => this.changed());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  /** Another set of filters: into the address, so that it can be sent to somebody. */
  go(want, quiet = false) {
    this.want = Object.fromEntries(Object.entries(want).filter(([, value]) => value));
    const query = new URLSearchParams(this.want).toString();
    history[quiet ? "replaceState" : "pushState"]({}, "", query ? `?${query}` : location.pathname);
    this.show();
  }

  show() {
    performance.mark("rows-show");
    this.table.apply(this.want);
    for (const link of document.querySelectorAll("[data-rows-filters] a[data-name]")) {
      if (this.want[link.dataset.name] === link.dataset.value) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    const order = this.want.orden ?? "number";
    for (const head of this.table.table.tHead.querySelectorAll("th")) {
      const key = head.querySelector("[data-sort]").dataset.sort;
      if (order.replace(/^-/, "") === key) head.setAttribute("aria-sort", order === key ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    }
    document.querySelector("[data-rows-count]").textContent = say("shown", { n: this.table.seen.length, total: this.table.rows.size });
    this.keys.settle();
    this.judge();
    performance.measure("rows-filter", "rows-show");
  }

  choose(numbers, on) {
    this.table.choose(numbers, on);
    this.changed();
  }

  chooseAll(on) {
    this.choose(this.table.seen.map((row) => row.n), on);
    this.tell(this.count());
  }

  clear() {
    this.table.chosen.clear();
    this.choose([], true);
  }

  /** A decision by its number: chosen, and on to the reason. */
  decide(place) {
    const radio = this.bulk?.querySelectorAll("input[name=decision]")[place];
    if (!radio) return;
    radio.checked = true;
    this.changed();
    this.form.elements.reason.focus();
  }

  count() {
    const n = this.table.chosen.size;
    return n ? say(n === 1 ? "one" : "chosen", { n }) : say("none");
  }

  lacks() {
    const found = [];
    if (!this.table.chosen.size) found.push(say("lackrows"));
    if (!this.form.elements.decision.value) found.push(say("lackdecision"));
    if (this.form.elements.reason.value.trim().length < 10) found.push(say("lackreason"));
    return found;
  }

  judge() {
    if (!this.bulk) return;
    const n = this.table.chosen.size;
    const lacks = this.lacks();
    const why = this.bulk.querySelector("[data-why]");
    const button = this.bulk.querySelector("[data-send]");
    const hidden = this.bulk.querySelector("[data-hidden-chosen]");
    this.bulk.dataset.idle = String(n === 0);
    this.bulk.querySelector("[data-chosen]").textContent = this.count();
    hidden.hidden = !this.table.unseen;
    hidden.textContent = say("hidden", { n: this.table.unseen });
    why.hidden = !lacks.length;
    why.lastElementChild.textContent = say("lack", { what: lacks.join(", ") });
    button.setAttribute("aria-disabled", String(lacks.length > 0 || this.busy));
    button.querySelector("span").textContent = n ? say(n === 1 ? "sendone" : "sendn", { n }) : say("send");
    const all = this.form.querySelector("[data-all-box]");
    all.checked = n > 0 && this.table.seen.every((row) => row.barred || this.table.chosen.has(row.n));
    all.indeterminate = n > 0 && !all.checked;
  }

  changed() {
    this.judge();
    if (!this.bulk) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), 600);
  }

  /** What is chosen and typed waits on the server until it is sealed. */
  async save() {
    if (!this.form.dataset.draft) return; // behind a personal link there are no drafts
    await this.known; // what waited there is in the page before anything takes its place
    const fields = { rows: ranges(this.table.chosen), decision: this.form.elements.decision.value, reason: this.form.elements.reason.value };
    try {
      const draft = await request("PUT", `${this.form.dataset.draft}/campos`, { fields });
      if (draft.id && !this.busy) this.form.elements.idempotency_key.value = `draft:${draft.id}`;
    } catch {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), 8000); // again soon: the page still holds it all
    }
  }

  async restore() {
    const draft = this.form.dataset.draft ? await request("GET", this.form.dataset.draft).catch(() => null) : null;
    const kept = draft?.fields?.rows ?? "";
    if (draft?.id) this.form.elements.idempotency_key.value = `draft:${draft.id}`;
    if (draft?.fields?.reason && !this.form.elements.reason.value) this.form.elements.reason.value = draft.fields.reason;
    const radio = [...this.bulk.querySelectorAll("input[name=decision]")].find((one) => one.value === draft?.fields?.decision);
    if (radio && !this.form.elements.decision.value) radio.checked = true;
    if (typeof kept === "string" && kept) {
      this.table.choose(spread(kept), true);
      if (this.table.chosen.size) this.tell(say("restored", { n: this.table.chosen.size }));
    }
    this.judge();
  }

  /** Seal one decision for what is chosen. Rows say «guardando» until the receipt is here, and not a moment less. */
  async send() {
    const lacks = this.lacks();
    if (this.busy) return;
    if (lacks.length) {
      announce(say("lack", { what: lacks.join(", ") }));
      return;
    }
    const numbers = [...this.table.chosen];
    const { decision, reason, idempotency_key: key } = this.form.elements;
    this.busy = true;
    this.judge();
    clearTimeout(this.timer);
    this.table.mark(numbers, "pending");
    this.tell(say("sealing", { n: numbers.length }));
    performance.mark("rows-send");
    try {
      await this.attach();
      performance.mark("rows-asked");
      const told = await request("POST", this.form.action, {
        rows: ranges(numbers), decision: decision.value, reason: reason.value.trim(), seen: this.seen, idempotency_key: key.value,
        digest: this.form.elements.huella?.value,
      });
      performance.measure("rows-answer", "rows-asked");
      this.sealed(told, numbers);
      performance.measure("rows-decide", "rows-send");
    } catch (trouble) {
      this.table.mark(numbers, "");
      this.refused(trouble);
    }
    this.busy = false;
    this.judge();
  }

  async attach() {
    const picker = this.form.querySelector("input[type=file]");
    for (const file of picker?.files ?? []) {
      const told = await upload(`${this.form.dataset.draft}/archivos`, file, file.name, picker.name.replace("file.", ""), () => {});
      const refused = told.refused?.[0];
      if (refused) throw Object.assign(new Error(refused.message), { code: refused.code, told: refused });
      this.form.elements.idempotency_key.value = `draft:${told.draft.id}`;
    }
    if (picker) picker.value = "";
  }

  sealed(told, numbers) {
    this.table.chosen.clear();
    this.table.take(told.rows, false);
    this.table.mark(numbers, "saved");
    this.seen = Math.max(this.seen, told.seq);
    this.form.elements.seen.value = this.seen;
    this.form.elements.idempotency_key.value = told.key;
    this.form.elements.reason.value = "";
    for (const radio of this.bulk.querySelectorAll("input[name=decision]:checked")) radio.checked = false;
    document.getElementById("recibo-filas").innerHTML = told.receipt;
    document.querySelector("[data-progress]").outerHTML = told.progress;
    this.counts(told.counts);
    this.show();
    this.keys.settle(true);
    this.tell(say("sealed", { seq: told.entry, n: numbers.length }));
  }

  /** Numbers beside the filters, as the server counts them now. */
  counts(counts) {
    for (const link of document.querySelectorAll("[data-rows-filters] a[data-name]")) {
      const number = counts?.[link.dataset.name]?.[link.dataset.value];
      if (number !== undefined) link.querySelector(".num").textContent = number;
    }
  }

  refused(trouble) {
    const box = document.getElementById("recibo-filas");
    const told = trouble.told ?? {};
    const message = trouble.code === "network" ? say("network") : say("failed", { message: `${trouble.message} ${told.advice ?? ""}`.trim() });
    const notice = element("div", { class: "notice notice--warn", role: "alert", tabindex: "-1" }, element("span", {}), element("div", {}, element("p", {}, message)));
    for (const problem of told.problems ?? []) notice.lastChild.append(element("p", { class: "fine" }, `${problem.field}: ${problem.message}`));
    if (trouble.code === "rows_decided") this.conflict(notice.lastChild, spread(String(told.fields?.rows ?? "")));
    box.replaceChildren(notice);
    notice.focus();
    this.tell(message);
  }

  /** Others were first: their decisions come into the page, and it is the person who says what becomes of those rows. */
  async conflict(box, numbers) {
    await this.poll(new Set(numbers));
    const rest = [...this.table.chosen].filter((n) => !numbers.includes(n));
    const without = element("button", { type: "button", class: "button" }, say("without", { n: rest.length }));
    const anyway = element("button", { type: "button", class: "button button--grave" }, say("anyway"));
    without.addEventListener("click", () => {
      this.choose(numbers, false);
      this.send();
    });
    anyway.addEventListener("click", () => this.send());
    box.append(element("p", { class: "row" }, ...(rest.length ? [without] : []), anyway));
  }

  /** What others sealed meanwhile: marked, said, and taken out of the selection unless it is `kept` for a choice. */
  async poll(kept = new Set()) {
    if (this.busy && !kept.size) return;
    const told = await request("GET", `${this.form.dataset.changes}?desde=${this.seen}`).catch(() => null);
    if (!told || told.seq <= this.seen) return;
    this.seen = told.seq;
    this.form.elements.seen.value = told.seq;
    const mine = new Set(this.table.chosen);
    this.table.take(told.rows, false);
    for (const { who, rows } of told.others) {
      const numbers = spread(rows);
      this.table.mark(numbers, "theirs");
      this.tell(say("others", { who, n: numbers.length }));
      const dropped = numbers.filter((n) => mine.has(n) && !kept.has(n));
      if (dropped.length) {
        this.table.choose(dropped, false);
        announce(say("dropped", { who, n: dropped.length }));
      }
    }
    if (told.progress) document.querySelector("[data-progress]").outerHTML = told.progress;
    this.counts(told.counts);
    this.show();
  }

  /** Who decided a row, when and why, without leaving the grid. */
  async history(link) {
    if (!link) return;
    const box = document.querySelector("[data-history-box]");
    const html = await this.text(`${link.href}?trozo=1`);
    if (!html) {
      location.href = link.href;
      return;
    }
    box.querySelector("[data-history-in]").innerHTML = html;
    box.showModal();
  }

  tell(message) {
    this.live.textContent = message;
  }
}

for (const form of document.querySelectorAll("form[data-rows]")) {
  if (form.querySelector("[data-grid]")) new Grid(form).begin();
}
