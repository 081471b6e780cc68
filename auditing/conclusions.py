"""Findings with their answers and re-tests, and the request list: auditors ask and conclude, the house answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from auditing.chain import ANSWERING, By, Chain, digest_of, draft, names_json, prose, title
from auditing.errors import AuditRefused
from auditing.model import Engagement, Finding, Item, ItemState, Severity, Standing
from evidence.canonical import Json
from evidence.entry import EntryDraft, EntryKind

_RETESTS = frozenset({Standing.CLOSED, Standing.REOPENED, Standing.WITHDRAWN})
_OVER = frozenset({Standing.CLOSED, Standing.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a finding says, and the evidence it points to."""

    severity: str
    title: str
    text: str
    recommendation: str = ""
    process: str = ""
    attribute: str = ""
    folios: tuple[str, ...] = ()
    entries: tuple[tuple[str, int], ...] = ()


class FindingDesk:
    """Findings: raised and re-tested by auditors, answered by the house."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def raise_finding(self, by: By, engagement: str, told: Conclusion, *, key: str = "") -> Finding:
        """Raise a finding.

        Raises:
            AuditRefused: ``not_an_auditor``, ``engagement_over``, ``severity_unknown``, ``text_missing``,
                ``text_long``, ``entry_unknown``, ``out_of_scope``.
        """
        chain = self._chain
        chain.auditor(chain.register.get(engagement), by)
        if told.severity not in set(Severity):
            raise AuditRefused("severity_unknown")
        names = chain.named(told.entries)
        folios = tuple(dict.fromkeys([*told.folios, *(name.folio for name in names)]))
        facts: dict[str, Json] = {
            "severity": told.severity,
            "process": told.process,
            "attribute": told.attribute,
            "folios": list(folios),
            "entries": names_json(names),
        }
        data: dict[str, Json] = {
            "title": title(told.title),
            "text": prose(told.text, needed=True),
            "recommendation": prose(told.recommendation),
        }

        def make(state: Engagement) -> Sequence[EntryDraft]:
            chain.auditor(state, by)
            for folio in folios:
                if not chain.in_scope(state, folio):
                    raise AuditRefused("out_of_scope", folio=folio[:64])
            numbered = {"finding": f"F{len(state.findings) + 1}", **facts}
            return (draft(by, EntryKind.FINDING_RAISED, numbered, data, refs=names),)

        return chain.write(engagement, make, key=key, digest=digest_of(dict(facts), dict(data))).findings[-1]

    def answer(self, by: By, engagement: str, finding: str, text: str, due: str = "") -> Engagement:
        """Answer for the house, with a day it commits to where there is one.

        Raises:
            AuditRefused: ``not_the_owner``, ``finding_unknown``, ``finding_state``, ``terms_invalid`` (the day),
                ``text_missing``, ``engagement_over`` (closed).
        """
        if by.role not in ANSWERING:
            raise AuditRefused("not_the_owner")
        told = prose(text, needed=True)
        facts: dict[str, Json] = {"finding": finding, **({"due": _day(due)} if due else {})}

        def make(state: Engagement) -> Sequence[EntryDraft]:
            _not_closed(state)
            if _finding(state, finding).standing in _OVER:
                raise AuditRefused("finding_state", finding=finding)
            return (draft(by, EntryKind.FINDING_ANSWERED, facts, {"text": told}),)

        return self._chain.write(engagement, make)

    def retest(self, by: By, engagement: str, finding: str, standing: str, text: str) -> Engagement:
        """Say what a re-test showed: closed, reopened, or withdrawn.

        Raises:
            AuditRefused: ``not_an_auditor``, ``engagement_over``, ``finding_unknown``, ``finding_state``,
                ``text_missing``.
        """
        if standing not in _RETESTS:
            raise AuditRefused("finding_state", finding=finding)
        told = prose(text, needed=True)

        def make(state: Engagement) -> Sequence[EntryDraft]:
            self._chain.auditor(state, by)
            over = _finding(state, finding).standing in _OVER
            if over and standing != Standing.REOPENED:
                raise AuditRefused("finding_state", finding=finding)
            facts: dict[str, Json] = {"finding": finding, "standing": standing}
            return (draft(by, EntryKind.FINDING_RETESTED, facts, {"text": told}),)

        return self._chain.write(engagement, make)


class RequestDesk:
    """The request list: asked, accepted and returned by auditors; answered by an item's owner or for the house."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def ask(
        self, by: By, engagement: str, owner: str, due: str, name: str, text: str = "", *, key: str = ""
    ) -> Item:
        """Ask for something.

        Raises:
            AuditRefused: ``not_an_auditor``, ``engagement_over``, ``item_unknown`` (no such owner),
                ``terms_invalid`` (the day), ``text_missing``, ``text_long``.
        """
        if not self._chain.roles_of(owner):
            raise AuditRefused("item_unknown")
        facts: dict[str, Json] = {"owner": owner, "due": _day(due)}
        data: dict[str, Json] = {"title": title(name), "text": prose(text)}

        def make(state: Engagement) -> Sequence[EntryDraft]:
            self._chain.auditor(state, by)
            numbered = {"item": f"R{len(state.items) + 1}", **facts}
            return (draft(by, EntryKind.ITEM_REQUESTED, numbered, data),)

        return self._chain.write(engagement, make, key=key, digest=digest_of(dict(facts), dict(data))).items[
            -1
        ]

    def answer(
        self, by: By, engagement: str, item: str, entries: Sequence[tuple[str, int]], text: str = ""
    ) -> Engagement:
        """Answer with sealed entries: those the auditors may see from now on, whatever the scope.

        Raises:
            AuditRefused: ``not_the_owner``, ``item_unknown``, ``item_state``, ``entry_unknown`` (or none named),
                ``engagement_over``.
        """
        names = self._chain.named(entries)
        if not names:
            raise AuditRefused("entry_unknown", folio="", seq=0)
        told = prose(text)

        def make(state: Engagement) -> Sequence[EntryDraft]:
            self._chain.open(state)
            found = _item(state, item)
            if by.id != found.owner and by.role not in ANSWERING:
                raise AuditRefused("not_the_owner")
            if found.state is ItemState.ACCEPTED:
                raise AuditRefused("item_state", item=item)
            facts: dict[str, Json] = {"item": item, "entries": names_json(names)}
            return (draft(by, EntryKind.ITEM_ANSWERED, facts, {"text": told}, refs=names),)

        return self._chain.write(engagement, make)

    def settle(self, by: By, engagement: str, item: str, *, accepted: bool, text: str = "") -> Engagement:
        """Accept an answer, or return it with a reason.

        Raises:
            AuditRefused: ``not_an_auditor``, ``engagement_over``, ``item_unknown``, ``item_state``, ``text_missing``.
        """
        told = prose(text, needed=not accepted)
        kind = EntryKind.ITEM_ACCEPTED if accepted else EntryKind.ITEM_RETURNED

        def make(state: Engagement) -> Sequence[EntryDraft]:
            self._chain.auditor(state, by)
            if _item(state, item).state is not ItemState.ANSWERED:
                raise AuditRefused("item_state", item=item)
            return (draft(by, kind, {"item": item}, {"text": told}),)

        return self._chain.write(engagement, make)


def _finding(state: Engagement, wanted: str) -> Finding:
    found = state.finding(wanted)
    if found is None:
        raise AuditRefused("finding_unknown", finding=wanted[:20])
    return found


def _item(state: Engagement, wanted: str) -> Item:
    found = state.item(wanted)
    if found is None:
        raise AuditRefused("item_unknown", item=wanted[:20])
    return found


def _not_closed(state: Engagement) -> None:
    """The house may answer after the auditors' last day, until the engagement is closed."""
    if state.closed is not None:
        raise AuditRefused("engagement_over", expires=state.terms.expires)


def _day(raw: str) -> str:
    try:
        if date.fromisoformat(raw).isoformat() == raw:
            return raw
    except ValueError as error:
        raise AuditRefused("terms_invalid") from error
    raise AuditRefused("terms_invalid")
