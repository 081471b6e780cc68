"""Reviews of this system's own users: who has which role here, decided person by person, and what silence ends.

Templates and what they get: ``pages/reviews.html``: ``current``, ``past`` (`web.views.reviews.ReviewView`), ``owed``,
``owners``, ``may_open`` and ``trouble``; ``pages/audit_reviews.html``: ``reviews`` and ``sheet``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from identity.access import Granter
from identity.accounts import IdentityError, Role
from identity.recertdesk import REVIEWERS, ReviewRefused
from identity.recertification import Campaign
from web.errors import Answer, answer_for
from web.i18n import gettext as _
from web.pages.auditforms import page as shown
from web.pages.auditvisit import visit
from web.pages.context import KEEPERS, lens
from web.security import anyone, fresh, person, roles
from web.views.audittables import spreadsheet
from web.views.lens import Lens
from web.views.reviews import review_view, table_heads, table_rows
from web.views.trouble import trouble_of
from web.wiring import House, current_house

page = Blueprint("recertification", __name__)
READERS = REVIEWERS | {Role.AUDITOR_INTERNO}
readers = roles(*READERS)
reviewers = roles(*REVIEWERS)
_DAYS = 14


@page.get("/revision-de-accesos")
@readers
def overview() -> Response:
    """The review under way and the earlier ones, or one of those by ``revision``."""
    return _overview()


@page.post("/revision-de-accesos/abrir")
@reviewers
@fresh
def begin() -> BaseResponse:
    """Begin a review."""
    house, form = current_house(), request.form

    def work() -> str:
        made = house.reviews.open(form.get("owner", ""), _due(house, form.get("due", "")), _by())
        return _("Revisión %(id)s abierta y sellada.", id=made.id)

    return _done(work)


@page.post("/revision-de-accesos/<rid>/decidir")
@reviewers
@fresh
def decide(rid: str) -> BaseResponse:
    """Decide on the roles of one person."""
    house, form = current_house(), request.form
    if house.reviews.find(rid) is None:
        abort(404)

    def work() -> str:
        chosen = {role: form.get(f"role-{role}", "") for role in Role}
        house.reviews.decide(
            rid,
            form.get("subject", ""),
            keeps=[role for role, what in chosen.items() if what == "keep"],
            removes=[role for role, what in chosen.items() if what == "remove"],
            reason=form.get("reason", ""),
            by=_by(),
        )
        return _("Decisión sellada.")

    return _done(work)


@page.get("/revision-de-accesos/tabla.xlsx")
@readers
@fresh
def table() -> Response:
    """Every review with every decision, as a spreadsheet."""
    eyes = lens()
    rows = table_rows(current_house().reviews.all(), eyes, masked=False)
    return spreadsheet(eyes, "revision-de-accesos.xlsx", _("Revisión de accesos"), table_heads(), rows)


@page.get("/auditoria/<eid>/accesos")
@anyone
def of_engagement(eid: str) -> BaseResponse:
    """The same for the auditors of an engagement; names and reasons are withheld where personal data is."""
    found = visit(eid)
    eyes = found.eyes_on()
    views = [
        review_view(_told(one, found.masked), eyes, {}, decides=False) for one in found.house.reviews.all()
    ]
    sheet = url_for("recertification.engagement_table", eid=eid) if found.downloads else ""
    return shown("audit_reviews", found, reviews=views[::-1], sheet=sheet)


@page.get("/auditoria/<eid>/accesos.xlsx")
@anyone
@fresh
def engagement_table(eid: str) -> Response:
    """The same as a spreadsheet."""
    found = visit(eid)
    found.need_downloads()
    eyes = found.eyes_on()
    rows = table_rows(found.house.reviews.all(), eyes, masked=found.masked)
    return spreadsheet(eyes, f"{eid}-accesos.xlsx", _("Revisión de accesos"), table_heads(), rows)


def _told(campaign: Campaign, masked: bool) -> Campaign:
    if not masked:
        return campaign
    rows = {key: replace(row, reason="") for key, row in campaign.rows.items()}
    return replace(campaign, rows=rows)


def _overview(answer: Answer | None = None) -> Response:
    house, eyes = current_house(), lens()
    emails = {user.id: user.email for user in house.accounts.everyone(house.clock())}
    every = house.reviews.all()
    asked = request.args.get("revision", "")
    found = next((one for one in reversed(every) if asked in {"", one.id}), None)
    if asked and found is None:
        abort(404)
    decides = person().has_any(REVIEWERS)
    running = bool(every) and every[-1].open and not every[-1].expired_at
    text = render_template(
        "pages/reviews.html",
        current=review_view(found, eyes, emails, decides=decides) if found is not None else None,
        past=[review_view(one, eyes, {}, decides=False) for one in reversed(every) if one is not found],
        owed=house.reviews.owed(),
        owners=_owners(house),
        may_open=decides and not running,
        keeper=person().has_any(KEEPERS),
        me=person().id,
        due=(eyes.today() + timedelta(days=_DAYS)).isoformat(),
        typed=request.form if answer else {},
        trouble=trouble_of(answer, {}, eyes) if answer else None,
    )
    return make_response(text, answer.status if answer else 200)


def _owners(house: House) -> list[tuple[str, str]]:
    found = [user for user in house.accounts.everyone(house.clock()) if user.has_any(REVIEWERS)]
    return sorted(((user.id, user.name) for user in found), key=lambda one: one[1].casefold())


def _due(house: House, text: str) -> datetime:
    """The end of a day in the house's zone."""
    try:
        day = date.fromisoformat(text) + timedelta(days=1)
    except ValueError:
        raise ReviewRefused("review_due") from None
    return datetime.combine(day, time(), house.settings.tz).astimezone(UTC)


def _by() -> Granter:
    user = person()
    role = next(str(one) for one in (Role.ADMINISTRADOR, Role.DIRECTOR) if one in user.roles)
    return Granter(user.id, role, "web")


def _done(work: Callable[[], str]) -> BaseResponse:
    try:
        told = work()
    except IdentityError as error:
        answer = answer_for(error)
        if answer is None:
            raise
        return _overview(answer)
    flash(told, "ok")
    return redirect(url_for("recertification.overview"), 303)


def review_alerts(house: House, eyes: Lens) -> list[tuple[str, str, str]]:
    """What waits for this person of a review: how urgent, until when and what; ``[]`` for who decides nothing."""
    if not person().has_any(REVIEWERS):
        return []
    every = house.reviews.all()
    last = every[-1] if every and every[-1].open else None
    if last is not None and any(row.subject != eyes.actor for row in last.undecided):
        view = review_view(last, eyes, {}, decides=True)
        state = "late" if view.expired else view.due.state
        return [(state, view.due.words, view.say)]
    if house.reviews.owed():
        return [("soon", _("Este trimestre"), _("Falta abrir la revisión trimestral de accesos."))]
    return []
