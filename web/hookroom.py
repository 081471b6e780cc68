"""Webhooks as the house opens them: the desk, and the way out, which speaks to nobody it must not speak to.

An address is a stranger's word. It must be https (in the demonstration http will do), every address its name resolves
to must be public unless the operator named the host, the connection goes to the address that was looked at, and a
redirect is a failure like any other.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from anchoring.guarded import Forbidden, Guarded
from anchoring.transport import Unreachable
from notifications.hookdesk import HookDesk
from notifications.hooks import Unheard

if TYPE_CHECKING:
    from web.settings import Settings

LONGEST_URL = 500
_MEDIA = "application/json"
_AGENT = "Constancia-Webhooks/1.0"


class HookRoom:
    """``guard`` is what speaks outwards; tests give one that resolves names as they like."""

    def __init__(self, desk: HookDesk, settings: Settings, guard: Guarded | None = None) -> None:
        self.desk = desk
        self.guard = guard or Guarded(settings.webhook_hosts, plain=settings.demo)
        self._thread: threading.Thread | None = None
        self._failure: Exception | None = None

    def check(self, url: str) -> None:
        """Whether messages could be sent there now.

        Raises:
            Unheard: ``forbidden``, or ``silent`` where the name does not resolve.
        """
        if "#" in url or not url.isascii():
            raise Unheard("forbidden")
        try:
            self.guard.check(url)
        except Unreachable as error:
            raise _unheard(error) from error

    def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """`notifications.hooks.Send`."""
        try:
            return self.guard.send(url, body, _MEDIA, {"User-Agent": _AGENT, **headers}).status
        except Unreachable as error:
            raise _unheard(error) from error

    def round(self) -> None:
        """Queue what is new and see that a courier is under way; raises what the last one failed of."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        self.desk.feed()
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._carry, name="webhooks", daemon=True)
            self._thread.start()

    def carry(self) -> int:
        """Send what is due; returns how many were taken."""
        return self.desk.deliver(self.send)

    def _carry(self) -> None:
        try:
            self.carry()
        except Exception as error:  # noqa: BLE001 - the end of a thread: the next round raises it to the steward
            self._failure = error


def _unheard(error: Unreachable) -> Unheard:
    return Unheard("forbidden" if isinstance(error, Forbidden) else "silent")
