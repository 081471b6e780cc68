"""Which case a mail may belong to: by what it answers, by a folio it names, by who writes. Proposed, never decided."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from notifications.inbox import Match
from notifications.outbox import ID_DIGITS

_FOLIO = re.compile(r"\b[A-Z]{2,6}-[0-9]{3}-[0-9]{4}-[0-9]{6}\b")
_OURS = re.compile(r"<([0-9a-z.-]{5,100})@([^<>\s@]{1,253})>", re.IGNORECASE)
_MOST = 8


@dataclass(frozen=True, slots=True)
class Ledgers:
    """What matching asks: whether a case is there, the case of a mail of ours, and cases by an address.

    ``domain`` is that of our Message-IDs. ``by_address`` gives open cases, the latest first.
    """

    domain: str
    known: Callable[[str], bool]
    case_of_mail: Callable[[str], str]
    by_address: Callable[[str], Sequence[str]]


def matches_of(subject: str, body: str, references: str, sender: str, house: Ledgers) -> tuple[Match, ...]:
    """Cases the mail may belong to, the surest first, each once with its surest ground."""
    found: dict[str, Match] = {}
    for folio, why in _candidates(subject, body, references, sender, house):
        if len(found) < _MOST and folio not in found and house.known(folio):
            found[folio] = Match(folio, why)
    return tuple(found.values())


def folios_in(text: str) -> tuple[str, ...]:
    """Every folio a text names, in its order."""
    return tuple(dict.fromkeys(_FOLIO.findall(text.upper())))


def own_mails(references: str, domain: str) -> tuple[str, ...]:
    """Ids of mails of this house that a References header names, the latest first."""
    return tuple(
        local for local in _ours(references, domain) if re.fullmatch(rf"[0-9a-f]{{{ID_DIGITS}}}", local)
    )


def _candidates(
    subject: str, body: str, references: str, sender: str, house: Ledgers
) -> Iterator[tuple[str, str]]:
    for local in _ours(references, house.domain):
        if local.startswith("caso."):
            yield local.removeprefix("caso.").upper(), "references"
        else:
            yield house.case_of_mail(local), "references"
    for folio in folios_in(subject):
        yield folio, "subject"
    for folio in folios_in(body):
        yield folio, "body"
    if sender:
        for folio in house.by_address(sender):
            yield folio, "address"


def _ours(references: str, domain: str) -> list[str]:
    """Local parts of our own Message-IDs, the latest first."""
    found = [local.lower() for local, where in _OURS.findall(references) if where.lower() == domain.lower()]
    return list(dict.fromkeys(reversed(found)))
