"""What somebody without an account sees behind a personal link, from the neutral page to the signature.

Fetching `/s/<token>` changes nothing. The button there is a POST: it begins a visit, puts the visit's secret into a
cookie that goes to the visit's own addresses and nowhere else, and leads on to an address without the token.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.json import loads
from werkzeug.wrappers import Response as BaseResponse

from evidence.entry import parse_time
from signing.act import MOST_PICTURE, SignForm
from signing.errors import LinkError, PasskeyInvalid, TooManyTries
from signing.factors.passkeys import Proof
from signing.links import Standing
from signing.office import Place
from signing.records import Purpose, Request
from web.downloads import disposition, download
from web.errors import Answer, answer_for
from web.i18n import gettext as _
from web.i18n import locale, zone
from web.pages.blobs import checked_copy
from web.pages.context import lens
from web.security import maybe_person, public
from web.views.factors import factor_choice
from web.views.linkkinds import KindPage, kind_page
from web.views.linkpage import LinkPage, link_page
from web.views.previews import PREVIEW_WIDTH
from web.wiring import current_house
from workflows.errors import Refusal, UnknownRequest

page = Blueprint("personal", __name__)
COOKIE = "enlace"
MOST_BYTES = MOST_PICTURE * 2
_PICTURE = "data:image/png;base64,"


def place() -> Place:
    """Where this request comes from: the address that connected, and what trusted proxies say it is."""
    before = request.environ.get("werkzeug.proxy_fix.orig")
    raw = before.get("REMOTE_ADDR") if isinstance(before, dict) else None
    user = maybe_person()
    return Place(
        address=request.remote_addr or "",
        raw=str(raw or request.remote_addr or ""),
        user_agent=request.headers.get("User-Agent", "")[:300],
        locale=locale(),
        zone=str(zone()),
        account=user.id if user is not None else "",
    )


@page.after_request
def hide(response: Response) -> Response:
    """Nothing here is for search engines; the rest of the headers every page has."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.headers["Cache-Control"] = "no-store"
    return response


@page.get("/s/<token>")
@public
def fetched(token: str) -> Response:
    """The neutral page: one button, and nothing of the letter. Changes nothing."""
    try:
        current_house().links.links.fetched(token, place(), request.method)
    except LinkError as error:
        return _dead(error)
    return make_response(render_template("pages/link_door.html", token=token, phone=_phone()))


@page.post("/s/<token>")
@public
def opened(token: str) -> BaseResponse:
    """A person pressed the button: their visit begins, in this browser."""
    house = current_house()
    try:
        visit, secret = house.links.links.open(token, place())
    except LinkError as error:
        return _dead(error)
    there = url_for("personal.show", visit=visit.id)
    response = redirect(there, 303)
    response.set_cookie(
        COOKIE,
        secret,
        path=there,
        httponly=True,
        samesite="Strict",
        secure=house.settings.https,
        expires=parse_time(visit.expires_at),
    )
    return response


@page.get("/enlace/<visit>")
@public
def show(visit: str) -> Response:
    """The letters, and what can be done about them."""
    return behind(visit, _page)


@page.get("/enlace/<visit>/<request_id>/pagina/<int:number>")
@public
def picture(visit: str, request_id: str, number: int) -> Response:
    """A page of a letter as PNG, drawn in a process that dies afterwards."""

    def draw(standing: Standing) -> Response:
        house = current_house()
        content = house.links.signing.document(standing, request_id)
        drawn = house.reader.preview(io.BytesIO(content), name="carta.pdf", page=number, width=PREVIEW_WIDTH)
        return Response(drawn.png, mimetype="image/png")

    return behind(visit, draw)


@page.get("/enlace/<visit>/<request_id>/texto")
@public
def text(visit: str, request_id: str) -> Response:
    """The letter's words alone, for who does not see its pages."""

    def read(standing: Standing) -> Response:
        house = current_house()
        content = house.links.signing.document(standing, request_id)
        words = house.reader.text(io.BytesIO(content), name="carta.pdf")
        found = standing.request(request_id)
        body = render_template(
            "pages/link_text.html", name=found.title, words=words, back=url_for("personal.show", visit=visit)
        )
        return make_response(body)

    return behind(visit, read)


