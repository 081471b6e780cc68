"""Second factors of one's own behind a personal link: proven where a request asks for one, enrolled after a code."""

from __future__ import annotations

from evidence.entry import EntryKind
from identity.access import Granter
from signing.act import placed
from signing.behind import BehindLink
from signing.errors import FactorNeeded, OwnCodeUsed, OwnCodeWrong
from signing.factors.desk import FactorDesk, Shown
from signing.factors.records import TOTP
from signing.issuing import Issuer
from signing.levels import CODE, level_of
from signing.links import LinkDesk, Standing
from signing.office import Office, Place
from signing.tokens import new_id
from workflows.facts import Facts
from workflows.requests import LINK_ROLE, VIA_LINK


class FactorVisits(BehindLink):
    """See the module."""

    def __init__(self, office: Office, links: LinkDesk, issuer: Issuer, desk: FactorDesk) -> None:
        super().__init__(office, links, issuer)
        self.desk = desk

    def verify(self, standing: Standing, code: str, place: Place) -> None:
        """What the visitor typed from their application; right, it gives the visit its factor.

        Raises:
            FactorAbsent, OwnCodeWrong, OwnCodeUsed, FactorBlocked.
        """
        key = f"totp/{new_id('k-')}"
        try:
            self.desk.prove(standing.visit.signatory, code)
        except (OwnCodeWrong, OwnCodeUsed):
            self._each(standing, EntryKind.CODE_FAILED, key, place)
            raise
        if level_of(standing.visit.factor) <= CODE:
            self.office.store.prove(standing.visit.id, TOTP)
        self._each(standing, EntryKind.CODE_VERIFIED, key, place)

    def may_enrol(self, standing: Standing) -> bool:
        """Only who showed in this visit that they are more than a mailbox, and has no authenticator yet."""
        return level_of(standing.visit.factor) >= CODE and not self.desk.has(standing.visit.signatory)

    def begin(self, standing: Standing) -> Shown:
        """An authenticator for the next time. Raises `FactorNeeded`, `FactorPresent`."""
        self._cleared(standing)
        return self.desk.begin(standing.visit.signatory, self.office.person(standing.visit.signatory).name)

    def confirm(self, standing: Standing, factor_id: str, code: str) -> None:
        """The first code of it. Raises `FactorNeeded` and what `FactorDesk.confirm` raises."""
        self._cleared(standing)
        who = standing.visit.signatory
        self.desk.confirm(who, factor_id, code, Granter(who, LINK_ROLE, VIA_LINK))

    def _cleared(self, standing: Standing) -> None:
        if level_of(standing.visit.factor) < CODE:
            raise FactorNeeded

    def _each(self, standing: Standing, kind: EntryKind, key: str, place: Place) -> None:
        """Tell the case of every waiting request behind the link that asks for a factor."""
        for request in standing.open:
            if request.factor:
                facts = Facts(through=standing.link.id, factor=TOTP)
                self.tell(standing, request, kind, f"{key}/{request.id}", facts, private=placed(place))
