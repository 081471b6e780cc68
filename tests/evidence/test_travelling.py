"""What goes between processes arrives as it left."""

from __future__ import annotations

import copy
import pickle
from dataclasses import MISSING, fields

import pytest

from audit_exports.irregular import Irregularity
from audit_exports.record import EntryRow, FileItem
from evidence.travelling import let_travel
from workflows.state import CaseException, StepState, TimerState


@pytest.mark.parametrize("kind", [CaseException, EntryRow, FileItem, Irregularity, StepState, TimerState])
def test_a_value_with_all_its_members_arrives(kind: type) -> None:
    """Each member has a value of its own, in its own place; members with a default are among them."""
    let_travel(kind)
    assert all(member.init for member in fields(kind))
    values = {member.name: f"{place} {member.name}" for place, member in enumerate(fields(kind))}
    value = kind(**values)
    for back in (pickle.loads(pickle.dumps(value)), copy.copy(value)):  # noqa: S301 - our own
        assert type(back) is kind
        assert {name: getattr(back, name) for name in values} == values
    assert pickle.dumps(value).count(b"_dataclass_setstate") == 0
    needed = {member.name: "x" for member in fields(kind) if member.default is MISSING}
    assert pickle.loads(pickle.dumps(kind(**needed))) == kind(**needed)  # noqa: S301 - our own
