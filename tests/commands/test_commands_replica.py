"""What docs/scale.md says of replicas: verification and reports run on a database that only reads, sealing does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.installation import Installation
from tests.fakes.writers import write_case
from tests.servers.postgresql import PostgresServer
from tests.web.test_backup_restore import command
from web.inception import settle

pytestmark = pytest.mark.postgresql


@pytest.fixture
def replica(tmp_path: Path, postgresql_url: str, postgresql_server: PostgresServer) -> Iterator[Installation]:
    """An installation whose database has become read-only, as a hot standby is."""
    made = Installation(tmp_path / "data", {"CONSTANCIA_DATABASE_URL": postgresql_url})
    write_case(made, 1)
    settle(made.house)
    name = postgresql_url.rpartition("/")[2]
    postgresql_server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    made.house.engine.dispose()
    yield made
    made.close()


def test_verification_and_reports_run_on_a_replica_and_nothing_is_sealed_there(
    replica: Installation, tmp_path: Path
) -> None:
    """Reading needs no write of any kind; whoever tries to seal is told that the store does not answer."""
    told = command(replica.env, "ledger", "verify", "--full", "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["verdict"] == "valid"
    month = f"{replica.clock():%Y-%m}"
    told = command(replica.env, "report", "monthly", "--month", month, "--out", str(tmp_path / "m.xlsx"))
    assert told.exit_code == 0, told.output
    assert (tmp_path / "m.xlsx").stat().st_size > 1000
    told = command(
        replica.env,
        "users",
        "add",
        "--email",
        "b@desk.example",
        "--name",
        "B",
        "--role",
        "director",
        "--json",
    )
    assert told.exit_code == 1
    assert json.loads(told.stdout)["error"]["code"] == "unavailable"
