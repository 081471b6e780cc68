"""Packages for auditors: chosen, made in the background, logged before they are handed over, downloaded."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from flask import (
    Blueprint,
    Response,
    abort,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from audit_exports.record import Scope
from audit_exports.scope import MalformedScope, check_scope
from evidence.words import digest_words
from identity.accounts import EXPORTERS
from web.acting import actor_for
from web.downloads import resumable
from web.exporting import KIND, package_args, package_file
from web.i18n import gettext as _
from web.pages.auditvisit import OFFICE, visit
from web.pages.context import lens, process_names
from web.pages.jobview import job_desk, job_view, own_job
from web.security import fresh, person, roles
from web.views.lens import size_text
from web.views.trouble import Trouble
from web.wiring import JobRecord, current_house

page = Blueprint("export", __name__, url_prefix="/exportar")
exporters = roles(*EXPORTERS)


@dataclass(frozen=True, slots=True)
class Package:
    """A package that is ready."""

    name: str
    scope: str
    size: str
    digest: str
    words: tuple[str, ...]
    href: str
    entry: str


@page.get("")
@exporters
@fresh
def form() -> BaseResponse:
    """What to export."""
    return _form(None)


@page.post("")
@exporters
@fresh
def start() -> BaseResponse:
    """Begin a package."""
    house, asked = current_house(), request.form
    scope = _asked_scope()
    if not scope.sample and asked.get("sample", "").strip() and asked.get("what") in {"process", "all"}:
        return _form(
            Trouble(
                "late",
                _("La muestra no es válida"),
                _("Se pide un número entero de casos, mayor que cero, y una semilla."),
                _("Corrige la muestra o déjala vacía."),
            )
        )
    try:
        check_scope(scope)
    except MalformedScope:
        return _form(
            Trouble(
                "late",
                _("El periodo o la muestra no son válidos"),
                _("La fecha final es anterior a la inicial, o falta la semilla de la muestra."),
                _("Corrige las fechas o escribe una semilla."),
            )
        )
    if scope.folios and house.index.get(scope.folios[0]) is None:
        return _form(
            Trouble(
                "late", _("Ese folio no existe"), scope.folios[0], _("Revisa el folio o búscalo en Casos.")
            )
        )
    if scope.engagement and not person().has_any(OFFICE):
        visit(scope.engagement).need_downloads()  # another auditor's engagement is as good as not there
    actor = actor_for(person(), sorted(str(role) for role in EXPORTERS))
    job_id = job_desk().start(KIND, person().id, package_args(scope, actor))
    return redirect(url_for("export.result", job_id=job_id), 303)


def _asked_scope() -> Scope:
    """What the form says; a size that is no natural number is no sample."""
    asked = request.form
    what, size = asked.get("what", "case"), asked.get("sample", "").strip()
    if what == "engagement":
        return Scope(engagement=asked.get("engagement", "").strip() or "-")
    whole = what != "case"
    sample = int(size) if whole and size.isascii() and size.isdigit() and len(size) < 7 else 0
    return Scope(
        processes=(asked.get("process", ""),) if what == "process" else (),
        start=asked.get("from", "") if whole else "",
        end=asked.get("to", "") if whole else "",
        folios=() if whole else (asked.get("case", "").strip().upper(),),
        sample=sample,
        seed=asked.get("seed", "").strip()[:64] if sample else "",
    )


@page.get("/<job_id>")
@exporters
def result(job_id: str) -> str:
    """How far a package is, or the package."""
    found = _export_job(job_id)
    return render_template(
        "pages/exporting.html",
        job=job_view(found, lens()),
        package=_package(found) if found.state == "done" else None,
        heading=_("Preparando el paquete"),
        report=None,
        back=url_for("export.form"),
        trail=((_("Exportar"), url_for("export.form")), (_("Paquete"), None)),
    )


@page.get("/<job_id>/paquete")
@exporters
@fresh
def package(job_id: str) -> Response:
    """The package itself, for whoever asked for it; what is left of a broken download can be fetched."""
    found = _export_job(job_id)
    path = package_file(current_house(), found.id)
    if found.state != "done" or not path.is_file():
        abort(404)
    told = found.result
    return resumable(
        path, str(told.get("name", path.name)), f"{told.get('tag_manifest')}-{told.get('bytes')}"
    )


def _export_job(job_id: str) -> JobRecord:
    found = own_job(job_id)
    if found.kind != KIND:
        abort(404)
    return found


def _package(job: JobRecord) -> Package:
    told = job.result
    size, seq, digest = told.get("bytes"), told.get("seq"), str(told.get("tag_manifest", ""))
    return Package(
        name=str(told.get("name", "")),
        scope=str(told.get("scope", "")),
        size=size_text(size) if isinstance(size, int) else "",
        digest=digest,
        words=digest_words(digest),
        href=url_for("export.package", job_id=job.id),
        entry=url_for("evidence.entry", folio="system:exports", seq=seq) if isinstance(seq, int) else "",
    )


def _form(trouble: Trouble | None) -> BaseResponse:
    house = current_house()
    asked = request.form if request.method == "POST" else request.args
    folio = asked.get("case", "") or asked.get("caso", "")
    engagement = asked.get("engagement", "") or asked.get("encargo", "")
    text = render_template(
        "pages/export.html",
        processes=process_names(house),
        folio=folio,
        what=asked.get("what", "case" if folio else "engagement" if engagement else "process"),
        engagement=engagement,
        vkey=house.vkey.text,
        trouble=trouble,
        typed=asked,
        key=f"export:{secrets.token_hex(16)}",
        recent=(),
    )
    return make_response(text, 422 if trouble else 200)
