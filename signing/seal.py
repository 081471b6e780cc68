"""The organisation's seal, ready to sign: from PEM files made at inception, from PKCS #12, or in a PKCS #11 token.

The certificates by which it is judged (`roots`) are brought along with it and pinned: never those of the operating
system, never those that a document carries.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from asn1crypto import pem, x509  # type: ignore[import-untyped]  # publishes no types
from pyhanko.keys import load_certs_from_pemder_data, load_private_key_from_pemder_data
from pyhanko.sign.signers.pdf_cms import Signer, SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signing.ports import SigningUnavailable


class SealUnusable(ValueError):
    """What is configured as a seal is not one; the message says why, without the secret."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A certificate, the chain to its root, and where its key is."""

    certificate: x509.Certificate
    others: tuple[x509.Certificate, ...]
    roots: tuple[x509.Certificate, ...]
    keeper: SoftKey | TokenKey

    @property
    def fingerprint(self) -> str:
        """Hex SHA-256 of the certificate."""
        return hashlib.sha256(self.certificate.dump()).hexdigest()

    @property
    def pem(self) -> str:
        """The certificate and those up to the root, for strangers."""
        every = (self.certificate, *(item for item in self.others if item != self.certificate))
        return "".join(pem.armor("CERTIFICATE", item.dump()).decode() for item in every)

    @contextmanager
    def signer(self) -> Iterator[Signer]:
        """A signer of pyHanko's with this key.

        Raises:
            SigningUnavailable: the token does not answer.
        """
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # pyHanko types parts of itself
        store.register_multiple(self.others)
        with self.keeper.signer(self.certificate, store) as found:
            yield found


@dataclass(frozen=True, slots=True)
class SoftKey:
    """A key in this process's memory: PKCS #8, DER."""

    key: bytes

    @contextmanager
    def signer(self, certificate: x509.Certificate, store: SimpleCertificateStore) -> Iterator[Signer]:
        """See `Seal.signer`."""
        key = load_private_key_from_pemder_data(self.key, None)
        yield SimpleSigner(signing_cert=certificate, signing_key=key, cert_registry=store)

    def __repr__(self) -> str:
        return "SoftKey()"


