"""Mail that leaves: how far each one has got, for who keeps the house; in the demonstration the mails themselves.

A mail's own bytes may hold a personal link. Outside the demonstration nobody sees them here: what is shown is the copy
with a mark in place of each secret, as the case keeps it.
"""

from __future__ import annotations

import email
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.policy import default

from flask import Blueprint, Response, abort, make_response, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from notifications.outbox import MailState, QueuedMail
from web.i18n import gettext as _
from web.pages.context import KEEPERS, in_demo, lens
from web.security import content_policy, person, signed_in
from web.views.kinds import Sign
from web.views.lens import Moment
from web.views.mail_entries import trouble_word
from web.wiring import House, current_house
from workflows.mailing import Addressee

page = Blueprint("outgoing", __name__, url_prefix="/correo/salida")
_MOST = 200
_FRAME = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


@dataclass(frozen=True, slots=True)
class MailLine:
    """A mail of the outbox as a row: what for, to whom, how far."""

    id: str
    subject: str
    to: str
    folio: str
    step: str
    sign: Sign
    asked: Moment
    due: Moment | None
    why: str
    answer: str
    attempts: int


@page.get("")
@signed_in
def listing() -> str:
    """The last mails, the newest first."""
    house = _house()
    lines = [line_of(house, mail) for mail in house.outbox.latest(_MOST)]
    server = house.settings.smtp_url
    return render_template(
        "pages/outbox.html", lines=lines, server=server.host if server else "", demo=in_demo(), most=_MOST
    )


@page.get("/<mail_id>")
@signed_in
def show(mail_id: str) -> AnyResponse:
    """One mail: its headers and text, and its HTML in a frame that may do nothing."""
    house = _house()
    mail = _mail(house, mail_id)
    message = _message(house, mail)
    text = message.get_body(("plain",)) if message is not None else None
    html = message.get_body(("html",)) if message is not None else None
    headers = [(name, str(value)) for name, value in message.items() if name in _SHOWN] if message else []
    page_text = render_template(
        "pages/outbox_mail.html",
        line=line_of(house, mail, message),
        headers=headers,
        text=text.get_content() if text is not None else "",
        frame=url_for("outgoing.frame", mail_id=mail_id) if html is not None else "",
        demo=in_demo(),
    )
    answer = make_response(page_text)
    answer.headers["Content-Security-Policy"] = f"{content_policy()}; frame-src 'self'"
    return answer


@page.get("/<mail_id>/html")
@signed_in
def frame(mail_id: str) -> Response:
    """The HTML part, where no script runs, nothing is fetched and no form is sent."""
    house = _house()
    message = _message(house, _mail(house, mail_id))
    part = message.get_body(("html",)) if message is not None else None
    if part is None:
        abort(404)
    shown = part.get_content().replace("<head>", '<head><base target="_blank">', 1)
    headers = {"Content-Security-Policy": _FRAME, "X-Frame-Options": "SAMEORIGIN"}
    return Response(shown, mimetype="text/html", headers=headers)


_SHOWN = frozenset({"From", "To", "Subject", "Date", "Message-ID", "Reply-To"})


def line_of(house: House, mail: QueuedMail, message: EmailMessage | None = None) -> MailLine:
    """A mail as a row."""
    eyes = lens()
    found = message or _message(house, mail)
    waits = mail.state in {MailState.WAITING, MailState.HANDING}
    return MailLine(
        id=mail.id,
        subject=str(found["Subject"]) if found is not None else mail.request.template,
        to=", ".join(item.address for item in _to(house, mail)),
        folio=mail.request.case,
        step=mail.request.step,
        sign=state_sign(mail.state),
        asked=eyes.moment(mail.created_at),
        due=eyes.moment(mail.due_at) if waits and mail.attempts else None,
        why=trouble_word(mail.trouble),
        answer=mail.detail,
        attempts=mail.attempts,
    )


def _to(house: House, mail: QueuedMail) -> tuple[Addressee, ...]:
    """To whom it went; before that, to whom it would go now."""
    return mail.addressed or tuple(item for who in mail.request.to for item in house.mail.addresses(who))


def state_sign(state: MailState) -> Sign:
    """How far a mail has got."""
    return {
        MailState.WAITING: Sign(_("espera"), "wait", "clock"),
        MailState.HANDING: Sign(_("en entrega"), "warn", "clock"),
        MailState.SENT: Sign(_("enviado"), "ok", "check"),
        MailState.FAILED: Sign(_("no salió"), "late", "cross"),
        MailState.CANCELLED: Sign(_("retirado"), "idle", "dash"),
    }[state]


def _house() -> House:
    """The house, for who may look: in the demonstration everybody, else who keeps it; others find no such page."""
    if not in_demo() and not person().has_any(KEEPERS):
        abort(404)
    return current_house()


def _mail(house: House, mail_id: str) -> QueuedMail:
    found = house.outbox.get(mail_id)
    if found is None:
        abort(404)
    return found


def _message(house: House, mail: QueuedMail) -> EmailMessage | None:
    """The mail as it left in the demonstration, else its marked copy; ``None`` once only the case has it."""
    content = b""
    if in_demo() and mail.dated_at:
        content = house.mail.folder.read(mail.message_id(house.mail.head.domain)) or b""
    if not content and not mail.told:
        dated = mail if mail.dated_at else replace(mail, dated_at=mail.created_at)
        content = house.mail.sender.copy_of(dated).content
    return email.message_from_bytes(content, policy=default) if content else None
