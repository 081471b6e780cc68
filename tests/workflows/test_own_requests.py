"""Nobody serves a request of their own, in the processes whose users have accounts here."""

from __future__ import annotations

import pytest

from tests.workflows.desk import ANA, BETO, SUPERVISOR, registry
from tests.workflows.plays import PLAYS
from tests.workflows.replays import Walk, begin
from workflows.commands import Actor, WaiveStep
from workflows.errors import DutiesConflict

OWN = "ana@mesa.example"
CPANEL = Actor(ANA.id, "cpanel")
UPDATE = {
    "flujo": "actualizacion",
    "usuario": "agente",
    "nombre": "Ana",
    "apellido": "Ruiz",
    "clave": "AG1",
    "solicitante": "capacitacion",
    "buzon": "ag1@tuagente.example",
    "correo_nuevo": OWN,
}


def opened(process: str, changes: dict[str, str]) -> Walk:
    """A case whose address is that of Ana's account, who holds cPanel."""
    walk = begin(next(item for item in PLAYS if item.process == process))
    walk.desk.directory.emails[OWN] = ANA.id
    walk.desk.directory.posts["cpanel"] = ANA.id
    walk.open(changes)
    return walk


def test_a_specialist_does_not_work_on_their_own_ticket() -> None:
    """Supervision may allow it in that step, which stays an exception of the case; another specialist always may."""
    walk = opened("MA-006", {"correo": OWN})
    walk.go("4 5:soporte 6 7")
    with pytest.raises(DutiesConflict) as refused:
        walk.record("8", actor=ANA)
    assert refused.value.fields["step"] == "8"
    alone = WaiveStep(walk.folio, "8", SUPERVISOR, "Sólo ella conoce esa aplicación", rule="duties")
    walk.desk.cases.waive(alone)
    walk.record("8", actor=ANA)
    walk.record("8", actor=BETO)
    assert "duties_waived" in {str(item.code) for item in walk.state.exceptions}


def test_who_holds_cpanel_does_not_redirect_their_own_mailbox() -> None:
    """The second address of the form counts as well as the first."""
    walk = opened("MA-003", UPDATE)
    walk.go("15")
    with pytest.raises(DutiesConflict):
        walk.record("16", actor=CPANEL)


def test_every_process_whose_users_have_accounts_keeps_the_two_apart() -> None:
    """MA-007 alone has no such duty: agents have no accounts here, and a contact states no address."""
    without = {item.process for item in registry().processes() if not item.duties}
    assert without == {"MA-007"}
