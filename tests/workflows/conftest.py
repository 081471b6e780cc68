"""What tests of single cases share."""

from __future__ import annotations

import pytest

from workflows.claims import any_case


@pytest.fixture
def other_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every folio that a step names is that of a case: these tests play one case alone."""
    monkeypatch.setattr("workflows.writer.remembered_cases", lambda _ledger: any_case)
