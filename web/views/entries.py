"""Entries as lines of the book: what, who, the two dates, files, corrections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidence.canonical import Json
from evidence.entry import EntryKind, SealedEntry
from evidence.quarantine import NOTHING, Withheld, quarantine_of
from evidence.words import digest_words
from web.i18n import gettext as _
from web.views.kinds import Sign, evidence_sign, family_mark, kind_sign, verdict_word
from web.views.lens import Lens, Moment, size_text
from web.views.link_entries import link_lines
from web.views.mail_entries import is_mail, mail_data, mail_title
from web.views.quarantine import withheld_words
from web.views.saying import by_itself, kinds_of, value_words
from web.views.system_entries import system_data
from workflows.definition import Definition
from workflows.state import CaseState


@dataclass(frozen=True, slots=True)
class FileLine:
    """A sealed file. ``about`` are the facts read from it, as label and text; ``template`` what made it, if we did.

    ``withheld`` says since when and why it stands in quarantine, or that it was destroyed in it.
    """

    number: int
    name: str
    mark: str
    media: str
    size: str
    sha256: str
    slot: str
    type_word: str
    about: Mapping[str, Json]
    erased: bool = False
    shot: str = ""
    template: str = ""
    withheld: str = ""


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One entry of a case. ``void_by`` is the entry that corrected it (0: it stands)."""

    seq: int
    sign: Sign
    step: str
    title: str
    who: str
    role: str
    recorded: Moment
    occurred: Moment | None
    late: bool
    via: str
    note: str
    choice: str
    reason: str
    data: tuple[tuple[str, str], ...]
    files: tuple[FileLine, ...]
    typed_evidence: tuple[Sign, ...]
    void_by: int
    corrects: int
    leaf: str
    words: tuple[str, ...]
    index: int | None
    erased: bool
    claimed_by: str = ""
    acting_for: str = ""
    act: tuple[tuple[str, str], ...] = ()
    token: str = ""
    withheld: str = ""


def entry_lines(
    entries: Sequence[SealedEntry], definition: Definition, state: CaseState, lens: Lens
) -> tuple[EntryLine, ...]:
    """The book of a case, oldest first."""
    void = dict(state.superseded)
    corrects = {by: seq for seq, by in state.superseded}
    late = {item.seq for item in state.exceptions if str(item.code) == "recorded_late"}
    told = quarantine_of(entries)
    return tuple(
        entry_line(
            sealed,
            definition,
            lens,
            void_by=void.get(sealed.entry.seq, 0),
            corrects=corrects.get(sealed.entry.seq, 0),
            late=sealed.entry.seq in late,
            told=told,
        )
        for sealed in entries
    )


def entry_line(
    sealed: SealedEntry,
    definition: Definition | None,
    lens: Lens,
    *,
    void_by: int = 0,
    corrects: int = 0,
    late: bool = False,
    told: Withheld = NOTHING,
) -> EntryLine:
    """One entry as a line."""
    entry, payload = sealed.entry, sealed.payload()
    via = _mapping(payload.get("via"))
    return EntryLine(
        seq=entry.seq,
        sign=kind_sign(str(entry.kind), str(entry.facts.get("mark", ""))),
        step=entry.step,
        title=_title(sealed, definition, lens),
        who=lens.who(entry.actor),
        role=lens.role(definition, entry.role),
        recorded=lens.moment(entry.at),
        occurred=lens.maybe(_text(entry.facts.get("occurred_at"))),
        late=late,
        via=_text(entry.facts.get("via")),
        note=_text(payload.get("note")),
        choice=_choice(sealed, definition, lens),
        reason=_text(payload.get("reason")),
        data=_data(sealed, definition, lens),
        files=_files(sealed, definition, lens, told),
        typed_evidence=_typed(sealed),
        void_by=void_by,
        corrects=corrects,
        leaf=sealed.leaf,
        words=digest_words(sealed.leaf),
        index=sealed.index,
        erased=sealed.payload_bytes is None,
        withheld=withheld_words(told.payload(entry.seq), lens),
        act=link_lines(sealed),
        claimed_by=_text(via.get("os_user")),
        token=_text(via.get("token")),
        acting_for=lens.who(principal) if (principal := _text(entry.facts.get("acting_for"))) else "",
    )


def _title(sealed: SealedEntry, definition: Definition | None, lens: Lens) -> str:
    entry = sealed.entry
    if is_mail(str(entry.kind)):
        return mail_title(sealed) or kind_sign(str(entry.kind)).word.capitalize()
    step = definition.by_step.get(entry.step) if definition and entry.step else None
    if step is not None:
        return lens.say(step.name)
    series = definition.by_series.get(_text(entry.facts.get("series"))) if definition else None
    if series is not None:
        return lens.say(series.name)
    if entry.kind is EntryKind.CASE_OPENED and definition is not None:
        return lens.say(definition.by_step[definition.opening.step].name)
    return kind_sign(str(entry.kind)).word.capitalize()


