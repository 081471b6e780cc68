"""What a definition calls the fields, values, slots and branches that entries name by code."""

from __future__ import annotations

from audit_exports.markup import Content, both
from workflows.definition import Definition, Field, FieldKind

NO_SECRETS = "sin_contrasenas"
"""The tick by which somebody declares that a picture shows no passwords; every step may have it."""


class Labels:
    """The words of one step of one definition; what it does not know is shown as it was recorded."""

    def __init__(self, definition: Definition, step: str) -> None:
        self._definition = definition
        self._step = definition.by_step.get(step)
        fields = (*definition.opening.fields, *(self._step.fields if self._step else ()))
        self._fields: dict[str, Field] = {item.name: item for item in fields}

    def field(self, name: str) -> Content:
        """A field's label."""
        if name == NO_SECRETS:
            return both("Declara que no se ven contraseñas", "Declares that no passwords show")
        found = self._fields.get(name)
        return both(found.label.es, found.label.en) if found else name

    def value(self, name: str, value: str) -> Content:
        """A value: the name of a choice, a tick in words, anything else as typed."""
        found = self._fields.get(name)
        if name == NO_SECRETS or (found and found.kind is FieldKind.TICK):
            return both("sí", "yes")
        options = self._definition.options(found) if found else ()
        names = [option.name for option in options if option.code == value]
        return both(names[0].es, names[0].en) if names else value

    def slot(self, code: str) -> Content:
        """A slot's name."""
        found = self._step.slot(code) if self._step else None
        return both(found.name.es, found.name.en) if found else code

    def choice(self, code: str) -> Content:
        """Which branch was taken, with a colon before it; nothing where there was none."""
        found = self._step.branch(code) if self._step and code else None
        return [": ", both(found.name.es, found.name.en)] if found else None

    def plain(self, name: str, value: str) -> str:
        """A value in Spanish for places that hold one language."""
        found = self._fields.get(name)
        options = self._definition.options(found) if found else ()
        return next((option.name.es for option in options if option.code == value), value)
