"""Signing behind a personal link with one's own e.firma, in two requests: a letter is prepared, a signature brought.

Between the two the browser opens the key and signs; what was prepared waits here, bound to visit and request, is used
once, and ends with a few minutes. Only the second request claims the letter: who thinks twice blocks nobody.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from evidence.entry import format_time
from signing.act import Act, SignForm, act_of
from signing.acting import TRIES, SigningDesk, cleared
from signing.consent import Consent, efirma_consent_of
from signing.efirmaports import Accepted
from signing.errors import ConsentStale, EfirmaInvalid, SigningFailed
from signing.expected import expected_rfc, expects_another
from signing.issuing import Issuer
from signing.links import LinkDesk, Standing
from signing.office import Office, Place
from signing.ports import DocumentUnfit, SigningUnavailable, Stamp
from signing.records import Request
from signing.tokens import new_id

METHOD = FACTOR = "efirma"
LIFE = timedelta(minutes=10)
MOST_SIGNATURE = 1_024


@dataclass(frozen=True, slots=True)
class Ready:
    """For the browser: what to sign (DER of the signed attributes), under which id it brings it, whose certificate."""

    id: str
    to_sign: bytes
    name: str


class EfirmaDesk(SigningDesk):
    """See the module."""

    def __init__(self, office: Office, links: LinkDesk, issuer: Issuer) -> None:
        super().__init__(office, links, issuer)
        if office.efirma is None or office.preparations is None:
            raise ValueError("an office without e.firma")
        self._signer = office.efirma
        self._store = office.preparations

    def offered(self, request: Request) -> bool:
        """Whether a request says whose e.firma is expected: without it nobody's is taken."""
        return bool(expected_rfc(request))

    def of_another(self, request: Request) -> bool:
        """Whether an e.firma was expected of who passed the request on, and nobody said whose is expected now."""
        return expects_another(request)

    def prepare(
        self,
        standing: Standing,
        request_id: str,
        *,
        digest: str,
        consent: str,
        certificate: bytes,
        place: Place,
    ) -> Ready:
        """Judge the certificate, mark the letter, and give what is to be signed. Records nothing.

        Raises:
            AlreadyAnswered, LinkDead, FactorNeeded, ConsentStale, DocumentDiffers, EfirmaInvalid, SigningFailed,
            TooManyTries.
        """
        office = self.office
        request = self.open_request(standing, request_id)
        office.limit("link-sign", request.id, TRIES)
        cleared(standing.visit, request)
        agreed = efirma_consent_of(consent)
        if agreed is None:
            raise ConsentStale
        if digest != request.digest:
            self.differs(standing, request, "form")
        shown, at = self.read(request, standing), office.clock()
        accepted = self._signer().accept(certificate, expected_rfc(request), at)
        act = self._act(standing, request, agreed, accepted, place, at)
        reason = f"Firma con e.firma, nivel N4. Acto {act.commitment}"
        try:
            prepared, to_sign = self._signer().prepare(
                shown, accepted, reason=reason, stamp=self._stamp(request, accepted), at=at
            )
        except DocumentUnfit as error:
            raise SigningFailed(why=error.code) from error
        ready = Ready(new_id("e-"), to_sign, accepted.name)
        content = {
            "act": dict(act.content),
            "commitment": act.commitment,
            "prepared": b64encode(prepared).decode(),
        }
        until = format_time(at + LIFE)
        self._store.keep(ready.id, standing.visit.id, request.id, json.dumps(content).encode(), until)
        return ready

    def complete(
        self, standing: Standing, request_id: str, *, preparation: str, signature: bytes, place: Place
    ) -> Request:
        """Bring the signature: the letter is signed, sealed beside, judged and recorded, or nothing is.

        Raises:
            as `prepare`, and StillSigning; ``gone`` as `EfirmaInvalid` for what was not prepared here, or too long ago.
        """
        request = self.open_request(standing, request_id)
        self.office.limit("link-sign", request.id, TRIES)
        cleared(standing.visit, request)
        if not signature or len(signature) > MOST_SIGNATURE:
            raise EfirmaInvalid(why="bad_signature")
        content = self._store.take(preparation, standing.visit.id, request.id, self.office.now())
        if content is None:
            raise EfirmaInvalid(why="gone")
        found = json.loads(content)
        act = Act(found["act"], found["commitment"])
        prepared = b64decode(found["prepared"])
        self.claimed(request, lambda: self._brought(standing, request, act, prepared, signature, place))
        return request

    def _brought(
        self, standing: Standing, request: Request, act: Act, prepared: bytes, signature: bytes, place: Place
    ) -> None:
        shown = self.read(request, standing)
        try:
            sealed = self._signer().complete(prepared, signature, shown, self.office.clock())
        except SigningUnavailable as error:
            raise SigningFailed(why="unavailable") from error
        if not sealed.pdf.startswith(shown):
            raise SigningFailed(why="rewritten")
        self.record(_by_key(standing), request, sealed, act, method=METHOD, place=place)

    def _act(
        self,
        standing: Standing,
        request: Request,
        agreed: Consent,
        accepted: Accepted,
        place: Place,
        at: datetime,
    ) -> Act:
        form = SignForm(request.digest, agreed.version, METHOD)
        plain = act_of(_by_key(standing), request, form, agreed, b"", place, at)
        return plain.with_content({"certificate": dict(accepted.facts)})

    def _stamp(self, request: Request, accepted: Accepted) -> Stamp:
        who = self.office.person(request.signatory)
        return Stamp(
            name=accepted.name,
            post=who.post,
            folio=request.folio,
            level="N4",
            digest=request.digest,
            check_url=self.office.check_page(request.folio),
        )


def _by_key(standing: Standing) -> Standing:
    """The standing of somebody whose certificate was accepted: only for what is recorded, never for what is allowed."""
    return replace(standing, visit=replace(standing.visit, factor=FACTOR))
