"""Cases as an engagement's auditors see them: the walk through one, its entries and files, on any date."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from auditing.attributes import Ordering, attributes_of, ordering
from auditing.model import Attribute, Sample, TestResult
from evidence.entry import SealedEntry
from evidence.proofs import prove_entry
from web.crew import job
from web.downloads import download as send
from web.errors import Answer
from web.i18n import gettext as _
from web.pages.auditforms import page as shown
from web.pages.auditsheets import Listed, address, asked_whole, link_here, listed, sheet_of
from web.pages.auditvisit import Visit, visit
from web.pages.blobs import checked_copy
from web.pages.evidence import show_file
from web.pages.forms import occurred_at
from web.pages.jobview import job_desk, job_view, own_job
from web.pages.ledger import checked_case
from web.security import anyone, fresh, person
from web.views.auditlists import CaseEntry, case_entry_columns
from web.views.case_page import CasePage, case_page
from web.views.entries import EntryLine, entry_lines
from web.views.lens import Moment
from web.views.previews import PREVIEW_WIDTH
from web.views.reports import report_view
from workflows.casefile import CaseView

page = Blueprint("auditcases", __name__, url_prefix="/auditoria/<eid>/casos")


@dataclass(frozen=True, slots=True)
class Test:
    """An attribute with what was tested and what the entries say of the order."""

    attribute: Attribute
    result: TestResult | None
    ordering: Ordering


@dataclass(frozen=True, slots=True)
class Walk:
    """One case, one of its entries, and the way on: within the case and within the sample."""

    page: CasePage
    line: EntryLine
    files: list[tuple[object, object]]
    content: bool
    before: int
    after: int
    sample: Sample | None
    place: int
    last: str
    next: str
    tests: tuple[Test, ...]


@page.get("/<folio>")
@anyone
def show(eid: str, folio: str) -> BaseResponse:
    """Walk through a case: entry by entry, with its evidence beside it, and the attributes to test."""
    return show_case(visit(eid), folio, request.args.get("muestra", ""))


def show_case(found: Visit, folio: str, sample: str, answer: Answer | None = None) -> BaseResponse:
    """The walk, also after a refusal of its tests."""
    raw = request.args.get("a_la_fecha", "")
    view = found.case(folio, occurred_at(raw))
    walk = _walk(found, view, sample)
    return shown(
        "audit_case", found, answer, walk=walk, as_of_raw=raw, as_of=_as_of(found), folio=folio, stay=_stay()
    )


def _stay() -> dict[str, str]:
    """What of the address goes along from entry to entry."""
    return {name: request.args[name] for name in ("muestra", "a_la_fecha") if request.args.get(name)}


def _walk(found: Visit, view: CaseView, wanted_sample: str) -> Walk:
    eyes, folio = found.eyes_on(), view.state.folio
    row = found.house.index.get(folio)
    title = folio if found.masked or row is None else row.title
    told = case_page(view.definition, view.state, view.entries, eyes, title)
    wanted = request.args.get("entrada", 1, type=int)
    seq = min(max(wanted, 1), len(view.entries))
    sample = found.state.sample(wanted_sample)
    if sample is not None and folio not in sample.folios:
        sample = None
    place = sample.folios.index(folio) if sample else 0
    content = found.opens(folio, seq) and not view.shuts(view.entries[seq - 1])
    line = told.lines[seq - 1]
    return Walk(
        page=told,
        line=line,
        files=_files(found, view.entries[seq - 1], line, content=content),
        content=content,
        before=seq - 1,
        after=seq + 1 if seq < len(view.entries) else 0,
        sample=sample,
        place=place + 1,
        last=sample.folios[place - 1] if sample and place else "",
        next=sample.folios[place + 1] if sample and place + 1 < sample.n else "",
        tests=_tests(found, view, sample) if sample else (),
    )


def _files(
    found: Visit, sealed: SealedEntry, line: EntryLine, *, content: bool
) -> list[tuple[object, object]]:
    return [(file, show_file(sealed, file, found.eyes) if content else None) for file in line.files]


def _tests(found: Visit, view: CaseView, sample: Sample) -> tuple[Test, ...]:
    done = {code: view.state.step(code).entries for code in view.definition.by_step}
    return tuple(
        Test(item, found.state.tests.get((sample.id, view.state.folio, item.code)), ordering(item, done))
        for item in attributes_of(found.state, view.state.process)
    )


@page.get("/<folio>/entradas")
@anyone
def entries(eid: str, folio: str) -> BaseResponse:
    """The entries of a case as a table: by step and by what happened."""
    found = visit(eid)
    told, view = _entry_list(found, folio)
    return shown(
        "audit_entries",
        found,
        folio=folio,
        listed=told,
        asked=request.args,
        link=link_here("auditcases.entries", eid=eid, folio=folio),
        steps=list(dict.fromkeys(item.entry.step for item in view.entries if item.entry.step)),
        stay=_stay(),
        as_of=_as_of(found),
    )


@page.get("/<folio>/entradas.xlsx")
@anyone
@fresh
def entries_table(eid: str, folio: str) -> Response:
    """The same, whole, as a spreadsheet."""
    found = visit(eid)
    found.need_downloads()
    return sheet_of(_entry_list(found, folio)[0], found.eyes, f"{eid}-{folio}-entradas.xlsx")


def _entry_list(found: Visit, folio: str) -> tuple[Listed[CaseEntry], CaseView]:
    view = found.case(folio, occurred_at(request.args.get("a_la_fecha", "")))
    lines = entry_lines(view.entries, view.definition, view.state, found.eyes_on())
    wanted = request.args.get("paso", "")
    told = [
        CaseEntry(line, item.entry.at)
        for line, item in zip(lines, view.entries, strict=True)
        if wanted in {"", line.step}
    ]
    parts = {"eid": found.state.id, "folio": folio}
    return (
        listed(
            _("Entradas del caso"),
            told,
            case_entry_columns(),
            lambda one: f"{one.line.seq:09}",
            link_here("auditcases.entries", **parts),
            natural="numero",
            sheet=address("auditcases.entries_table", parts, asked_whole()) if found.downloads else "",
        ),
        view,
    )


def _as_of(found: Visit) -> Moment | None:
    """The date asked for, in words."""
    moment = occurred_at(request.args.get("a_la_fecha", ""))
    return found.eyes.moment(moment) if moment is not None else None


@page.get("/<folio>/entradas/<int:seq>")
@anyone
def entry(eid: str, folio: str, seq: int) -> BaseResponse:
    """One entry, with its place in the chain and the check that the auditor's own browser makes."""
    found = visit(eid)
    sealed, line, content = _entry(found, folio, seq, occurred_at(request.args.get("a_la_fecha", "")))
    numbers = [file.number for file in line.files if content and found.downloads and not file.withheld]
    return shown(
        "audit_entry",
        found,
        folio=folio,
        line=line,
        content=content,
        prev=sealed.entry.prev,
        files=_files(found, sealed, line, content=content),
        own_files=[
            url_for("auditcases.download", eid=eid, folio=folio, seq=seq, number=number) for number in numbers
        ],
        vkey=found.house.vkey.text,
        whole=found.room.chain.in_scope(found.state, folio),
        stay=_stay(),
        as_of=_as_of(found),
    )


