"""Where a mail comes from, read in a process that dies afterwards: ``python -m notifications.worker CONTROL``.

See `documents.worker`, of which these are further jobs, and `notifications.isolation`, the other end. It asks no name
server: what it would have to know it says, and is told on a second call.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

from documents.limits import Limits
from documents.refusals import hostile
from documents.worker import Answer, Run, Task, main, refused_by_name


def _origin(_options: Mapping[str, Any]) -> Run:
    import dkim  # type: ignore[import-untyped]  # noqa: F401, PLC0415 - no types; loaded before the process is confined

    from notifications.authenticity import origin_of  # noqa: PLC0415 - each job loads only what it needs

    def run(stream: BinaryIO, options: Mapping[str, Any], _limits: Limits) -> Answer:
        with refused_by_name(options["name"]), hostile("eml"):
            found, wanted = origin_of(
                stream.read(),
                options["results"],
                options["sender"],
                known=options["known"],
                authserv=options["authserv"],
            )
        return {"facts": found.facts(), "wanted": list(wanted)}, b""

    return run


def _headers(_options: Mapping[str, Any]) -> Run:
    from documents.mail import headers_of  # noqa: PLC0415 - as above

    def run(stream: BinaryIO, options: Mapping[str, Any], _limits: Limits) -> Answer:
        with refused_by_name(options["name"]), hostile("eml"):
            return {"headers": headers_of(stream.read())}, b""

    return run


_TASKS: Mapping[str, Task] = {"origin": _origin, "headers": _headers}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], _TASKS))
