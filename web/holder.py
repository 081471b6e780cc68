"""Who holds the open house: one a process, opened when the first request or command needs it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from flask import current_app

from web.readiness import require_ready
from web.settings import Settings

if TYPE_CHECKING:
    from web.wiring import House


class HouseHolder:
    """Opens the house when the first request or command needs it; one a process."""

    def __init__(self, settings: Settings, house: House | None = None) -> None:
        self.settings = settings
        self._house = house
        self._lock = threading.Lock()

    def open(self) -> House:
        """The house.

        Raises:
            HouseError: see `require_ready`.
        """
        with self._lock:
            if self._house is None:
                from web.wiring import House  # noqa: PLC0415 - the house names its holder for everybody else

                require_ready(self.settings)
                self._house = House(self.settings)
            return self._house


def current_house() -> House:
    """The house of the running application."""
    holder = current_app.extensions["constancia"]
    assert isinstance(holder, HouseHolder)  # noqa: S101 - put there by create_app
    return holder.open()
