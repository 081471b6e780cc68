"""What a person does behind a personal link: read, sign, decline, pass on, say that they know nothing of it."""

from __future__ import annotations

import io
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from evidence.canonical import Json
from evidence.entry import EntryKind
from evidence.ports import BlobCorrupt, BlobMissing
from identity.throttle import Limit
from signing.act import Act, SignForm, act_of, picture_of
from signing.behind import BehindLink
from signing.consent import Consent, consent_of
from signing.desk import read_blob
from signing.errors import (
    AlreadyAnswered,
    ConsentStale,
    DocumentDiffers,
    FactorNeeded,
    LinkDead,
    PasskeyInvalid,
    PasskeyNeeded,
    SigningFailed,
    StillSigning,
)
from signing.factors.passkeys import Proof
from signing.factors.records import PASSKEY
from signing.issuing import Issuer
from signing.levels import level_of, satisfies
from signing.links import LinkDesk, Standing
from signing.office import Office, Place
from signing.ports import DocumentUnfit, SignedDocument, SigningUnavailable, Stamp, Validity
from signing.records import Purpose, Request, Status, Visit
from workflows.commands import Upload
from workflows.errors import RequestSettled
from workflows.facts import Facts
from workflows.signatureacts import SignDocument

STALE = timedelta(minutes=3)
"""A signature under way for longer was given up by whoever began it."""
TRIES = Limit(free=60, first=timedelta(seconds=30), longest=timedelta(minutes=10), memory=timedelta(hours=1))
_PAUSE, _PAUSES = 0.25, 160


