"""Inviting an auditor from outside, and the page behind the link: a password of their own, once."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from auditing.errors import AuditRefused
from identity.passwords import MIN_LENGTH, PasswordRefused
from signing.errors import LinkError
from web.errors import Answer, answer_for
from web.i18n import gettext as _
from web.pages.audit import keepers, show_overview
from web.pages.auditforms import act
from web.pages.auditvisit import visit
from web.pages.context import lens
from web.security import fresh, public
from web.wiring import current_house

page = Blueprint("auditinvite", __name__)


@page.post("/auditoria/<eid>/invitar")
@keepers
@fresh
def invite(eid: str) -> BaseResponse:
    """Name somebody among the auditors and write to them."""
    found, form = visit(eid), request.form

    def work() -> tuple[str, str]:
        linked = found.room.invitations.invite(found.by(), eid, form.get("email", ""), form.get("name", ""))
        told = (
            _("Invitación sellada; el enlace va por correo.")
            if linked
            else _("Ya tenía cuenta: quedó en la auditoría y se le avisa por correo.")
        )
        return told, url_for("audit.overview", eid=eid)

    return act(work, lambda answer: show_overview(found, answer))


@page.get("/invitacion/<token>")
@public
def show(token: str) -> Response:
    """Who invites, to what, and the form; looking changes nothing, so that machines may."""
    return _shown(token, None)


@page.post("/invitacion/<token>")
@public
def accept(token: str) -> BaseResponse:
    """Set the password; the link has ended, and the person enters by the door everybody uses."""
    try:
        guest = current_house().room.invitations.accept(token, request.form.get("fresh", ""), _from())
    except PasswordRefused as error:
        return _shown(token, answer_for(error))
    except (AuditRefused, LinkError) as error:
        return _dead(error)
    flash(_("Tu contraseña quedó guardada. Entra con ella."), "ok")
    onward = url_for("audit.overview", eid=guest.state.id)
    return redirect(url_for("session.enter", next=onward), 303)


@page.after_request
def hide(response: Response) -> Response:
    """Nothing here is for search engines."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.headers["Cache-Control"] = "no-store"
    return response


def _from() -> str:
    return request.remote_addr or ""


def _shown(token: str, answer: Answer | None) -> Response:
    house = current_house()
    try:
        guest = house.room.invitations.guest(token, _from())
    except (AuditRefused, LinkError) as error:
        return _dead(error)
    eyes = lens()
    text = render_template(
        "session/invitation.html",
        token=token,
        user=guest.user,
        state=guest.state,
        who=eyes.who(guest.invitation.invited_by),
        until=eyes.moment(guest.invitation.expires_at),
        min_length=MIN_LENGTH,
        answer=answer,
        phone=house.settings.desk_phone,
    )
    return make_response(text, answer.status if answer else 200)


def _dead(error: Exception) -> Response:
    answer = answer_for(error)
    if answer is None:
        raise error
    text = render_template("pages/link_dead.html", answer=answer, phone=current_house().settings.desk_phone)
    return make_response(text, answer.status)
