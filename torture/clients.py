"""Specialists at work over HTTP, who retry what was not answered and keep a journal of what was acknowledged."""

from __future__ import annotations

import random
import re
import secrets
import string
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.cookies import SimpleCookie
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from tests.fakes.papers import eml

Fields = Mapping[str, str]
Pairs = Sequence[tuple[str, str]]
"""Fields of a form of which one comes several times."""
File = tuple[str, str, bytes]
_PATIENCE = urllib3.Timeout(connect=3, read=30)
_PAUSE = 0.2
_SIGNED_OUT = frozenset(
    {HTTPStatus.SEE_OTHER, HTTPStatus.FOUND, HTTPStatus.UNAUTHORIZED, HTTPStatus.BAD_REQUEST}
)
"""Led to the login, told to log in, or brought a form token of a session that is gone."""


@dataclass(frozen=True, slots=True)
class Told:
    """An acknowledged write: its mark, and where the answer said that it is."""

    mark: str
    folio: str = ""
    seq: int = 0
    at: float = field(default=0.0, compare=False)
    """When, on the clock that only runs forward."""


@dataclass
class Journal:
    """What clients sent and what they were told; shared by their threads."""

    acknowledged: list[Told] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    sent: dict[bytes, str] = field(default_factory=dict)
    """Contents of files, each with the mark of its request: whatever the store holds must be one of them."""
    troubles: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def silence(self) -> float:
        """The longest time, in seconds, in which nobody's work was acknowledged."""
        moments = [told.at for told in tuple(self.acknowledged)]
        return max((later - earlier for earlier, later in pairwise(moments)), default=0.0)

    def heard_since(self, moment: float) -> float | None:
        """When the first work since ``moment`` was acknowledged; ``None``: none yet."""
        return next((told.at for told in tuple(self.acknowledged) if told.at > moment), None)

    def trouble(self, what: str) -> None:
        """Count a failed try by its kind."""
        with self._lock:
            self.troubles[what] = self.troubles.get(what, 0) + 1


class Refused(Exception):
    """The house answered, and said no."""


@dataclass(frozen=True)
class Person:
    """Who works, and the cookies of each of their two browsers: a session outlives any server."""

    email: str
    password: str
    jars: tuple[dict[str, str], dict[str, str]] = field(default_factory=lambda: ({}, {}))


class Browser:
    """One browser of a person; logs in again when it has to."""

    def __init__(self, port: int, person: Person, jar: dict[str, str], journal: Journal) -> None:
        self._base = f"http://127.0.0.1:{port}"
        self._login = {"email": person.email, "password": person.password}
        self._journal = journal
        self._pool = urllib3.PoolManager(timeout=_PATIENCE, retries=False)
        self._cookies = jar
        self._token = ""

    def post(self, path: str, fields: Fields | Pairs, file: File | None = None) -> str:
        """Where the answer leads; raises `Refused`, or `HTTPError` when there was no answer worth the name."""
        answer = self.answer(path, fields, file)
        where = str(answer.headers.get("Location", ""))
        if answer.status == HTTPStatus.SEE_OTHER and not where.startswith("/entrar"):
            return where
        if answer.status in _SIGNED_OUT:
            self._token = ""
            raise HTTPError("signed out")
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise HTTPError(str(answer.status))
        raise Refused(f"{answer.status} {path}: {said(answer.data)}")

    def answer(self, path: str, fields: Fields | Pairs, file: File | None = None) -> urllib3.BaseHTTPResponse:
        """The answer itself, whatever it says; raises `HTTPError` when there was none."""
        if not self._token:
            self._enter()
        return self._send(path, fields, file)

    def page(self, path: str) -> int:
        """The status of a page; 0: nobody answered."""
        try:
            return self._request("GET", path, {}).status
        except HTTPError:
            return 0

    def text(self, path: str) -> str:
        """What a page says."""
        return self._request("GET", path, {}).data.decode(errors="replace")

    def _enter(self) -> None:
        self._token, signed_in = self._session()
        if signed_in:
            return
        answer = self._send("/entrar", self._login, None)
        if answer.status != HTTPStatus.SEE_OTHER:
            self._token = ""
            raise HTTPError(f"login {answer.status}")
        self._token, _ = self._session()

    def _session(self) -> tuple[str, bool]:
        """A form token that is good now, and whether somebody is signed in."""
        answer = self._request("GET", "/sesion", {})
        if answer.status != HTTPStatus.OK:
            raise HTTPError(f"session {answer.status}")
        told = answer.json()
        return str(told["csrf_token"]), bool(told["signed_in"])

    def _send(self, path: str, fields: Fields | Pairs, file: File | None) -> urllib3.BaseHTTPResponse:
        pairs = list(fields.items() if isinstance(fields, Mapping) else fields)
        parts: list[tuple[str, str | tuple[str, bytes, str]]] = [*pairs, ("csrf_token", self._token)]
        if file is not None:
            slot, name, content = file
            parts.append((slot, (name, content, "application/octet-stream")))
            self._journal.sent[content] = dict(pairs).get("note", "")
        body, kind = urllib3.encode_multipart_formdata(parts)
        return self._request("POST", path, {"Content-Type": kind}, body)

    def _request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> urllib3.BaseHTTPResponse:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        answer = self._pool.request(
            method, self._base + path, body=body, headers={**headers, "Cookie": cookies}, redirect=False
        )
        for line in answer.headers.getlist("Set-Cookie"):
            for name, morsel in SimpleCookie(line).items():
                self._cookies[name] = morsel.value
        return answer


