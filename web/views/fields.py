"""Fields of a definition as fields of a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from web.views.lens import Lens
from workflows.definition import Definition, Field, FieldKind, When, applies

PREFIX = "d."
"""Names of typed values in a form: ``d.`` and the field's name, so that they never meet the form's own names."""

_INPUT = {
    FieldKind.LONG_TEXT: "long",
    FieldKind.CHOICE: "choice",
    FieldKind.EMAIL: "email",
    FieldKind.TICK: "tick",
    FieldKind.DATE: "date",
    FieldKind.MOMENT: "datetime-local",
    FieldKind.NUMBER: "number",
    FieldKind.PHONE: "tel",
}
_MONO = {
    FieldKind.RFC,
    FieldKind.DSN,
    FieldKind.IDENTIFIER,
    FieldKind.FOLIO,
    FieldKind.AGENT_KEY,
    FieldKind.PHONE,
}


@dataclass(frozen=True, slots=True)
class FormField:
    """An input. ``kind`` is an HTML input type, or long, choice, tick; ``when`` is set where the browser decides."""

    name: str
    label: str
    kind: str
    value: str = ""
    hint: str = ""
    error: str = ""
    example: str = ""
    required: bool = False
    mono: bool = False
    options: tuple[tuple[str, str], ...] = ()
    autocomplete: str = "off"
    when: When | None = None


def form_field(
    field: Field, definition: Definition, lens: Lens, value: str = "", error: str = ""
) -> FormField:
    """One field; one that depends on another or that the rules compute is not required by the browser."""
    return FormField(
        name=PREFIX + field.name,
        label=lens.say(field.label),
        kind=_INPUT.get(field.kind, "text"),
        value=value or field.default,
        hint=lens.say(field.help),
        error=error,
        example=field.example,
        required=field.required and field.when is None and not field.compute,
        mono=field.kind in _MONO,
        options=tuple((option.code, lens.say(option.name)) for option in definition.options(field)),
        when=field.when,
    )


def step_fields(
    fields: tuple[Field, ...],
    definition: Definition,
    lens: Lens,
    params: Mapping[str, str],
    values: Mapping[str, str],
    errors: Mapping[str, str],
) -> tuple[FormField, ...]:
    """The fields that apply to this case, with what was typed and what was wrong."""
    return tuple(
        form_field(field, definition, lens, values.get(field.name, ""), errors.get(field.name, ""))
        for field in fields
        if applies(field.when, params)
    )


def typed(form: Mapping[str, str]) -> dict[str, str]:
    """The typed values of a posted form: names without `PREFIX`, blanks left out."""
    return {
        name.removeprefix(PREFIX): value.strip()
        for name, value in form.items()
        if name.startswith(PREFIX) and value.strip()
    }
