"""What somebody says a screenshot shows: kept beside the file, checked, and never in the facts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.workflows.desk import Desk, pdf, png
from workflows.commands import Upload
from workflows.errors import FieldInvalid


@pytest.fixture
def desk() -> Desk:
    """A desk with one open case."""
    return Desk()


def _shot(system: str, taken: str) -> Upload:
    return replace(png(), system=system, taken=taken)


def test_system_and_date_of_a_screenshot_are_sealed_in_the_payload_alone(desk: Desk) -> None:
    """Both stand beside the file, trimmed; the entry itself, which may never be erased, says nothing of them."""
    folio = desk.open()
    desk.record(folio, "3", uploads=(_shot("  CAM   Pegasus ", "2026-01-12"),))
    sealed = desk.cases.view(folio).entries[-1]
    (file,) = sealed.payload()["files"]  # type: ignore[misc, union-attr]
    assert file["shot"] == {"system": "CAM Pegasus", "date": "2026-01-12"}  # type: ignore[call-overload, index]
    assert b"Pegasus" not in sealed.entry_bytes


def test_what_is_no_screenshot_says_nothing_of_a_system(desk: Desk) -> None:
    """A letter in PDF keeps no system, and a screenshot of which nothing was said has no empty member."""
    folio = desk.open()
    desk.walk(folio, "2", "3", "4", "5", "6")
    desk.record(folio, "7", uploads=(replace(pdf(), system="CAM Pegasus", taken="2026-01-12"),))
    third, seventh = (desk.cases.view(folio).entries[n].payload()["files"][0] for n in (2, 6))  # type: ignore[index]
    assert "shot" not in third  # type: ignore[operator]
    assert "shot" not in seventh  # type: ignore[operator]


@pytest.mark.parametrize(
    ("system", "taken", "problem"),
    [
        ("x" * 121, "", "too_long"),
        ("contraseña: Abc12345", "", "secret"),
        ("", "12/01/2026", "malformed"),
        ("", "20260112", "malformed"),
        ("", "2026-01-13", "in_future"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_field(
    desk: Desk, system: str, taken: str, problem: str
) -> None:
    """A password, an endless text, a date that is none or is to come: nothing is sealed."""
    folio = desk.open()
    with pytest.raises(FieldInvalid) as refused:
        desk.record(folio, "3", uploads=(_shot(system, taken),))
    assert [item.problem for item in refused.value.problems] == [problem]
    assert len(desk.cases.view(folio).entries) == 1
