"""Certificates and keys shaped like SAT's, under an authority of the test, and the servers that tell of revocation.

A person's e.firma: RFC as PrintableString under 2.5.4.45, CURP as serialNumber, no OU, key usage D8, extended usage
for clients and mail, a serial number of twenty ASCII digits. A CSD (seal of invoices): with an OU, key usage C0.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    NameOID,
    ObjectIdentifier,
)

UNIQUE_IDENTIFIER = ObjectIdentifier("2.5.4.45")
NAME = ObjectIdentifier("2.5.4.41")
RFC, CURP = "NUEE800101AB1", "NUEE800101MDFXXX09"
_USAGES = (
    "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
    "key_cert_sign crl_sign encipher_only decipher_only"
).split()


@dataclass
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def cer(self) -> bytes:
        """The .cer file: DER."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def key_pem(self) -> bytes:
        """The key in the clear, for servers."""
        form = serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(Encoding.PEM, form, serialization.NoEncryption())


@dataclass
class Sat:
    """A root, an issuing authority, and the address where its revocations are told.

    ``silent``: nobody answers. ``root_silent``: nobody tells of the issuing authority. ``ignorant``: its responder
    knows no certificate.
    """

    root: Issued
    issuer: Issued
    url: str = ""
    revoked: set[int] = field(default_factory=set)
    revoked_ago: timedelta = timedelta(days=2)
    silent: bool = False
    root_silent: bool = False
    ignorant: bool = False

    @property
    def pem(self) -> bytes:
        """Root and issuing authority."""
        return b"".join(item.certificate.public_bytes(Encoding.PEM) for item in (self.root, self.issuer))

    def person(
        self,
        *,
        name: str = "ÉRIKA NÚÑEZ ESTRADA",
        rfc: str = RFC,
        csd: bool = False,
        start: timedelta = timedelta(days=-30),
        end: timedelta = timedelta(days=700),
        ocsp_told: bool = True,
        crl_told: bool = False,
    ) -> Issued:
        """A person's e.firma, or with ``csd`` a seal for invoices."""
        key = _key()
        names = [
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NAME, name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
            x509.NameAttribute(UNIQUE_IDENTIFIER, rfc, _ASN1Type.PrintableString, _validate=False),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, f" / {CURP}" if csd else CURP),
        ]
        names += [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Matriz")] if csd else []
        used = {"digital_signature", "content_commitment"} | (
            set() if csd else {"data_encipherment", "key_agreement"}
        )
        builder = _builder(x509.Name(names), self.issuer.certificate.subject, key, start, end)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
        builder = builder.add_extension(_usage(*used), critical=False)
        if not csd:
            uses = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.EMAIL_PROTECTION]
            builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        return Issued(self._told(builder, ocsp_told, crl_told).sign(self.issuer.key, hashes.SHA256()), key)

    def crl(self, *, at: datetime | None = None) -> bytes:
        """The list of revoked certificates, signed now, or as if later."""
        now = at or datetime.now(UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.issuer.certificate.subject)
            .last_update(now - timedelta(hours=1))
            .next_update(now + timedelta(days=1))
            .add_extension(_authority(self.issuer.key), critical=False)
            .add_extension(x509.CRLNumber(1), critical=False)
        )
        for serial in self.revoked:
            one = (
                x509.RevokedCertificateBuilder()
                .serial_number(serial)
                .revocation_date(now - self.revoked_ago)
                .build()
            )
            builder = builder.add_revoked_certificate(one)
        return builder.sign(self.issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def root_crl(self) -> bytes:
        """The root's own, empty list."""
        now = datetime.now(UTC)
        return (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.root.certificate.subject)
            .last_update(now - timedelta(hours=1))
            .next_update(now + timedelta(days=1))
            .add_extension(_authority(self.root.key), critical=False)
            .add_extension(x509.CRLNumber(1), critical=False)
            .sign(self.root.key, hashes.SHA256())
            .public_bytes(Encoding.DER)
        )

    def answer(self, query: bytes, known: dict[int, x509.Certificate]) -> bytes:
        """The OCSP response to a query about one certificate."""
        asked = ocsp.load_der_ocsp_request(query)
        now = datetime.now(UTC)
        revoked = asked.serial_number in self.revoked and not self.ignorant
        status = ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD
        status = ocsp.OCSPCertStatus.UNKNOWN if self.ignorant else status
        built = ocsp.OCSPResponseBuilder().add_response(
            cert=known[asked.serial_number],
            issuer=self.issuer.certificate,
            algorithm=hashes.SHA1(),  # noqa: S303 - how OCSP names a certificate
            cert_status=status,
            this_update=now - timedelta(minutes=1),
            next_update=now + timedelta(hours=1),
            revocation_time=now - self.revoked_ago if revoked else None,
            revocation_reason=None,
        )
        built = built.responder_id(ocsp.OCSPResponderEncoding.HASH, self.issuer.certificate)
        return built.sign(self.issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def _told(
        self, builder: x509.CertificateBuilder, by_ocsp: bool, by_list: bool
    ) -> x509.CertificateBuilder:
        if by_ocsp and self.url:
            where = x509.UniformResourceIdentifier(f"{self.url}ocsp")
            access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        if by_list and self.url:
            builder = builder.add_extension(_list_at(f"{self.url}lista.crl"), critical=False)
        return builder


def make_sat(url: str = "") -> Sat:
    """A root and an issuing authority; with ``url`` certificates say that revocation is told there."""
    span = timedelta(days=-400), timedelta(days=3000)
    root_key, issuer_key = _key(), _key()
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "AC Raíz de prueba del SAT")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "AC de prueba del SAT")])
    root = _authority_certificate(root_name, root_name, root_key, root_key, span, "")
    issuer = _authority_certificate(name, root_name, issuer_key, root_key, span, url)
    return Sat(Issued(root, root_key), Issued(issuer, issuer_key), url)


