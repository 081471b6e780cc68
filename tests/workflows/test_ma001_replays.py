"""MA-001 by the generic harness: the model for the tables of the other processes."""

from __future__ import annotations

import pytest

from tests.workflows.desk import PERSON, eml
from tests.workflows.replays import Path, Play, Table, act, clock, refused
from workflows.errors import CaseClosed, GuardUnmet, StepNotOpen

ALTA = {"ticket": "Cerrado", "cam_pegasus": "Activo"}

TABLE = Table(
    Play("MA-001", opening=PERSON),
    (
        Path("just opened", status="nuevo", machines={"ticket": "", "cam_pegasus": "Solicitado"},
             open_steps=("2", "3", "4"), closed=False, complete=False),
        Path("waits for the director", "2..8", status="espera_firma_dg", waiting=("espera_firma_dg", "director")),
        Path("nothing at MetLife without the director", ("2..8", refused("10", GuardUnmet), refused("11", GuardUnmet)),
             status="espera_firma_dg"),
        Path("the director refuses by word", ("2..8", act("9", choice="rechazada", uploads=(),
                                                          data={"motivo": "No procede este año"})),
             status="rechazado", closed=True, complete=True, missing=(), open_steps=()),
        Path("nothing after a refusal", ("2..8", act("9", choice="rechazada", uploads=(eml(),), data={}),
                                         refused("10", CaseClosed)), status="rechazado"),
        Path("a step is done once", ("2", refused("2", StepNotOpen)), open_steps=("3", "4")),
        Path("MetLife refuses and accepts", "2..12 13:rechazado 12..17", status="espera_metlife",
             exceptions=("repeated",), machines={"ticket": "En proceso", "cam_pegasus": "Escalado"}),
        Path("MetLife is late", ("2..17", clock("2026-02-03 12:00")), status="espera_metlife",
             timers={"metlife": "overdue"}, exceptions=("overdue",)),
        Path("validated", "2..26 26a:funciona", status="validado", machines=ALTA, closed=True, complete=True),
        Path("validation fails", "2..26 26a:no_funciona", missing=("26",), destinations=("MA-006",), closed=False),
        Path("closes by itself", ("2..26", clock("2026-01-15 18:01")), status="sin_respuesta", machines=ALTA,
             closed=True, complete=True, timers={"validacion": "fired"}),
        Path("never on a day without service", ("2..26", clock("2026-01-18 18:01")), status="espera_validacion",
             closed=False, complete=True, start="2026-01-13 09:00"),
        Path("removal", "2..5 28 28d", status="baja", closed=True, complete=True,
             opening={"tipo": "baja", "paquete": ""}, machines={"ticket": "Cerrado", "cam_pegasus": "Baja"},
             open_steps=("28a", "28b", "28c")),
    ),
)  # fmt: skip


@pytest.mark.parametrize("path", TABLE.paths, ids=str)
def test_path(path: Path) -> None:
    """Each way through the process ends where the table says."""
    TABLE.check_end(path)


@pytest.mark.parametrize("path", TABLE.paths, ids=str)
def test_replay(path: Path) -> None:
    """Entries alone give the stored state, at every length of the history."""
    TABLE.check_replay(path)
