"""What an engagement takes home: its working papers and its package."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, abort, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from audit_exports.record import Scope
from auditing.errors import AuditRefused
from auditing.population import day_of, process_of
from evidence.canonical import Json
from evidence.words import digest_words
from web.acting import actor_for
from web.crew import Progress, job
from web.downloads import resumable
from web.errors import Answer
from web.exporting import AUDIT_KIND, made_package, package_args
from web.i18n import gettext as _
from web.pages.auditforms import act
from web.pages.auditforms import page as shown
from web.pages.auditvisit import Visit, visit
from web.pages.jobview import job_desk, job_view, own_job
from web.security import anyone, fresh, person
from web.views.auditpapers import papers
from web.views.lens import size_text
from web.wiring import House, JobRecord

page = Blueprint("auditlog", __name__, url_prefix="/auditoria")
WHOLE = "encargo"
"""What the form posts for the engagement's own package."""


@page.get("/<eid>/exportar")
@anyone
@fresh
def form(eid: str) -> BaseResponse:
    """What may be taken home."""
    return _form(visit(eid))


def _form(found: Visit, answer: Answer | None = None) -> BaseResponse:
    return shown("audit_export", found, answer, vkey=found.house.vkey.text)


@page.get("/<eid>/papeles.xlsx")
@anyone
@fresh
def workpapers(eid: str) -> Response:
    """Everything the auditors did, as a workbook; it holds none of the cases' contents."""
    found = visit(eid)
    found.need_downloads()
    return papers(found.state, found.eyes, f"{eid}-papeles.xlsx")


@page.post("/<eid>/exportar")
@anyone
@fresh
def start(eid: str) -> BaseResponse:
    """Begin a package of the cases of a sample, or of all in scope; of a masked engagement, only of itself.

    Its chain says what its package withholds: any other package would hold everything.
    """
    found = visit(eid)

    def work() -> tuple[str, str]:
        found.need_downloads()
        wanted = request.form.get("sample", "")
        if found.masked and wanted != WHOLE:
            raise AuditRefused("no_whole_cases")
        scope = _scope(found, wanted)
        actor = actor_for(found.user, (found.by().role,))
        args = {**package_args(scope, actor), "masked": found.masked}
        job_id = job_desk().start(f"{AUDIT_KIND}:{eid}", person().id, args)
        return _("El paquete se prepara."), url_for("auditlog.result", eid=eid, job_id=job_id)

    return act(work, lambda answer: _form(found, answer))


def _scope(found: Visit, wanted: str) -> Scope:
    """The engagement with its chain and the cases it drew, the cases of one sample, or every case in scope."""
    if wanted == WHOLE:
        return Scope(engagement=found.state.id)
    if not wanted:
        return Scope(folios=_folios(found))
    sample = found.state.sample(wanted)
    if sample is None:
        raise AuditRefused("sample_unknown", sample=wanted[:20])
    return Scope(folios=tuple(sorted(sample.folios)))


def _folios(found: Visit) -> tuple[str, ...]:
    """Every case in scope, from the log itself."""
    terms, zone = found.state.terms, found.room.chain.zone
    first = (
        found.house.ledger.history(case)[0].entry for case in found.house.ledger.cases() if ":" not in case
    )
    folios = tuple(entry.case for entry in first if terms.covers(process_of(entry), day_of(entry.at, zone)))
    if not folios:
        raise AuditRefused("population_empty", process=", ".join(terms.processes))
    return folios


@job(AUDIT_KIND)
def _export(house: House, task: JobRecord, progress: Progress) -> Mapping[str, Json]:
    _scope_made, receipt = made_package(house, task, progress)
    eid = task.kind.partition(":")[2]
    return {
        "tag_manifest": receipt.tag_manifest,
        "bytes": receipt.package_bytes,
        "cases": receipt.totals.cases,
        "masked": task.args.get("masked") is True,
        "name": f"constancia-auditoria-{eid}-{house.clock():%Y%m%d-%H%M}.zip",
    }


@page.get("/<eid>/exportar/<job_id>")
@anyone
def result(eid: str, job_id: str) -> BaseResponse:
    """How far a package is, or the package."""
    found = visit(eid)
    job = _job(eid, job_id)
    told, digest = job.result, str(job.result.get("tag_manifest", ""))
    size = told.get("bytes")
    return shown(
        "audit_exporting",
        found,
        job=job_view(job, found.eyes),
        done=job.state == "done",
        name=str(told.get("name", "")),
        size=size_text(size) if isinstance(size, int) else "",
        cases=told.get("cases", 0),
        digest=digest,
        words=digest_words(digest) if digest else (),
        href=url_for("auditlog.package", eid=eid, job_id=job_id),
    )


@page.get("/<eid>/exportar/<job_id>/paquete")
@anyone
@fresh
def package(eid: str, job_id: str) -> Response:
    """The package itself."""
    found = visit(eid)
    job = _job(eid, job_id)
    found.need_downloads()
    if found.masked and job.result.get("masked") is not True:  # prepared before the terms masked anything
        raise AuditRefused("no_whole_cases")
    path = found.house.settings.data / "exports" / f"{job.id}.zip"
    if job.state != "done" or not path.is_file():
        abort(404)
    return resumable(
        path, str(job.result.get("name", path.name)), str(job.result.get("tag_manifest", job.id))
    )


def _job(eid: str, job_id: str) -> JobRecord:
    job = own_job(job_id)
    if job.kind != f"{AUDIT_KIND}:{eid}":
        abort(404)
    return job
