"""What every refusal of a command is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from evidence.canonical import Json


class Refusal(Exception):
    """Base of what a person can mend. ``fields`` are what the message is made from."""

    code: ClassVar[str] = "refused"

    def __init__(self, **fields: Json) -> None:
        super().__init__(f"{self.code} {fields}")
        self.fields: Mapping[str, Json] = fields

    def within(self, step: str) -> None:
        """Say in which step of a set it was (``in_step``)."""
        self.fields = {**self.fields, "in_step": step}
