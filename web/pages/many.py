"""One mail or sheet as evidence of many cases: choose them in the list, record the same step in each, see what came."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from evidence.canonical import Json
from identity.accounts import RECORDERS
from web.acting import actor_for
from web.crew import Progress, job
from web.drafts import DraftDesk
from web.errors import Answer, answer_for, retold
from web.i18n import gettext as _
from web.pages.casepage import field_labels
from web.pages.context import lens
from web.pages.forms import MENDABLE, draft_view, key_posted, occurred_at, remove_posted, stage_posted
from web.pages.jobview import job_desk, job_view, own_job
from web.security import person, roles
from web.views.fields import typed
from web.views.lens import Lens
from web.views.many import CaseLine, Chosen, case_lines, result_lines, step_choices
from web.views.standing import principals
from web.views.step_form import StepForm, step_form
from web.views.trouble import Trouble, trouble_of
from web.wiring import DraftKey, House, HouseError, JobRecord, current_house
from workflows.commands import Actor, RecordStep
from workflows.definition import Step
from workflows.errors import UnknownCase
from workflows.many import MOST_CASES, Outcome, record_many

page = Blueprint("many", __name__, url_prefix="/casos/varios")
recorders = roles(*RECORDERS)


@page.get("")
@recorders
def choose() -> Response:
    """The chosen cases, the steps they share, and the form of the one chosen."""
    return _show(_chosen(request.args.getlist("caso")), request.args.get("paso", ""))


@page.post("/<process>/pasos/<step>")
@recorders
def record(process: str, step: str) -> Response:
    """Keep the draft, then record it in every case, as a job that shows how far it is."""
    chosen = _chosen(request.form.getlist("caso"))
    if not chosen or any(case.view.state.process != process for case in chosen):
        abort(404)
    found = next((item.definition.by_step[step] for item in chosen if step in item.definition.by_step), None)
    if found is None:
        abort(404)
    desk, key = _desk(process, step)
    try:
        stage_posted(desk, key)
        remove_posted(desk, key)
        command = _command(found)
        job_id = job_desk().start("many", person().id, _args(key, chosen, command))
    except (*MENDABLE, HouseError) as error:
        return _show(chosen, step, answer_for(error))
    return redirect(url_for("many.result", job_id=job_id), 303)


def _command(step: Step) -> RecordStep:
    return RecordStep(
        folio="",
        step=step.code,
        actor=actor_for(person(), step.roles),
        data=typed(request.form),
        choice=request.form.get("choice", ""),
        note=request.form.get("note", "").strip(),
        occurred_at=occurred_at(request.form.get("occurred_at", "")),
        acting_for=request.form.get("acting_for", ""),
        idempotency_key=key_posted(""),
    )


def _args(key: DraftKey, chosen: Sequence[Chosen], command: RecordStep) -> dict[str, Json]:
    """What the job must know; what people typed is forgotten when it ends."""
    moment = command.occurred_at
    typed_in: dict[str, Json] = {
        "step": command.step, "actor": asdict(command.actor), "data": dict(command.data), "choice": command.choice,
        "note": command.note, "acting_for": command.acting_for, "idempotency_key": command.idempotency_key,
        "occurred_at": moment.isoformat() if moment is not None else "",
    }  # fmt: skip
    return {"draft": asdict(key), "folios": [case.folio for case in chosen], "command": typed_in}


def _draft(task: JobRecord) -> DraftKey:
    return DraftKey(**task.args["draft"])  # type: ignore[arg-type]  # as `_args` has put it there


def _discard(house: House, task: JobRecord) -> None:
    """The draft goes once every case has its entry, and stays where one refused."""
    found = house.jobs.get(task.id)
    outcomes = found.result.get("outcomes") if found is not None else None
    if isinstance(outcomes, list) and all(isinstance(item, dict) and "seq" in item for item in outcomes):
        DraftDesk(house).discard(_draft(task))


@job("many", after=_discard)
def _record(house: House, task: JobRecord, progress: Progress) -> Mapping[str, Json]:
    key, told = _draft(task), task.args["command"]
    folios = task.args["folios"]
    assert isinstance(told, dict)  # noqa: S101 - as `_args` has put it there
    assert isinstance(folios, list)  # noqa: S101 - likewise
    moment = str(told["occurred_at"])
    command = RecordStep(**{  # type: ignore[arg-type]  # the members of a command
        **told, "folio": "", "actor": Actor(**told["actor"]),  # type: ignore[arg-type]  # those of an actor
        "occurred_at": datetime.fromisoformat(moment) if moment else None,
    })  # fmt: skip
    with DraftDesk(house).submission(key) as submission:
        whole = replace(
            command,
            uploads=submission.uploads,
            idempotency_key=command.idempotency_key or submission.idempotency_key,
        )
        outcomes = record_many(house.cases, [str(folio) for folio in folios], whole, progress)
    return {
        "process": key.folio.removeprefix("varios-"),
        "step": command.step,
        "outcomes": [_told(item) for item in outcomes],
    }


def _told(outcome: Outcome) -> dict[str, Json]:
    if outcome.receipt is not None:
        return {"folio": outcome.folio, "seq": outcome.receipt.seq}
    answer = answer_for(outcome.error) if outcome.error is not None else None
    return {"folio": outcome.folio, "error": answer.as_json() if answer is not None else {}}


@page.get("/resultado/<job_id>")
@recorders
def result(job_id: str) -> str:
    """How far it is; then the table of what was recorded and what was refused."""
    job, eyes, house = own_job(job_id), lens(), current_house()
    if job.kind != "many":
        abort(404)
    step = str(job.result.get("step", ""))
    lines = result_lines(_outcomes(job), partial(_title, house), retold) if job.state == "done" else ()
    refused = [line.folio for line in lines if not line.seq]
    return render_template(
        "pages/many_done.html",
        job=job_view(job, eyes),
        lines=lines,
        step=step,
        recorded=len(lines) - len(refused),
        refused=refused,
        retry=url_for("many.choose", caso=refused, paso=step),
        heading=_("Lo mismo en varios casos"),
        report=None,
        back=url_for("cases.listing"),
        trail=((_("Casos"), url_for("cases.listing")), (_("Varios casos"), None)),
    )


def _outcomes(job: JobRecord) -> list[Mapping[str, Json]]:
    told = job.result.get("outcomes")
    return [item for item in told if isinstance(item, dict)] if isinstance(told, list) else []


def _title(house: House, folio: str) -> str:
    row = house.index.get(folio)
    return row.title if row is not None else ""


def _chosen(folios: Sequence[str]) -> tuple[Chosen, ...]:
    """The cases named, each once, as they stand; folios that are none are left out."""
    house, found = current_house(), []
    for folio in tuple(dict.fromkeys(folios))[:MOST_CASES]:
        try:
            found.append(Chosen(folio, _title(house, folio), house.cases.view(folio)))
        except UnknownCase:
            continue
    return tuple(found)


def _desk(process: str, step: str) -> tuple[DraftDesk, DraftKey]:
    desk = DraftDesk(current_house())
    return desk, desk.key(person().id, f"varios-{process}", step)


def _show(chosen: tuple[Chosen, ...], step: str, answer: Answer | None = None) -> Response:
    eyes = lens()
    processes = sorted({case.view.state.process for case in chosen})
    single = chosen if len(processes) == 1 else ()
    folios = [case.folio for case in chosen]
    form, key, trouble = _form(single, step, eyes, answer)
    text = render_template(
        "pages/many.html",
        lines=case_lines(chosen, step, eyes) if form else _plain(chosen),
        splits=_splits(chosen, processes, step) if len(processes) > 1 else (),
        steps=step_choices(single, eyes, lambda code: url_for("many.choose", caso=folios, paso=code), step),
        form=form,
        key=key,
        trouble=trouble,
        ready=_ready(single, step, eyes),
        folio=f"varios-{processes[0]}" if single else "",
        record_action=url_for("many.record", process=processes[0], step=step) if form and single else "",
        draft_url=lambda folio, code: url_for("drafts.show", folio=folio, step=code),
        most=MOST_CASES,
    )
    return make_response(text, answer.status if answer else 200)


def _plain(chosen: Sequence[Chosen]) -> tuple[CaseLine, ...]:
    return tuple(CaseLine(case.folio, case.title, "") for case in chosen)


def _splits(chosen: Sequence[Chosen], processes: Sequence[str], step: str) -> list[tuple[str, int, str]]:
    """One way on for each process: its code, how many of its cases were chosen, and the address."""
    found = []
    for process in processes:
        folios = [case.folio for case in chosen if case.view.state.process == process]
        found.append((process, len(folios), url_for("many.choose", caso=folios, paso=step or None)))
    return found


def _ready(chosen: Sequence[Chosen], step: str, eyes: Lens) -> list[str]:
    """The folios in which the step can be recorded now: only those are sent."""
    return [line.folio for line in case_lines(chosen, step, eyes) if not line.why]


def _form(
    chosen: Sequence[Chosen], step: str, eyes: Lens, answer: Answer | None
) -> tuple[StepForm | None, str, Trouble | None]:
    """The step's form as the first case that takes it shows it; files of single cases are not offered again."""
    ready = set(_ready(chosen, step, eyes))
    first = next((case for case in chosen if case.folio in ready), None)
    if first is None:
        return None, "", None
    definition, house = first.definition, current_house()
    trouble = trouble_of(answer, field_labels(definition, eyes), eyes) if answer else None
    desk, place = _desk(definition.process, step)
    draft = desk.find(place)
    found = definition.by_step[step]
    shown = step_form(
        found,
        definition,
        first.view.state,
        (),
        eyes,
        draft_view(draft, trouble.errors if trouble else None),
        principals(definition, found, eyes, house.directory, house.clock()),
    )
    key = f"draft:{draft.id}" if draft.id else f"form:{secrets.token_hex(16)}"
    return replace(shown, waiver=None, due=None, repeat=False), key, trouble
