"""Whether the fields of a definition's forms, and the conditions on them, fit together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from workflows.computed import RULES
from workflows.definition import Definition, Field, FieldKind, When

DEFAULTABLE = frozenset(
    {FieldKind.TEXT, FieldKind.CHOICE, FieldKind.TICK, FieldKind.LONG_TEXT, FieldKind.NUMBER}
)
PARAMS = frozenset({FieldKind.CHOICE, FieldKind.TICK, FieldKind.DATE, FieldKind.MOMENT, FieldKind.NUMBER})
"""Kinds whose values may become facts: none of them can hold words about a person."""

TICKED = ("si", "no")
"""What a tick that is a param leaves in the facts: both are said, so that a later round can take it back."""


def check_fields(
    definition: Definition, place: str, fields: Iterable[Field], before: str = ""
) -> Iterator[str]:
    """Problems of a form's fields. ``before``: the step they belong to, whose own params their conditions may name."""
    found = list(fields)
    yield from unique(f"{place}.field", [field.name for field in found])
    for field in found:
        inner = f"{place}.field.{field.name}"
        yield from _field(definition, inner, field)
        yield from check_when(definition, inner, field.when, before)
        yield from known(f"{inner}.compute", filter(None, [field.compute]), RULES, "rule")


def _field(definition: Definition, place: str, field: Field) -> Iterator[str]:
    catalogues = {catalogue.code for catalogue in definition.catalogues}
    yield from known(f"{place}.catalogue", filter(None, [field.catalogue]), catalogues, "catalogue")
    if (field.kind is FieldKind.CHOICE) != bool(field.options or field.catalogue):
        yield f"{place}: a choice, and only a choice, has options or a catalogue"
    if field.options and field.catalogue:
        yield f"{place}: either options or a catalogue"
    if field.param and (field.personal or field.kind not in PARAMS):
        yield f"{place}.param: only a choice, tick, date, moment or number that is not personal may become a fact"
    if (field.unique or field.unique_open) and not field.reference:
        yield f"{place}.reference: what is unique needs the kind of its reference"
    if field.default and field.kind not in DEFAULTABLE:
        yield f"{place}.default: {field.kind} takes no default"
    if field.compute and (
        field.same_as or field.default or field.kind not in {FieldKind.TEXT, FieldKind.EMAIL}
    ):
        yield f"{place}.compute: a computed field is a text or an e-mail without default or same_as"
    if field.begins_as and (field.same_as or field.compute or field.default or field.zone):
        yield f"{place}.begins_as: not beside same_as, compute, default or zone"
    for key, pair in (("same_as", field.same_as), ("begins_as", field.begins_as)):
        if pair and pair[1] not in _names(definition, pair[0]):
            yield f"{place}.{key}: there is no field {pair[1]!r} in step {pair[0]!r}"


def _names(definition: Definition, code: str) -> frozenset[str]:
    """Names of a step's fields; the opening's stand under its step."""
    step = definition.by_step.get(code)
    fields = step.fields if step is not None else ()
    opening = definition.opening.fields if code == definition.opening.step else ()
    return frozenset(field.name for field in (*fields, *opening))


def check_when(definition: Definition, place: str, when: When | None, before: str = "") -> Iterator[str]:
    """Problems of a condition: it names params of the opening or of the steps up to ``before``, with known values."""
    params = _params(definition, before)
    for name, values in (when or {}).items():
        options = params.get(name)
        if options is None:
            yield f"{place}.when: {name!r} is not a choice or tick, marked as param, of the opening or an earlier step"
        else:
            yield from known(f"{place}.when.{name}", values, options, "option")


def _params(definition: Definition, before: str) -> Mapping[str, tuple[str, ...]]:
    """Params a condition may name, with their values: the opening's and those of the steps up to ``before``."""
    codes = [step.code for step in definition.steps]
    reached = definition.steps[: codes.index(before) + 1] if before in codes else ()
    fields = [*definition.opening.fields, *(field for step in reached for field in step.fields)]
    found: dict[str, tuple[str, ...]] = {}
    catalogues = {"", *(catalogue.code for catalogue in definition.catalogues)}
    for field in fields:
        if field.catalogue in catalogues and field.param and field.kind in {FieldKind.CHOICE, FieldKind.TICK}:
            values = tuple(option.code for option in definition.options(field)) or TICKED
            found[field.name] = (*found.get(field.name, ()), *values)
    for step in reached:
        if step.standing is not None and step.standing.queue is not None:
            found[step.standing.queue[0]] = (step.standing.queue[1],)
        for name, value in (item for branch in step.branches for item in branch.sets.items()):
            found[name] = (*found.get(name, ()), value)
    return found


def known(place: str, names: Iterable[str], known: Iterable[str], what: str) -> Iterator[str]:
    """A problem for every name that is used and not defined."""
    everything = set(known)
    yield from (f"{place}: there is no {what} {name!r}" for name in names if name not in everything)


def unique(place: str, codes: Sequence[str]) -> Iterator[str]:
    """A problem for every code that is defined twice."""
    twice = {code for code in codes if codes.count(code) > 1}
    yield from (f"{place}.{code}: defined more than once" for code in sorted(twice))
