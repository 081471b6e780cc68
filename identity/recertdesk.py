"""Opens reviews of this system's users, takes decisions, and ends what nobody decided in time. See `recertification`.

Taking a role away ends the right first, then writes; giving it back writes first (decision 0043). Whatever falls
between is set right afterwards by `RecertificationDesk.settle`: the chain is what counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from documents.secrets_scan import scan
from evidence.canonical import Json
from evidence.entry import SYSTEM, EntryDraft, EntryKind, SealedEntry, format_time, parse_time
from evidence.ports import Clock, Composition, LedgerStore
from identity.access import ACCESS_CASE, AlreadyTold, Granter, role_draft, via_json
from identity.accounts import AccountStore, IdentityError, Role, RoleGrant, User
from identity.recertification import Campaign, RowState, campaigns
from identity.tenures import Held, holdings

REVIEWERS = frozenset({Role.ADMINISTRADOR, Role.DIRECTOR})
"""Who may answer for a review, and decide in it; never on their own roles."""
SHORTEST, LONGEST = timedelta(days=1), timedelta(days=60)
MOST_REASON, LEAST_REASON = 1000, 5
_Roles = tuple[Sequence[Role], Sequence[Role]]
"""Those kept and those removed."""


class ReviewRefused(IdentityError):
    """A review, or a decision in it, is not as it must be; ``code`` says why."""

    code = "review"

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class RecertificationDesk:
    """See the module."""

    def __init__(self, ledger: LedgerStore, accounts: AccountStore, clock: Clock) -> None:
        self._ledger = ledger
        self._accounts = accounts
        self._clock = clock

    def all(self) -> list[Campaign]:
        """Every review, the oldest first."""
        return campaigns(self._ledger.history(ACCESS_CASE))

    def find(self, review_id: str) -> Campaign | None:
        """One by its id."""
        return next((one for one in self.all() if one.id == review_id), None)

    def owed(self) -> bool:
        """Whether this quarter's review is still to be opened; not in the quarter in which the house began."""
        chain = self._ledger.history(ACCESS_CASE)
        start = format_time(quarter_start(self._clock()))
        if not chain or chain[0].entry.at >= start:
            return False
        return all(one.opened_at < start for one in campaigns(chain))

    def open(self, owner: str, due: datetime, by: Granter) -> Campaign:
        """Begin a review of every role that is held; an earlier one that is still open ends with it.

        Raises:
            ReviewRefused: ``review_owner``, ``review_due``, ``review_alone``, ``review_empty``, ``review_running``.
        """
        now = self._clock()
        if not now + SHORTEST <= due <= now + LONGEST:
            raise ReviewRefused("review_due")
        reviewers = {user.id for user in self._accounts.everyone(now) if user.has_any(REVIEWERS)}
        if owner not in reviewers:
            raise ReviewRefused("review_owner")
        if len(reviewers) < 2:
            raise ReviewRefused("review_alone")

        def compose(history: Sequence[SealedEntry]) -> Composition:
            past, held = campaigns(history), holdings(history)
            if past and past[-1].open and not past[-1].expired_at:
                raise ReviewRefused("review_running")
            if not held:
                raise ReviewRefused("review_empty")
            facts: dict[str, Json] = {
                "recertification": _name(now, past),
                "owner": owner,
                "due_at": format_time(due),
                "counts": {"rows": len(held), "people": len({subject for subject, _ in held})},
                "via": by.via,
            }
            payload: dict[str, Json] = {"via": via_json(by)}
            draft = EntryDraft(by.id, by.role, EntryKind.RECERTIFICATION_OPENED, facts=facts, payload=payload)
            return Composition((draft,))

        self._ledger.append(ACCESS_CASE, compose)
        return self.all()[-1]

    def decide(
        self,
        review_id: str,
        subject: str,
        *,
        keeps: Iterable[Role],
        removes: Iterable[Role],
        reason: str,
        by: Granter,
    ) -> Campaign:
        """Decide on roles of one person: kept ones stay, or come back where silence took them; removed ones end.

        Raises:
            ReviewRefused: ``review_over``, ``review_rows``, ``review_own``, ``review_role``, ``review_reason``,
                ``review_secret``.
        """
        kept, gone, why = sorted(set(keeps)), sorted(set(removes)), " ".join(reason.split())[:MOST_REASON]
        self._may_decide(subject, by)
        if len(why) < LEAST_REASON:
            raise ReviewRefused("review_reason")
        if any(finding.blocks for finding in scan(why)):
            raise ReviewRefused("review_secret")
        now = self._clock()
        user = self._accounts.get(subject, now)
        _check(self.find(review_id), subject, kept, gone)  # before a right ends: a refusal changes nothing
        if user is None:
            raise ReviewRefused("review_rows")
        for role in gone:
            self._accounts.revoke(subject, role, now)

        def compose(history: Sequence[SealedEntry]) -> Composition:
            campaign = next((one for one in campaigns(history) if one.id == review_id), None)
            checked = _check(campaign, subject, kept, gone)
            moves = _moves(checked, user, (kept, gone), by, holdings(history), format_time(now))
            return Composition((_decision(checked, user, (kept, gone), why, by), *moves))

        try:
            self._ledger.append(ACCESS_CASE, compose)
        finally:
            self.settle(subject)
        return self._close_if_done(review_id)

    def run(self) -> int:
        """End what nobody decided in time; returns how many roles. Idempotent, safe from several workers."""
        found = self.all()
        if not found or not found[-1].open:
            return 0
        campaign, now = found[-1], format_time(self._clock())
        if campaign.expired_at or now < campaign.due_at:
            return 0
        silent = [row for row in campaign.rows.values() if row.state is RowState.PENDING]
        for row in silent:
            self._accounts.revoke(row.subject, row.role, self._clock())
        users = {row.subject: self._accounts.get(row.subject, self._clock()) for row in silent}

        def compose(history: Sequence[SealedEntry]) -> Composition:
            again = next((one for one in campaigns(history) if one.id == campaign.id), None)
            if again is None or not again.open or again.expired_at:
                raise AlreadyTold
            return Composition(tuple(_expiry(again, users)))

        try:
            self._ledger.append(ACCESS_CASE, compose)
        except AlreadyTold:
            return 0
        finally:
            for subject in users:  # somebody may have decided between the right's end and its entry
                self.settle(subject)
        self._close_if_done(campaign.id)
        return len(silent)

    def settle(self, subject: str) -> None:
        """Give back what the chain says is held and the store does not have."""
        lasting = {
            grant.role
            for grant in self._accounts.grants(subject)
            if grant.until is None or grant.until > self._clock()
        }
        for (who, role), held in holdings(self._ledger.history(ACCESS_CASE)).items():
            if who == subject and role not in lasting and not held.ended(format_time(self._clock())):
                until = parse_time(held.until) if held.until else None
                since = max(parse_time(held.since), self._clock())
                self._accounts.grant(RoleGrant(subject, role, since, until, SYSTEM))

    def _may_decide(self, subject: str, by: Granter) -> None:
        if by.id == subject:
            raise ReviewRefused("review_own")
        user = self._accounts.get(by.id, self._clock())
        if user is None or not user.has_any(REVIEWERS):
            raise ReviewRefused("review_role")

    def _close_if_done(self, review_id: str) -> Campaign:
        """The entry that ends a review in which nothing waits any more."""

        def compose(history: Sequence[SealedEntry]) -> Composition:
            campaign = next((one for one in campaigns(history) if one.id == review_id), None)
            if campaign is None or not campaign.open or campaign.undecided:
                raise AlreadyTold
            facts: dict[str, Json] = {
                "recertification": campaign.id,
                "counts": {
                    "rows": len(campaign.rows),
                    "kept": campaign.count(RowState.KEPT),
                    "removed": campaign.count(RowState.REMOVED),
                    "silent": sum(1 for row in campaign.rows.values() if row.suspended_at),
                },
                "via": "system",
            }
            return Composition((EntryDraft(SYSTEM, SYSTEM, EntryKind.RECERTIFICATION_CLOSED, facts=facts),))

        with suppress(AlreadyTold):  # rows wait, or another worker was quicker
            self._ledger.append(ACCESS_CASE, compose)
        found = self.find(review_id)
        assert found is not None  # noqa: S101 - it was decided in
        return found


