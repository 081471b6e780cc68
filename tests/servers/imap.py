"""A real IMAP server (dovecot) on loopback: its own configuration, its own users, nothing of the machine's."""

from __future__ import annotations

import getpass
import imaplib
import os
import re
import shutil
import signal
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.servers.processes import die_with_parent, free_ports, stop, wait_until

PASSWORD = "clave-de-prueba"

_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = {ssl}
{keys}
disable_plaintext_auth = {secure}
mail_location = maildir:{folder}/mail/%u
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = {secure}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass
class ImapServer:
    """A mailbox of the server, of a user of its own; ``put`` delivers a mail as another server would."""

    folder: Path
    port: int
    user: str = "mesa"
    tls_port: int = 0
    root: Path | None = None

    @property
    def url(self) -> str:
        """As the settings take it."""
        return f"imap://{self.user}:{PASSWORD}@127.0.0.1:{self.port}/INBOX?tls=none"

    def put(self, raw: bytes) -> None:
        """Put a mail into the mailbox."""
        with self._link() as link:
            status, _answer = link.append("INBOX", None, None, raw)  # type: ignore[arg-type]  # neither flags nor date
            assert status == "OK"

    def flags(self) -> bytes:
        """The flags of every mail, as the server tells them."""
        with self._link() as link:
            link.select("INBOX", readonly=True)
            return b" ".join(item for item in link.fetch("1:*", "(FLAGS)")[1] if isinstance(item, bytes))

    def take_out(self, which: str) -> None:
        """Somebody deletes mails from the mailbox."""
        with self._link() as link:
            link.select("INBOX")
            link.store(which, "+FLAGS", "\\Deleted")
            link.expunge()

    def _link(self) -> imaplib.IMAP4:
        link = imaplib.IMAP4("127.0.0.1", self.port)
        if self.root is not None:
            link.starttls(ssl.create_default_context(cafile=self.root))
        link.login(self.user, PASSWORD)
        return link

    def begin_anew(self) -> None:
        """Make the mailbox anew, with the same mails: another UIDVALIDITY."""
        mailbox = self.folder / "mail" / self.user
        names = mailbox / "dovecot-uidlist"
        names.write_text(
            re.sub(r" V(\d+)", lambda found: f" V{int(found[1]) + 7}", names.read_text(), count=1)
        )
        for index in mailbox.glob("dovecot.index*"):
            index.unlink()


def binary() -> str | None:
    """The server's program, if it is installed."""
    return shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin")


@contextmanager
def imap_server(
    program: str, folder: Path, *, certificate: Path | None = None, root: Path | None = None
) -> Iterator[ImapServer]:
    """Serve an empty mailbox until the block ends; with a certificate over TLS alone, at once or by STARTTLS."""
    port, tls_port = free_ports(2)
    as_root = os.getuid() == 0
    who = ("dovecot", "dovecot", "dovenull") if as_root else (getpass.getuser(),) * 3
    uid, gid = (65534, 65534) if as_root else (os.getuid(), os.getgid())
    mail = folder / "mail"
    mail.mkdir(parents=True)
    os.chown(mail, uid, gid)
    folder.chmod(0o755)
    config = folder / "dovecot.conf"
    config.write_text(
        _CONFIG.format(
            folder=folder, port=port, password=PASSWORD, uid=uid, gid=gid,
            tls_port=tls_port if certificate else 0, secure="yes" if certificate else "no",
            ssl="required" if certificate else "no",
            keys=f"ssl_cert = <{certificate}\nssl_key = <{certificate}" if certificate else "",
            internal=who[0], internal_group=who[1], login=who[2],
        )
    )  # fmt: skip
    log = folder / "dovecot.log"
    process = subprocess.Popen(
        [program, "-F", "-c", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - only prctl
    )
    try:
        wait_until(lambda: _answers(port, login=certificate is None), process, log, 20)
        yield ImapServer(folder, port, tls_port=tls_port if certificate else 0, root=root)
    finally:
        stop(process, signal.SIGTERM)


def _answers(port: int, *, login: bool) -> bool:
    with suppress(OSError, imaplib.IMAP4.error), imaplib.IMAP4("127.0.0.1", port, timeout=2) as link:
        if login:
            link.login("prueba", PASSWORD)
        return True
    return False
