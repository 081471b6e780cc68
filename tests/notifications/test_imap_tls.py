"""A mailbox over TLS on a real server: its certificate is checked, or nothing is said to it; faults have words."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from notifications.imap import Mailbox, MailboxUnavailable, new_mails
from tests.fakes.installation import Installation
from tests.servers.imap import PASSWORD, ImapServer, binary, imap_server
from tests.servers.tls import Authority

RAW = b"From: ana@x.example\r\nSubject: Hola\r\n\r\nHola\r\n"
WAYS = ("imaps", "imap")


@contextmanager
def served(authority: Authority, host: str = "127.0.0.1", days: int = 5) -> Iterator[ImapServer]:
    """A server with a certificate of that authority; its folder is one that its own user may enter."""
    program = binary()
    if program is None:
        pytest.skip("dovecot is not installed (Debian: apt-get install dovecot-imapd)")
    with tempfile.TemporaryDirectory(
        prefix="constancia-imaps-", dir="/tmp", ignore_cleanup_errors=True
    ) as folder:
        certificate = authority.issue(host, days=days)
        with imap_server(program, Path(folder), certificate=certificate, root=authority.root) as server:
            yield server


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whom the house trusts."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def good(authority: Authority) -> Iterator[ImapServer]:
    """A server whose certificate is as it should be."""
    with served(authority) as server:
        yield server


def box(
    server: ImapServer, way: str, root: Path | None, host: str = "127.0.0.1", password: str = PASSWORD
) -> Mailbox:
    """The mailbox by TLS at once, or by STARTTLS."""
    port = server.tls_port if way == "imaps" else server.port
    trust = f"?ca={root}" if root else ""
    return Mailbox.from_url(f"{way}://mesa:{password}@{host}:{port}/INBOX{trust}")


def refusal(wanted: Mailbox) -> MailboxUnavailable:
    """Why it cannot be read."""
    with pytest.raises(MailboxUnavailable) as refused:
        list(new_mails(wanted, (0, 0), most=5, largest=10_000))
    return refused.value


def logins(server: ImapServer) -> int:
    """How many logins the server has seen, good or bad."""
    log = (server.folder / "dovecot.log").read_text()
    return log.count("Login: user=") + log.count("auth failed")


@pytest.mark.parametrize("way", WAYS)
def test_a_trusted_server_is_read(good: ImapServer, authority: Authority, way: str) -> None:
    """TLS at once and STARTTLS, by the house's own authority: the mail comes byte for byte."""
    good.put(RAW)
    found = list(new_mails(box(good, way, authority.root), (0, 0), most=5, largest=10_000))
    assert {item.raw for item in found} == {RAW}


@pytest.mark.parametrize("way", WAYS)
def test_a_certificate_nobody_vouches_for_gets_no_login(good: ImapServer, way: str) -> None:
    """The machine's authorities do not know it: refused before any password, and the code says why."""
    before = logins(good)
    assert refusal(box(good, way, None)).code == "tls_untrusted"
    assert logins(good) == before


@pytest.mark.parametrize("way", WAYS)
def test_another_servers_certificate_gets_no_login(authority: Authority, way: str) -> None:
    """Of the right authority and for another name: whoever has a certificate of their own is not our server."""
    with served(authority, host="otro.example") as server:
        assert refusal(box(server, way, authority.root)).code == "tls_host"
        assert logins(server) == 0


def test_a_certificate_out_of_date_gets_no_login(authority: Authority) -> None:
    """One that ran out yesterday is told apart: somebody only has to renew it."""
    with served(authority, days=-1) as server:
        assert refusal(box(server, "imaps", authority.root)).code == "tls_expired"


def test_another_authority_of_the_same_name_is_another(good: ImapServer, tmp_path: Path) -> None:
    """The name of an authority proves nothing."""
    assert refusal(box(good, "imaps", Authority(tmp_path).root)).code == "tls_untrusted"


def test_a_server_without_starttls_gets_no_login(imap: ImapServer, authority: Authority) -> None:
    """Who strips STARTTLS from the answer does not get the password in the clear."""
    before = logins(imap)
    wanted = Mailbox.from_url(f"imap://mesa:{PASSWORD}@127.0.0.1:{imap.port}/INBOX?ca={authority.root}")
    assert refusal(wanted).code == "tls_absent"
    assert logins(imap) == before


def test_a_wrong_password_and_a_missing_folder_say_so(good: ImapServer, authority: Authority) -> None:
    """Over a connection that is as it should be: what is wrong is the account, or the folder, and no secret is told."""
    found = refusal(box(good, "imaps", authority.root, password="otra-secreta"))
    assert (found.code, "secreta" in str(found)) == ("login", False)
    wanted = Mailbox.from_url(f"{_url(good, authority)}".replace("INBOX", "No.existe"))
    assert refusal(wanted).code == "folder"


def test_the_desk_is_told_in_words(good: ImapServer, tmp_path: Path) -> None:
    """The command says what is wrong with the certificate, in Spanish, and what to look at; nothing of the password."""
    url = f"imaps://mesa:{PASSWORD}@127.0.0.1:{good.tls_port}/INBOX"
    made = Installation(tmp_path / "data", {"CONSTANCIA_IMAP_URL": url})
    found = made.app.test_cli_runner().invoke(args=["mail", "poll"])
    assert found.exit_code == 1
    assert "el certificado del servidor no viene de una autoridad de confianza" in found.output
    assert PASSWORD not in found.output
    made.close()


def _url(server: ImapServer, authority: Authority) -> str:
    return f"imaps://mesa:{PASSWORD}@127.0.0.1:{server.tls_port}/INBOX?ca={authority.root}"
