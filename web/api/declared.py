"""An operation, declared once: from this come its route, its access, the checks of its requests, and its documentation.

A view gets a `Call` whose parameters and body have the declared form, asks a service, and returns JSON, a `Made`, or a
response of its own (files). What it raises is answered by `web.errors`, as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

from flask import Response

from evidence.canonical import Json
from web.api.checking import Schema, moment
from web.wiring import House

PARTS_JSON = "datos"
"""The part of a multipart request that holds the JSON body."""
FILE_PART = "archivo"
"""Parts that are files: ``archivo``, or ``archivo.<slot>`` for evidence of a place."""


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of path or query. A repeated one has an array for its schema."""

    name: str
    schema: Schema
    text: str
    where: str = "query"
    required: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A good answer: what it is in words, the name of its schema (``""``: none), and its media type."""

    status: int
    text: str
    shape: str = ""
    media: str = "application/json"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that came with the request."""

    name: str
    stream: IO[bytes]
    slot: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A request in the declared form. ``args`` are the parameters given, ``body`` the JSON of it.

    ``key`` is the idempotency key for the services (``""``: none), ``raw`` the stream of a body that is bytes.
    """

    house: House
    args: Mapping[str, Any]
    body: Mapping[str, Any]
    files: tuple[Incoming, ...] = ()
    key: str = ""
    raw: IO[bytes] | None = None

    def text(self, name: str) -> str:
        """A textual parameter or member, ``""`` where it was not given."""
        return str(self.args.get(name, self.body.get(name, "")))

    def number(self, name: str, otherwise: int = 0) -> int:
        """A whole number among the parameters."""
        return int(self.args.get(name, otherwise))

    def moment(self, name: str) -> datetime | None:
        """A date and time, ``None`` where it was not given."""
        given = self.text(name)
        return moment(given) if given else None


@dataclass(frozen=True, slots=True)
class Made:
    """JSON with a status of its own, and headers beside it.

    ``same_as`` is what an entity tag is of, where bytes that differ may say the same (it is weak then).
    """

    value: Json
    status: int = 201
    headers: Mapping[str, str] = field(default_factory=dict)
    same_as: Json = None


Returned = Json | Made | Response
View = Callable[[Call], Returned]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. ``path`` is below `web.api.callers.ROOT`, with ``{name}`` for parameters.

    ``body`` names the schema (`web.api.asked.REQUESTS`) of the JSON it takes; ``files``: it may come as multipart with
    files; ``raw``: it takes bytes.
    ``keyed``: it honours Idempotency-Key. ``refusals`` are the statuses it may answer beside those every operation may.
    """

    id: str
    method: str
    path: str
    scope: str
    tag: str
    summary: str
    text: str
    view: View
    replies: tuple[Reply, ...]
    params: tuple[Param, ...] = ()
    body: str = ""
    files: bool = False
    raw: bool = False
    keyed: bool = False
    refusals: tuple[int, ...] = ()


class Group:
    """Operations on one subject, in the order of the document; ``text`` is told to people (Spanish)."""

    def __init__(self, tag: str, text: str) -> None:
        self.tag = tag
        self.text = text
        self.operations: list[Operation] = []

    def operation(  # noqa: PLR0913 - one parameter a member of the declaration
        self,
        method: str,
        path: str,
        *,
        scope: str,
        summary: str,
        replies: tuple[Reply, ...],
        text: str = "",
        params: tuple[Param, ...] = (),
        body: str = "",
        files: bool = False,
        raw: bool = False,
        keyed: bool = False,
        refusals: tuple[int, ...] = (),
    ) -> Callable[[View], View]:
        """Declare the decorated view; its name becomes the operation's id."""

        def declare(view: View) -> View:
            self.operations.append(
                Operation(
                    id=view.__name__,
                    method=method,
                    path=path,
                    scope=str(scope),
                    tag=self.tag,
                    summary=summary,
                    text=text,
                    view=view,
                    replies=replies,
                    params=params,
                    body=body,
                    files=files,
                    raw=raw,
                    keyed=keyed,
                    refusals=refusals,
                )
            )
            return view

        return declare