class Crowd:
    """``count`` clients that open cases and record a mail in each, until told to stop.

    Args:
        port: where the house listens.
        people: who they are.
        twice: every request is delivered twice at the same moment, as a nervous proxy does.
    """

    def __init__(self, port: int, people: Sequence[Person], *, twice: bool = False) -> None:
        self.journal = Journal()
        self._port = port
        self._twice = twice
        self._stop = threading.Event()
        self._give_up = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(person,), name=f"client {person.email}", daemon=True)
            for person in people
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def finish(self, seconds: float) -> None:
        """Let each end what it has begun, for so long; what is unanswered then is noted as such."""
        self._stop.set()
        limit = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, limit - time.monotonic()))
        self._give_up.set()
        for thread in self._threads:
            thread.join(60)

    def _work(self, person: Person) -> None:
        jars = person.jars if self._twice else person.jars[:1]
        browsers = [Browser(self._port, person, jar, self.journal) for jar in jars]
        while not self._stop.is_set():
            where = self.write(browsers, "/casos/nuevo/MA-001", *opening())
            if where is not None and where.folio:
                self.write(browsers, f"/casos/{where.folio}/pasos/2", *mail())

    def write(
        self, browsers: Sequence[Browser], path: str, mark: str, fields: Fields, file: File | None
    ) -> Told | None:
        """Send until it is answered, always the same request under the same key."""
        fields = {"idempotency_key": secrets.token_hex(16), **dict(fields)}
        while not self._give_up.is_set():
            try:
                told = told_by(mark, self._deliver(browsers, path, fields, file))
            except HTTPError as error:
                self.journal.trouble(str(error) if type(error) is HTTPError else type(error).__name__)
                time.sleep(_PAUSE)
            except Refused as error:
                self.journal.refused.append(str(error))
                return None
            else:
                told = replace(told, at=time.monotonic())
                self.journal.acknowledged.append(told)
                return told
        self.journal.unanswered.append(mark)
        return None

    def _deliver(self, browsers: Sequence[Browser], path: str, fields: Fields, file: File | None) -> str:
        """Through every browser at once; what the first one was told counts, and the other may fail as it likes."""
        others = [
            threading.Thread(target=_quietly, args=(browser.post, path, fields, file))
            for browser in browsers[1:]
        ]
        for other in others:
            other.start()
        try:
            return browsers[0].post(path, fields, file)
        finally:
            for other in others:
                other.join()


def _quietly(
    post: Callable[[str, Fields, File | None], str], path: str, fields: Fields, file: File | None
) -> None:
    try:
        post(path, fields, file)
    except (HTTPError, Refused):
        return  # the duplicate's own answer reaches nobody; what it did to the log is checked afterwards


def said(page: bytes) -> str:
    """What a page that refuses says under its heading, without its marks."""
    text = " ".join(re.sub(r"<[^>]*>", " ", page.decode(errors="replace")).split())
    begins = text.find("No se selló")
    return text[max(begins, 0) :][:300]


def told_by(mark: str, where: str) -> Told:
    """What an acknowledgement says: the address that an answer led to names the case and the entry."""
    parts = urlsplit(where)
    pieces = parts.path.split("/")
    seq = parse_qs(parts.query).get("sellada", ["0"])[0]
    if len(pieces) > 2 and pieces[1] == "casos" and pieces[2].startswith("MA-"):  # /casos/FOLIO
        return Told(mark, pieces[2], int(seq))
    return Told(mark)


def fresh_mark() -> str:
    """A mark that no other entry bears."""
    return f"marca-{secrets.token_hex(8)}"


def opening() -> tuple[str, Fields, None]:
    """A request that no other is like: its RFC and its ticket are its own."""
    mark, chance = fresh_mark(), random.SystemRandom()
    letters = "".join(chance.choices(string.ascii_uppercase, k=4))
    day = f"{chance.randint(60, 99):02}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
    tail = "".join(chance.choices(string.ascii_uppercase + string.digits, k=2)) + chance.choice(string.digits)
    fields = {
        "tipo": "alta",
        "nombre": "María Ruiz Ortega",
        "rfc": letters + day + tail,
        "correo": "maria@promotoria.example",
        "zona": "CDMX",
        "paquete": "1",
        "promotoria": "Promotoría Uno",
        "ticket": mark,
    }
    return mark, {f"d.{name}": value for name, value in fields.items()}, None


def mail() -> tuple[str, Fields, File]:
    """What the second step takes: a mail that no other is like, and a note that bears the mark."""
    mark = fresh_mark()
    return (
        mark,
        {"note": mark},
        ("archivo", "correo.eml", eml(body=f"Hola, quedó recibido: {secrets.token_hex(8)}.")),
    )
