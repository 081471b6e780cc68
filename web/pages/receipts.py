"""Receipts that counterparties keep: the entry of what they did, with the proof that the log holds it.

A C2SP tlog-proof whose extra data is the entry's exact bytes; it holds no name and no text of anybody. Whoever has it
can show later that the log was not rewritten up to that entry: the verifier of packages takes it (`--receipt`).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

from flask import Blueprint, Response, abort, session
from werkzeug.wrappers import Response as BaseResponse

from evidence.entry import EntryKind, SealedEntry
from evidence.proofs import prove_entry
from signing.links import Standing
from web.downloads import download
from web.inception import settle
from web.pages.personal import behind
from web.pages.requesting import RECEIPT
from web.security import public
from web.wiring import current_house

page = Blueprint("receipts", __name__)

GIVEN = frozenset(
    {
        EntryKind.DOCUMENT_SIGNED,
        EntryKind.SIGNATURE_DECLINED,
        EntryKind.SIGNATURE_DELEGATED,
        EntryKind.ANSWER_GIVEN,
        EntryKind.DOCUMENT_RETURNED,
        EntryKind.REVIEW_FINISHED,
        EntryKind.SECRET_SHOWN,
        EntryKind.LINK_REPORTED,
    }
)
"""What somebody did behind a link."""


@page.get("/enlace/<visit>/<request_id>/acuse.tlog-proof")
@public
def of_visit(visit: str, request_id: str) -> Response:
    """The receipt of what the person behind the link did about one of its requests."""

    def give(standing: Standing) -> BaseResponse:
        found = standing.request(request_id)
        acts = [
            item
            for item in current_house().ledger.history(found.folio)
            if item.entry.kind in GIVEN and item.entry.facts.get("request") == found.id
        ]
        return _receipt(acts)

    return behind(visit, give)


@page.get("/verificar/<folio>/acuse/<int:seq>.tlog-proof")
@public
def of_letter(folio: str, seq: int) -> Response:
    """The receipt of an entry that brought a letter, as the public page lists them."""
    history = current_house().ledger.history(folio) if ":" not in folio else ()
    return _receipt([item for item in history if item.entry.seq == seq and _lists(item)])


@page.get("/solicitar/enviada/acuse.tlog-proof")
@public
def of_request() -> Response:
    """The receipt of the ticket that this browser sent a moment ago."""
    folio = str(session.get(RECEIPT, ""))
    return _receipt(current_house().ledger.history(folio)[:1] if folio else ())


def _lists(item: SealedEntry) -> bool:
    """Whether the public page tells of a letter in this entry."""
    from web.pages.checking import letters_in  # noqa: PLC0415 - that page links to this one

    return bool(letters_in(item))


def _receipt(found: Sequence[SealedEntry]) -> Response:
    """The last of these entries with its proof; 404 where there is none."""
    if not found:
        abort(404)
    house, entry = current_house(), found[-1].entry
    settle(house)  # what was sealed a moment ago is signed now
    sealed = house.ledger.history(entry.case)[entry.seq - 1]
    latest, index = house.ledger.latest_checkpoint(), sealed.index
    if latest is None or index is None or latest[0] <= index:
        abort(503)
    proof = replace(prove_entry(house.ledger, index, latest[1]), extra=sealed.entry_bytes)
    response = download(io.BytesIO(proof.text()), f"acuse-{entry.case}-{entry.seq:04}.tlog-proof")
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
