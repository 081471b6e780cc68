"""How MA-005 is played: steps that go with rows are done through the service of campaigns, on a small sheet."""

from __future__ import annotations

from tests.fakes import metlife
from tests.workflows.desk import eml, upload
from tests.workflows.replays import Walk
from workflows.campaigncommands import (
    ArchiveCampaign,
    AskAreas,
    CheckLetter,
    DecideRows,
    MakeFinal,
    OpenRemovals,
    TakeExtract,
)
from workflows.commands import Receipt, RecordStep
from workflows.errors import UnknownStep
from workflows.rosterview import OPEN, UNDECIDED, RosterQuery, RosterView

PEOPLE = metlife.small()
OPENING = {"asunto": "recertificacion", "requerimiento": "RECERT-2026"}


def act(walk: Walk, step: str, choice: str) -> Receipt | None:
    """Record a step that goes with rows; ``None`` for one that a form records, or a branch that the step has not."""
    found = _ACTS.get(step)
    known = not choice or choice in {branch.code for branch in walk.definition.by_step[step].branches}
    return found(walk, choice) if found is not None and known else None


def rows(walk: Walk) -> RosterView:
    """All rows now."""
    return walk.desk.cases.campaigns.roster(walk.folio)


def _extract(walk: Walk, _choice: str) -> Receipt:
    said = metlife.statuses(PEOPLE) | {PEOPLE[1].hid: "Baja", PEOPLE[2].hid: "Sin información"}
    uploads = (upload("cam.csv", metlife.extract_csv(said)),)
    command = TakeExtract(walk.folio, walk.play.actor("especialista"), uploads, walk.desk.clock.now)
    return walk.desk.cases.campaigns.extract(command)


def _ask(walk: Walk, _choice: str) -> Receipt:
    command = AskAreas(walk.folio, walk.play.actor("especialista"), (eml(),), areas=("a1", "a2"))
    return walk.desk.cases.campaigns.ask(command)


def _answer(walk: Walk, _choice: str) -> Receipt:
    """Rows without a decision: the first is removed, the second awaits the director, the others stay."""
    found = rows(walk).find(RosterQuery(decision=UNDECIDED)).rows
    for row, decision in zip(found[:2], ("baja", "discrepancia"), strict=False):
        receipt = _decide(walk, str(row.number), decision, "especialista")
    rest = rows(walk).find(RosterQuery(decision=UNDECIDED)).matching
    return _decide(walk, rest, "certifica", "especialista") if rest else receipt


def _resolve(walk: Walk, _choice: str) -> Receipt:
    return _decide(walk, rows(walk).find(RosterQuery(flag=OPEN)).matching, "certifica", "director")


def _decide(walk: Walk, numbers: str, decision: str, role: str) -> Receipt:
    command = DecideRows(walk.folio, numbers, decision, "Lo confirmó su jefe", walk.play.actor(role))
    return walk.desk.cases.campaigns.decide(command)


def _final(walk: Walk, _choice: str) -> Receipt:
    return walk.desk.cases.campaigns.final(MakeFinal(walk.folio, walk.play.actor("especialista")))


def _figures(walk: Walk, _choice: str) -> Receipt:
    data = {"fecha": "2026-01-20", "aplicativo": walk.state.params["aplicacion"], "cantidad": "6"}
    return walk.desk.cases.record(RecordStep(walk.folio, "19", walk.play.actor("especialista"), data=data))


def _check(walk: Walk, choice: str) -> Receipt:
    count = "7" if choice == "no_cuadra" else "6"
    said = {"fecha": "2026-01-20", "aplicativo": walk.state.params["aplicacion"], "cantidad": count}
    return walk.desk.cases.campaigns.check(CheckLetter(walk.folio, walk.play.actor("especialista"), said))


def _archive(walk: Walk, _choice: str) -> Receipt:
    command = ArchiveCampaign(walk.folio, walk.play.actor("especialista"), "MA-005/2026")
    return walk.desk.cases.campaigns.archive(command)


def _removals(walk: Walk, _choice: str) -> Receipt:
    report = walk.desk.cases.campaigns.removals(OpenRemovals(walk.folio, walk.play.actor("especialista")))
    if not report.opened:  # a campaign in which nobody is removed
        raise UnknownStep(step="27a")
    return Receipt(walk.folio, 0, "", "", (), walk.state)


_ACTS = {
    "6": _extract,
    "7": _extract,
    "8": _ask,
    "14": _answer,
    "15": _final,
    "16": _resolve,
    "19": _figures,
    "20": _check,
    "27": _archive,
    "27a": _removals,
}
