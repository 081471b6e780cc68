"""Asking the name server for the public keys of DKIM signatures: few names, each once, in a bounded time.

Which names are asked for is said by strangers' mails: only what can be a host's name is asked, and a name server that
does not answer costs one round of reading so many seconds and no more. What was not answered stays unknown.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping

from notifications.authenticity import Dns, LookupFailed

SECONDS = 15.0
"""How long one round may wait for the name server, all its mails together."""

LONGEST_RECORD = 4_096
_EACH = 5.0
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.){2,}[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class KeyLookups:
    """Keys as one round of reading needs them. ``dns`` of ``None`` asks nobody."""

    def __init__(
        self, dns: Dns | None, *, seconds: float = SECONDS, watch: Callable[[], float] = time.monotonic
    ) -> None:
        self._dns = dns
        self._left = seconds
        self._watch = watch
        self._known: dict[str, str | None] = {}

    def records(self, names: Iterable[str]) -> Mapping[str, str | None]:
        """TXT records by name, ``None`` where there is none; names that nobody could be asked about are left out."""
        for name in names:
            if name not in self._known and self._dns is not None:
                self._ask(name, self._dns)
        return {name: self._known[name] for name in names if name in self._known}

    def _ask(self, name: str, dns: Dns) -> None:
        if len(name) > 253 or not _NAME.fullmatch(name):
            self._known[name] = None  # no domain can publish a key under it
            return
        if self._left <= 0:
            return
        began = self._watch()
        try:
            record = dns(name.encode("ascii"))
        except LookupFailed:
            return
        finally:
            self._left -= self._watch() - began
        if record is None or len(record) <= LONGEST_RECORD:
            self._known[name] = record.decode("latin-1") if record is not None else None


def system_dns(name: bytes) -> bytes | None:
    """The machine's own name server. Raises `LookupFailed`."""
    import dns.exception  # noqa: PLC0415 - only a house with a mailbox asks
    import dns.resolver  # noqa: PLC0415

    try:
        answer = dns.resolver.resolve(name.decode("ascii"), "TXT", lifetime=_EACH, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, UnicodeDecodeError):
        return None
    except (dns.exception.DNSException, OSError) as error:  # the latter: no resolv.conf, no network at all
        raise LookupFailed(type(error).__name__) from error
    return next((b"".join(record.strings) for record in answer), None)