def _choice(sealed: SealedEntry, definition: Definition | None, lens: Lens) -> str:
    verdict = _text(sealed.entry.facts.get("verdict"))
    if verdict:
        return verdict_word(verdict)
    code = _text(sealed.entry.facts.get("choice"))
    step = definition.by_step.get(sealed.entry.step) if definition else None
    branch = step.branch(code) if step and code else None
    return lens.say(branch.name) if branch else code


def _data(sealed: SealedEntry, definition: Definition | None, lens: Lens) -> tuple[tuple[str, str], ...]:
    if is_mail(str(sealed.entry.kind)):
        return mail_data(sealed)
    if definition is None:
        return system_data(sealed, lens)
    values: dict[str, Json] = {**_mapping(sealed.payload().get("data"))}
    step = definition.by_step.get(sealed.entry.step)
    told = {name for branch in (step.branches if step else ()) for name in branch.sets}
    for name, value in _mapping(sealed.entry.facts.get("params")).items():
        if name not in told:  # the branch's own name says it already
            values.setdefault(name, value)
    labels, options = field_words(sealed, definition, lens)
    for field in step.fields if step else ():
        if field.zone and field.name in values:
            options[field.name, str(values[field.name])] = lens.who(str(values[field.name]))
    order = {name: place for place, name in enumerate(labels)}
    labels["sin_contrasenas"] = _("Imágenes revisadas, sin contraseñas")
    kinds = kinds_of((*definition.opening.fields, *(step.fields if step else ())))

    def said(name: str, value: Json) -> str:
        return value_words(kinds.get(name), str(value), lens)

    typed = tuple(
        (
            labels.get(name, name),
            options.get((name, str(value)), _("sí") if value == "si" else said(name, value)),
        )
        for name, value in sorted(values.items(), key=lambda item: order.get(item[0], len(order)))
        if value not in (None, "")
    )
    return (*typed, *by_itself(sealed, definition, lens))


def field_words(
    sealed: SealedEntry, definition: Definition | None, lens: Lens
) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """What people call the fields of an entry, by name, and their options, by name and code."""
    if definition is None:
        return {}, {}
    step = definition.by_step.get(sealed.entry.step)
    fields = (*definition.opening.fields, *(step.fields if step else ()))
    labels = {field.name: lens.say(field.label) for field in fields}
    options = {
        (field.name, option.code): lens.say(option.name)
        for field in fields
        for option in definition.options(field)
    }
    return labels, options


def _files(
    sealed: SealedEntry, definition: Definition | None, lens: Lens, quarantined: Withheld
) -> tuple[FileLine, ...]:
    named = _sequence(sealed.payload().get("files"))
    types = {
        item["object"]: (_text(item.get("slot")), _text(item.get("type")))
        for item in map(_mapping, _sequence(sealed.entry.facts.get("evidence")))
        if isinstance(item.get("object"), int)
    }
    step = definition.by_step.get(sealed.entry.step) if definition else None
    lines = []
    for number, blob in enumerate(sealed.entry.objects):
        told = _mapping(named[number]) if number < len(named) else {}
        slot_code, kind = types.get(number, (_text(told.get("slot")), ""))
        slot = step.slot(slot_code) if step else None
        name = _text(told.get("name")) or blob.sha256[:12]
        lines.append(
            FileLine(
                number=number,
                name=name,
                mark=family_mark(blob.media, name),
                media=blob.media,
                size=size_text(blob.size),
                sha256=blob.sha256,
                slot=lens.say(slot.name) if slot else slot_code,
                type_word=evidence_sign(kind).word if kind else "",
                about=_mapping(told.get("about")),
                erased=not told,
                shot=_shot(_mapping(told.get("shot"))),
                template=_template(_mapping(told.get("template"))),
                withheld=withheld_words(quarantined.file(sealed.entry.seq, blob.sha256), lens),
            )
        )
    return tuple(lines)


def _shot(told: Mapping[str, Json]) -> str:
    """Which system a screenshot shows and of which date, as somebody said; the date as dates are shown here."""
    day = "/".join(reversed(_text(told.get("date")).split("-")))
    return " · ".join(text for text in (_text(told.get("system")), day) if text)


def _template(told: Mapping[str, Json]) -> str:
    """Name, version and digest of the template by which the program made the file."""
    return " ".join(text for name in ("name", "version", "sha256") if (text := _text(told.get(name))))


def _typed(sealed: SealedEntry) -> tuple[Sign, ...]:
    found = [_mapping(item) for item in _sequence(sealed.entry.facts.get("evidence"))]
    return tuple(evidence_sign(_text(item.get("type"))) for item in found if "object" not in item)


def position(line: EntryLine) -> str:
    """Where the entry stands in the log, in words."""
    return (
        _("entrada %(n)s de la bitácora", n=line.index)
        if line.index is not None
        else _("por numerar: se publica en segundos")
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _mapping(value: object) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _sequence(value: object) -> Sequence[Json]:
    return value if isinstance(value, list) else ()
