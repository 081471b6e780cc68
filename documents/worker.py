"""Jobs over hostile files, each in a process that dies afterwards: ``python -m documents.worker CONTROL``.

`documents.forkserver` forks a child for each; `documents.isolation` is the other end. The file is standard input (a
regular file), the answer goes to standard output: one line of JSON, then, for a picture, its bytes. Before the file is
touched the child gives up what it does not need: memory, CPU time, new processes, writing, and (`documents.walls`) the
network and every file that is not the program's own.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, BinaryIO

from documents.forkserver import Job, serve
from documents.limits import MIB, Limits
from documents.refusals import FileRefused, Refuse
from documents.walls import draw_walls, raise_walls

MAX_ANSWER_BYTES = 64 * MIB
OPEN_FILES = 64

Answer = tuple[dict[str, Any], bytes]
Run = Callable[[BinaryIO, Mapping[str, Any], Limits], Answer]
Task = Callable[[Mapping[str, Any]], Run]
"""Loads what a job with those options needs, once for all children, and returns what a child does."""
ShutIn = Callable[[Limits, str], None]
"""What a child does first: `confine`."""


def main(
    arguments: list[str],
    tasks: Mapping[str, Task] | None = None,
    shut_in: ShutIn | None = None,
) -> int:
    """Do jobs as they come on the socket whose descriptor is the only argument; each child begins by ``shut_in``."""
    draw_walls()
    with socket.socket(fileno=int(arguments[0])) as control:
        return serve(control, lambda said: _prepared(said, tasks or _TASKS, shut_in or confine))


def _prepared(said: bytes, tasks: Mapping[str, Task], shut_in: ShutIn) -> Job:
    """The job that the JSON ``said`` describes; its exit status is 0 for an answer (a refusal is one)."""
    job = json.loads(said)
    limits, program = Limits(**job["limits"]), str(job.get("program", ""))
    run = tasks[job["task"]](job["options"])

    def work() -> int:
        shut_in(limits, program)
        with os.fdopen(os.dup(0), "rb") as stream:
            try:
                answer, extra = run(stream, job["options"], limits)
            except FileRefused as refusal:
                answer, extra = {"refused": [refusal.code, refusal.name, dict(refusal.fields)]}, b""
        with os.fdopen(os.dup(1), "wb") as output:
            output.write(json.dumps(answer).encode() + b"\n" + extra)
        return 0

    return work


def confine(limits: Limits, program: str = "") -> None:
    """Lower this process's limits and raise walls around it; ``program`` is the one it may become, if any."""
    lower(limits)
    raise_walls(program)


def lower(limits: Limits) -> None:
    """Lower this process's own limits; they cannot be raised again.

    Darwin accepts no address-space limit; there the CPU and wall clocks remain.
    """
    bounds = {
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_FSIZE: MAX_ANSWER_BYTES,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_CORE: 0,
    }
    if sys.platform != "darwin":
        bounds[resource.RLIMIT_AS] = limits.memory_bytes
    for which, bound in bounds.items():
        resource.setrlimit(which, (bound, bound))


def _inspect(options: Mapping[str, Any]) -> Run:
    from documents.inspection import inspect, load_reader  # noqa: PLC0415 - each job loads only the readers it needs

    load_reader(options["name"])

    def run(stream: BinaryIO, options: Mapping[str, Any], limits: Limits) -> Answer:
        return {"inspection": asdict(inspect(stream, name=options["name"], limits=limits))}, b""

    return run


def _preview(_options: Mapping[str, Any]) -> Run:
    from documents.preview import preview  # noqa: PLC0415 - as above

    def run(stream: BinaryIO, options: Mapping[str, Any], limits: Limits) -> Answer:
        shown = preview(stream, limits=limits, **options)
        return {"preview": {"form": shown.form, "pages": shown.pages, "data": shown.data}}, shown.png

    return run


def _account_requests(_options: Mapping[str, Any]) -> Run:
    from documents.request_form import read_account_requests  # noqa: PLC0415 - as above

    def run(stream: BinaryIO, options: Mapping[str, Any], limits: Limits) -> Answer:
        return {"form": asdict(read_account_requests(stream, name=options["name"], limits=limits))}, b""

    return run


