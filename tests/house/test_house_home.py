"""The whole suite can run on PostgreSQL and S3: its installations go there, and what is about files is left out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
HOMES = """
import pytest
from tests.fakes.installation import Installation
from tests.fakes.homes import EITHER_DATABASE, database_named
from tests.fakes.writers import write_case

@pytest.fixture(params=EITHER_DATABASE)
def made(request, tmp_path):
    place = Installation(tmp_path / "data", database_named(request))
    yield place
    place.close()

def test_on_each(made):
    write_case(made, 1)
    assert made.house.engine.dialect.name == "postgresql"
    assert not (made.settings.data / "objects").exists()

@pytest.mark.embedded("its files")
def test_of_files(made):
    raise AssertionError("not here")
"""


@pytest.mark.postgresql
@pytest.mark.s3
@pytest.mark.usefixtures("postgresql_url", "bucket_name")
def test_with_another_home_installations_leave_the_disk_alone(tmp_path: Path) -> None:
    """One on PostgreSQL keeps its objects in S3; its twin on SQLite and what is about files are not run."""
    (tmp_path / "conftest.py").write_text((TREE / "tests" / "conftest.py").read_text())
    (tmp_path / "test_homes.py").write_text(HOMES)
    asked = f"-q -c {TREE}/pyproject.toml --rootdir {tmp_path} --basetemp {tmp_path}/made --home scaled {tmp_path}"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *asked.split()],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd=TREE,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed, 3 skipped" in done.stdout
