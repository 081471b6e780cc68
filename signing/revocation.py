"""Revocation data of certificates, gathered beforehand so that a signature can carry it; nothing is fetched later.

Addresses come from certificates, that is from strangers: they go through the guarded transport that is handed in, over
plain HTTP where the certificate says so (the data is signed itself, RFC 5280 section 8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from asn1crypto import crl, ocsp, x509  # type: ignore[import-untyped]  # publishes no types
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.authority import AuthorityWithCert
from pyhanko_certvalidator.errors import OCSPFetchError, OCSPValidationError
from pyhanko_certvalidator.fetchers.common_utils import format_ocsp_request, process_ocsp_response_data

from signing.pades_time import Answered, NoAnswer, Send
from signing.validation import Trust

Fetch = Callable[[str], Answered]
"""From an address to the answer; raises as `Send` does."""

_MOST_ADDRESSES = 3


@dataclass(frozen=True, slots=True)
class Gathered:
    """Revocation data for a chain, beside what judges it."""

    trust: Trust
    crls: tuple[crl.CertificateList, ...] = ()
    ocsps: tuple[ocsp.OCSPResponse, ...] = ()

    def whole(self, moment: datetime) -> ValidationContext:
        """A context that holds all of it, for signatures and stamps together."""
        roots = (*self.trust.roots, *self.trust.stamp_roots)
        joined = replace(self.trust, roots=roots, crls=self.crls, ocsps=self.ocsps)
        return joined.context(None, moment, stamps=False)


@dataclass(frozen=True, slots=True)
class Registry:
    """Asks the addresses that certificates name."""

    send: Send
    fetch: Fetch

    def gather(self, certificate: x509.Certificate, trust: Trust) -> Gathered | None:
        """Revocation data of every certificate under a root; ``None`` when it cannot be had of one of them."""
        known = (*trust.others, *trust.roots)
        crls: list[crl.CertificateList] = []
        ocsps: list[ocsp.OCSPResponse] = []
        current = certificate
        for _ in range(8):
            if current.subject == current.issuer:
                return Gathered(trust, tuple(crls), tuple(ocsps))
            issuer = next((item for item in known if item.subject == current.issuer), None)
            if issuer is None:
                return None
            response = self._ocsp(current, issuer)
            if response is not None:
                ocsps.append(response)
            else:
                lists = self._lists(current)
                if not lists:
                    return None
                crls += lists
            current = issuer
        return None

    def _ocsp(self, certificate: x509.Certificate, issuer: x509.Certificate) -> ocsp.OCSPResponse | None:
        query = format_ocsp_request(
            certificate, AuthorityWithCert(issuer), certid_hash_algo="sha1", request_nonces=False
        )
        for url in _first(certificate.ocsp_urls):
            try:
                answer = self.send(url, query.dump(), "application/ocsp-request")
                if answer.status == 200:
                    return process_ocsp_response_data(answer.body, ocsp_request=query, ocsp_url=url)
            except (NoAnswer, ValueError, OCSPFetchError, OCSPValidationError):
                continue  # the next address, then the lists: what cannot be had is reported as unknown
        return None

    def _lists(self, certificate: x509.Certificate) -> list[crl.CertificateList]:
        for url in _first(_crl_urls(certificate)):
            try:
                answer = self.fetch(url)
                if answer.status == 200:
                    return [crl.CertificateList.load(answer.body, strict=True)]
            except (NoAnswer, ValueError):
                continue  # as above
        return []


def _crl_urls(certificate: x509.Certificate) -> Iterable[str]:
    for point in certificate.crl_distribution_points:
        yield from (
            name.native
            for name in point["distribution_point"].chosen
            if name.name == "uniform_resource_identifier"
        )


def _first(urls: Iterable[str]) -> Sequence[str]:
    return [url for url in urls if url.startswith(("http://", "https://"))][:_MOST_ADDRESSES]


Revocations = Callable[[x509.Certificate, Trust], Gathered | None]
"""Gathers for a certificate's chain; ``None`` when not everything can be had."""


def no_revocations(_certificate: x509.Certificate, _trust: Trust) -> Gathered | None:
    """Nobody is asked."""
    return None
