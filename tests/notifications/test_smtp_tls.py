"""Mail over TLS: verified or not at all, with a login that is never sent in the clear."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from notifications.smtp import SmtpServer, SmtpTransport
from notifications.transports import Envelope, NotNow
from tests.servers.smtp import Post, smtp_server

MAIL = Envelope("mesa@desk.example", ("ana@example.org",), "<a@desk.example>", b"Subject: x\r\n\r\nHola\r\n")
USER = ("mesa", "una clave de prueba")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of its own authority for 127.0.0.1, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "prueba")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    """The server's side."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def transport(port: int, certificate: Path | None, user: tuple[str, str] = ("", "")) -> SmtpTransport:
    """STARTTLS to the test's server, trusting ``certificate`` (or the machine's authorities alone)."""
    server = SmtpServer("127.0.0.1", port, "starttls", *user, authority=certificate)
    return SmtpTransport(server, hello="desk.example", seconds=5)


def never() -> None:
    """Nothing may be handed over."""
    raise AssertionError("handed over")


def nothing() -> None:
    """It may."""


def test_a_trusted_server_gets_login_and_mail(certificate: Path, tls: ssl.SSLContext) -> None:
    """STARTTLS, then the login, then the mail."""
    with smtp_server(Post(), tls=tls, user=USER) as post:
        transport(post.port, certificate, USER).deliver(MAIL, nothing)
        assert post.taken == [MAIL.content]


def test_an_untrusted_certificate_gets_nothing(tls: ssl.SSLContext) -> None:
    """Nobody of ours vouches for it: no login, no mail, and a code that says why."""
    with smtp_server(Post(), tls=tls, user=USER) as post, pytest.raises(NotNow) as refused:
        transport(post.port, None, USER).deliver(MAIL, never)
    assert refused.value.code == "tls"
    assert post.taken == []


def test_a_server_without_tls_gets_nothing(certificate: Path) -> None:
    """Who strips STARTTLS from the answer does not get the mail in the clear."""
    with smtp_server(Post()) as post, pytest.raises(NotNow) as refused:
        transport(post.port, certificate).deliver(MAIL, never)
    assert refused.value.code == "tls"


def test_a_wrong_login_waits(certificate: Path, tls: ssl.SSLContext) -> None:
    """A password that somebody changed is no reason to give mails up; the code says it, and not the password."""
    with smtp_server(Post(), tls=tls, user=USER) as post, pytest.raises(NotNow) as refused:
        transport(post.port, certificate, ("mesa", "otra-secreta")).deliver(MAIL, never)
    assert refused.value.code == "login"
    assert "secreta" not in str(refused.value)
