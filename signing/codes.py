"""Second factor by telephone: a code that the help desk reads out, bound to the browser that will type it.

It shows that whoever is behind the link also answers the telephone that the desk knows: out of band, not identity.
"""

from __future__ import annotations

from datetime import timedelta

from evidence.entry import EntryKind, format_time
from signing.act import placed
from signing.behind import BehindLink
from signing.errors import CodeGone, CodeWrong, NoCaller, RequestUnknown
from signing.links import Standing
from signing.office import Place
from signing.records import Request, Visit
from signing.tokens import new_call, new_code, new_id
from workflows.commands import Actor
from workflows.facts import Facts
from workflows.signatureacts import RequestNote

CODE_LIFE = timedelta(minutes=10)
MOST_TRIES = 5
FACTOR = "code"


class CodeDesk(BehindLink):
    """See the module."""

    def call(self, standing: Standing) -> str:
        """The visitor wants a code: the reference to read out when calling, the same until the visit ends."""
        if not standing.visit.call:
            self.office.store.call(standing.visit.id, new_call())
        found = self.office.store.visit(standing.visit.id)
        return found.call if found is not None else ""

    def callers(self, request_id: str) -> tuple[Visit, ...]:
        """Visits behind links to a request that wait for a code."""
        return tuple(self.office.store.callers(request_id, self.office.clock()))

    def issue(self, request_id: str, visit_id: str, actor: Actor) -> str:
        """A code for a caller, shown once to who reads it out. Earlier codes of the visit end.

        Raises:
            RequestUnknown, NoCaller.
        """
        office = self.office
        request = office.store.request(request_id)
        if request is None or not request.waits(office.now()):
            raise RequestUnknown
        if request.factor != FACTOR or all(visit.id != visit_id for visit in self.callers(request_id)):
            raise NoCaller
        code, code_id = new_code(), new_id("k-")
        until = format_time(office.clock() + CODE_LIFE)
        mark = office.marks.of("code", visit_id, code_id, code)
        if not office.store.set_code(visit_id, code_id, mark, until):
            raise NoCaller
        facts = Facts(factor=FACTOR, expires_at=until)
        told = RequestNote(request.folio, EntryKind.CODE_ISSUED, request.id, actor, f"code/{code_id}", facts)
        office.note(told)
        return code

    def verify(self, standing: Standing, code: str, place: Place) -> None:
        """What the visitor typed; right, it gives the visit its factor.

        Raises:
            CodeGone: there is none, its time is over, or it was tried too often. CodeWrong.
        """
        office = self.office
        visit = office.store.visit(standing.visit.id)
        if visit is None or not visit.code_hash or office.now() >= visit.code_until:
            raise CodeGone
        number = office.store.try_code(visit.id, MOST_TRIES)
        if not number:
            raise CodeGone
        digits = "".join(sign for sign in code if sign.isdigit())
        if not office.marks.same(visit.code_hash, "code", visit.id, visit.code_id, digits):
            self._each(standing, EntryKind.CODE_FAILED, f"code/{visit.code_id}/failed/{number}", place)
            raise CodeWrong(left=str(MOST_TRIES - number))
        if not office.store.verified(visit.id, visit.code_id, FACTOR):
            raise CodeGone
        self._each(standing, EntryKind.CODE_VERIFIED, f"code/{visit.code_id}/verified", place)

    def _each(self, standing: Standing, kind: EntryKind, key: str, place: Place) -> None:
        """Tell the case of every request behind the link that asks for this factor."""
        wanted: list[Request] = [item for item in standing.open if item.factor]
        for request in wanted:
            facts = Facts(through=standing.link.id, factor=FACTOR)
            self.tell(standing, request, kind, f"{key}/{request.id}", facts, private=placed(place))