@page.get("/enlace/<visit>/<request_id>/carta.pdf")
@public
def letter(visit: str, request_id: str) -> Response:
    """The exact bytes to be signed, shown by the browser or taken along."""

    def give(standing: Standing) -> Response:
        house = current_house()
        content = house.links.signing.document(standing, request_id)
        house.links.signing.downloaded(standing, request_id)
        response = Response(content, mimetype="application/pdf")
        response.headers["Content-Disposition"] = disposition(standing.request(request_id).name, "inline")
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; object-src 'self'; frame-ancestors 'none'"
        )
        return response

    return behind(visit, give)


@page.get("/enlace/<visit>/<request_id>/firmada.pdf")
@public
def signed(visit: str, request_id: str) -> Response:
    """The signed letter, while the visit lasts."""

    def give(standing: Standing) -> Response:
        found = standing.request(request_id)
        house = current_house()
        try:
            blob, name = house.cases.requests.signed_file(found.folio, found.id)
        except UnknownRequest:
            return _page(standing)
        house.links.signing.downloaded(standing, request_id)
        return download(checked_copy(house.blobs, blob), name, size=blob.size)

    return behind(visit, give)


@page.post("/enlace/<visit>/firmar")
@public
def sign(visit: str) -> BaseResponse:
    """Sign every letter that was reviewed: one gesture, one signature and one entry each."""

    def act(standing: Standing) -> BaseResponse:
        desk = current_house().links.signing
        chosen = [item for item in standing.open if item.id in request.form.getlist("carta")]
        if not chosen and standing.open:
            return _page(standing, _told(_("Marca al menos una carta que hayas revisado.")))
        try:
            proof = _proof(standing)
        except LinkError as error:
            return after(standing, answer_for(error))
        trouble: Answer | None = None
        for item in chosen:
            try:
                desk.sign(standing, item.id, replace(_form(item), proof=proof), place())
            except (LinkError, Refusal) as error:
                trouble = trouble or answer_for(error)
        return after(standing, trouble)

    return behind(visit, act)


@page.post("/enlace/<visit>/<request_id>/rechazar")
@public
def decline(visit: str, request_id: str) -> BaseResponse:
    """Not to sign, for a reason."""
    desk = current_house().links.refusing
    reason = request.form.get("motivo", "").replace("\r\n", "\n")
    return answered(visit, lambda standing: desk.decline(standing, request_id, reason, place()))


@page.post("/enlace/<visit>/<request_id>/delegar")
@public
def delegate(visit: str, request_id: str) -> BaseResponse:
    """Pass it on to who was appointed to stand in."""
    desk = current_house().links.refusing
    to, reason, rfc = (request.form.get(name, "") for name in ("a", "motivo", "rfc"))
    return answered(
        visit, lambda standing: desk.delegate(standing, request_id, to, reason, place(), rfc=rfc[:20])
    )


@page.post("/enlace/<visit>/<request_id>/no-reconozco")
@public
def report(visit: str, request_id: str) -> BaseResponse:
    """To know nothing of it: the link dies, and the desk is told."""
    desk = current_house().links.refusing
    words = request.form.get("nota", "")
    return answered(visit, lambda standing: desk.report(standing, request_id, words, place()))


@page.post("/enlace/<visit>/codigo/pedir")
@public
def call(visit: str) -> BaseResponse:
    """Ask for a code: the page then shows the reference to read out on the telephone."""
    return answered(visit, current_house().links.codes.call)


@page.post("/enlace/<visit>/codigo")
@public
def code(visit: str) -> BaseResponse:
    """Type the code."""
    typed = request.form.get("codigo", "")[:40]
    return answered(visit, lambda standing: current_house().links.codes.verify(standing, typed, place()))


