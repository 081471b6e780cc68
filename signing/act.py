"""What is recorded of a signature, in one object that the signature itself commits to."""

from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from documents.isolation import WorkerFailed
from documents.refusals import FileRefused
from evidence.canonical import Json, canonical_bytes
from evidence.entry import format_time
from signing.consent import Consent
from signing.errors import MethodInvalid
from signing.factors.passkeys import Proof
from signing.levels import level_of
from signing.links import Standing
from signing.office import Place
from signing.ports import PictureReader
from signing.records import Request

METHODS = ("typed", "drawn", "uploaded")
ACT_TAG = b"constancia/v1/act\n"
MOST_PICTURE = 2 * 1024 * 1024
PICTURE_WIDTH = 1_200


@dataclass(frozen=True, slots=True)
class SignForm:
    """What the signatory sends: the digest the page showed, the consent's version, how they sign, and the picture.

    ``proof`` is what their passkey signed, where they have signed with one.
    """

    digest: str
    consent: str
    method: str
    typed: str = ""
    picture: bytes = b""
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """What is recorded of a signature: ``content`` for the payload, and the commitment to it (hex)."""

    content: Mapping[str, Json]
    commitment: str

    def with_content(self, more: Mapping[str, Json]) -> Act:
        """The act with more recorded of it, and the commitment to all of it."""
        whole = {**self.content, **more}
        return Act(whole, act_commitment(whole))


def picture_of(reader: PictureReader, form: SignForm) -> bytes:
    """The picture of the signature, drawn anew; nothing for a typed name.

    Raises:
        MethodInvalid; documents.antivirus.ScannerSilent: nobody judged the picture, and it may be sent again.
    """
    if form.method not in METHODS:
        raise MethodInvalid(why="missing")
    if form.method == "typed":
        if not form.typed.strip():
            raise MethodInvalid(why="missing")
        return b""
    if not form.picture:
        raise MethodInvalid(why="missing")
    if len(form.picture) > MOST_PICTURE:
        raise MethodInvalid(why="large")
    try:
        reader.inspect(io.BytesIO(form.picture), name="firma.png")  # as every file that comes from outside
        drawn = reader.preview(io.BytesIO(form.picture), name="firma.png", width=PICTURE_WIDTH)
    except (FileRefused, WorkerFailed) as error:
        raise MethodInvalid(why="unreadable") from error
    if drawn.form != "picture" or drawn.pages != 1 or form.picture.startswith(b"%PDF"):
        raise MethodInvalid(why="unreadable")
    return drawn.png


def placed(place: Place) -> dict[str, Json]:
    """Where an act came from, for a payload."""
    return {
        "user_agent": place.user_agent[:300],
        "address": {"raw": place.raw, "resolved": place.address},
    }


def act_of(
    standing: Standing,
    request: Request,
    form: SignForm,
    consent: Consent,
    picture: bytes,
    place: Place,
    at: datetime,
) -> Act:
    """Everything about one signature in one object; the salt makes its commitment hide what it commits to."""
    content: dict[str, Json] = {
        "request": request.id,
        "folio": request.folio,
        "step": request.step,
        "signatory": request.signatory,
        "link": standing.link.id,
        "visit": standing.visit.id,
        "document": request.digest,
        "consent": {"version": consent.version, "sha256": consent.sha256, "text": consent.text},
        "method": form.method,
        "typed": form.typed.strip() if form.method == "typed" else "",
        "signature_image": hashlib.sha256(picture).hexdigest() if picture else "",
        "factor": standing.visit.factor,
        "level": level_of(standing.visit.factor),
        **placed(place),
        "locale": place.locale,
        "zone": place.zone,
        "at": format_time(at),
        "salt": secrets.token_hex(32),
    }
    return Act(content, act_commitment(content))


def act_commitment(content: Mapping[str, Json]) -> str:
    """Hex commitment to what is recorded of an act: SHA-256 over a tag and its canonical bytes, salt within."""
    return hashlib.sha256(ACT_TAG + canonical_bytes(dict(content))).hexdigest()
