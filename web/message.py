"""What a refusal says to the person: the shape of one line of the tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """HTTP status, what happened and what to do about it."""

    status: int
    text: str
    advice: str = ""
