"""What can be in the way of a backup, a restoration or a move."""

from __future__ import annotations

from evidence.canonical import Json
from evidence.ports import StoreError


class MovingRefused(StoreError):
    """It cannot be done as things stand, and nothing was changed; ``code`` says why, in the words of `web.messages`."""

    def __init__(self, code: str, **fields: Json) -> None:
        super().__init__(f"{code} {fields}")
        self.code = code
        self.fields = fields
