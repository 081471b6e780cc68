"""How each bundled process is played where nothing particular is meant: what cannot be read off its definition."""

from __future__ import annotations

from tests.workflows import campaign_play
from tests.workflows.desk import ANA, PERSON, TICKET, Desk, registry
from tests.workflows.replays import Play
from workflows.commands import OpenCase
from workflows.values import NO_SECRETS

_ARRIVALS = tuple(
    {"llega_tuagente": here, "llega_personal": there, NO_SECRETS: "si"}
    for here, there in (("si", "si"), ("si", "no"), ("no", "no"), ("no", "si"))
)
_WAYS = tuple(
    {way: "si", "pendiente": "Falta revisarlo", "metlife": metlife}
    for way, metlife in (("solucion", "si"), ("reseteo", "no"), ("orientacion", "si"))
)
_ANSWERS = {"MA-003": {"18": _ARRIVALS}, "MA-007": {"6": _WAYS}}
"""Values on which the rest of a case hangs, by process and step."""

_OPENINGS = {"MA-001": PERSON, "MA-006": TICKET, "MA-005": campaign_play.OPENING}
"""What a case is opened with, where the values made from the definition would not do."""


_ACTS = {"MA-005": campaign_play.act}
"""Who records steps that no form records."""


def people(desk: Desk) -> None:
    """Posts that some step asks the directory for."""
    desk.directory.posts.setdefault("gerente_comercial", "u-gerente")


def people_and_tickets(desk: Desk) -> None:
    """Those, and the tickets that a contact may be continued in: a step names only a case that is there."""
    people(desk)
    for number in range(_TICKETS):
        data = {**TICKET, "asunto": f"Ticket {number}"}
        desk.cases.open_case(OpenCase("MA-006", ANA, data))


_TICKETS = 6
"""As many as the numbers that `samples` makes folios of."""

PLAYS = tuple(
    Play(
        definition.process,
        opening=_OPENINGS.get(definition.process, {}),
        answers=_ANSWERS.get(definition.process, {}),
        prepare=people_and_tickets if definition.process == "MA-007" else people,
        act=_ACTS.get(definition.process),
    )
    for definition in registry().processes()
)