@contextmanager
def telling_sat() -> Iterator[Sat]:
    """An authority whose OCSP responder and lists are served on loopback."""
    known: dict[int, x509.Certificate] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            self._give(sat.answer(query, known), "application/ocsp-response")

        def do_GET(self) -> None:
            of_root = "raiz" in self.path
            content = sat.root_crl() if of_root else sat.crl()
            self._give(content, "application/pkix-crl", silent=of_root and sat.root_silent)

        def _give(self, content: bytes, media: str, *, silent: bool = False) -> None:
            self.send_response(503 if sat.silent or silent else 200)
            self.send_header("Content-Type", media)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sat = make_sat(f"http://127.0.0.1:{server.server_port}/")
    person = sat.person

    def remembered(**options: object) -> Issued:
        made = person(**options)  # type: ignore[arg-type]
        known[made.certificate.serial_number] = made.certificate
        return made

    sat.person = remembered  # type: ignore[method-assign,assignment]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield sat
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _authority_certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPrivateKey,
    issuer_key: rsa.RSAPrivateKey,
    span: tuple[timedelta, timedelta],
    url: str,
) -> x509.Certificate:
    builder = _builder(subject, issuer, key, *span)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(_usage("key_cert_sign", "crl_sign", "digital_signature"), critical=True)
    builder = builder.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
    )
    if url:
        builder = builder.add_extension(_list_at(f"{url}raiz.crl"), critical=False)
    return builder.add_extension(_authority(issuer_key), critical=False).sign(issuer_key, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey, start: timedelta, end: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    number = f"00001000000{x509.random_serial_number() % 10**9:09d}"
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(number.encode(), "big"))
        .not_valid_before(now + start)
        .not_valid_after(now + end)
    )


def _usage(*names: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: name in names for name in _USAGES})


def _authority(key: rsa.RSAPrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _list_at(url: str) -> x509.CRLDistributionPoints:
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
    return x509.CRLDistributionPoints([point])
