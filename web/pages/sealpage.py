"""The public page of the seal of letters: its root's certificate to take along, what to compare, and how to use it."""

from __future__ import annotations

import io
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from flask import Blueprint, make_response, render_template
from werkzeug.wrappers import Response

from evidence.seals import SEALS_CASE, seal_of_entry
from evidence.words import digest_words
from web.downloads import download
from web.i18n import format_moment
from web.pages.context import lens
from web.sealtelling import certificates_of, fingerprint
from web.security import public
from web.views.lens import Moment
from web.wiring import House, current_house

page = Blueprint("sealpage", __name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate: whose, its SHA-256 as programs show it and as six words, until when, and since when it is told."""

    name: str
    digest: str
    grouped: str
    words: tuple[str, ...]
    until: str
    told: Moment | None


@page.get("/sello")
@public
def show() -> Response:
    """What is to be compared and downloaded, and what to do with it."""
    house = current_house()
    chain = certificates_of(house)
    response = make_response(
        render_template(
            "pages/seal.html",
            root=_shown(house, chain[-1]),
            seal=_shown(house, chain[0]),
            alone=len(chain) == 1,
        )
    )
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


@page.get("/sello/raiz.cer")
@public
def root() -> Response:
    """The root's certificate, DER: what Acrobat and operating systems open."""
    content = certificates_of(current_house())[-1].public_bytes(Encoding.DER)
    return download(io.BytesIO(content), "raiz-del-sello.cer", size=len(content))


@page.get("/sello/certificados.pem")
@public
def chain() -> Response:
    """Every certificate from the seal's to the root, PEM: what openssl takes."""
    found = certificates_of(current_house())
    content = b"".join(item.public_bytes(Encoding.PEM) for item in found)
    return download(io.BytesIO(content), "sello-de-cartas.pem", size=len(content))


def _shown(house: House, certificate: x509.Certificate) -> Shown:
    digest = fingerprint(certificate)
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    facts = ((item.entry.at, seal_of_entry(item.entry)) for item in house.ledger.history(SEALS_CASE))
    told = next((at for at, fact in facts if fact and digest in (fact.certificate, fact.root)), "")
    pairs = [digest[place : place + 2].upper() for place in range(0, len(digest), 2)]
    return Shown(
        name=str(names[0].value) if names else certificate.subject.rfc4514_string(),
        digest=digest,
        grouped=":".join(pairs),
        words=digest_words(digest),
        until=format_moment(certificate.not_valid_after_utc),
        told=lens().maybe(told),
    )
