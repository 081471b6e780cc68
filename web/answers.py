"""What is said about an exception, whoever asks: a page, a script, a command or another system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evidence.canonical import Json


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said about an exception, in the language of the request.

    ``fields`` are the refusal's own; ``problems`` one object a field or row, with ``field``, ``row``, ``problem`` and
    ``message``.
    """

    status: int
    code: str
    message: str
    advice: str
    fields: Mapping[str, Json] = field(default_factory=dict)
    problems: Sequence[Mapping[str, Json]] = ()
    incident: str = ""

    def as_json(self) -> dict[str, Json]:
        """The value of ``error`` in JSON answers and in the output of commands."""
        found: dict[str, Json] = {"code": self.code, "message": self.message, "advice": self.advice}
        if self.fields:
            found["fields"] = dict(self.fields)
        if self.problems:
            found["problems"] = [dict(problem) for problem in self.problems]
        if self.incident:
            found["incident"] = self.incident
        return found
