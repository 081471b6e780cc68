"""The certificate and key of the organisation's seal: made here for the embedded default, brought from elsewhere else.

A seal made here stands under a small authority of its own, made in the same moment. Whoever receives the authority's
certificate once, by a way they trust, can check every letter, also after the seal's own certificate was renewed under
the same authority. Nobody else vouches for it and its names say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT_YEARS = 20
SEAL_YEARS = 5
_DAYS = 365.25
_SKEW = timedelta(minutes=5)
_NAME_CHARS = 64  # X.520's bound of a common name

SEAL_NAME = "Sello de la mesa de ayuda"
ROOT_NAME = "Autoridad propia del sello de la mesa de ayuda"


@dataclass(frozen=True, slots=True)
class SealMaterial:
    """What a seal made here consists of, each as PEM text.

    ``chain`` is the seal's certificate followed by its authority's; the two keys are PKCS #8 without a password, to be
    kept in files of mode 0600. ``root_key`` is needed again only to renew the seal and belongs off the server.
    """

    key: str
    chain: str
    root_key: str


def make_seal(origin: str, now: datetime) -> SealMaterial:
    """A new authority and a seal under it, both P-256, for the log ``origin``."""
    root_key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(ROOT_NAME, origin)
    usage = _usage(key_cert_sign=True, crl_sign=True)
    root = (
        _certificate(subject, subject, root_key, root_key, now, ROOT_YEARS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(root_key, hashes.SHA256())
    )
    return _under(root, root_key, origin, now)


def renew_seal(chain: bytes, root_key_pem: bytes, origin: str, now: datetime) -> SealMaterial:
    """A new seal certificate and key under an authority made earlier, the last certificate of ``chain`` (PEM).

    Raises:
        ValueError: the key is not the authority's, or the authority ends before the new seal would.
    """
    root = x509.load_pem_x509_certificates(chain)[-1]
    root_key = serialization.load_pem_private_key(root_key_pem, None)
    if not isinstance(root_key, ec.EllipticCurvePrivateKey) or root_key.public_key() != root.public_key():
        raise ValueError("not the key of this authority")
    if root.not_valid_after_utc < now + timedelta(days=SEAL_YEARS * _DAYS):
        raise ValueError("the authority ends before a new seal would; make a new one")
    return _under(root, root_key, origin, now)


def _under(
    root: x509.Certificate, root_key: ec.EllipticCurvePrivateKey, origin: str, now: datetime
) -> SealMaterial:
    key = ec.generate_private_key(ec.SECP256R1())
    seal = (
        _certificate(_name(SEAL_NAME, origin), root.subject, key, root_key, now, SEAL_YEARS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True, content_commitment=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    return SealMaterial(_pem(key), _text(seal) + _text(root), _pem(root_key))


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: datetime,
    years: int,
) -> x509.CertificateBuilder:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + timedelta(days=years * _DAYS))
        .add_extension(identifier, critical=False)
        .add_extension(authority, critical=False)
    )


def _usage(**on: bool) -> x509.KeyUsage:
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    ).split()
    return x509.KeyUsage(**{name: on.get(name, False) for name in names})


def _name(common: str, origin: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, origin[:_NAME_CHARS]),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def _text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
