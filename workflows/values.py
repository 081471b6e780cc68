"""Typed values: checked against their fields and brought to one spelling.

Every problem of a form is found in one go. Values never come back changed in meaning: blanks are trimmed, identifiers
get their normal form, nothing is guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from documents.identifiers import check_rfc, is_email, normalise_dsn, normalise_email
from documents.secrets_scan import scan
from workflows.definition import Definition, Field, FieldKind, applies
from workflows.errors import FieldProblem

NO_SECRETS = "sin_contrasenas"
"""Name of the tick by which somebody declares that an image shows no passwords."""

NOTE_LENGTH = 4000

_FOLIO = re.compile(r"[A-Z]{2}-[0-9]{3}-[0-9]{4}-[0-9]{6}")
_TICKED = frozenset({"si", "sí", "true", "on", "1", "x", "yes"})
_UNTICKED = frozenset({"no", "false", "off", "0"})
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Values:
    """A form's values by field, normalised, without the empty ones; and what is wrong with them."""

    data: Mapping[str, str]
    problems: tuple[FieldProblem, ...]


def check_values(
    definition: Definition,
    fields: Iterable[Field],
    data: Mapping[str, str],
    params: Mapping[str, str],
    *,
    complete: bool = True,
) -> Values:
    """Check what was typed against the fields of a form.

    Args:
        definition: for catalogues.
        fields: the form's; those whose condition does not hold are treated as absent.
        data: as typed.
        params: of the case; params among ``fields`` are read from ``data`` first.
        complete: whether required fields must have a value (false for a request that is being refused).
    """
    form = tuple(fields)
    chosen = {**params, **{field.name: data.get(field.name, "").strip() for field in form if field.param}}
    asked = {field.name: field for field in form if applies(field.when, chosen)}
    known = {field.name for field in form} | {NO_SECRETS}
    problems = [FieldProblem(name, "unknown") for name in data if name not in known]
    values: dict[str, str] = {}
    for name, field in asked.items():
        value, problem = _value(definition, field, data.get(name, ""))
        if problem is None and not value and field.required and complete:
            problem = FieldProblem(name, "required")
        if problem is not None:
            problems.append(problem)
        elif value:
            values[name] = value
    return Values(values, tuple(problems))


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
    plain = field.kind in {FieldKind.RFC, FieldKind.EMAIL, FieldKind.FOLIO}
    return value if plain else normalise_dsn(value)


def _value(definition: Definition, field: Field, typed: str) -> tuple[str, FieldProblem | None]:
    text, problem = _text(field.name, typed, field.max_length, lines=field.kind is FieldKind.LONG_TEXT)
    if problem is not None:
        return "", problem
    text = text or field.default
    if not text:
        return "", None
    if field.kind is FieldKind.CHOICE:
        options = [option.code for option in definition.options(field)]
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
    return "", "" if value in _UNTICKED else "malformed"


_CHECKS: Mapping[FieldKind, Callable[[str], tuple[str, str]]] = {
    FieldKind.RFC: _rfc,
    FieldKind.EMAIL: _email,
    FieldKind.DSN: _dsn,
    FieldKind.IDENTIFIER: _identifier,
    FieldKind.FOLIO: _folio,
    FieldKind.TICK: _tick,
}