class SigningDesk(BehindLink):
    """See the module. ``pause`` waits while somebody else's attempt at the same signature is under way."""

    PURPOSE: ClassVar[Purpose | None] = Purpose.SIGN

    def __init__(
        self,
        office: Office,
        links: LinkDesk,
        issuer: Issuer,
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(office, links, issuer)
        self._pause = pause

    def document(self, standing: Standing, request_id: str) -> bytes:
        """The exact bytes to be signed, for showing. Raises `LinkDead`, `FactorNeeded`, `DocumentDiffers`."""
        request = self.request(standing, request_id)
        cleared(standing.visit, request)
        return self.read(request, standing)

    def downloaded(self, standing: Standing, request_id: str) -> None:
        """Record, once a visit, that the letter was taken along."""
        request = self.request(standing, request_id)
        self.tell(
            standing, request, EntryKind.DOCUMENT_DOWNLOADED, f"visit/{standing.visit.id}/{request.id}/file"
        )

    def sign(self, standing: Standing, request_id: str, form: SignForm, place: Place) -> Request:
        """Sign one letter. Whatever fails leaves the request as it was.

        Raises:
            AlreadyAnswered, StillSigning, FactorNeeded, PasskeyNeeded, PasskeyInvalid, ConsentStale, MethodInvalid,
            DocumentDiffers, SigningFailed, LinkDead, TooManyTries; and what `workflows.signatures.RequestBook.sign`
            raises.
        """
        office = self.office
        request = self.open_request(standing, request_id)
        office.limit("link-sign", request.id, TRIES)
        cleared(standing.visit, request)
        consent = consent_of(form.consent)
        if consent is None:
            raise ConsentStale
        if form.digest != request.digest:
            self.differs(standing, request, "form")
        standing = by_key(standing, request, form.proof)
        picture = picture_of(self.office.reader, form)
        self.claimed(request, lambda: self._signed(standing, request, form, consent, picture, place))
        return request

    def claimed(self, request: Request, act: Callable[[], None]) -> None:
        """Do the one act that answers a request, alone; whatever fails leaves it waiting.

        Raises:
            AlreadyAnswered, StillSigning, LinkDead; and what ``act`` raises.
        """
        office = self.office
        claim = secrets.token_hex(16)
        now = office.clock()
        if not office.store.claim(request, claim, now, now - STALE):
            self._somebody_else(request)
        try:
            act()
        except RequestSettled as settled:
            office.store.release(request.id, claim, Status(str(settled.fields["why"])))
            raise AlreadyAnswered(how=str(settled.fields["why"])) from settled
        except BaseException:
            office.store.release(request.id, claim, Status.PENDING)
            raise
        office.store.release(request.id, claim, self.ENDED, self.look_again())
        self.mail_receipts(request)

    def look_again(self) -> str | None:
        """When the sweep looks at what was answered: at once at a signature's time stamp; at others never."""
        return self.office.now() if self.ENDED is Status.SIGNED else None

    def _signed(
        self,
        standing: Standing,
        request: Request,
        form: SignForm,
        consent: Consent,
        picture: bytes,
        place: Place,
    ) -> None:
        office = self.office
        shown = self.read(request, standing)
        at = office.clock()
        level = level_of(standing.visit.factor)
        act = act_of(standing, request, form, consent, picture, place, at)
        if form.proof is not None:
            act = act.with_content({"passkey": dict(form.proof.record)})
        sealed = self._seal(request, shown, picture, level, act, at)
        self.record(standing, request, sealed, act, method=form.method, place=place)

    def record(
        self,
        standing: Standing,
        request: Request,
        sealed: SignedDocument,
        act: Act,
        *,
        method: str,
        place: Place,
        private: Mapping[str, Json] | None = None,
    ) -> None:
        """Seal the signed letter into its case; ``private`` goes beside what is recorded of the act."""
        office = self.office
        facts = replace(
            self.visited(standing, request, place),
            method=method,
            act=act.commitment,
            seal={
                "profile": sealed.profile,
                "certificate": sealed.certificate,
                "stamp": sealed.stamp,
                **({"stamped_at": sealed.stamped_at} if sealed.stamped_at else {}),
            },
        )
        name = request.name.removesuffix(".pdf") + "-firmada.pdf"
        office.cases.requests.sign(
            SignDocument(
                request.folio,
                request.id,
                self.links.actor(request),
                (Upload(name, io.BytesIO(sealed.pdf)),),
                facts,
                {"act": dict(act.content), **(private or {})},
            )
        )

    def _seal(
        self, request: Request, shown: bytes, picture: bytes, level: str, act: Act, at: datetime
    ) -> SignedDocument:
        """Stamp, sign, and read it anew before it counts."""
        office = self.office
        who = office.person(request.signatory)
        stamp = Stamp(
            name=who.name,
            post=who.post,
            folio=request.folio,
            level=level,
            digest=request.digest,
            check_url=office.check_page(request.folio),
            picture=picture,
        )
        reason = f"Firma electrónica simple por enlace personal, nivel {level}. Acto {act.commitment}"
        try:
            sealed = office.signer().sign(shown, signatory=who.name, reason=reason, stamp=stamp, at=at)
        except SigningUnavailable as error:
            raise SigningFailed(why="unavailable") from error
        except DocumentUnfit as error:
            raise SigningFailed(why=error.code) from error
        if not sealed.pdf.startswith(shown):
            raise SigningFailed(why="rewritten")
        found: Validity = office.signer().validate(sealed.pdf, at=at)
        if not found.good:
            raise SigningFailed(why=",".join(found.problems) or "invalid")
        return sealed

    def read(self, request: Request, standing: Standing) -> bytes:
        """The frozen object, read again in its version and hashed again."""
        try:
            return read_blob(self.office.blobs, request.document)
        except (BlobCorrupt, BlobMissing):
            self.differs(standing, request, "object")
            raise  # never reached: the line before always raises

    def differs(self, standing: Standing, request: Request, what: str) -> None:
        """Say in the case that what is there is not what was shown. Always raises `DocumentDiffers`."""
        key = f"request/{request.id}/differed/{what}/{standing.visit.id}"
        self.tell(standing, request, EntryKind.DOCUMENT_DIFFERED, key, private={"what": what})
        raise DocumentDiffers

    def _somebody_else(self, request: Request) -> None:
        """Another attempt has the request: wait for how it ends. Always raises."""
        for _ in range(_PAUSES):
            found = self.office.store.request(request.id)
            if found is None:
                raise LinkDead
            if found.status is not Status.CLAIMED:
                break
            self._pause(_PAUSE)
        else:
            raise StillSigning
        if found.status is Status.PENDING:
            raise StillSigning
        raise AlreadyAnswered(how=found.status)

    def visited(self, standing: Standing, request: Request, place: Place) -> Facts:
        """What an entry says of the visit in which something was answered."""
        factor = standing.visit.factor
        flags = self.flags(request, place)
        return Facts(through=standing.link.id, factor=factor, level=level_of(factor), flags=flags)

    def flags(self, request: Request, place: Place) -> tuple[str, ...]:
        """Whether the signature comes from where it was asked for: told, not judged."""
        marks = self.office.marks
        flags = []
        if place.address and marks.same(request.asker_mark, "address", place.address):
            flags.append("same_address")
        same = marks.same(request.asker_device, "device", place.address, place.user_agent)
        if same or place.account == request.asked_by:
            flags.append("same_device")
        return tuple(flags)


def cleared(visit: Visit, request: Request) -> None:
    """Raises `FactorNeeded` while a visit lacks what a request asks for."""
    if not satisfies(visit.factor, request.factor):
        raise FactorNeeded


def by_key(standing: Standing, request: Request, proof: Proof | None) -> Standing:
    """The standing of who signs a letter, with their passkey where it was used: over this letter, in this visit.

    Raises:
        PasskeyNeeded: who opened the visit with a key signs with it too: level N3 is of the signature, not of the door.
        PasskeyInvalid: ``letters``: what the key signed is another letter.
    """
    if proof is None:
        if standing.visit.factor == PASSKEY:
            raise PasskeyNeeded
        return standing
    letter = {"request": request.id, "document": request.digest}
    letters = proof.statement.get("letters")
    here = (proof.statement.get("visit"), proof.owner) == (standing.visit.id, request.signatory)
    if not here or not isinstance(letters, list) or letter not in letters:
        raise PasskeyInvalid(why="letters")
    return replace(standing, visit=replace(standing.visit, factor=PASSKEY))
