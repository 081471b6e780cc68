"""Files leave as downloads that a browser neither runs nor shows in our name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import wrap_file

from documents.names import safe_name

_CHUNK = 256 * 1024


def download(stream: BinaryIO, name: str, *, size: int | None = None) -> Response:
    """The bytes as an attachment: never sniffed, sandboxed, with the name as RFC 6266 section 5 says.

    Takes the stream over and closes it when the answer has been sent, or the reader has gone.
    """
    response = Response(_chunks(stream), mimetype="application/octet-stream")
    response.call_on_close(stream.close)
    if size is not None:
        response.content_length = size
    _as_attachment(response, name)
    response.headers["Cache-Control"] = "no-store"
    return response


def resumable(path: Path, name: str, tag: str) -> Response:
    """A finished file as an attachment of which a broken download can fetch the rest (RFC 9110, sections 13 and 14).

    ``tag`` says which bytes these are: it is the strong entity tag, against which ``If-Range`` and ``If-None-Match``
    are held. One range is answered with 206, one beyond the end with 416.
    """
    size = path.stat().st_size
    stream = path.open("rb")
    response = Response(
        wrap_file(request.environ, stream, _CHUNK),
        mimetype="application/octet-stream",
        direct_passthrough=True,
    )
    response.call_on_close(stream.close)
    response.content_length = size
    response.set_etag(tag)
    _as_attachment(response, name)
    response.headers["Cache-Control"] = "private, no-cache"
    try:
        response.make_conditional(request.environ, accept_ranges=True, complete_length=size)
    except RequestedRangeNotSatisfiable:
        stream.close()
        raise
    return response


def disposition(name: str, kind: str = "attachment") -> str:
    """``Content-Disposition`` with an ASCII name for old readers and the true one in UTF-8 (RFC 8187)."""
    safe = safe_name(name)
    plain = unicodedata.normalize("NFKD", safe).encode("ascii", "ignore").decode()
    plain = (
        "".join(sign if sign.isalnum() or sign in " ._-()" else "_" for sign in plain).strip() or "archivo"
    )
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk


def _as_attachment(response: Response, name: str) -> None:
    response.headers["Content-Disposition"] = disposition(name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
