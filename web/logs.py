"""One JSON line a request and an event, on stderr: route and opaque ids, never addresses, queries, names or secrets."""

from __future__ import annotations

import json
import logging
import secrets
import sys
import time
from datetime import UTC, datetime

from flask import Flask, Response, g, request

from web.security import maybe_person

LOG = logging.getLogger("constancia")
_EXTRA = ("request", "method", "route", "status", "ms", "user", "incident", "what")


class JsonLines(logging.Formatter):
    """A log record as one JSON object; tracebacks keep their frames, and lose the message of the exception.

    Messages of exceptions may quote what people typed; types and places are what is needed to find the fault.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in _EXTRA if hasattr(record, name)}
        if record.exc_info and record.exc_info[1] is not None:
            line["failure"] = failure(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def failure(error: BaseException) -> list[str]:
    """Types and places of an exception and its causes, innermost frame first, without their messages."""
    lines: list[str] = []
    current: BaseException | None = error
    while current is not None and len(lines) < 60:
        lines.append(type(current).__name__)
        trace = current.__traceback__
        frames = []
        while trace is not None:
            code = trace.tb_frame.f_code
            frames.append(f"  {code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_qualname}")
            trace = trace.tb_next
        lines += reversed(frames[-12:])
        current = current.__cause__ or current.__context__
    return lines


def configure(level: int = logging.INFO) -> None:
    """Send our events to stderr as JSON lines; called by the server and the steward, not by tests."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    LOG.handlers[:] = [handler]
    LOG.setLevel(level)
    LOG.propagate = False


def install(app: Flask) -> None:
    """Give each request an id and, when it ends, its line."""

    @app.before_request
    def begin() -> None:
        g.request_id = secrets.token_hex(8)
        g.began = time.monotonic()

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        if request.endpoint in {"static", "health.live", "health.ready"}:
            return response
        LOG.info("request", extra=_facts(response))
        return response


def _facts(response: Response) -> dict[str, object]:
    known = g.get(
        "_login_user"
    )  # never loads it: the line must not cost a query, nor fail when the store does
    user = maybe_person() if known is not None else None
    return {
        "request": g.get("request_id", ""),
        "method": request.method,
        "route": request.url_rule.rule if request.url_rule is not None else "",
        "status": response.status_code,
        "ms": round((time.monotonic() - g.get("began", time.monotonic())) * 1000),
        "user": user.id if user is not None else g.get("caller_id", ""),
    }
