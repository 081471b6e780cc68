"""Whose e.firma a request expects: the RFC as who asked stated it, for the signatory it was stated of."""

from __future__ import annotations

import re

from signing.records import Request

RFC = re.compile(r"[A-ZÑ&]{3,4}[0-9]{6}[A-Z0-9]{3}")
_RFC, _OF = "rfc", "rfc_of"


def expected_details(rfc: str, signatory: str) -> dict[str, str]:
    """Details of a request that says whose certificate is expected; none without an RFC."""
    wanted = rfc.strip().upper()
    return {_RFC: wanted, _OF: signatory} if wanted else {}


def expects_another(request: Request) -> bool:
    """Whether an RFC was stated, of somebody who is not asked any more."""
    return bool(request.details.get(_RFC)) and not expected_rfc(request)


def expected_rfc(request: Request) -> str:
    """The RFC expected of the request's signatory; ``""`` where none was stated, or it was stated of somebody else."""
    return request.details.get(_RFC, "") if request.details.get(_OF) == request.signatory else ""
