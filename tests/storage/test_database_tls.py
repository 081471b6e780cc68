"""A database over TLS, where each side shows a certificate: who cannot is not spoken to, nothing is in the clear."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from evidence.ports import StoreUnavailable
from storage.database import connect, reading
from tests.servers.postgresql import binaries, postgresql_server
from tests.servers.tls import Authority

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(binaries() is None, reason="no initdb on PATH nor under /usr/lib/postgresql"),
]
HBA = """local all all trust
host all postgres 127.0.0.1/32 trust
hostssl all constancia 127.0.0.1/32 cert
"""


@dataclass(frozen=True)
class Locked:
    """Where it listens, whom it trusts, and the certificate of the service's account."""

    port: int
    root: Path
    own: Path

    def url(self, host: str = "127.0.0.1", **more: str) -> str:
        asked = {
            "sslmode": "verify-full",
            "sslrootcert": self.root,
            "sslcert": self.own,
            "sslkey": self.own,
            **more,
        }
        return f"postgresql://constancia@{host}:{self.port}/postgres?" + "&".join(
            f"{k}={v}" for k, v in asked.items()
        )


@pytest.fixture(scope="module")
def locked() -> Iterator[Locked]:
    """A server that takes the account `constancia` by certificate alone."""
    folder = Path(tempfile.mkdtemp(prefix="constancia-tls-"))
    folder.chmod(0o755)
    authority = Authority(folder)
    server, own = authority.issue("127.0.0.1"), authority.issue("constancia")
    (folder / "hba").write_text(HBA)
    own.chmod(0o600)
    server.chmod(0o600)
    if os.geteuid() == 0:
        shutil.chown(server, "postgres")
    given = {"ssl": "on", "ssl_cert_file": server, "ssl_key_file": server, "ssl_ca_file": authority.root}
    more = tuple(part for name, value in given.items() for part in ("-c", f"{name}={value}"))
    try:
        with postgresql_server(binaries() or Path(), (*more, "-c", f"hba_file={folder / 'hba'}")) as running:
            running.execute("CREATE ROLE constancia LOGIN")
            yield Locked(running.port, authority.root, own)
    finally:
        shutil.rmtree(folder)


def asked(url: str) -> tuple[str, bool]:
    """As whom the database knows us, and whether over TLS."""
    engine = connect(url)
    try:
        with reading(engine) as connection:
            who = connection.execute(text("SELECT current_user")).scalar_one()
            over = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            return str(who), bool(connection.execute(text(over)).scalar_one())
    finally:
        engine.dispose()


def test_both_sides_show_who_they_are(locked: Locked) -> None:
    """`sslmode=verify-full` and a certificate of one's own in the address of the database are all it takes."""
    assert asked(locked.url()) == ("constancia", True)


@pytest.mark.parametrize(
    "wrong", ["another authority", "another name", "no certificate of ours", "in the clear"]
)
def test_who_cannot_is_not_spoken_to(locked: Locked, tmp_path: Path, wrong: str) -> None:
    """A server nobody vouches for, one of another name, a client without a certificate, a line without TLS."""
    url = {
        "another authority": lambda: locked.url(sslrootcert=str(Authority(tmp_path).root)),
        "another name": lambda: locked.url("localhost"),
        "no certificate of ours": lambda: locked.url(
            sslcert=str(tmp_path / "none"), sslkey=str(tmp_path / "none")
        ),
        "in the clear": lambda: locked.url(sslmode="disable"),
    }[wrong]()
    with pytest.raises(StoreUnavailable):
        asked(url)
