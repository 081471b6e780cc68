"""Files leave as downloads that a browser neither runs nor shows in our name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import quote

from flask import Response

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
    response.headers["Content-Disposition"] = disposition(name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
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
