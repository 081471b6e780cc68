"""MA-001 from opening to every end."""

from __future__ import annotations

from tests.workflows.desk import ALTA, Desk


def test_alta_validated() -> None:
    """A creation walks 1-26 and closes when the user validates; nothing is missing."""
    desk = Desk()
    folio = desk.open()
    desk.walk(folio, *ALTA)
    state = desk.cases.view(folio).state
    assert (state.complete, state.closed, state.open_steps) == (True, False, ("26a",))
    state = desk.record(folio, "26a", choice="funciona").state
    assert state.closed
    assert state.complete
    assert state.machine_values() == {"ticket": "Cerrado", "cam_pegasus": "Activo"}
    assert state.status == "validado"