def _entry(
    found: Visit, folio: str, seq: int, as_of: datetime | None = None
) -> tuple[SealedEntry, EntryLine, bool]:
    """An entry in scope, or one handed over as an answer, as it stood at a moment; 404 for any other."""
    if not found.room.chain.in_scope(found.state, folio) and not found.state.shown(folio, seq):
        abort(404)
    view = found.house.cases.view(folio, as_of=as_of)
    if not 1 <= seq <= len(view.entries):
        abort(404)
    entries = found.entries(view.entries)
    lines = entry_lines(entries, view.definition, view.state, found.eyes_on())
    shut = view.shuts(view.entries[seq - 1])
    return entries[seq - 1], lines[seq - 1], found.opens(folio, seq) and not shut


@page.get("/<folio>/entradas/<int:seq>/archivos/<int:number>")
@anyone
def download(eid: str, folio: str, seq: int, number: int) -> Response:
    """A sealed file, where the engagement lets it be taken."""
    found = visit(eid)
    sealed, line, content = _entry(found, folio, seq)
    if number >= len(line.files):
        abort(404)
    found.need_content(folio, seq)
    if not content or line.files[number].withheld:  # blocked, erased, in quarantine: nobody audits by it
        abort(404)
    found.need_downloads()
    blob = sealed.entry.objects[number]
    return send(checked_copy(found.house.blobs, blob), line.files[number].name, size=blob.size)