def _text(options: Mapping[str, Any]) -> Run:
    from documents.inspection import load_reader, text_of  # noqa: PLC0415 - as above

    load_reader(options["name"])

    def run(stream: BinaryIO, options: Mapping[str, Any], limits: Limits) -> Answer:
        return {"text": text_of(stream, name=options["name"], limits=limits)}, b""

    return run


def _rows(_options: Mapping[str, Any]) -> Run:
    from documents.row_sheets import read_rows  # noqa: PLC0415 - as above

    def run(stream: BinaryIO, options: Mapping[str, Any], limits: Limits) -> Answer:
        reading = read_rows(stream, form=options["form"], name=options["name"], limits=limits)
        return {"reading": asdict(reading)}, b""

    return run


def _final_rows(_options: Mapping[str, Any]) -> Run:
    from documents.row_answers import write_final  # noqa: PLC0415 - as above

    def run(stream: BinaryIO, options: Mapping[str, Any], limits: Limits) -> Answer:
        words = {number: word for word, numbers in options["words"].items() for number in numbers}
        return {}, write_final(stream, words, name=options["name"], limits=limits)

    return run


def _agent_list(_options: Mapping[str, Any]) -> Run:
    from documents.agent_list import read_agent_list  # noqa: PLC0415 - as above

    def run(stream: BinaryIO, options: Mapping[str, Any], limits: Limits) -> Answer:
        return {"list": asdict(read_agent_list(stream, name=options["name"], limits=limits))}, b""

    return run


def _paper(_options: Mapping[str, Any]) -> Run:
    from documents.paper import read_paper  # noqa: PLC0415 - as above

    def run(stream: BinaryIO, options: Mapping[str, Any], limits: Limits) -> Answer:
        return {"paper": read_paper(stream, name=options["name"], limits=limits).as_json()}, b""

    return run


def _bounce(_options: Mapping[str, Any]) -> Run:
    from documents.bounce import bounce_of  # noqa: PLC0415 - as above
    from documents.refusals import hostile  # noqa: PLC0415 - as above

    def run(stream: BinaryIO, options: Mapping[str, Any], limits: Limits) -> Answer:
        with refused_by_name(options["name"]), hostile("eml"):
            found = bounce_of(stream, limits)
        return {"bounce": asdict(found) if found is not None else None}, b""

    return run


def _picture_text(options: Mapping[str, Any]) -> Run:
    from documents.ocr import ENVIRONMENT, PictureProgram  # noqa: PLC0415 - as above

    program = PictureProgram(options["program"], options["language"])

    def run(_stream: BinaryIO, _options: Mapping[str, Any], _limits: Limits) -> Answer:
        os.execve(program.path, program.command, dict(ENVIRONMENT))  # noqa: S606 - this child becomes it

    return run


def _attachment(_options: Mapping[str, Any]) -> Run:
    from documents.mail import attachment_at  # noqa: PLC0415 - as above
    from documents.refusals import hostile  # noqa: PLC0415 - as above

    def run(stream: BinaryIO, options: Mapping[str, Any], limits: Limits) -> Answer:
        with refused_by_name(options["name"]), hostile("eml"):
            name, data = attachment_at(stream, options["number"], limits)
        return {"name": name}, data

    return run


@contextmanager
def refused_by_name(name: str) -> Iterator[None]:
    """A reader's refusal, with the name of the file it is about."""
    try:
        yield
    except Refuse as refusal:
        raise FileRefused(refusal.code, name, refusal.fields) from refusal


_TASKS: Mapping[str, Task] = {
    "bounce": _bounce,
    "paper": _paper,
    "attachment": _attachment,
    "inspect": _inspect,
    "picture_text": _picture_text,
    "preview": _preview,
    "account_requests": _account_requests,
    "rows": _rows,
    "final_rows": _final_rows,
    "text": _text,
    "agent_list": _agent_list,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
