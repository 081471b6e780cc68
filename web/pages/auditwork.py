"""Findings and requests of an engagement: what auditors conclude and ask, and what the house answers."""

from __future__ import annotations

from flask import Blueprint, abort, request, url_for
from werkzeug.wrappers import Response

from auditing.attributes import attributes_of
from auditing.chain import By
from auditing.conclusions import Conclusion
from auditing.errors import AuditRefused
from auditing.model import Severity
from web.errors import Answer
from web.i18n import gettext as _
from web.pages import auditsheets as lists
from web.pages.auditforms import act, entries_typed, folios_typed, form_key, moment_asked
from web.pages.auditforms import page as shown
from web.pages.auditsheets import link_here
from web.pages.auditvisit import Visit, office_role, visit
from web.pages.context import lens, process_names
from web.security import anyone, person
from web.wiring import current_house

page = Blueprint("auditwork", __name__, url_prefix="/auditoria/<eid>")


@page.get("/hallazgos")
@anyone
def findings(eid: str) -> Response:
    """All findings, by standing or severity, and the form that raises one."""
    return _findings(visit(eid))


def _findings(found: Visit, answer: Answer | None = None) -> Response:
    state = found.state
    processes = state.terms.processes or tuple(item.code for item in process_names(found.house))
    return shown(
        "audit_findings",
        found,
        answer,
        listed=lists.findings(found),
        link=link_here("auditwork.findings", eid=state.id),
        severities=list(Severity),
        attributes=[item for code in processes for item in attributes_of(state, code)],
        asked=request.args,
    )


@page.post("/hallazgos")
@anyone
def raise_finding(eid: str) -> Response:
    """Raise a finding."""
    found, form = visit(eid), request.form

    def work() -> tuple[str, str]:
        process, _dot, attribute = form.get("attribute", "").partition("/")
        told = Conclusion(
            severity=form.get("severity", ""),
            title=form.get("title", ""),
            text=form.get("text", ""),
            recommendation=form.get("recommendation", ""),
            process=process,
            attribute=attribute,
            folios=folios_typed(form.get("folios", "")),
            entries=tuple(entries_typed(form.get("entries", ""))),
        )
        finding = found.room.findings.raise_finding(found.by(), eid, told, key=form_key())
        return _("Hallazgo levantado."), url_for("auditwork.finding", eid=eid, fid=finding.id)

    return act(work, lambda answer: _findings(found, answer))


@page.get("/hallazgos/<fid>")
@anyone
def finding(eid: str, fid: str) -> Response:
    """One finding: the conclusion, the evidence it points to, answers and re-tests."""
    return _finding(visit(eid), fid)


def _finding(found: Visit, fid: str, answer: Answer | None = None) -> Response:
    told = found.state.finding(fid) or abort(404)
    then = moment_asked(told.raised.at, found.eyes)
    return shown("audit_finding", found, answer, finding=told, then=then)


@page.post("/hallazgos/<fid>/respuesta")
@anyone
def answer_finding(eid: str, fid: str) -> Response:
    """Answer for the house."""
    found, form = visit(eid), request.form
    if found.state.finding(fid) is None:
        abort(404)

    def work() -> tuple[str, str]:
        found.room.findings.answer(found.by(), eid, fid, form.get("text", ""), form.get("due", ""))
        return _("Respuesta sellada."), url_for("auditwork.finding", eid=eid, fid=fid)

    return act(work, lambda answer: _finding(found, fid, answer))


@page.post("/hallazgos/<fid>/reprueba")
@anyone
def retest(eid: str, fid: str) -> Response:
    """Say what a re-test showed."""
    found, form = visit(eid), request.form
    if found.state.finding(fid) is None:
        abort(404)

    def work() -> tuple[str, str]:
        found.room.findings.retest(found.by(), eid, fid, form.get("standing", ""), form.get("text", ""))
        return _("Nueva prueba sellada."), url_for("auditwork.finding", eid=eid, fid=fid)

    return act(work, lambda answer: _finding(found, fid, answer))


@page.get("/solicitudes")
@anyone
def items(eid: str) -> Response:
    """The request list."""
    return _items(visit(eid))


def _items(found: Visit, answer: Answer | None = None) -> Response:
    people = [
        (user.id, user.name)
        for user in found.house.accounts.everyone(found.house.clock())
        if user.active and user.id not in found.state.terms.auditors and user.roles
    ]
    return shown(
        "audit_items",
        found,
        answer,
        people=people,
        wanted=request.args.get("ver", ""),
        listed=lists.items(found),
        link=link_here("auditwork.items", eid=found.state.id),
    )


@page.post("/solicitudes")
@anyone
def ask(eid: str) -> Response:
    """Ask for something."""
    found, form = visit(eid), request.form

    def work() -> tuple[str, str]:
        told = found.room.requests.ask(
            found.by(),
            eid,
            form.get("owner", ""),
            form.get("due", ""),
            form.get("title", ""),
            form.get("text", ""),
            key=form_key(),
        )
        return _("Solicitud enviada."), url_for("auditwork.items", eid=eid, _anchor=told.id)

    return act(work, lambda answer: _items(found, answer))


@page.post("/solicitudes/<rid>/dictamen")
@anyone
def settle_item(eid: str, rid: str) -> Response:
    """Accept an answer, or return it with a reason."""
    found, form = visit(eid), request.form
    if found.state.item(rid) is None:
        abort(404)

    def work() -> tuple[str, str]:
        accepted = form.get("accepted") == "si"
        found.room.requests.settle(found.by(), eid, rid, accepted=accepted, text=form.get("text", ""))
        said = _("Respuesta aceptada.") if accepted else _("Respuesta devuelta con motivo.")
        return said, url_for("auditwork.items", eid=eid, _anchor=rid)

    return act(work, lambda answer: _items(found, answer))


@page.get("/pedido/<rid>")
@anyone
def owed(eid: str, rid: str) -> Response:
    """A request as whoever was asked sees it: nothing else of the engagement."""
    return _owed(_asked(eid, rid), rid)


def _asked(eid: str, rid: str) -> Visit:
    """The engagement for who answers one of its items: the owner, or the office; 404 for anybody else."""
    house, user = current_house(), person()
    try:
        state = house.room.register.get(eid)
    except AuditRefused:
        abort(404)
    item, found = state.item(rid), Visit(house, state, user, lens())
    mine = item is not None and item.owner == user.id and house.room.live(state)
    if item is None or not (mine or found.office):
        abort(404)
    return found


def _owed(found: Visit, rid: str, answer: Answer | None = None) -> Response:
    return shown("audit_owed", found, answer, item=found.state.item(rid))


@page.post("/pedido/<rid>")
@anyone
def answer_item(eid: str, rid: str) -> Response:
    """Answer a request with sealed entries."""
    found, form = _asked(eid, rid), request.form

    def work() -> tuple[str, str]:
        by = By(found.user.id, office_role(found.user))
        entries = entries_typed(form.get("entries", ""))
        found.room.requests.answer(by, eid, rid, entries, form.get("text", ""))
        return _("Respuesta sellada."), url_for("auditwork.owed", eid=eid, rid=rid)

    return act(work, lambda answer: _owed(found, rid, answer))
