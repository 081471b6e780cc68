// The form of a step: files from anywhere into a draft on the server, what is lacking said in words, one submit.
import { bringIn } from "./bringin.js";
import { Lacking } from "./lacking.js";
import { renew, request, upload } from "./net.js";
import { stagedRow, uploadRow } from "./staged.js";
import { announce, element, say } from "./words.js";

const SKIPPED = new Set(["csrf_token", "idempotency_key", "letter_shown", "drop", "caso"]);

class StepForm {
  constructor(form) {
    this.form = form;
    this.url = form.dataset.draft;
    this.list = form.querySelector("[data-files]");
    this.button = form.querySelector("[data-seal]");
    this.why = form.querySelector("[data-why]");
    this.status = form.querySelector("[data-draft-state]");
    this.current = { files: [], fields: {}, limits: {} };
    this.pending = 0;
    this.saved = JSON.stringify(this.typed(asRendered(form))); // what is typed, as the server has it
    this.queue = Promise.resolve();
    this.lacking = new Lacking(form, () => this.current);
    this.slots = [...form.querySelectorAll("[data-slot]")]
      .filter((slot) => slot.dataset.accept)
      .map((slot) => ({ code: slot.dataset.slot, name: slot.dataset.name, accept: slot.dataset.accept.split(",") }));
  }

  async begin() {
    this.form.noValidate = true;
    this.form.addEventListener("input", () => this.changed());
    this.form.addEventListener("change", () => this.changed());
    this.form.addEventListener("submit", (event) => this.submit(event));
    const known = this.refresh(() => request("GET", this.url));
    for (const picker of this.form.querySelectorAll("[data-pick]")) {
      picker.addEventListener("change", (event) => {
        event.stopPropagation();
        this.pick(picker);
      });
      this.pick(picker); // a page may be used before its script has come
    }
    bringIn(this);
    addEventListener("focus", () => { if (this.dirty) this.save(); }); // back from signing in in another tab
    if (this.dirty) this.changed();
    await known;
    this.judge();
  }

  /** Take what was chosen with a picker, which is then free again. */
  pick(picker) {
    const files = [...picker.files];
    picker.value = "";
    this.take(files, picker.closest("[data-slot]")?.dataset.slot ?? "");
  }

  /** Upload files one after the other; `slot` is where they were meant for, or empty. */
  take(files, slot = "") {
    for (const file of files) {
      this.pending += 1;
      this.queue = this.queue.then(() => this.send(file, file.name, slot || this.placeFor(file))).finally(() => {
        this.pending -= 1;
        this.judge();
      });
    }
    this.judge();
  }

  async send(file, name, slot) {
    const row = uploadRow(this.list, name, () => this.take([file], slot));
    try {
      const told = await upload(`${this.url}/archivos`, file, name, slot, (part) => row.set(part));
      for (const refused of told.refused ?? []) {
        row.fail(`${refused.message} ${refused.advice ?? ""}`, false);
        announce(say("refused", { name }));
      }
      if (told.files?.length) {
        row.row.remove();
        announce(say("ready", { name: told.files[0].name }));
        this.prefill(told.files[0]);
      }
      this.show(told.draft);
    } catch (trouble) {
      if (trouble.code === "csrf") await renew().catch(() => false);
      row.fail(trouble.code === "network" ? say("networkfail") : trouble.message || trouble.code, true);
    }
  }

  /** A mail says when it was sent: that is when it happened, unless somebody says otherwise. */
  prefill(file) {
    const when = this.form.querySelector("[name=occurred_at]");
    const sent = file.about?.date;
    if (!when.value && sent && !Number.isNaN(Date.parse(sent))) {
      const local = new Date(sent).toLocaleString("sv-SE", { timeZone: "America/Mexico_City" });
      when.value = local.slice(0, 16).replace(" ", "T");
      this.changed();
    }
  }

  placeFor(file) {
    const fits = this.slots.filter((slot) => slot.accept.some((kind) => matches(file, kind)));
    const taken = new Set(this.current.files.map((one) => one.slot));
    return (fits.find((slot) => !taken.has(slot.code)) ?? fits[0])?.code ?? "";
  }

