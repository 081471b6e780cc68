"""Computed fields of a form: what the rule gives, filled in where nothing was typed, enforced where something was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from documents.identifiers import fold
from workflows.casefile import typed_data
from workflows.claims import Situation
from workflows.computed import RULES, Computed, Given, NotComputable
from workflows.definition import CatalogueItem, Field, FieldKind, Option, Step, applies
from workflows.errors import FieldProblem
from workflows.values import reference_value

Filled = tuple[dict[str, str], dict[str, str], tuple[FieldProblem, ...]]
"""The form with its computed values, the numbers of homonyms by field, and problems."""


def filled(
    situation: Situation, fields: Sequence[Field], data: Mapping[str, str], *, complete: bool
) -> Filled:
    """Fill in and enforce the computed fields of a form."""
    form, homonyms, problems = dict(data), dict[str, str](), list[FieldProblem]()
    for field in fields:
        if not field.compute or not applies(field.when, {**situation.params, **form}):
            continue
        typed = form.get(field.name, "").strip()
        try:
            found = compute(situation, field, form)
        except NotComputable as error:
            if complete and (typed or field.required):
                problems.append(FieldProblem(field.name, "not_computable", 0, typed[:80], error.field))
            continue
        if typed and reference_value(field, typed.casefold()) != reference_value(field, found.value):
            problems.append(FieldProblem(field.name, "computed", 0, typed[:80], found.value))
            continue
        form[field.name] = found.value
        if found.homonym:
            homonyms[field.name] = str(found.homonym)
    return form, homonyms, tuple(problems)


def proposed(situation: Situation, step: Step) -> dict[str, str]:
    """What the program knows of a step's form before anything is typed.

    Values that must repeat others, values that begin as others (of a choice only where an option is named so: a word
    that is no option proposes nothing), and computed ones.
    """
    typed = typed_data(situation.entries)
    known = dict[str, str]()
    for item in step.fields:
        source = item.same_as or item.begins_as
        if source is not None:
            value = typed.get(source[0], {}).get(source[1], "")
            known[item.name] = _option(situation, item, value) if item.kind is FieldKind.CHOICE else value
    form, _homonyms, _problems = filled(situation, step.fields, known, complete=False)
    return {name: value for name, value in form.items() if value}


def _option(situation: Situation, field: Field, value: str) -> str:
    """The code of the option that a word names, by its code or either of its names; ``""`` where none is."""
    if not value:
        return ""
    found = (
        (option.code, {fold(option.code), fold(option.name.es), fold(option.name.en)})
        for option in _options(situation, field)
    )
    return next((code for code, words in found if fold(value) in words), "")


def _options(situation: Situation, field: Field) -> Sequence[Option | CatalogueItem]:
    if not field.catalogue:
        return field.options
    return situation.catalogue(field.catalogue).valid(situation.calendar.local_day(situation.now))


def compute(situation: Situation, field: Field, data: Mapping[str, str]) -> Computed:
    """What the field's rule gives for the case with a form's values over what it holds. Raises `NotComputable`."""
    values: dict[str, str] = {}
    for typed in typed_data(situation.entries).values():
        values.update(typed)
    values.update({name: value.strip() for name, value in data.items() if value.strip()})
    values.pop(field.name, None)

    def items(code: str) -> tuple[str, ...]:
        day = situation.calendar.local_day(situation.now)
        return tuple(item.code for item in situation.catalogue(code).valid(day))

    def taken(value: str) -> bool:
        own = situation.entries[0].entry.case if situation.entries else ""
        folios = situation.holding(field.reference, reference_value(field, value))
        return any(folio != own for folio in folios)

    return RULES[field.compute](Given(values, items, taken))
