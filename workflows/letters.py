"""A campaign's letter beside its final sheet: what was read, what a person confirmed, and whether it agrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from documents.letters import read_letter
from evidence.canonical import Json
from evidence.entry import SealedEntry
from workflows.campaigncommands import LetterReading
from workflows.casefile import effective, entry_files, typed_data
from workflows.claims import RowClaim, Situation
from workflows.definition import CatalogueItem
from workflows.errors import FieldInvalid, FieldProblem, LetterMissing
from workflows.facts import facts_of
from workflows.rowdrafts import rules_of, state_of

DATE, APPLICATION, COUNT = "fecha", "aplicativo", "cantidad"
FIGURES = (DATE, APPLICATION, COUNT)
"""The variable data of a letter, by the names of their fields."""

READ, CONFIRMED = "read", "confirmed"
_SAID = {READ: "leída en la carta", CONFIRMED: "confirmada por una persona, no se pudo leer"}


def reading_of(situation: Situation) -> LetterReading:
    """What the letter in force says beside what it should.

    Raises:
        LetterMissing: there is no letter, no figures of it, or no final sheet.
    """
    rules = rules_of(situation)
    found = _found(situation, _last(situation, rules.letter))
    typed = typed_data(_now(situation, rules.variables)).get(rules.variables, {})
    final = facts_of(_last(situation, rules.final).entry)
    expected = {
        DATE: typed.get(DATE, ""),
        APPLICATION: state_of(situation).params.get("aplicacion", ""),
        COUNT: str(final.counts.get("rows_out", 0)),
    }
    differs = [name for name in FIGURES if found[name] and found[name] != expected[name]]
    differs += [name for name in FIGURES if name not in differs and typed.get(name, "") != expected[name]]
    return LetterReading(found, expected, tuple(name for name in FIGURES if not found[name]), tuple(differs))


def figures_of(situation: Situation, step: str) -> dict[str, str]:
    """What the form of the letter's variable data may begin with: what was read in the letter in force, if anything."""
    rules = situation.definition.roster
    if rules is None or step != rules.variables:
        return {}
    found = _now(situation, rules.letter)
    read = _found(situation, found[-1]) if found else {}
    return {name: value for name, value in read.items() if value}


def compared(reading: LetterReading, confirmed: Mapping[str, str]) -> tuple[RowClaim, str, bool]:
    """The comparison as facts, in words, and whether it agrees; ``confirmed`` fills what could not be read.

    Raises:
        FieldInvalid: something that could not be read was not confirmed.
    """
    missing = [name for name in reading.unread if not confirmed.get(name, "").strip()]
    if missing:
        raise FieldInvalid(
            tuple(FieldProblem(name, "required", 0, "", reading.expected[name]) for name in missing)
        )
    how = {name: CONFIRMED if name in reading.unread else READ for name in FIGURES}
    said = {name: reading.found[name] or confirmed[name].strip() for name in FIGURES}
    differs = {*reading.differs, *(name for name in FIGURES if said[name] != reading.expected[name])}
    words = [
        f"{name}: {said[name]} ({_SAID[how[name]]})"
        + (f"; se esperaba {reading.expected[name]}" if name in differs else "")
        for name in FIGURES
    ]
    counts = {"file": int(reading.expected[COUNT])}
    if said[COUNT].isdigit():
        counts["letter"] = int(said[COUNT])
    return RowClaim(check=how, counts=counts), "\n".join(words), not differs


def _last(situation: Situation, step: str) -> SealedEntry:
    """The entry in force of a step of this round. Raises `LetterMissing`."""
    found = _now(situation, step)
    if not found:
        raise LetterMissing(step=step)
    return found[-1]


def _now(situation: Situation, step: str) -> list[SealedEntry]:
    counting = set(state_of(situation).step(step).entries)
    return [sealed for sealed in effective(situation.entries) if sealed.entry.seq in counting]


def _found(situation: Situation, sealed: SealedEntry) -> dict[str, str]:
    read = read_letter(_text(entry_files(sealed)), _spellings(situation.catalogue("aplicaciones").items))
    return {DATE: read.date, APPLICATION: read.application, COUNT: read.count}


def _text(files: Sequence[Mapping[str, Json]]) -> str:
    """What the letter's file says; nothing for a scan, and once the payload was erased."""
    about = files[0].get("about", {}) if files else {}
    return str(about.get("text", "")) if isinstance(about, dict) else ""


def _spellings(items: Sequence[CatalogueItem]) -> dict[str, tuple[str, ...]]:
    """How each application may be spelled: its name, and the aliases its list knows."""
    return {
        item.code: (item.name.es, *filter(None, (a.strip() for a in item.values.get("alias", "").split(","))))
        for item in items
    }
