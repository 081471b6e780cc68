"""Certificates by which signatures are judged: pinned, brought along, with what is known of their revocation."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from asn1crypto import crl, ocsp, x509  # type: ignore[import-untyped]  # publishes no types
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)

_UNCHECKED = CertRevTrustPolicy(
    RevocationCheckingPolicy(RevocationCheckingRule.NO_CHECK, RevocationCheckingRule.NO_CHECK),
    retroactive_revinfo=True,
)
_STAMPS = CertRevTrustPolicy(RevocationCheckingPolicy.from_legacy("soft-fail"), retroactive_revinfo=True)


@dataclass(frozen=True, slots=True)
class Trust:
    """Certificates by which signatures and their time stamps are judged, and what is known of revocations."""

    roots: tuple[x509.Certificate, ...]
    stamp_roots: tuple[x509.Certificate, ...] = ()
    others: tuple[x509.Certificate, ...] = ()
    crls: tuple[crl.CertificateList, ...] = ()
    ocsps: tuple[ocsp.OCSPResponse, ...] = ()

    def as_text(self) -> str:
        """All of it as JSON, for another process."""
        return json.dumps(
            {name: [b64encode(item.dump()).decode() for item in getattr(self, name)] for name in _LOADED}
        )

    @classmethod
    def from_text(cls, text: str) -> Trust:
        """What `as_text` wrote."""
        return cls(
            **{
                name: tuple(_LOADED[name].load(b64decode(item)) for item in items)
                for name, items in json.loads(text).items()
            }
        )

    def joined(self, store: DocumentSecurityStore | None) -> Trust:
        """With what a file carries: certificates that are not trusted for it, and revocation data."""
        if store is None:
            return self
        held = store.as_validation_context({"trust_roots": [], "crls": [], "ocsps": []})
        return replace(
            self,
            others=(*self.others, *store.load_certs()),
            crls=(*self.crls, *held.crls),
            ocsps=(*self.ocsps, *held.ocsps),
        )

    def until(self, latest: datetime) -> Trust:
        """Without the revocation data that was issued later."""
        return replace(
            self,
            crls=tuple(item for item in self.crls if item["tbs_cert_list"]["this_update"].native <= latest),
            ocsps=tuple(item for item in self.ocsps if (made := _answered(item)) and made <= latest),
        )

    def context(
        self, store: DocumentSecurityStore | None, moment: datetime, *, stamps: bool
    ) -> ValidationContext:
        """What certificates are judged by at a moment; nothing is fetched.

        Revocation of signers is asked of `signing.revoked` beside it: pyHanko's own check takes a path with
        revocation data that it cannot use (stale, forged) for a bad path.
        """
        given: dict[str, Any] = {
            "trust_roots": list(self.stamp_roots if stamps else self.roots),
            "other_certs": list(self.others),
            "crls": list(self.crls),
            "ocsps": list(self.ocsps),
            "moment": moment,
            "allow_fetching": False,
            "revinfo_policy": _STAMPS if stamps else _UNCHECKED,
        }
        return store.as_validation_context(given) if store is not None else ValidationContext(**given)


_LOADED: Mapping[str, Any] = {
    "roots": x509.Certificate,
    "stamp_roots": x509.Certificate,
    "others": x509.Certificate,
    "crls": crl.CertificateList,
    "ocsps": ocsp.OCSPResponse,
}


def _answered(response: ocsp.OCSPResponse) -> datetime | None:
    """When an OCSP response was right, as it states; ``None`` of one without an answer."""
    if response["response_status"].native != "successful":
        return None
    answers = response.response_data["responses"]
    found = answers[0]["this_update"].native if len(answers) else None
    return found if isinstance(found, datetime) else None
