"""A real time-stamping authority for tests: a certificate chain of its own, and `openssl ts` behind HTTP."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CONFIG = """
[tsa]
default_tsa = it
[it]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/chain.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@dataclass
class TimestampAuthority:
    """An authority at ``url`` whose root is ``chain``; ``down`` makes it answer 503, ``lying`` stamp other bytes."""

    folder: Path
    url: str
    root: x509.Certificate
    down: bool = False
    lying: bool = False

    def reply(self, query: bytes) -> bytes:
        """The DER response that openssl gives."""
        asked = self.folder / f"query-{threading.get_ident()}.tsq"
        asked.write_bytes(query)
        if self.lying:
            command = [
                "openssl",
                "ts",
                "-query",
                "-data",
                "/dev/null",
                "-sha256",
                "-cert",
                "-out",
                str(asked),
            ]
            subprocess.run(command, check=True, capture_output=True)
        done = subprocess.run(
            [
                "openssl",
                "ts",
                "-reply",
                "-config",
                str(self.folder / "tsa.cnf"),
                "-section",
                "it",
                "-queryfile",
                str(asked),
            ],
            check=True,
            capture_output=True,
        )
        return done.stdout


@contextmanager
def timestamp_authority(folder: Path, *, days: int = 30) -> Iterator[TimestampAuthority]:
    """A running authority whose certificate is good for so many days."""
    root, issuer = _certificate("Raíz de prueba", None, days, root=True)
    certificate, key = _certificate("Autoridad de prueba", (root, issuer), days, root=False)
    (folder / "tsa.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "chain.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (folder / "tsa.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))
    authority = TimestampAuthority(folder, "", root)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(authority))
    authority.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(authority: TimestampAuthority) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:  # openssl counts serial numbers in a file
                reply = b"" if authority.down else authority.reply(query)
            self.send_response(503 if authority.down else 200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    return Handler


def _certificate(
    name: str,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
    days: int,
    *,
    root: bool,
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if root:
        usage = x509.KeyUsage(*[n in {5, 6} for n in range(9)])
    else:
        usage = x509.KeyUsage(*[n in {0, 1} for n in range(9)])
        stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(stamping, critical=True)
    signer = issuer[1] if issuer else key
    authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = builder.add_extension(usage, critical=True).add_extension(authority_id, critical=False)
    return builder.sign(signer, hashes.SHA256()), key
