"""Whether an installation can be opened, and how it says that it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from evidence.canonical import Json
from web.settings import Settings


class HouseError(Exception):
    """The house cannot be used as it stands; ``code`` is a key of `web.messages.HOUSE`."""

    def __init__(self, code: str, **fields: Json) -> None:
        super().__init__(f"{code} {fields}")
        self.code = code
        self.fields: Mapping[str, Json] = fields


def now() -> datetime:
    """The present; the product has no other clock."""
    return datetime.now(UTC)


def require_ready(settings: Settings) -> None:
    """Refuse an installation that cannot be opened.

    Raises:
        HouseError: ``key_missing``: everything is there but the signing key; ``not_initialised``.
    """
    if settings.initialised:
        return
    if settings.origin and settings.secret_key:
        raise HouseError("key_missing", file=str(settings.key_file))
    raise HouseError("not_initialised")
