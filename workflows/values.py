"""Typed values: checked against their fields and brought to one spelling.

Every problem of a form is found in one go. Values never come back changed in meaning: blanks are trimmed, identifiers
get their normal form, nothing is guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from documents.identifiers import check_rfc, is_email, normalise_dsn, normalise_email
from documents.secrets_scan import scan
from workflows.definition import Definition, Field, FieldKind, Option, applies
from workflows.errors import FieldProblem

NO_SECRETS = "sin_contrasenas"
"""Name of the tick by which somebody declares that an image shows no passwords."""

NOTE_LENGTH = 4000

Options = Callable[[Field], Sequence[Option]]
"""What a field offers."""

_FOLIO = re.compile(r"[A-Z]{2}-[0-9]{3}-[0-9]{4}-[0-9]{6}")
_TICKED = frozenset({"si", "sí", "true", "on", "1", "x", "yes"})
_UNTICKED = frozenset({"no", "false", "off", "0"})
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SHOWN = 60
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_AGENT_KEY = re.compile(r"[A-Z0-9]{2,20}")
_PHONE = re.compile(r"\+?[0-9]{10,15}")
_BETWEEN = re.compile(r"[\s\-_./()]+")
_PLAIN = frozenset(
    {
        FieldKind.RFC,
        FieldKind.EMAIL,
        FieldKind.FOLIO,
        FieldKind.DATE,
        FieldKind.MOMENT,
        FieldKind.NUMBER,
        FieldKind.AGENT_KEY,
        FieldKind.PHONE,
    }
)
"""Kinds whose values come back in their one spelling."""


@dataclass(frozen=True, slots=True)
class Values:
    """A form's values by field, normalised, without the empty ones; what is wrong; and the params among them.

    A tick that is a param is there whether ticked or not (``si`` or ``no``): a later round may take it back.
    """

    data: Mapping[str, str]
    problems: tuple[FieldProblem, ...]
    params: Mapping[str, str] = field(default_factory=dict)


def check_values(
    definition: Definition,
    fields: Iterable[Field],
    data: Mapping[str, str],
    params: Mapping[str, str],
    *,
    complete: bool = True,
    options: Options | None = None,
) -> Values:
    """Check what was typed against the fields of a form.

    Args:
        definition: for its own lists.
        fields: the form's; those whose condition does not hold are treated as absent.
        data: as typed.
        params: of the case; params among ``fields`` are read from ``data`` first.
        complete: whether required fields must have a value (false for a request that is being refused).
        options: what a choice offers, by the catalogues in force; by default what the definition brings.
    """
    form = tuple(fields)
    chosen = {**params, **{item.name: _param(item, data.get(item.name, "")) for item in form if item.param}}
    asked = {item.name: item for item in form if applies(item.when, chosen)}
    known = {item.name for item in form} | {NO_SECRETS}
    problems = [FieldProblem(name, "unknown") for name in data if name not in known]
    values: dict[str, str] = {}
    for name, item in asked.items():
        value, problem = _value(options or definition.options, item, data.get(name, ""))
        if problem is None and not value and item.required and complete:
            problem = FieldProblem(name, "required")
        if problem is not None:
            problems.append(problem)
        elif value:
            values[name] = value
    if complete:
        problems += _groups(asked, values)
    facts = {name: values.get(name, "") or _param(item, "") for name, item in asked.items() if item.param}
    return Values(values, tuple(problems), {name: value for name, value in facts.items() if value})


def _groups(asked: Mapping[str, Field], values: Mapping[str, str]) -> list[FieldProblem]:
    """Fields of which one at least must be filled; the first is told, with all of them."""
    groups: dict[str, list[str]] = {}
    for name, item in asked.items():
        if item.any_of:
            groups.setdefault(item.any_of, []).append(name)
    empty = [names for names in groups.values() if not any(values.get(name) for name in names)]
    labels = {name: item.label.es for name, item in asked.items()}
    return [
        FieldProblem(names[0], "one_of", 0, "", "; ".join(labels[name] for name in names)) for names in empty
    ]


def check_note(note: str) -> tuple[str, tuple[FieldProblem, ...]]:
    """A free note, trimmed, and what is wrong with it."""
    text, problem = _text("note", note, NOTE_LENGTH, lines=True)
    return text, (problem,) if problem else ()


def check_text(name: str, typed: str, limit: int) -> tuple[str, FieldProblem | None]:
    """One line of text that belongs to no field of a definition, trimmed, and what is wrong with it."""
    return _text(name, typed, limit, lines=False)


def is_ticked(value: str) -> bool:
    """Whether a tick box was ticked."""
    return value.strip().lower() in _TICKED


def reference_value(field: Field, value: str) -> str:
    """The spelling under which a value is searched and compared."""
    return value if field.kind in _PLAIN else normalise_dsn(value)


def _param(field: Field, typed: str) -> str:
    """What a param says while its form is read: a tick says ``si`` or ``no``, the others what was typed."""
    text = typed.strip() or field.default
    if field.kind is FieldKind.TICK:
        return "si" if is_ticked(text) else "no"
    return text


def _value(options_of: Options, field: Field, typed: str) -> tuple[str, FieldProblem | None]:
    text, problem = _text(field.name, typed, field.max_length, lines=field.kind is FieldKind.LONG_TEXT)
    if problem is not None:
        return "", problem
    text = text or field.default
    if not text:
        return "", None
    if field.kind is FieldKind.CHOICE:
        options = [option.code for option in options_of(field)]
        if text not in options:
            return "", FieldProblem(field.name, "not_an_option", 0, text[:_SHOWN], ", ".join(options))
        return text, None
    check = _CHECKS.get(field.kind)
    if check is None:
        return text, None
    value, code = check(text)
    return (value, FieldProblem(field.name, code, 0, text[:_SHOWN])) if code else (value, None)


def _text(name: str, typed: str, limit: int, *, lines: bool) -> tuple[str, FieldProblem | None]:
    text = unicodedata.normalize("NFC", typed.replace("\r\n", "\n"))
    text = "\n".join(" ".join(line.split(" ")).rstrip() for line in text.split("\n")).strip()
    if not lines:
        text = " ".join(text.split())
    allowed = "\n\t" if lines else ""
    if any(c not in allowed and _hides(c) for c in text):
        return "", FieldProblem(name, "control_characters")
    if len(text) > limit:
        return "", FieldProblem(name, "too_long", 0, str(len(text)), str(limit))
    secret = next((finding for finding in scan(text) if finding.blocks), None)
    if secret is not None:
        return "", FieldProblem(name, "secret", 0, secret.word)
    return text, None


def _hides(character: str) -> bool:
    """Whether it cannot be shown, or turns the direction of what follows: a text must read as it was typed.

    Other format characters stay: joiners are part of emoji and of some names.
    """
    return character in _TURNING or unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"}


def _rfc(text: str) -> tuple[str, str]:
    verdict = check_rfc(text)
    return verdict.value, f"rfc_{verdict.problem}" if verdict.problem else ""


def _email(text: str) -> tuple[str, str]:
    value = normalise_email(text)
    return value, "" if is_email(value) else "email_malformed"


def _dsn(text: str) -> tuple[str, str]:
    value = normalise_dsn(text)
    return value, "" if any(c.isalnum() for c in value) else "malformed"


def _identifier(text: str) -> tuple[str, str]:
    return text, "" if any(c.isalnum() for c in text) else "malformed"


def _folio(text: str) -> tuple[str, str]:
    value = text.upper()
    return value, "" if _FOLIO.fullmatch(value) else "malformed"


def _tick(text: str) -> tuple[str, str]:
    value = text.lower()
    if value in _TICKED:
        return "si", ""
    return "", "" if value in _UNTICKED else "tick_malformed"


def _date(text: str) -> tuple[str, str]:
    return text, "" if _DAY.fullmatch(text) and _exists(text) else "date_malformed"


def _moment(text: str) -> tuple[str, str]:
    value = text.replace(" ", "T", 1)
    return value, "" if _MOMENT.fullmatch(value) and _exists(value) else "moment_malformed"


def _exists(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _number(text: str) -> tuple[str, str]:
    if not _NUMBER.fullmatch(text):
        return text, "number_malformed"
    return str(int(text)), ""


def _agent_key(text: str) -> tuple[str, str]:
    value = _BETWEEN.sub("", text.upper())
    return value, "" if _AGENT_KEY.fullmatch(value) else "agent_key_malformed"


def _phone(text: str) -> tuple[str, str]:
    value = _BETWEEN.sub("", text)
    return value, "" if _PHONE.fullmatch(value) else "phone_malformed"


_CHECKS: Mapping[FieldKind, Callable[[str], tuple[str, str]]] = {
    FieldKind.RFC: _rfc,
    FieldKind.EMAIL: _email,
    FieldKind.DSN: _dsn,
    FieldKind.IDENTIFIER: _identifier,
    FieldKind.FOLIO: _folio,
    FieldKind.TICK: _tick,
    FieldKind.DATE: _date,
    FieldKind.MOMENT: _moment,
    FieldKind.NUMBER: _number,
    FieldKind.AGENT_KEY: _agent_key,
    FieldKind.PHONE: _phone,
}
