"""The seal of signed letters, from the settings: which key, whom to trust, which authority stamps its time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from asn1crypto import x509  # type: ignore[import-untyped]  # publishes no types

from anchoring.guarded import Guarded
from anchoring.transport import Answer, Unreachable
from evidence.ports import Clock
from signing.efirmaroom import EfirmaRoom
from signing.isolation import Ask, SignatureReader
from signing.pades import PadesSigner
from signing.pades_time import NoAnswer, Send, StampSource
from signing.revocation import Fetch, Gathered, Registry, Revocations
from signing.seal import Seal, SealUnusable, certificates, seal_from_files, seal_from_pkcs12, seal_from_token
from signing.trust import Trust
from web.readiness import HouseError
from web.settings import Settings


def signer_of(settings: Settings, clock: Clock, reader: SignatureReader) -> PadesSigner:
    """Seals and judges as this installation is configured.

    Raises:
        HouseError: ``seal_unusable``, with the reason.
    """
    seal = seal_of(settings)
    guard = Guarded(settings.inside_hosts)
    return PadesSigner(
        seal=seal,
        trust=trust_of(settings, seal),
        source=StampSource(settings.tsa_url, _sending(guard)) if settings.tsa_url else None,
        clock=clock,
        zone=settings.tz,
        place=reader.free_place,
        revocations=_asking(settings, seal),
    )


def efirma_of(settings: Settings, signer: PadesSigner) -> EfirmaRoom:
    """Signatures with certificates under the configured authorities, and no other: not even the seal's own.

    Raises:
        HouseError: ``seal_unusable``.
    """
    authorities = _read(settings.signature_roots)
    trust = Trust(
        roots=tuple(item for item in authorities if item.subject == item.issuer),
        others=tuple(item for item in authorities if item.subject != item.issuer),
    )
    return EfirmaRoom(signer, trust, signer.revocations)


def seal_of(settings: Settings) -> Seal:
    """The organisation's seal.

    Raises:
        HouseError: ``seal_unusable``.
    """
    try:
        if settings.seal_pkcs11:
            assert settings.seal_chain is not None  # noqa: S101 - the settings refuse one without the other
            return seal_from_token(
                settings.seal_pkcs11, settings.seal_password, settings.seal_chain.read_bytes()
            )
        if settings.seal_pkcs12 is not None:
            chain = settings.seal_chain.read_bytes() if settings.seal_chain is not None else b""
            return seal_from_pkcs12(settings.seal_pkcs12.read_bytes(), settings.seal_password, chain)
        return seal_from_files(settings.seal_key_file, settings.seal_chain_file)
    except (SealUnusable, OSError) as error:
        raise HouseError("seal_unusable", detail=str(error)) from error


def trust_of(settings: Settings, seal: Seal) -> Trust:
    """What signatures are judged by: the seal's roots, the configured authorities', the time stamps' chain.

    Raises:
        HouseError: ``seal_unusable``, when a file of certificates cannot be read.
    """
    stamps = _read(settings.tsa_chain)
    others = _read(settings.signature_roots)
    every = (*seal.others, *others, *stamps)
    return Trust(
        roots=(*seal.roots, *(item for item in others if item.subject == item.issuer)),
        stamp_roots=tuple(item for item in stamps if item.subject == item.issuer),
        others=tuple(item for item in every if item.subject != item.issuer),
    )


def _read(path: Path | None) -> list[x509.Certificate]:
    if path is None:
        return []
    try:
        return list(certificates(path.read_bytes()))
    except (SealUnusable, OSError) as error:
        raise HouseError("seal_unusable", detail=f"{path}: {error}") from error


def asking(signer: PadesSigner) -> Ask:
    """Asks the issuers of certificates whether they were revoked, for files that do not say so themselves."""

    def ask(certificates: Sequence[bytes]) -> str | None:
        """See `signing.isolation.Ask`."""
        loaded = [x509.Certificate.load(item) for item in certificates]
        found = [got for one in loaded if (got := signer.revocations(one, signer.trust)) is not None]
        if not found:
            return None
        crls = tuple(item for got in found for item in got.crls)
        ocsps = tuple(item for got in found for item in got.ocsps)
        return replace(signer.trust, crls=crls, ocsps=ocsps).as_text()

    return ask


def _asking(settings: Settings, seal: Seal) -> Revocations:
    """The configured responders are asked of e.firmas alone: of the seal they know nothing."""
    guard = Guarded(settings.inside_hosts, plain=True)
    plain = Registry(_sending(guard), _fetching(guard))
    named = replace(plain, responders=settings.efirma_ocsp)

    def gather(certificate: x509.Certificate, trust: Trust) -> Gathered | None:
        """See `signing.revocation.Revocations`."""
        return (plain if certificate == seal.certificate else named).gather(certificate, trust)

    return gather


def _sending(guard: Guarded) -> Send:
    """The guarded transport as `signing` knows it: siblings import each other's exceptions no more than their code."""

    def send(url: str, body: bytes, media: str) -> Answer:
        try:
            return guard.post(url, body, media)
        except Unreachable as error:
            raise NoAnswer(str(error)) from error

    return send


def _fetching(guard: Guarded) -> Fetch:
    def fetch(url: str) -> Answer:
        try:
            return guard.get(url)
        except Unreachable as error:
            raise NoAnswer(str(error)) from error

    return fetch
