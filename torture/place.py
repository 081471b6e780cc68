"""Installations to hurt: the embedded default, and PostgreSQL with a SeaweedFS cluster behind relays."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from identity.access import Granter
from identity.accounts import Role
from tests.servers import postgresql, seaweedfs
from tests.servers.processes import free_ports
from tests.servers.seaweedfs_cluster import Cluster, seaweedfs_cluster
from tests.servers.smtp import Post, smtp_server
from torture.clients import Crowd, Person
from torture.database import Postgres
from torture.mortal import CLOCK
from torture.proxy import Relay
from torture.servers import Web, Workers
from web.inception import initialise
from web.settings import Settings

ORIGIN = "torture.example/log"
CLIENTS = 8


class PartMissing(Exception):
    """A program that a scenario needs is not on this machine."""


@dataclass
class Place:
    """An initialised installation with people, and what may be done to its parts.

    ``postgres``, ``cluster``, ``to_store`` and ``to_database`` are there in the scaled form only.
    """

    folder: Path
    env: dict[str, str]
    people: Sequence[Person]
    postgres: Postgres | None = None
    cluster: Cluster | None = None
    to_store: Relay | None = None
    to_database: Relay | None = None
    post: Post = field(default_factory=Post)
    """The mail server it sends by, and what that took."""

    @property
    def clock(self) -> Path:
        """The file that tells a server armed for it by how much its clock is wrong."""
        return self.folder / "clock"

    def web(self, *, mortal: str = "", number: int = 1, apart: bool = False) -> Web:
        """A web server of this installation, not started; several may run beside each other."""
        (port,) = free_ports(1)
        env = {**self.env, CLOCK: str(self.clock)}
        return Web(env, port, self.folder / f"web{number}.log", mortal=mortal, apart=apart)

    def workers(self, *, mortal: str = "") -> Workers:
        """Two workers apart from the pages, not started."""
        return Workers({**self.env, CLOCK: str(self.clock)}, self.folder, mortal=mortal)

    def elsewhere(self) -> dict[str, str]:
        """The settings of an empty installation of the same kind, with the keys put back as from the safe."""
        data, here = self.folder / "elsewhere", Path(self.env["CONSTANCIA_DATA"])
        data.mkdir()
        shutil.copytree(here / "keys", data / "keys")
        shutil.copy(here / "settings.env", data / "settings.env")
        env = {**self.env, "CONSTANCIA_DATA": str(data)}
        if self.postgres is not None:
            env |= {
                "CONSTANCIA_DATABASE_URL": self.postgres.empty("elsewhere"),
                "CONSTANCIA_S3_BUCKET": f"{self.env['CONSTANCIA_S3_BUCKET']}-elsewhere",
            }
        return env

    def crowd(self, port: int, *, twice: bool = False) -> Crowd:
        """Its people, at work at that port."""
        return Crowd(port, self.people[:CLIENTS], twice=twice)

    @property
    def visitor(self) -> Person:
        """One more, who is not of the crowd: people have one draft for each step at a time."""
        return self.people[CLIENTS]

    def log_tail(self) -> str:
        """The last words of its servers."""
        return "\n".join(
            path.read_text(errors="replace")[-1500:] for path in sorted(self.folder.glob("w*.log"))
        )


def _initialise(env: dict[str, str]) -> list[Person]:
    """Begin the log, and give its specialists their accounts."""
    house = initialise(Settings.from_env(env), ORIGIN, env, "torture")
    try:
        people = [
            Person(f"persona{number}@desk.example", secrets.token_urlsafe(18))
            for number in range(CLIENTS + 1)
        ]
        for person in people:
            house.access.add_user(
                email=person.email,
                name="Ana Ñuñez",
                roles=(Role.ESPECIALISTA,),
                password=person.password,
                by=Granter(via="console", os_user="torture"),
            )
    finally:
        house.close()
    return people


def _common(folder: Path, post: Post) -> dict[str, str]:
    """The settings of every kind."""
    return {
        "CONSTANCIA_DATA": str(folder / "data"),
        "CONSTANCIA_SMTP_URL": f"smtp://127.0.0.1:{post.port}?tls=none",
        "CONSTANCIA_METRICS": "loopback",
        "CONSTANCIA_PAGE_RATE": "0",  # the clients are quicker than people
    }


@contextmanager
def embedded() -> Iterator[Place]:
    """SQLite and files."""
    folder = Path(tempfile.mkdtemp(prefix="constancia-torture-"))
    try:
        with smtp_server(Post()) as post:
            env = _common(folder, post)
            yield Place(folder, env, _initialise(env), post=post)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def scaled() -> Iterator[Place]:
    """PostgreSQL and a cluster of SeaweedFS with two copies, each reached through a relay that can misbehave.

    Raises:
        PartMissing: no PostgreSQL or no ``weed`` here.
    """
    binaries, weed = postgresql.binaries(), seaweedfs.binary()
    if binaries is None or weed is None:
        raise PartMissing("PostgreSQL" if binaries is None else "weed")
    folder = Path(tempfile.mkdtemp(prefix="constancia-torture-"))
    with ExitStack() as ends:
        ends.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        (folder / "postgresql").mkdir()
        postgres = Postgres(binaries, folder / "postgresql")
        ends.callback(postgres.kill)
        postgres.create()
        cluster = ends.enter_context(seaweedfs_cluster(weed))
        store_port, database_port = free_ports(2)
        server = cluster.server
        host, _, port = server.endpoint.partition(":")
        to_store = Relay((host, int(port)), store_port)
        ends.callback(to_store.close)
        to_database = Relay(("127.0.0.1", postgres.port), database_port)
        ends.callback(to_database.close)
        post = ends.enter_context(smtp_server(Post()))
        env = {
            **_common(folder, post),
            "CONSTANCIA_DATABASE_URL": f"postgresql://postgres@{to_database.address}/constancia",
            "CONSTANCIA_S3_ENDPOINT": to_store.address,
            "CONSTANCIA_S3_ACCESS_KEY": server.access_key,
            "CONSTANCIA_S3_SECRET_KEY": server.secret_key,
            "CONSTANCIA_S3_BUCKET": "tormento",
            "CONSTANCIA_S3_SECURE": "false",
            "CONSTANCIA_RETENTION_YEARS": "1",
        }
        yield Place(folder, env, _initialise(env), postgres, cluster, to_store, to_database, post)


@contextmanager
def small() -> Iterator[Place]:
    """The embedded default on a file system of its own that is soon full.

    Raises:
        PartMissing: file systems cannot be mounted here (it takes root).
    """
    folder = Path(tempfile.mkdtemp(prefix="constancia-small-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        folder.rmdir()
        raise PartMissing("a file system of its own (mount needs root)")
    try:
        with smtp_server(Post()) as post:
            env = _common(folder, post)
            yield Place(folder, env, _initialise(env), post=post)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


PLACES = {"embedded": embedded, "small": small, "scaled": scaled}
"""By kind."""
