"""The auditors' room as the house opens it: its desks over one chain each, and the log of what auditors viewed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from auditing.chain import Chain, ChainHeads, Register
from auditing.conclusions import FindingDesk, RequestDesk
from auditing.desk import EngagementDesk, ViewsSeal
from auditing.fieldwork import FieldDesk
from auditing.model import Engagement
from auditing.views import View, ViewLog, seal_of
from evidence.entry import format_time
from identity.invitations import InvitationStore
from web.auditinvites import Invitations

if TYPE_CHECKING:
    from web.wiring import House


class AuditRoom:
    """Everything the room's pages and commands ask for."""

    def __init__(self, house: House, heads: ChainHeads, views: ViewLog, invitations: InvitationStore) -> None:
        self._house = house
        self.views = views
        self.register = Register(house.ledger, heads)
        self.chain = Chain(house.ledger, self.register, house.clock, house.settings.tz, self.roles_of)
        self.engagements = EngagementDesk(self.chain)
        self.field = FieldDesk(self.chain, house.blobs, self._retain_until)
        self.findings = FindingDesk(self.chain)
        self.requests = RequestDesk(self.chain)
        self.invitations = Invitations(house, self.chain, self.engagements, invitations)

    def roles_of(self, user_id: str) -> frozenset[str]:
        """The roles of an open account today; none for an unknown one."""
        found = self._house.accounts.get(user_id, self._house.clock())
        return (
            frozenset(str(role) for role in found.roles)
            if found is not None and found.active
            else frozenset()
        )

    def live(self, state: Engagement) -> bool:
        """Whether its auditors may enter today."""
        return state.live(self.chain.today())

    def log(self, actor: str, role: str, what: str, subject: str, engagement: str = "") -> None:
        """Keep what is about to be shown."""
        at = format_time(self._house.clock())
        self.views.add(View(at, engagement, actor, role, what, subject))

    def views_seal(self, engagement: str) -> ViewsSeal:
        """What has been viewed so far, as closing seals it."""
        return seal_of(self.views.all(engagement=engagement))

    def _retain_until(self, now: datetime) -> datetime | None:
        years = self._house.settings.retention_years
        if not years:
            return None
        leap = (now.month, now.day) == (2, 29)
        return now.replace(year=now.year + years, day=28 if leap else now.day)
