"""Released templates of letters are frozen: what an entry says of its letter's template stays true."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from signing.letters_content import CONTENTS
from signing.letters_templates import FOLDER, Templates, digest_of
from tests.workflows.desk import registry
from workflows.definition import EvidenceType

HOW = """
A released template is frozen: entries name its digest. To change a letter:
  1. copy its newest folder templates/letters/<name>/<version> to the next number and change the copy
     (the same for papel/, which a letter names in `uses`);
  2. (cd templates/letters && sha256sum <name>/<version>/* >> RELEASED), in the same commit.
"""


def _released() -> dict[str, str]:
    lines = (FOLDER / "RELEASED").read_text(encoding="ascii").splitlines()
    return {path: digest for digest, path in (line.split("  ") for line in lines)}


def test_released_templates_are_frozen() -> None:
    """Every file under templates/letters is a line of RELEASED with its digest, and no line is without its file."""
    found = {
        path.relative_to(FOLDER).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in FOLDER.glob("*/*/*")
    }
    assert found == _released(), HOW


@pytest.mark.parametrize("template", Templates().all, ids=lambda item: f"{item.name}-{item.version}")
def test_a_digest_can_be_made_with_sha256sum(template: object) -> None:
    """docs/formats/letters.md gives the command; it prints what the entry holds."""
    from signing.letters_templates import Template  # noqa: PLC0415 - for the type alone

    assert isinstance(template, Template)
    parts = f"{template.name}/{template.version}/* papel/1/*"
    command = f"LC_ALL=C ls {parts} | LC_ALL=C sort | xargs sha256sum | sha256sum"
    printed = subprocess.run(
        ["/bin/sh", "-c", command], cwd=FOLDER, check=True, capture_output=True, text=True
    )
    assert printed.stdout.split()[0] == template.digest


def test_every_letter_serves_a_slot_that_takes_documents() -> None:
    """Each template has its content, and fits the step it serves in every version of the process."""
    for template in Templates().all:
        assert template.name in CONTENTS
        for place in template.places:
            for definition in (one for one in registry().all() if one.process == place.process):
                slot = definition.by_step[place.step].slot(place.slot)
                assert slot is not None
                assert EvidenceType.DOC in slot.types


def test_any_change_of_a_file_changes_the_digest(tmp_path: Path) -> None:
    """The digest covers the shared letterhead too."""
    for part in ("carta/1", "papel/1"):
        (tmp_path / part).mkdir(parents=True)
        (tmp_path / part / "a.typ").write_text("x")
    before = digest_of(tmp_path, ["carta/1", "papel/1"])
    (tmp_path / "papel/1/a.typ").write_text("y")
    assert digest_of(tmp_path, ["carta/1", "papel/1"]) != before
