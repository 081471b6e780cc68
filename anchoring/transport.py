"""One HTTP request to a configured address: bounded in time and size, never redirected elsewhere."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 10
MAX_ANSWER_BYTES = 1 << 20


class Unreachable(Exception):
    """Nobody answered as HTTP asks; try again later."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, media type without parameters, and body."""

    status: int
    media: str
    body: bytes


Post = Callable[[str, bytes, str], Answer]
"""From address, body and media type to the answer, whatever its status; raises `Unreachable`."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        """A redirect is an answer like any other: only configured addresses are spoken to."""


_opener = urllib.request.build_opener(_NoRedirect)


def post(url: str, body: bytes, media: str) -> Answer:
    """See `Post`."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError(f"not an address to post to: {url!r}")
    request = urllib.request.Request(url, body, {"Content-Type": media}, method="POST")  # noqa: S310 - see above
    try:
        try:
            found = _opener.open(request, timeout=TIMEOUT_SECONDS)
        except urllib.error.HTTPError as error:
            found = error
        with found:
            content = found.read(MAX_ANSWER_BYTES + 1)
            answer = Answer(found.status, found.headers.get_content_type(), content)
    except (OSError, HTTPException) as error:
        raise Unreachable(f"{urlsplit(url).netloc}: {error}") from error
    if len(content) > MAX_ANSWER_BYTES:
        raise Unreachable(f"{urlsplit(url).netloc}: an answer of more than {MAX_ANSWER_BYTES} bytes")
    return answer