def quarter_start(now: datetime) -> datetime:
    """The first moment of a moment's quarter, in its own zone."""
    return now.replace(month=3 * ((now.month - 1) // 3) + 1, day=1, hour=0, minute=0, second=0, microsecond=0)


def _name(now: datetime, past: Sequence[Campaign]) -> str:
    """Such as ``2026-T4``; the second one of a quarter ``2026-T4-2``."""
    name = f"{now.year}-T{(now.month - 1) // 3 + 1}"
    again = sum(1 for one in past if one.id == name or one.id.startswith(name + "-"))
    return f"{name}-{again + 1}" if again else name


def _check(campaign: Campaign | None, subject: str, kept: Sequence[Role], gone: Sequence[Role]) -> Campaign:
    """The review, if it is open and has these roles of the person, each once and none of them ended before."""
    if campaign is None or not campaign.open:
        raise ReviewRefused("review_over")
    rows = {row.role: row for row in campaign.people().get(subject, [])}
    asked = [*kept, *gone]
    if not asked or len(set(asked)) != len(asked):
        raise ReviewRefused("review_rows")
    if any(role not in rows or rows[role].state in {RowState.GONE, RowState.REMOVED} for role in asked):
        raise ReviewRefused("review_rows")
    return campaign


def _decision(campaign: Campaign, user: User, roles: _Roles, why: str, by: Granter) -> EntryDraft:
    """The decision itself."""
    kept, gone = roles
    facts: dict[str, Json] = {"recertification": campaign.id, "subject": user.id, "via": by.via}
    if kept:
        facts["keeps"] = [str(role) for role in kept]
    if gone:
        facts["removes"] = [str(role) for role in gone]
    payload: dict[str, Json] = {"via": via_json(by), "data": {"reason": why}}
    return EntryDraft(by.id, by.role, EntryKind.RECERTIFICATION_DECIDED, facts=facts, payload=payload)


def _moves(
    campaign: Campaign, user: User, roles: _Roles, by: Granter, held: Held, now: str
) -> Iterable[EntryDraft]:
    """What it gives back, for what is left of its term, and takes: by what is held, whatever the rows say.

    Silence ends a role that somebody may have given anew since.
    """
    kept, gone = roles
    review: dict[str, Json] = {"recertification": campaign.id}
    for role in kept:
        term = campaign.rows[user.id, role].term(now)
        if (user.id, role) not in held and term is not None:
            yield role_draft(EntryKind.ACCESS_GRANTED, user, role, by, {**review, **term})
    for role in gone:
        if (user.id, role) in held:
            yield role_draft(EntryKind.ACCESS_REVOKED, user, role, by, review)


def _expiry(campaign: Campaign, users: Mapping[str, User | None]) -> Iterable[EntryDraft]:
    """The days ran out, and each role that ends with them."""
    silent = [row for row in campaign.rows.values() if row.state is RowState.PENDING]
    review: dict[str, Json] = {"recertification": campaign.id}
    counts: dict[str, Json] = {"rows": len(silent), "people": len({row.subject for row in silent})}
    facts: dict[str, Json] = {**review, "counts": counts, "via": "timer"}
    yield EntryDraft(SYSTEM, SYSTEM, EntryKind.RECERTIFICATION_EXPIRED, facts=facts)
    for row in silent:
        user = users.get(row.subject)
        if user is not None:
            by = Granter(via="timer")
            yield role_draft(EntryKind.ACCESS_REVOKED, user, row.role, by, review)
