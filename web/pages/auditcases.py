"""Cases as an engagement's auditors see them: the list in scope, the walk through one, its entries and files."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from auditing.attributes import Ordering, attributes_of, ordering
from auditing.model import Attribute, Sample, TestResult
from evidence.canonical import Json
from evidence.entry import SealedEntry, format_time
from evidence.proofs import prove_entry
from web.casecheck import verify_case as check_case
from web.downloads import download as send
from web.errors import Answer
from web.jobs import Progress
from web.pages.auditforms import page as shown
from web.pages.auditvisit import Visit, visit
from web.pages.blobs import checked_copy
from web.pages.context import definitions, in_force
from web.pages.evidence import show_file
from web.pages.forms import occurred_at
from web.pages.jobview import job_desk, job_view, own_job
from web.pages.ledger import kept_report
from web.security import anyone, person
from web.views.audittables import CaseLine, case_line, case_sheet
from web.views.case_page import CasePage, case_page
from web.views.entries import EntryLine, entry_lines
from web.views.previews import PREVIEW_WIDTH
from web.views.reports import report_view
from workflows.casefile import CaseView
from workflows.ports import CaseQuery

page = Blueprint("auditcases", __name__, url_prefix="/auditoria/<eid>/casos")
_ROWS = 50
_MOST = 5000


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


@page.get("")
@anyone
def listing(eid: str) -> BaseResponse:
    """Cases in scope, page after page, as they are or were on a date."""
    found = visit(eid)
    asked = request.args.to_dict()
    moment = occurred_at(asked.get("a_la_fecha", ""))
    codes = found.state.terms.processes or tuple(item.process for item in in_force(found.house))
    process = asked.get("proceso") if asked.get("proceso") in codes else codes[0]
    try:
        rows = found.house.index.find(_query(found, str(process), asked, _ROWS))
    except ValueError:  # a cursor that this index did not give
        abort(400)
    kept = {name: value for name, value in asked.items() if value and name != "despues"}

    def link(**changed: str) -> str:
        query = urlencode({name: value for name, value in {**kept, **changed}.items() if value})
        return url_for("auditcases.listing", eid=eid) + (f"?{query}" if query else "")

    return shown(
        "audit_cases",
        found,
        lines=_lines(found, [row.folio for row in rows.rows], moment),
        total=rows.total,
        codes=codes,
        process=process,
        asked=asked,
        link=link,
        following=link(despues=rows.next) if rows.next else "",
        table=url_for("auditcases.table", eid=eid) + (f"?{urlencode(kept)}" if kept else ""),
    )


@page.get("/tabla.xlsx")
@anyone
def table(eid: str) -> Response:
    """The same list, whole, as a spreadsheet."""
    found = visit(eid)
    found.need_downloads()
    asked = request.args.to_dict()
    codes = found.state.terms.processes or tuple(item.process for item in in_force(found.house))
    process = str(asked.get("proceso") if asked.get("proceso") in codes else codes[0])
    folios: list[str] = []
    while len(folios) < _MOST:
        rows = found.house.index.find(_query(found, process, asked, 500))
        folios += [row.folio for row in rows.rows]
        if not rows.next:
            break
        asked["despues"] = rows.next
    moment = occurred_at(asked.get("a_la_fecha", ""))
    return case_sheet(_lines(found, folios, moment), found.eyes, f"{eid}-{process}-casos.xlsx")


def _query(found: Visit, process: str, asked: Mapping[str, str], limit: int) -> CaseQuery:
    terms = found.state.terms
    return CaseQuery(
        process=process,
        opened_from=_midnight(found, terms.start, 0),
        opened_to=_midnight(found, terms.end, 1),
        closed={"abiertos": False, "cerrados": True}.get(asked.get("estado", "")),
        complete=False if asked.get("estado") == "incompletos" else None,
        text="" if found.masked else asked.get("q", ""),
        order="due" if asked.get("orden") == "vence" else "opened",
        after=asked.get("despues", ""),
        limit=limit,
    )


def _midnight(found: Visit, day: str, plus: int) -> str:
    """The first moment of a day in the house's zone, so many days on, as a ledger time."""
    here = datetime.combine(date.fromisoformat(day) + timedelta(days=plus), time(), found.room.chain.zone)
    return format_time(here)


def _lines(found: Visit, folios: list[str], moment: datetime | None) -> list[CaseLine]:
    known = definitions(found.house)
    lines = []
    for folio in folios:
        row = found.house.index.get(folio)
        if row is None or not found.room.chain.in_scope(found.state, folio):
            continue
        if moment is not None and row.opened_at > format_time(moment):
            continue
        view = found.house.cases.view(folio, as_of=moment) if moment is not None else None
        title = "" if found.masked else row.title
        lines.append(
            case_line(row, known(row.process, row.version), view.state if view else None, title, found.eyes)
        )
    return lines


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
    return shown("audit_case", found, answer, walk=walk, as_of_raw=raw, folio=folio, stay=_stay())


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
    content = found.opens(folio, seq)
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


@page.get("/<folio>/entradas/<int:seq>")
@anyone
def entry(eid: str, folio: str, seq: int) -> BaseResponse:
    """One entry, with its place in the chain and the check that the auditor's own browser makes."""
    found = visit(eid)
    sealed, line, content = _entry(found, folio, seq)
    numbers = range(len(sealed.entry.objects)) if content and found.downloads else ()
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
    )


def _entry(found: Visit, folio: str, seq: int) -> tuple[SealedEntry, EntryLine, bool]:
    """An entry in scope, or one handed over as an answer; 404 for any other."""
    if not found.room.chain.in_scope(found.state, folio) and not found.state.shown(folio, seq):
        abort(404)
    view = found.house.cases.view(folio)
    if not 1 <= seq <= len(view.entries):
        abort(404)
    entries = found.entries(view.entries)
    lines = entry_lines(entries, view.definition, view.state, found.eyes_on())
    return entries[seq - 1], lines[seq - 1], found.opens(folio, seq)


@page.get("/<folio>/entradas/<int:seq>/archivos/<int:number>")
@anyone
def download(eid: str, folio: str, seq: int, number: int) -> Response:
    """A sealed file, where the engagement lets it be taken."""
    found = visit(eid)
    sealed, line, _content = _entry(found, folio, seq)
    if number >= len(line.files):
        abort(404)
    found.need_content(folio, seq)
    found.need_downloads()
    blob = sealed.entry.objects[number]
    return send(checked_copy(found.house.blobs, blob), line.files[number].name, size=blob.size)


@page.get("/<folio>/entradas/<int:seq>/archivos/<int:number>/vista")
@anyone
def preview(eid: str, folio: str, seq: int, number: int) -> Response:
    """A page of a PDF or a picture, drawn anew as PNG."""
    found = visit(eid)
    sealed, line, _content = _entry(found, folio, seq)
    if number >= len(line.files):
        abort(404)
    found.need_content(folio, seq)
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
    house = found.house

    def work(progress: Progress) -> Mapping[str, Json]:
        return {
            "folio": folio,
            "report": kept_report(check_case(house.ledger, house.blobs, house.vkeys, folio, progress)),
        }

    job = job_desk().start(f"audit:{eid}", person().id, work)
    return redirect(url_for("auditcases.verified", eid=eid, job_id=job), 303)


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
