"""What entries say in words: dates as people write them, refusals with ground and destination, timers by their name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evidence.entry import EntryKind, SealedEntry
from web.i18n import gettext as _
from web.views.lens import Lens
from workflows.definition import Definition, Field, FieldKind

_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}:\d{2}))?")


def day_words(text: str) -> str:
    """``2026-11-30`` as ``30/11/2026``, with ``T09:30`` behind it the hour too; anything else as it is."""
    found = _DAY.fullmatch(text)
    if found is None:
        return text
    year, month, day, hour = found.groups()
    return f"{day}/{month}/{year}" + (f" {hour}" if hour else "")


def value_words(kind: FieldKind | None, text: str, lens: Lens) -> str:
    """A value that was typed, as a page shows it."""
    if kind is FieldKind.MOMENT and text.endswith("Z"):
        return lens.moment(text).text
    return day_words(text) if kind in {FieldKind.DATE, FieldKind.MOMENT} else text


def kinds_of(fields: Iterable[Field]) -> dict[str, FieldKind]:
    """The kind of each field by its name."""
    return {field.name: field.kind for field in fields}


def place_name(definition: Definition, code: str, lens: Lens) -> str:
    """Where work is sent on to, as the process calls it; a code it does not name stays as it is."""
    named = (item.destination_name for item in definition.grounds if item.destination == code)
    return next(map(lens.say, named), code)


def by_itself(sealed: SealedEntry, definition: Definition, lens: Lens) -> tuple[tuple[str, str], ...]:
    """What an entry says that nobody typed: why and where to of a refusal, which deadline of a timer's."""
    if sealed.entry.kind is EntryKind.CASE_REFUSED:
        return tuple(pair for pair in _refusal(sealed, definition, lens) if pair[1])
    if sealed.entry.kind is EntryKind.TIMER_EXPIRED:
        return tuple(pair for pair in _deadline(sealed, definition, lens) if pair[1])
    return ()


def _refusal(sealed: SealedEntry, definition: Definition, lens: Lens) -> Iterable[tuple[str, str]]:
    facts, reason = sealed.entry.facts, _text(sealed.entry.facts.get("reason"))
    ground = next((item for item in definition.grounds if item.code == reason), None)
    destination = _text(facts.get("destination"))
    yield _("Causa"), lens.say(ground.name) if ground else reason
    yield _("Se turna a"), lens.say(ground.destination_name) if ground else destination
    said = _text(sealed.payload().get("message"))
    yield _("Se contestó"), said
    if ground is not None and said == ground.message.es != lens.say(ground.message):
        yield _("En este idioma"), lens.say(ground.message)


def _deadline(sealed: SealedEntry, definition: Definition, lens: Lens) -> Iterable[tuple[str, str]]:
    code, due = _text(sealed.entry.facts.get("timer")), _text(sealed.entry.facts.get("due_at"))
    known = next((item for item in definition.timers if item.code == code), None)
    yield _("Plazo"), lens.say(known.name) if known else code
    yield _("Fecha del plazo"), lens.moment(due).text if due else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
