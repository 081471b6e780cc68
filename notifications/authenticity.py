"""What can be said of where a mail comes from: its DKIM signature (RFC 6376) and what our own mail server said of it.

Both are facts about bytes, never about persons: a signature that holds says that a domain's server sent this mail, and
nothing of who wrote it. A key that cannot be had leaves the matter *unknown*; nothing is guessed. All of it reads a
stranger's bytes, and runs in the confined process (`notifications.worker`); keys are asked for elsewhere
(`notifications.keylookup`).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Dns = Callable[[bytes], bytes | None]
"""Gives the TXT record of a name, ``None`` for none. Raises `LookupFailed`."""

MOST_SIGNATURES = 5
_HEADER_ENDS = re.compile(rb"\r?\n\r?\n")
_SIGNED = re.compile(rb"^dkim-signature[ \t]*:", re.IGNORECASE | re.MULTILINE)


class LookupFailed(Exception):
    """The name server cannot be asked now."""


@dataclass(frozen=True, slots=True)
class Origin:
    """``dkim``: pass, fail, none or unknown, of ``domain``; ``authserv``: what the trusted server said, or ``""``."""

    dkim: str
    domain: str = ""
    authserv: str = ""

    def facts(self) -> dict[str, str]:
        """By name, empty ones left out."""
        found = {"dkim": self.dkim, "domain": self.domain, "authserv": self.authserv}
        return {name: value for name, value in found.items() if value}


def origin_of(
    raw: bytes, results: Sequence[str], sender: str, *, known: Mapping[str, str | None], authserv: str
) -> tuple[Origin, tuple[str, ...]]:
    """What is known of a mail's origin, and the names of keys that would have to be known to say more.

    Args:
        raw: its bytes as they arrived.
        results: its Authentication-Results headers, the topmost first.
        sender: the address in From, whose domain is preferred among several signatures.
        known: TXT records by name (``selector._domainkey.domain``); ``None``: the domain has none. A signature whose
            key is not among them is *unknown*, never *fail*.
        authserv: the id of the server whose Authentication-Results are believed; ``""``: nobody's.
    """
    wanted: list[str] = []

    def ask(name: bytes) -> bytes | None:
        key = name.decode("latin-1").rstrip(".").lower()
        if key not in known:
            wanted.append(key)
            raise LookupFailed(key)
        found = known[key]
        return found.encode("latin-1", "replace") if found is not None else None

    verdict, domain = dkim_of(raw, sender.rpartition("@")[2].lower(), ask)
    return Origin(verdict, domain, trusted_results(results, authserv)), tuple(dict.fromkeys(wanted))


def dkim_of(raw: bytes, wanted: str, dns: Dns | None) -> tuple[str, str]:
    """The best verdict among the mail's signatures, and its domain: one of ``wanted`` before others."""
    head = _HEADER_ENDS.split(raw, maxsplit=1)[0]
    count = len(_SIGNED.findall(head))
    if not count:
        return "none", ""
    if dns is None:
        return "unknown", ""
    found = [_verified(raw, number, dns) for number in range(min(count, MOST_SIGNATURES))]
    found.sort(key=lambda item: (_RANK[item[0]], not _aligned(wanted, item[1])))
    return found[0]


_RANK = {"pass": 0, "fail": 1, "unknown": 2}


def _aligned(sender: str, signer: str) -> bool:
    return bool(signer) and (sender == signer or sender.endswith("." + signer))


def _verified(raw: bytes, number: int, dns: Dns) -> tuple[str, str]:
    import dkim  # type: ignore[import-untyped]  # noqa: PLC0415 - no types; only a house with a mailbox asks

    asked: list[str] = []

    def ask(name: bytes, timeout: int = 5) -> bytes | None:  # noqa: ARG001 - dkimpy's signature
        try:
            return dns(name)
        except LookupFailed as error:
            asked.append("failed")
            raise dkim.DnsTimeoutError(str(error)) from error

    checker = dkim.DKIM(raw, logger=_SILENT, timeout=5)
    try:
        holds = checker.verify(number, dnsfunc=ask)
    except MemoryError:  # it says nothing of the signature: the process that reads ends, and nothing is known
        raise
    except Exception:  # noqa: BLE001 - a stranger's header: whatever it makes the checker raise, it does not hold
        holds = False
    signed = dict(checker.signature_fields or {})
    domain = signed.get(b"d", b"").decode("ascii", "replace").lower()[:255]
    if asked:
        return "unknown", domain
    partly = b"l" in signed  # what follows the signed part could be anybody's
    return ("pass" if holds and not partly else "fail"), domain


_SILENT = logging.getLogger("constancia.dkim")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


def trusted_results(results: Sequence[str], authserv: str) -> str:
    """``spf=pass dkim=pass dmarc=pass`` as our own server says, ``""`` where it says nothing or is not named.

    Only the topmost header counts, and only if it names that server: others came with the mail (RFC 8601, 5).
    """
    if not authserv or not results:
        return ""
    from authres import (  # type: ignore[import-untyped]  # noqa: PLC0415 - as above
        AuthenticationResultsHeader,
        AuthResError,
    )

    try:
        header = AuthenticationResultsHeader.parse(f"Authentication-Results: {results[0]}")
    except (AuthResError, ValueError, IndexError):
        return ""
    if str(header.authserv_id).lower() != authserv.lower():
        return ""
    said = {str(item.method).lower(): str(item.result).lower() for item in reversed(header.results)}
    return " ".join(f"{method}={said[method]}" for method in ("spf", "dkim", "dmarc") if said.get(method))
