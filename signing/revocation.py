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
from signing.trust import Trust

Fetch = Callable[[str], Answered]
"""From an address to the answer; raises as `Send` does."""

_MOST_ADDRESSES = 3


@dataclass(frozen=True, slots=True)
class Gathered:
    """Revocation data for a chain (``certificates``, up to its root), beside what judges it.

    Of some of its authorities it may be missing.
    """

    trust: Trust
    crls: tuple[crl.CertificateList, ...] = ()
    ocsps: tuple[ocsp.OCSPResponse, ...] = ()
    certificates: tuple[x509.Certificate, ...] = ()

    @property
    def told(self) -> Trust:
        """What judges the chain, with the data."""
        return replace(
            self.trust, crls=(*self.trust.crls, *self.crls), ocsps=(*self.trust.ocsps, *self.ocsps)
        )

    def whole(self, moment: datetime) -> ValidationContext:
        """A context that holds all of it, for signatures and stamps together."""
        roots = (*self.trust.roots, *self.trust.stamp_roots)
        joined = replace(self.trust, roots=roots, crls=self.crls, ocsps=self.ocsps)
        return joined.context(None, moment, stamps=False)


@dataclass(frozen=True, slots=True)
class Registry:
    """Asks the addresses that certificates name.

    Args:
        send: posts a query.
        fetch: gets a list.
        responders: asked before those that a signatory's certificate names; the authorities' above are never asked
            there. For issuers whose certificates name none, as some of SAT's do not.
    """

    send: Send
    fetch: Fetch
    responders: tuple[str, ...] = ()

    def gather(self, certificate: x509.Certificate, trust: Trust) -> Gathered | None:
        """Revocation data of a certificate and the authorities above it, as far as it can be had; else ``None``."""
        known = (*trust.others, *trust.roots)
        crls: list[crl.CertificateList] = []
        ocsps: list[ocsp.OCSPResponse] = []
        chain = [certificate]
        current = certificate
        for _ in range(8):
            issuer = next((item for item in known if item.subject == current.issuer), None)
            if current.subject == current.issuer or issuer is None:
                break
            urls = self.responders if current is certificate else ()
            response = self._ocsp(current, issuer, (*urls, *current.ocsp_urls))
            if response is not None:
                ocsps.append(response)
            else:
                crls += self._lists(current)
            current = issuer
            chain.append(issuer)
        return Gathered(trust, tuple(crls), tuple(ocsps), tuple(chain)) if crls or ocsps else None

    def _ocsp(
        self, certificate: x509.Certificate, issuer: x509.Certificate, urls: Iterable[str]
    ) -> ocsp.OCSPResponse | None:
        query = format_ocsp_request(
            certificate, AuthorityWithCert(issuer), certid_hash_algo="sha1", request_nonces=False
        )
        for url in _first(urls):
            try:
                answer = self.send(url, query.dump(), "application/ocsp-request")
                if answer.status == 200:
                    found = process_ocsp_response_data(answer.body, ocsp_request=query, ocsp_url=url)
                    if _knows(found):
                        return found
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


def _knows(response: ocsp.OCSPResponse) -> bool:
    """Whether a responder knows the certificate at all (RFC 6960, 2.2)."""
    found = response.response_data["responses"]
    return len(found) > 0 and found[0]["cert_status"].name != "unknown"


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
"""Gathers for a certificate's chain; ``None`` when nothing can be had."""


def no_revocations(_certificate: x509.Certificate, _trust: Trust) -> Gathered | None:
    """Nobody is asked."""
    return None
