"""Mail over TLS: verified or not at all, with a login that is never sent in the clear."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from notifications.smtp import SmtpServer, SmtpTransport
from notifications.transports import Envelope, NotNow
from tests.servers.smtp import Post, smtp_server
from tests.servers.tls import Authority

MAIL = Envelope("mesa@desk.example", ("ana@example.org",), "<a@desk.example>", b"Subject: x\r\n\r\nHola\r\n")
USER = ("mesa", "una clave de prueba")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whom the house trusts."""
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def certificate(authority: Authority) -> Path:
    """The authority, as who trusts it names it."""
    return authority.root


@pytest.fixture
def tls(authority: Authority) -> ssl.SSLContext:
    """The server's side, with a certificate for 127.0.0.1."""
    return server_side(authority.issue("127.0.0.1"))


def server_side(certificate: Path) -> ssl.SSLContext:
    """A server with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def transport(
    port: int, certificate: Path | None, user: tuple[str, str] = ("", ""), tls: str = "starttls"
) -> SmtpTransport:
    """STARTTLS to the test's server, trusting ``certificate`` (or the machine's authorities alone)."""
    server = SmtpServer("127.0.0.1", port, tls, *user, authority=certificate)
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
    assert refused.value.code == "tls_untrusted"
    assert post.taken == []


def test_tls_from_the_first_byte(certificate: Path, tls: ssl.SSLContext) -> None:
    """``smtps``: the same mail with the same login, and no word before the connection is encrypted."""
    with smtp_server(Post(), implicit=tls, user=USER) as post:
        transport(post.port, certificate, USER, "implicit").deliver(MAIL, nothing)
        assert post.taken == [MAIL.content]


@pytest.mark.parametrize("way", ["starttls", "implicit"])
@pytest.mark.parametrize(
    ("host", "days", "code"), [("otro.example", 5, "tls_host"), ("127.0.0.1", -1, "tls_expired")]
)
def test_a_certificate_that_is_not_the_servers_gets_nothing(
    authority: Authority, way: str, host: str, days: int, code: str
) -> None:
    """For another name, or out of date: no login, no mail; it waits, and the code says what to mend."""
    side = server_side(authority.issue(host, days=days))
    given = {"tls": side} if way == "starttls" else {"implicit": side}
    with smtp_server(Post(), user=USER, **given) as post, pytest.raises(NotNow) as refused:
        transport(post.port, authority.root, USER, way).deliver(MAIL, never)
    assert refused.value.code == code
    assert post.taken == []


def test_an_untrusted_server_gets_nothing_from_the_first_byte(tls: ssl.SSLContext) -> None:
    """``smtps`` to a server nobody vouches for."""
    with smtp_server(Post(), implicit=tls, user=USER) as post, pytest.raises(NotNow) as refused:
        transport(post.port, None, USER, "implicit").deliver(MAIL, never)
    assert refused.value.code == "tls_untrusted"
    assert post.taken == []


def test_a_server_without_tls_gets_nothing(certificate: Path) -> None:
    """Who strips STARTTLS from the answer does not get the mail in the clear."""
    with smtp_server(Post()) as post, pytest.raises(NotNow) as refused:
        transport(post.port, certificate).deliver(MAIL, never)
    assert refused.value.code == "tls_absent"


def test_a_wrong_login_waits(certificate: Path, tls: ssl.SSLContext) -> None:
    """A password that somebody changed is no reason to give mails up; the code says it, and not the password."""
    with smtp_server(Post(), tls=tls, user=USER) as post, pytest.raises(NotNow) as refused:
        transport(post.port, certificate, ("mesa", "otra-secreta")).deliver(MAIL, never)
    assert refused.value.code == "login"
    assert "secreta" not in str(refused.value)
