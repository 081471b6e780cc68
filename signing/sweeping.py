"""What the clock does to requests: reminders, expiry, and the mending of what a crash left half done.

Any number of processes may run this at any time: each step is a conditional change of a row, and each entry has a key.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.entry import EntryKind, format_time, parse_time
from signing.desk import AGAIN, ASKED, MOST_REMINDERS, RequestDesk, next_reminder, read_blob
from signing.errors import LinkDead
from signing.issuing import Issuer
from signing.kinds.returns import arrived_of
from signing.office import Office
from signing.ports import Notice, SigningUnavailable
from signing.records import OPEN, Request, Status
from workflows.commands import SYSTEM_ACTOR, Upload
from workflows.errors import RequestSettled, UnknownRequest
from workflows.facts import Facts
from workflows.requests import PENDING
from workflows.signatureacts import RequestNote, StampDocument

UNFINISHED = timedelta(minutes=5)
TRY_AGAIN = timedelta(minutes=15)
"""After so long an authority that did not answer is asked again for the time stamp of a signed letter."""
KEEP = timedelta(days=2)
UNSEEN = "carta_por_revisar"


@dataclass(frozen=True, slots=True)
class Swept:
    """What one run did, by ids of requests."""

    expired: tuple[str, ...] = ()
    reminded: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()
    stamped: tuple[str, ...] = ()


class Sweeper:
    """See the module. ``afterwards`` runs once requests that are over are closed: what hung on them goes."""

    def __init__(
        self,
        office: Office,
        issuer: Issuer,
        desk: RequestDesk,
        afterwards: Callable[[], object] = lambda: None,
    ) -> None:
        self._office = office
        self._issuer = issuer
        self._desk = desk
        self._afterwards = afterwards

    def run(self, now: datetime) -> Swept:
        """Do everything that is due; idempotent."""
        at, before = format_time(now), format_time(now - UNFINISHED)
        expired, reminded, mended, stamped = [], [], [], []
        for request in self._office.store.due(now, now - UNFINISHED):
            left = request.status is Status.NEW and request.created_at < before
            stuck = request.status is Status.CLAIMED and request.claimed_at < before
            if (left or stuck) and self._mend(request):
                mended.append(request.id)
            elif request.status in OPEN and request.expires_at <= at:
                expired += [request.id] if self._expire(request) else []
            elif request.status is Status.PENDING and self._remind(request, now):
                reminded.append(request.id)
            elif request.status is Status.SIGNED and self._stamp(request, now):
                stamped.append(request.id)
            elif request.status is Status.RETURNED and self._unseen(request, now):
                reminded.append(request.id)
        self._afterwards()
        self._office.store.purge(now - KEEP)
        if self._office.preparations is not None:
            self._office.preparations.purge(format_time(now))
        return Swept(tuple(expired), tuple(reminded), tuple(mended), tuple(stamped))

    def _expire(self, request: Request) -> bool:
        """Silence is evidence: its entry is written first, and only then the row is closed, by one process of many."""
        told = RequestNote(
            request.folio,
            EntryKind.LINK_EXPIRED,
            request.id,
            SYSTEM_ACTOR,
            f"request/{request.id}/expired",
            open=True,
        )
        try:
            self._office.note(told)
        except RequestSettled as settled:
            self._office.store.move(request.id, tuple(OPEN), Status(str(settled.fields["why"])))
            return False
        return self._office.store.move(request.id, tuple(OPEN), Status.EXPIRED)

    def _remind(self, request: Request, now: datetime) -> bool:
        if not request.remind_at or request.remind_at > format_time(now):
            return False
        following = next_reminder(self._office, now) if request.reminders + 1 < MOST_REMINDERS else ""
        if following and parse_time(following) >= parse_time(request.expires_at):
            following = ""
        if not self._office.store.remind(request.id, request.remind_at, following):
            return False
        try:
            self._issuer.mail(request.id, AGAIN)
        except LinkDead:  # answered at this very moment
            return False
        return True

    def _unseen(self, request: Request, now: datetime) -> bool:
        """A letter that came back is told again to who asked, until somebody of the desk took it or sent it back."""
        office = self._office
        came = arrived_of(office, request)
        waits = came is not None and not came.settled
        following = next_reminder(self._office, now) if waits else ""
        if not office.store.again(request.id, request.remind_at, following) or not waits:
            return False
        asker = office.people.person(request.asked_by)
        if asker is None or not asker.email:
            return False
        who = office.people.person(request.signatory)
        context = {**office.words_of(request), "firmante": who.name if who else ""}
        key = f"request/{request.id}/unseen/{request.remind_at}"
        office.postman.post(
            Notice(UNSEEN, asker.email, asker.name, context, key, request.folio, request.step)
        )
        return True

    def _stamp(self, request: Request, now: datetime) -> bool:
        """A signed letter without the time stamp it should have is brought to the authority again, until it has it."""
        office = self._office
        states = office.cases.requests.of_case(request.folio)
        found = next((item for item in states if item.request == request.id), None)
        pending = found is not None and found.seal.get("stamp") == "pending"
        following = format_time(now + TRY_AGAIN) if pending else ""
        if not office.store.again(request.id, request.remind_at, following) or not pending:
            return False
        blob, name = office.cases.requests.signed_file(request.folio, request.id)
        signed = read_blob(office.blobs, blob)
        try:
            made = office.signer().add_stamp(signed)
        except SigningUnavailable:
            return False
        if not made.pdf.startswith(signed) or not office.signer().validate(made.pdf).good:
            return False
        seal = {
            "profile": made.profile,
            "certificate": made.certificate,
            "stamp": made.stamp,
            "stamped_at": made.stamped_at,
        }
        upload = Upload(name, io.BytesIO(made.pdf))
        command = StampDocument(request.folio, request.id, SYSTEM_ACTOR, (upload,), Facts(seal=seal))
        try:
            office.cases.requests.stamp(command)
        except RequestSettled:  # another process was quicker
            return False
        office.store.again(request.id, following, "")
        return True

    def _mend(self, request: Request) -> bool:
        """A request left half written, or half signed, stands as its case says."""
        try:
            states = self._office.cases.requests.of_case(request.folio)
        except UnknownRequest:
            states = ()
        found = next((item for item in states if item.request == request.id), None)
        if found is None:
            return self._office.store.move(request.id, [Status.NEW], Status.VOID)
        if found.status != PENDING:
            return self._office.store.move(request.id, [Status.NEW, *OPEN], Status(found.status))
        if request.status is Status.NEW:
            self._issuer.mail(request.id, ASKED)
            return self._office.store.move(request.id, [Status.NEW], Status.PENDING)
        return self._office.store.release(request.id, request.claim, Status.PENDING)