@page.get("/<folio>/entradas/<int:seq>/archivos/<int:number>/vista")
@anyone
def preview(eid: str, folio: str, seq: int, number: int) -> Response:
    """A page of a PDF or a picture, drawn anew as PNG."""
    found = visit(eid)
    sealed, line, content = _entry(found, folio, seq)
    if number >= len(line.files):
        abort(404)
    found.need_content(folio, seq)
    if not content or line.files[number].withheld:  # blocked, erased, in quarantine: nobody audits by it
        abort(404)
    wanted = max(1, request.args.get("pagina", 1, type=int))
    with checked_copy(found.house.blobs, sealed.entry.objects[number]) as stream:
        drawn = found.house.reader.preview(
            stream, name=line.files[number].name, page=wanted, width=PREVIEW_WIDTH
        )
    if drawn.form != "picture":
        abort(404)
    response = Response(drawn.png, mimetype="image/png")
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@page.get("/<folio>/entradas/<int:seq>/bytes")
@anyone
def exact(eid: str, folio: str, seq: int) -> Response:
    """The exact bytes that were hashed: they hold no personal data, so they are never withheld."""
    sealed, _line, _content = _entry(visit(eid), folio, seq)
    return send(io.BytesIO(sealed.entry_bytes), f"{folio}-{seq:04}.json")


@page.get("/<folio>/entradas/<int:seq>/prueba")
@anyone
def proof(eid: str, folio: str, seq: int) -> Response:
    """The C2SP inclusion proof of the entry under the latest signed head."""
    found = visit(eid)
    sealed, _line, _content = _entry(found, folio, seq)
    ledger = found.house.ledger
    latest, index = ledger.latest_checkpoint(), sealed.index
    if latest is None or index is None or latest[0] <= index:
        abort(404)
    return send(io.BytesIO(prove_entry(ledger, index, latest[1]).text()), f"{folio}-{seq:04}.tlog-proof")


@page.post("/<folio>/verificar")
@anyone
def verify(eid: str, folio: str) -> BaseResponse:
    """Begin to verify a case in scope."""
    found = visit(eid)
    found.case(folio)
    job_id = job_desk().start(f"audit:{eid}", person().id, {"folio": folio})
    return redirect(url_for("auditcases.verified", eid=eid, job_id=job_id), 303)


job("audit")(checked_case)


@page.get("/verificaciones/<job_id>")
@anyone
def verified(eid: str, job_id: str) -> str:
    """How far a verification is, or what it said."""
    found = visit(eid)
    job = own_job(job_id)
    if job.kind != f"audit:{eid}":
        abort(404)
    report, folio = job.result.get("report"), str(job.result.get("folio", ""))
    back = url_for("auditcases.show", eid=eid, folio=folio) if folio else url_for("audit.overview", eid=eid)

    def entry_link(case: str, seq: str) -> str:
        return url_for("auditcases.entry", eid=eid, folio=case, seq=int(seq))

    return render_template(
        "pages/verifying.html",
        job=job_view(job, found.eyes),
        report=report_view(report, entry_link) if isinstance(report, dict) else None,
        heading=folio,
        back=back,
        trail=((found.state.title, url_for("audit.overview", eid=eid)), (folio, back)),
    )
