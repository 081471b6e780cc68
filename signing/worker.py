"""Signed files and scans of strangers, read in a process that dies afterwards: ``python -m signing.worker CONTROL``.

See `documents.worker`, of which these are further jobs, and `signing.isolation`, the other end.
"""

from __future__ import annotations

import sys
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, BinaryIO

from documents.limits import Limits
from documents.refusals import hostile
from documents.worker import Answer, Run, Task, main


def _free_place(_options: Mapping[str, Any]) -> Run:
    from signing.pades_place import free_place  # noqa: PLC0415 - each job loads only what it needs

    def run(stream: BinaryIO, options: Mapping[str, Any], _limits: Limits) -> Answer:
        with hostile("pdf"):
            width, height = options["size"]
            found = free_place(stream, page=options["page"], size=(width, height))
        return {"place": asdict(found) if found is not None else None}, b""

    return run


def _judge(_options: Mapping[str, Any]) -> Run:
    from signing.trust import Trust  # noqa: PLC0415 - as above
    from signing.validation import judge, signers_of  # noqa: PLC0415 - as above

    def run(stream: BinaryIO, options: Mapping[str, Any], _limits: Limits) -> Answer:
        trust = Trust.from_text(stream.read(options["trust"]).decode())
        pdf = stream.read()
        known = datetime.fromisoformat(options["known"]) if options["known"] else None
        found = judge(pdf, trust, at=datetime.fromisoformat(options["at"]), known=known)
        signers = [item.dump() for item in signers_of(pdf)] if found.signatures else []
        return {"report": asdict(found), "signers": [b64encode(item).decode() for item in signers]}, b""

    return run


_TASKS: Mapping[str, Task] = {"free_place": _free_place, "judge": _judge}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], _TASKS))