  /** Show a draft as the server tells it. */
  show(draft) {
    if (!draft) return;
    this.current = draft;
    if (draft.id) this.form.elements.idempotency_key.value = `draft:${draft.id}`;
    if (!this.list) return;
    for (const row of this.list.querySelectorAll("li[data-id]")) row.remove();
    const rows = draft.files.map((file) => stagedRow(file, this.slots, {
      onSlot: (one, slot) => this.refresh(() => request("PATCH", `${this.url}/archivos/${one.id}`, { slot })),
      onRemove: (one) => this.refresh(() => request("DELETE", `${this.url}/archivos/${one.id}`)).then(() => announce(say("removed", { name: one.name }))),
    }));
    this.list.prepend(...rows);
    const kept = new Set(draft.files.map((file) => file.id));
    for (const sight of this.form.querySelectorAll("[data-letter]")) sight.hidden = !kept.has(sight.dataset.letter);
    this.judge();
  }

  /** Ask for the draft, or change it, after what is under way: an answer of before an upload would take its file away. */
  refresh(call) {
    this.queue = this.queue.then(async () => {
      try {
        this.show(await call());
      } catch (trouble) {
        this.tell(trouble);
      }
    });
    return this.queue;
  }

  /** What is typed and ticked, by name. */
  typed(form = this.form) {
    const fields = {};
    for (const [name, value] of new FormData(form)) {
      if (SKIPPED.has(name) || typeof value !== "string") continue;
      fields[name] = name in fields ? [fields[name], value].flat() : value;
    }
    return fields;
  }

  /** Whether something typed is not on the server yet. */
  get dirty() {
    return JSON.stringify(this.typed()) !== this.saved;
  }

  changed() {
    this.judge();
    if (!this.dirty) return;
    this.status.textContent = say("saving");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), 500);
  }

  async save(delay = 2000) {
    const fields = this.typed();
    try {
      const draft = await request("PUT", `${this.url}/campos`, { fields });
      this.saved = JSON.stringify(fields);
      this.current.fields = draft.fields;
      this.form.elements.idempotency_key.value = `draft:${draft.id}`;
      const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
      if (!this.dirty) this.status.textContent = say("saved", { time }); // more was typed meanwhile: its own save says so
    } catch (trouble) {
      this.tell(trouble);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(Math.min(delay * 2, 30000)), delay);
    }
  }

  /** Why nothing is saved just now, with the way out where there is one. */
  tell(trouble) {
    if (trouble.status !== 401) this.status.textContent = say("offline");
    else if (!this.status.querySelector("a")) {
      const way = element("a", { href: "/entrar", target: "_blank", rel: "noopener" }, say("enter"));
      this.status.replaceChildren(say("expired"), " ", way);
    }
  }

  /** Say what is lacking beside the button, and mark the button so. */
  judge() {
    this.lacking.paint();
    const { names } = this.lacking.missing();
    const text = this.pending ? say("waiting") : names.length ? say("missing", { what: names.join(", ") }) : "";
    this.why.hidden = !text;
    if (this.why.lastElementChild.textContent !== text) this.why.lastElementChild.textContent = text;
    this.button.setAttribute("aria-disabled", String(Boolean(text)));
  }

  submit(event) {
    if (event.submitter?.matches("[data-compose]")) return; // writes a letter into the draft; seals nothing
    this.judge();
    if (this.form.dataset.sent || this.button.getAttribute("aria-disabled") === "true") {
      event.preventDefault();
      if (!this.form.dataset.sent) this.pointOut();
      return;
    }
    if (this.dirty) {
      event.preventDefault();
      this.sealSaved();
      return;
    }
    this.form.dataset.sent = "1";
    clearTimeout(this.timer);
    this.button.setAttribute("aria-busy", "true");
    this.button.querySelector("span").textContent = say("sealing");
  }

  /** Seal once what was typed last is on the server: a session that ended or a dead network costs nothing. */
  async sealSaved() {
    clearTimeout(this.timer);
    await this.save();
    if (this.dirty) announce(this.status.textContent);
    else this.form.requestSubmit(this.button);
  }

  pointOut() {
    const { first } = this.lacking.missing();
    announce(this.why.textContent.trim());
    const target = first?.matches("input, select, textarea") ? first : first?.querySelector("input, select, textarea");
    target?.focus();
  }
}

/** The form as the server sent it, whatever was typed before the script came. */
function asRendered(form) {
  const copy = form.cloneNode(true);
  copy.reset();
  return copy;
}

/** Whether a file is of a kind of an `accept` list: an extension, a media type, or image/*. */
function matches(file, kind) {
  if (kind.startsWith(".")) return file.name.toLowerCase().endsWith(kind);
  return kind === file.type;
}

for (const form of document.querySelectorAll("form[data-evidence]")) new StepForm(form).begin();
