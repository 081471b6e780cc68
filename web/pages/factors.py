"""A person's own application of codes: enrolled on their account or behind their link; all factors, revoked here."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from identity.access import ACCESS_CASE, Granter
from identity.accounts import IdentityError, Role
from signing.errors import EnrolmentGone, FactorAbsent, LinkError
from signing.factors.desk import Shown
from signing.factors.records import TOTP
from signing.links import Standing
from web.errors import Answer, answer_for
from web.i18n import gettext as _
from web.pages.accountfactors import by_directory, confirm_self, enrolled, own
from web.pages.administration import KEEPERS, changes_of
from web.pages.context import lens
from web.pages.personal import after, answered, behind, hide, place
from web.security import enrols, fresh, person, public, roles, signed_in
from web.views.factors import factor_lines
from web.wiring import current_house
from workflows.errors import Refusal
from workflows.rules import reason_given

page = Blueprint("factors", __name__)
page.after_request(hide)


@page.get("/cuenta/aplicacion")
@signed_in
@enrols
def account() -> Response:
    """What the signed-in person has, and the way to enrol it."""
    return _account()


@page.post("/cuenta/aplicacion")
@signed_in
@enrols
@fresh
def begin() -> Response:
    """Begin an enrolment, for who knows the password; what it shows is on this answer and nowhere again."""
    house, user = current_house(), person()
    try:
        confirm_self(user, request.form.get("current", ""))
        shown = house.links.factors.begin(user.id, user.email)
    except (IdentityError, LinkError) as error:
        return _account(answer=answer_for(error))
    return _account(shown=shown, pending=shown.id)


@page.post("/cuenta/aplicacion/confirmar")
@signed_in
@enrols
def confirm() -> BaseResponse:
    """The first code of a new application."""
    house, user = current_house(), person()
    factor_id = request.form.get("aplicacion", "")
    first = not house.second.has(user.id)
    try:
        house.links.factors.confirm(user.id, factor_id, _code(), own(user))
    except LinkError as error:
        again = "" if isinstance(error, EnrolmentGone) else factor_id
        return _account(answer=answer_for(error), pending=again)
    enrolled(first=first)
    flash(_("Tu aplicación de códigos quedó inscrita."), "ok")
    return redirect(url_for("session.account", _anchor="segundo"), 303)


@page.post("/enlace/<visit>/aplicacion/codigo")
@public
def prove(visit: str) -> BaseResponse:
    """Type a code of one's own application behind a link."""
    return answered(visit, lambda standing: current_house().links.own.verify(standing, _code(), place()))


@page.post("/enlace/<visit>/aplicacion")
@public
def begin_behind(visit: str) -> BaseResponse:
    """Begin an enrolment in a visit that showed a second factor."""

    def act(standing: Standing) -> BaseResponse:
        try:
            shown = current_house().links.own.begin(standing)
        except LinkError as error:
            return after(standing, answer_for(error))
        return _behind(standing, shown=shown, pending=shown.id)

    return behind(visit, act)


@page.post("/enlace/<visit>/aplicacion/confirmar")
@public
def confirm_behind(visit: str) -> BaseResponse:
    """The first code of it."""
    factor_id = request.form.get("aplicacion", "")

    def act(standing: Standing) -> BaseResponse:
        try:
            current_house().links.own.confirm(standing, factor_id, _code())
        except EnrolmentGone as error:
            return after(standing, answer_for(error))
        except LinkError as error:
            return _behind(standing, answer=answer_for(error), pending=factor_id)
        return _behind(standing)

    return behind(visit, act)


@page.get("/administracion/factores")
@roles(*KEEPERS)
def listing() -> Response:
    """Everybody's applications and passkeys, without their secrets."""
    return _listing()


@page.post("/administracion/factores/restablecer")
@roles(Role.ADMINISTRADOR)
@fresh
def reset() -> BaseResponse:
    """End every factor, recovery code and session of a person, for a reason."""
    house, owner, reason = current_house(), request.form.get("persona", ""), request.form.get("motivo", "")
    try:
        reason_given(reason)
        if not house.second.held(owner).any:
            raise FactorAbsent
        house.second.reset(owner, Granter(person().id, str(Role.ADMINISTRADOR), "web"), reason.strip())
    except (LinkError, Refusal) as error:
        return _listing(answer_for(error))
    house.sessions.end_all(owner)
    flash(_("Restablecido: sus segundos factores ya no sirven y sus sesiones se cerraron."), "ok")
    return redirect(url_for("factors.listing"), 303)


@page.post("/administracion/factores/<factor_id>/revocar")
@roles(Role.ADMINISTRADOR)
@fresh
def revoke(factor_id: str) -> BaseResponse:
    """End one: its owner enrols anew after a code by telephone, or on their account."""
    by = Granter(person().id, str(Role.ADMINISTRADOR), "web")
    try:
        current_house().links.factors.revoke(factor_id, by)
    except LinkError as error:
        return _listing(answer_for(error))
    flash(_("Revocada: ya no sirve aquí."), "ok")
    return redirect(url_for("factors.listing"), 303)


def _code() -> str:
    return request.form.get("codigo", "")[:40]


def _account(*, answer: Answer | None = None, shown: Shown | None = None, pending: str = "") -> Response:
    mine = [one for one in current_house().links.factors.store.of(person().id) if one.kind == TOTP]
    text = render_template(
        "session/factor.html",
        answer=answer,
        shown=shown,
        pending=pending,
        mine=factor_lines(mine, lens()),
        confirm=not by_directory(),
        action=url_for("factors.confirm"),
    )
    return make_response(text, answer.status if answer else 200)


def _behind(
    standing: Standing, *, answer: Answer | None = None, shown: Shown | None = None, pending: str = ""
) -> Response:
    visit = standing.visit.id
    text = render_template(
        "pages/link_factor.html",
        answer=answer,
        shown=shown,
        pending=pending,
        visit=visit,
        action=url_for("factors.confirm_behind", visit=visit),
    )
    return make_response(text, answer.status if answer else 200)


def _listing(answer: Answer | None = None) -> Response:
    house, eyes = current_house(), lens()
    lines = factor_lines(house.links.factors.everyone(), eyes)
    text = render_template(
        "pages/admin_factors.html",
        answer=answer,
        may_revoke=person().has_any(frozenset({Role.ADMINISTRADOR})),
        lines=lines,
        people=sorted({(line.owner, line.owner_id) for line in lines if line.active}),
        changes=changes_of(house.ledger.history(ACCESS_CASE), eyes, lambda facts: "device" in facts),
    )
    return make_response(text, answer.status if answer else 200)
