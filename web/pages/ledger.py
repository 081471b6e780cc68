"""The log: its signed head and latest entries, and verification with progress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from auditing.model import CHAINS
from auditing.viewproof import check_views
from evidence.canonical import Json
from evidence.checkpoint import peek_checkpoint
from evidence.entry import SealedEntry
from evidence.findings import Report
from evidence.verify import verify_ledger
from evidence.words import digest_words
from web.casecheck import verify_case as check_case
from web.crew import Progress, job
from web.i18n import gettext as _
from web.pages.context import lens
from web.pages.jobview import job_desk, job_view, own_job
from web.security import person, signed_in
from web.views.kinds import Sign, kind_sign
from web.views.lens import Lens, Moment
from web.views.reports import report_view
from web.wiring import House, JobRecord, current_house

page = Blueprint("ledger", __name__)
_ROWS = 30
_MOST_FINDINGS = 300


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the log."""

    index: int
    case: str
    seq: int
    sign: Sign
    step: str
    recorded: Moment
    leaf: str
    href: str


@dataclass(frozen=True, slots=True)
class Head:
    """The signed head."""

    origin: str
    size: int
    root: str
    words: tuple[str, ...]
    note: str
    behind: int


@page.get("/bitacora")
@signed_in
def overview() -> str:
    """Head, key and the latest entries, thirty a page."""
    house, eyes = current_house(), lens()
    size = house.ledger.tree_size()
    stop = min(size, request.args.get("hasta", size, type=int))
    start = max(0, stop - _ROWS)
    rows = [_row(item, eyes) for item in house.ledger.entries(start, stop)] if stop > 0 else []
    older = url_for("ledger.overview", hasta=start) if start > 0 else ""
    return render_template(
        "pages/ledger.html", rows=rows[::-1], older=older, head=_head(house, size), vkey=house.vkey.text
    )


@page.post("/bitacora/verificar")
@signed_in
def verify_all() -> Response:
    """Begin to verify the whole log."""
    job_id = job_desk().start("verify", person().id, {"full": request.form.get("full") == "1"})
    return redirect(url_for("ledger.result", job_id=job_id), 303)


@job("verify")
def _verify(house: House, task: JobRecord, progress: Progress) -> Mapping[str, Json]:
    """The whole log, or the case that its arguments name."""
    folio = task.args.get("folio")
    if isinstance(folio, str):
        return checked_case(house, task, progress)
    report = verify_ledger(
        house.ledger,
        house.blobs,
        keys=house.vkeys,
        full=task.args.get("full") is True,
        progress=progress,
        trust=house.trust,
    ).beside(check_views(house.ledger, house.room.views))
    return {"report": kept_report(report)}


def checked_case(house: House, task: JobRecord, progress: Progress) -> Mapping[str, Json]:
    """One case, as the work of a job whose arguments name it."""
    folio = str(task.args["folio"])
    report = check_case(house.ledger, house.unwithheld, house.vkeys, folio, progress)
    return {"folio": folio, "report": kept_report(report)}


@page.post("/casos/<folio>/verificar")
@signed_in
def verify_case(folio: str) -> Response:
    """Begin to verify one case."""
    house = current_house()
    house.cases.view(folio)  # an unknown case answers at once
    job_id = job_desk().start(f"verify:{folio}", person().id, {"folio": folio})
    return redirect(url_for("ledger.result", job_id=job_id), 303)


@page.get("/bitacora/verificaciones/<job_id>")
@signed_in
def result(job_id: str) -> str:
    """How far a verification is, or what it said."""
    found = own_job(job_id)
    kind, _colon, folio = found.kind.partition(":")
    if kind != "verify":
        abort(404)
    report = found.result.get("report")
    back = url_for("cases.show", folio=folio) if folio else url_for("ledger.overview")
    heading = _("Verificación de %(folio)s", folio=folio) if folio else _("Verificación de la bitácora")
    return render_template(
        "pages/verifying.html",
        job=job_view(found, lens()),
        report=report_view(report, _entry_link) if isinstance(report, dict) else None,
        heading=heading,
        back=back,
        trail=((folio or _("Bitácora"), back), (_("Verificación"), None)),
    )


def _entry_link(folio: str, seq: str) -> str:
    return url_for("evidence.entry", folio=folio, seq=int(seq))


def kept_report(report: Report) -> dict[str, Json]:
    """The report as a job keeps it: every number, and the first findings."""
    found: dict[str, Json] = {name: value for name, value in asdict(report).items() if name != "findings"}
    found["verdict"] = str(report.verdict)
    found["findings"] = [dict(asdict(item)) for item in report.findings[:_MOST_FINDINGS]]
    found["findings_total"] = len(report.findings)
    return found


def _row(sealed: SealedEntry, eyes: Lens) -> Row:
    entry = sealed.entry
    return Row(
        index=sealed.index or 0,
        case=entry.case,
        seq=entry.seq,
        sign=kind_sign(str(entry.kind), str(entry.facts.get("mark", ""))),
        step=entry.step,
        recorded=eyes.moment(entry.at),
        leaf=sealed.leaf,
        href=_row_link(entry.case, entry.seq),
    )


def _row_link(case: str, seq: int) -> str:
    if case.startswith(CHAINS):
        return url_for("audit.book", eid=case.removeprefix(CHAINS), _anchor=f"e{seq}")
    return url_for("evidence.entry", folio=case, seq=seq)


def _head(house: House, size: int) -> Head | None:
    latest = house.ledger.latest_checkpoint()
    if latest is None:
        return None
    checkpoint = peek_checkpoint(latest[1])
    root = checkpoint.root.hex()
    note = latest[1].decode("utf-8", "replace")
    return Head(house.ledger.origin, checkpoint.size, root, digest_words(root), note, size - checkpoint.size)
