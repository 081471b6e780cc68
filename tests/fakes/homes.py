"""Where the installations of tests keep what they know: SQLite and files, or PostgreSQL and S3 for the whole suite.

A test that is not about databases or stores names neither; ``pytest --home scaled`` gives each of its installations an
empty database and a bucket of its own instead of a file and a folder.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest

from tests.servers.postgresql import PostgresServer
from tests.servers.seaweedfs import ACCESS_KEY, SECRET_KEY, ObjectServer

EITHER_DATABASE = (
    pytest.param("sqlite", marks=pytest.mark.embedded("beside it the same test runs on PostgreSQL")),
    pytest.param("postgresql", marks=pytest.mark.postgresql),
)
"""The parameters of a fixture that makes an installation on each of the two databases."""


def database_named(request: pytest.FixtureRequest) -> dict[str, str]:
    """What the environment of an installation says of the database that `EITHER_DATABASE` asks for."""
    if request.param == "sqlite":
        return {}
    return {"CONSTANCIA_DATABASE_URL": request.getfixturevalue("postgresql_url")}


def scaled(database: str, endpoint: str, bucket: str) -> dict[str, str]:
    """The environment of an installation on PostgreSQL and S3."""
    return {
        "CONSTANCIA_DATABASE_URL": database,
        "CONSTANCIA_S3_ENDPOINT": endpoint,
        "CONSTANCIA_S3_ACCESS_KEY": ACCESS_KEY,
        "CONSTANCIA_S3_SECRET_KEY": SECRET_KEY,
        "CONSTANCIA_S3_BUCKET": bucket,
        "CONSTANCIA_S3_SECURE": "false",
        "CONSTANCIA_RETENTION_YEARS": "1",
    }


class Home(Protocol):
    """A kind of home."""

    def env(self, data: Path) -> Mapping[str, str]:
        """What the settings of the installation in ``data`` begin with; the same each time for the same ``data``."""
        ...

    def forget(self, below: Path) -> None:
        """Throw away what installations in folders below that one have kept elsewhere."""
        ...


class Embedded:
    """The default: everything is in the data directory."""

    def env(self, data: Path) -> Mapping[str, str]:  # noqa: ARG002 - nothing depends on it
        """Nothing to say."""
        return {}

    def forget(self, below: Path) -> None:
        """The folder goes with the test."""


@dataclass
class Scaled:
    """PostgreSQL and S3: an empty database, tables made, and a bucket for each data directory."""

    databases: PostgresServer
    template: str
    objects: ObjectServer
    _kept: dict[Path, tuple[ExitStack, Mapping[str, str]]] = field(default_factory=dict)

    def env(self, data: Path) -> Mapping[str, str]:
        """The addresses of that installation's database and bucket, made when first asked for."""
        if data not in self._kept:
            kept, bucket = ExitStack(), f"prueba-{uuid.uuid4().hex[:20]}"
            url = kept.enter_context(self.databases.database(template=self.template))
            kept.callback(self.objects.forget, bucket)
            self._kept[data] = kept, scaled(url, self.objects.endpoint, bucket)
        return self._kept[data][1]

    def forget(self, below: Path) -> None:
        """Databases are dropped, whoever is connected still; buckets lose what they hold, locked or not."""
        for data in [data for data in self._kept if data.is_relative_to(below)]:
            self._kept.pop(data)[0].close()


_home: Home = Embedded()


def home() -> Home:
    """The home of this run."""
    return _home


def move_to(other: Home) -> None:
    """From now on installations begin there."""
    global _home  # noqa: PLW0603 - one home for a whole run, chosen by its command line
    _home = other
