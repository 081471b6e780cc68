// What a step still lacks, seen from the page: a help, never a decision (the server decides).
import { say } from "./words.js";

/** Watches a form; `missing()` gives the names of what the nearest sufficient set lacks, and the element to go to. */
export class Lacking {
  constructor(form, draft) {
    this.form = form;
    this.draft = draft;
    this.slots = [...form.querySelectorAll("[data-slot]")];
  }

  alternatives() {
    const chosen = this.form.querySelector("input[name=choice]:checked");
    return JSON.parse(chosen?.dataset.alternatives ?? this.form.dataset.alternatives ?? "[]");
  }

  filled(slot) {
    const code = slot.dataset.slot;
    const files = this.draft().files;
    if (files.some((file) => file.slot === code)) return true;
    if (slot.querySelector(`[data-fills="${CSS.escape(code)}"]:checked`)) return true;
    const fields = [...slot.querySelectorAll("[data-fields] :is(input, select, textarea)")];
    if (fields.length && fields.every((field) => (field.type === "checkbox" ? field.checked : field.value.trim()))) return true;
    return false;
  }

  /** Files without a place could fill one lacking slot each: then nothing is said against sealing. */
  missing() {
    const loose = this.draft().files.filter((file) => !file.slot).length;
    const byCode = new Map(this.slots.map((slot) => [slot.dataset.slot, slot]));
    let best = null;
    for (const group of this.alternatives()) {
      const lacks = group.map((code) => byCode.get(code)).filter((slot) => slot && !this.filled(slot));
      if (best === null || lacks.length < best.length) best = lacks;
    }
    const open = (best ?? []).slice(loose);
    const fields = [...this.form.querySelectorAll(":is(input, select, textarea)[required]")].filter(
      (field) => field.type !== "radio" && !field.value.trim() && !field.closest("[hidden]"),
    );
    return {
      names: [...open.map((slot) => slot.dataset.name), ...fields.map((field) => labelOf(field))],
      first: open[0] ?? fields[0] ?? null,
    };
  }

  /** Places that only another outcome asks for are out of the way; what no outcome asks for stays, as optional. */
  relevant() {
    const wanted = new Set(this.alternatives().flat());
    const others = [this.form.dataset.alternatives, ...[...this.form.querySelectorAll("input[name=choice]")].map((choice) => choice.dataset.alternatives)];
    const asked = new Set(others.filter(Boolean).flatMap((text) => JSON.parse(text)).flat());
    return (slot) => wanted.has(slot.dataset.slot) || !asked.has(slot.dataset.slot) || this.filled(slot);
  }

  /** Say in each place whether it is filled. */
  paint() {
    const files = this.draft().files;
    const relevant = this.relevant();
    for (const slot of this.slots) slot.hidden = !relevant(slot);
    for (const slot of this.slots) {
      const mine = files.filter((file) => file.slot === slot.dataset.slot).length;
      const state = slot.querySelector("[data-slot-state]");
      const shot = slot.querySelector("[data-shot]");
      if (shot) shot.hidden = !mine && ![...shot.querySelectorAll("input")].some((input) => input.value);
      slot.dataset.full = String(this.filled(slot));
      state.textContent = mine ? say("has", { n: mine }) : this.filled(slot) ? say("filled") : "";
    }
  }
}

function labelOf(field) {
  return say("field", { name: field.labels?.[0]?.firstChild?.textContent.trim() ?? field.name });
}