def behind(visit: str, act: Callable[[Standing], BaseResponse], *, most: int = MOST_BYTES) -> Response:
    """Do something as whom the browser's cookie proves; refusals are told on a page of this kind."""
    house = current_house()
    try:
        if (request.content_length or 0) > most:
            return _refused(answer_for(LinkError()), 413)
        standing = house.links.links.stand(visit, request.cookies.get(COOKIE, ""), place())
        return act(standing)  # type: ignore[return-value]  # Flask's responses are Werkzeug's
    except LinkError as error:
        return _dead(error)


def answered(visit: str, act: Callable[[Standing], object]) -> BaseResponse:
    """Do something that may be refused, then show the letters as they stand."""

    def run(standing: Standing) -> BaseResponse:
        try:
            act(standing)
        except (LinkError, Refusal) as error:
            return after(standing, answer_for(error))
        return after(standing, None)

    return behind(visit, run)


def after(standing: Standing, trouble: Answer | None) -> BaseResponse:
    """The page again: by redirect where all went well, at once where something is to be said."""
    house = current_house()
    if trouble is None:
        return redirect(url_for("personal.show", visit=standing.visit.id), 303)
    try:
        fresh = house.links.links.stand(standing.visit.id, request.cookies.get(COOKIE, ""), place())
    except LinkError:
        return _refused(trouble)
    return _page(fresh, trouble)


def _page(standing: Standing, trouble: Answer | None = None) -> Response:
    if standing.link.purpose is Purpose.REVIEW:
        from web.pages.linkreview import review_response  # noqa: PLC0415 - that page stands on this one

        return review_response(standing, trouble=trouble)
    house = current_house()
    if standing.link.purpose is Purpose.SIGN:
        shown: LinkPage | KindPage = link_page(standing, house.links, lens(), _phone())
        template = "pages/link_visit.html"
    else:
        shown, template = kind_page(standing, house.links, lens(), _phone())
    own = factor_choice(standing, house.links)
    body = render_template(template, page=shown, trouble=trouble, visit=standing.visit.id, own=own)
    return make_response(body, trouble.status if trouble else 200)


def _form(item: Request) -> SignForm:
    """What was sent with a signature; the digest is the one that the page showed for this letter."""
    method = request.form.get("metodo", "")
    return SignForm(
        digest=request.form.get(f"huella-{item.id}", ""),
        consent=request.form.get("consentimiento", ""),
        method=method,
        typed=request.form.get("nombre", "")[:200],
        picture=_picture(method),
    )


def _proof(standing: Standing) -> Proof | None:
    """What the signatory's passkey signed, where the page had it sign."""
    sent = request.form.get("llave", "")
    if not sent:
        return None
    try:
        raw = loads(sent)
    except ValueError as error:
        raise PasskeyInvalid(why="unreadable") from error
    return current_house().links.keys.signed(standing, raw, place())


def _picture(method: str) -> bytes:
    if method == "uploaded":
        sent = request.files.get("imagen")
        return sent.stream.read(MOST_PICTURE + 1) if sent is not None else b""
    drawn = request.form.get("dibujo", "") if method == "drawn" else ""
    if not drawn.startswith(_PICTURE):
        return b""
    try:
        return base64.b64decode(drawn.removeprefix(_PICTURE), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _dead(error: LinkError) -> Response:
    """One page for every link that leads nowhere: unknown, expired, used, revoked."""
    answer = answer_for(error)
    response = _refused(answer)
    if isinstance(error, TooManyTries):
        response.headers["Retry-After"] = "60"
    return response


def _refused(answer: Answer | None, status: int = 0) -> Response:
    body = render_template("pages/link_dead.html", answer=answer, phone=_phone())
    return make_response(body, status or (answer.status if answer else 404))


def _told(words: str) -> Answer:
    return Answer(422, "nothing_reviewed", words, "")


def _phone() -> str:
    return current_house().settings.desk_phone


def own_host() -> str:
    """The host that links lead to, for people to compare."""
    return urlsplit(current_house().settings.public_url).netloc
