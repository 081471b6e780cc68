"""Engagements: opened, changed and closed by those who keep the house; never by the auditors themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from auditing.attributes import CURRENT, attributes_of
from auditing.chain import By, Chain, digest_of, draft, names_json, prose, title
from auditing.errors import AuditRefused
from auditing.fold import fold
from auditing.model import CHAINS, Engagement, Kind, Terms
from evidence.canonical import Json
from evidence.entry import EntryDraft, EntryKind
from evidence.ports import Composition

LONGEST_CODE = 40


@dataclass(frozen=True, slots=True)
class Opening:
    """What an engagement is opened with."""

    title: str
    firm: str
    purpose: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class ViewsSeal:
    """How many views were logged for an engagement and the digest over them, sealed when it is closed."""

    count: int
    digest: str


class EngagementDesk:
    """The acts of the house on its engagements, each an entry."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def open(self, by: By, wanted: Opening, *, key: str = "") -> Engagement:
        """Open an engagement; its id is the year and the next number, without gaps.

        Raises:
            AuditRefused: ``not_a_keeper``, ``terms_invalid``, ``mask_internal``, ``auditor_unfit``, ``text_missing``,
                ``text_long``.
        """
        chain = self._chain
        chain.keeper(by)
        self._check(wanted.terms, guests=True)
        facts = {**terms_json(wanted.terms), "attributes_version": CURRENT}
        data = {
            "title": title(wanted.title),
            "firm": prose(wanted.firm)[:200],
            "purpose": prose(wanted.purpose),
        }
        entry = draft(by, EntryKind.ENGAGEMENT_OPENED, facts, data)
        sealed = chain.ledger.open_case(
            f"{CHAINS}{chain.today():%Y}",
            lambda _chain: Composition((entry,)),
            idempotency_key=f"engagement:{by.id}:{key}" if key else "",
            request_digest=digest_of(dict(facts), dict(data)) if key else "",
        )
        found = fold(sealed[:1])
        assert found is not None  # noqa: S101 - what was just written opens an engagement
        return chain.register.get(found.id)

    def change(self, by: By, engagement: str, terms: Terms, reason: str) -> Engagement:
        """Change the terms, except the kind; what they were stays in the chain.

        Raises:
            AuditRefused: as `open`, or ``engagement_over`` once it is closed; an expired one may be prolonged.
        """
        self._chain.keeper(by)
        terms = replace(terms, kind=self._chain.register.get(engagement).terms.kind)
        self._check(terms)
        told = prose(reason, needed=True)

        def make(state: Engagement) -> Sequence[EntryDraft]:
            if state.closed is not None:
                raise AuditRefused("engagement_over", expires=state.terms.expires)
            return (draft(by, EntryKind.ENGAGEMENT_CHANGED, terms_json(terms), {"reason": told}),)

        return self._chain.write(engagement, make)

    def invite(self, by: By, engagement: str, account: str, invitation: str, until: str) -> Engagement:
        """Name somebody among the auditors of an external engagement, unless named already.

        With an ``invitation`` (its id, good ``until`` a ledger time) the link that was made for them is told of too.

        Raises:
            AuditRefused: ``not_a_keeper``, ``engagement_over``, ``invite_internal``, ``auditor_unfit``.
        """
        self._chain.keeper(by)

        def make(state: Engagement) -> Sequence[EntryDraft]:
            self._chain.open(state)
            if state.terms.kind is not Kind.EXTERNAL:
                raise AuditRefused("invite_internal")
            self._chain.fit(state.terms.kind, [account])
            drafts = []
            if account not in state.terms.auditors:
                terms = replace(state.terms, auditors=(*state.terms.auditors, account))
                drafts.append(
                    draft(by, EntryKind.ENGAGEMENT_CHANGED, terms_json(terms), {"reason": "Invitación"})
                )
            if invitation:
                facts: dict[str, Json] = {"invitation": invitation, "subject": account, "until": until}
                drafts.append(draft(by, EntryKind.AUDITOR_INVITED, facts, {}))
            return drafts

        return self._chain.write(engagement, make)

    def admit(self, by: By, engagement: str, invitation: str) -> Engagement:
        """Somebody invited comes in by their link.

        Raises:
            AuditRefused: ``not_an_auditor``, ``engagement_over``.
        """

        def make(state: Engagement) -> Sequence[EntryDraft]:
            self._chain.auditor(state, by)
            if not any((item.id, item.account) == (invitation, by.id) for item in state.invited):
                raise AuditRefused("not_an_auditor")
            facts: dict[str, Json] = {"invitation": invitation, "subject": by.id}
            return (draft(by, EntryKind.AUDITOR_ADMITTED, facts, {}),)

        return self._chain.write(engagement, make, key=f"admitted:{invitation}", digest=digest_of(invitation))

    def grant(self, by: By, engagement: str, entries: Sequence[tuple[str, int]], reason: str) -> Engagement:
        """Let the auditors of a masked engagement see the content of single entries.

        Raises:
            AuditRefused: ``not_a_keeper``, ``entry_unknown``, ``out_of_scope``, ``text_missing``, ``engagement_over``.
        """
        self._chain.keeper(by)
        names, told = self._chain.named(entries), prose(reason, needed=True)

        def make(state: Engagement) -> Sequence[EntryDraft]:
            self._chain.open(state)
            for name in names:
                if not self._chain.in_scope(state, name.folio) and not state.shown(name.folio, name.seq):
                    raise AuditRefused("out_of_scope", folio=name.folio)
            facts: dict[str, Json] = {"grants": names_json(names)}
            return (draft(by, EntryKind.ENGAGEMENT_CHANGED, facts, {"reason": told}, refs=names),)

        return self._chain.write(engagement, make)

    def set_attributes(
        self, by: By, engagement: str, process: str, codes: Sequence[str], names: Mapping[str, str]
    ) -> Engagement:
        """Replace what is tested in a process: codes known before, and new ones with their names.

        Raises:
            AuditRefused: ``not_an_auditor``, ``engagement_over``, ``out_of_scope``, ``attribute_unknown``.
        """

        def make(state: Engagement) -> Sequence[EntryDraft]:
            self._chain.auditor(state, by)
            if state.terms.processes and process not in state.terms.processes:
                raise AuditRefused("out_of_scope", folio=process[:20])
            known = {item.code for item in attributes_of(state, process)}
            fresh = {code: title(name) for code, name in names.items() if code not in known}
            for code in codes:
                if code not in known and not (code in fresh and _is_code(code)):
                    raise AuditRefused("attribute_unknown", attribute=code[:LONGEST_CODE])
            facts: dict[str, Json] = {"process": process, "attributes": list(dict.fromkeys(codes))}
            return (draft(by, EntryKind.ENGAGEMENT_CHANGED, facts, {"names": dict(fresh)}),)

        return self._chain.write(engagement, make)

    def close(self, by: By, engagement: str, note: str, views: ViewsSeal) -> Engagement:
        """End an engagement, and seal what its auditors were logged to have seen.

        Raises:
            AuditRefused: ``not_a_keeper``, ``engagement_over``: closed already.
        """
        self._chain.keeper(by)

        def make(state: Engagement) -> Sequence[EntryDraft]:
            if state.closed is not None:
                raise AuditRefused("engagement_over", expires=state.terms.expires)
            facts: dict[str, Json] = {"views": views.count, "views_digest": views.digest}
            return (draft(by, EntryKind.ENGAGEMENT_CLOSED, facts, {"note": prose(note)}),)

        return self._chain.write(engagement, make)

    def _check(self, terms: Terms, *, guests: bool = False) -> None:
        """Refuse terms that cannot be; with ``guests`` an external engagement may name its auditors later."""
        days = [terms.start, terms.end, terms.expires]
        if not all(_is_day(day) for day in days) or terms.end < terms.start:
            raise AuditRefused("terms_invalid")
        if not terms.auditors and not (guests and terms.kind is Kind.EXTERNAL):
            raise AuditRefused("terms_invalid")
        if terms.expires < self._chain.today().isoformat():
            raise AuditRefused("terms_invalid")
        if terms.masked and terms.kind is Kind.INTERNAL:
            raise AuditRefused("mask_internal")
        self._chain.fit(terms.kind, terms.auditors)


def terms_json(terms: Terms) -> dict[str, Json]:
    """The terms as facts hold them."""
    return {
        "kind": str(terms.kind),
        "processes": list[Json](sorted(set(terms.processes))),
        "start": terms.start,
        "end": terms.end,
        "expires": terms.expires,
        "downloads": terms.downloads,
        "masked": terms.masked,
        "auditors": list[Json](sorted(set(terms.auditors))),
    }


def _is_day(raw: str) -> bool:
    try:
        return date.fromisoformat(raw).isoformat() == raw
    except ValueError:
        return False


def _is_code(code: str) -> bool:
    return 1 <= len(code) <= LONGEST_CODE and all(sign.isalnum() or sign in "._-" for sign in code)