_tokens = (
    threading.Lock()
)  # PKCS #11 modules are initialised once a process, and their sessions are not shared


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A key that stays in a token: module, token label, key label, PIN."""

    module: str
    token: str
    label: str
    pin: str

    @contextmanager
    def signer(self, certificate: x509.Certificate, store: SimpleCertificateStore) -> Iterator[Signer]:
        """See `Seal.signer`. One signature at a time."""
        import pkcs11  # noqa: PLC0415 - a native library that only houses with a token need
        from pyhanko.sign.pkcs11 import PKCS11Signer  # noqa: PLC0415 - as above

        with _tokens:
            try:
                with self.session() as session:
                    yield PKCS11Signer(
                        session, signing_cert=certificate, key_label=self.label, ca_chain=list(store)
                    )
            except pkcs11.PKCS11Error as error:
                raise SigningUnavailable(f"token {self.token!r}: {type(error).__name__}") from error

    def session(self) -> pkcs11.Session:  # type: ignore[name-defined]  # noqa: F821
        """A fresh session, to be used as a context manager."""
        from pyhanko.config.pkcs11 import TokenCriteria  # noqa: PLC0415 - as above
        from pyhanko.sign.pkcs11 import open_pkcs11_session  # noqa: PLC0415 - as above

        return open_pkcs11_session(
            self.module, token_criteria=TokenCriteria(label=self.token), user_pin=self.pin
        )

    def __repr__(self) -> str:
        return f"TokenKey(token={self.token!r}, label={self.label!r})"


def seal_from_pem(key: bytes, chain: bytes) -> Seal:
    """A seal of a key file and a chain file: the seal's certificate first, its root last.

    Raises:
        SealUnusable: no key, no certificates, or no root among them.
    """
    found = certificates(chain)
    return _seal(found[0], found[1:], SoftKey(key))


def seal_from_pkcs12(content: bytes, password: str, chain: bytes = b"") -> Seal:
    """A seal of a PKCS #12 file; ``chain`` adds certificates that it lacks.

    Raises:
        SealUnusable: wrong password, no key in it, or no root among the certificates.
    """
    try:
        found = SimpleSigner.load_pkcs12_data(content, other_certs=[], passphrase=password.encode() or None)
    except ValueError as error:
        raise SealUnusable("the PKCS #12 file cannot be opened with this password") from error
    if found is None or found.signing_cert is None:
        raise SealUnusable("the PKCS #12 file holds no certificate with its key")
    others = [item for item in found.cert_registry if item != found.signing_cert]
    others += certificates(chain) if chain else []
    key: bytes = found.signing_key.dump()
    return _seal(found.signing_cert, others, SoftKey(key))


def seal_from_token(uri: str, pin: str, chain: bytes) -> Seal:
    """A seal whose key lies in a PKCS #11 token; ``chain`` begins with its certificate and ends with its root.

    Args:
        uri: RFC 7512, such as ``pkcs11:token=mesa;object=sello?module-path=/usr/lib/softhsm/libsofthsm2.so``.
        pin: the user's PIN.
        chain: PEM.

    Raises:
        SealUnusable: the address lacks a part, or there is no root among the certificates.
    """
    parts = urlsplit(uri)
    path = dict(item.partition("=")[::2] for item in parts.path.split(";"))
    module = parse_qs(parts.query).get("module-path", [""])[0]
    token, label = unquote(path.get("token", "")), unquote(path.get("object", ""))
    if parts.scheme != "pkcs11" or not (token and label and module):
        raise SealUnusable("expected pkcs11:token=…;object=…?module-path=… (RFC 7512)")
    found = certificates(chain)
    return _seal(found[0], found[1:], TokenKey(module, token, label, pin))


def seal_from_files(key_file: Path, chain_file: Path) -> Seal:
    """`seal_from_pem` of two files.

    Raises:
        SealUnusable: also for files that cannot be read.
    """
    try:
        return seal_from_pem(key_file.read_bytes(), chain_file.read_bytes())
    except OSError as error:
        raise SealUnusable(f"{error.filename}: {error.strerror}") from error


def certificates(text: bytes) -> list[x509.Certificate]:
    """The certificates of a PEM file, in its order.

    Raises:
        SealUnusable: there is none.
    """
    try:
        found = list(load_certs_from_pemder_data(text))
    except ValueError as error:
        raise SealUnusable("no certificates in the chain file") from error
    if not found:
        raise SealUnusable("no certificates in the chain file")
    return found


def _seal(
    certificate: x509.Certificate, others: Sequence[x509.Certificate], keeper: SoftKey | TokenKey
) -> Seal:
    roots = tuple(item for item in (certificate, *others) if item.subject == item.issuer)
    if not roots:
        raise SealUnusable("no root (a self-signed certificate) comes with the seal; add it to SEAL_CHAIN")
    if isinstance(keeper, SoftKey):
        _belongs(certificate, keeper.key)
    return Seal(certificate, tuple(others), roots, keeper)


def _belongs(certificate: x509.Certificate, key: bytes) -> None:
    """Raises `SealUnusable` where the key is another certificate's."""
    from cryptography import x509 as plain  # noqa: PLC0415 - names clash with asn1crypto's
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above

    armoured = key.lstrip().startswith(b"-----")
    load = serialization.load_pem_private_key if armoured else serialization.load_der_private_key
    try:
        public = load(key, None).public_key()
    except (ValueError, TypeError) as error:
        raise SealUnusable("the seal's key cannot be read") from error
    if public != plain.load_der_x509_certificate(certificate.dump()).public_key():
        raise SealUnusable("the key is not the one of the seal's certificate")
