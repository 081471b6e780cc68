"""Reading files that come from outside in a separate, short-lived, confined process.

The parsers are third-party code fed with a stranger's bytes: one that loops, eats memory or crashes must cost one
upload and not the server. The child gets a copy of the file as its standard input, no environment (so none of our
secrets), and limits on CPU, memory, processes and writing; when its time is over it is killed. Children are forked by a
process that has loaded the readers and never sees a file (`documents.forkserver`).
"""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, BinaryIO

from documents.agent_list import AgentListing, ListedAgent
from documents.antivirus import Scanner
from documents.bounce import Bounce
from documents.inspection import Inspection
from documents.limits import DEFAULT_LIMITS, Limits
from documents.names import safe_name
from documents.nursery import Errand, NurseryGone, nurseries
from documents.ocr import PAGES, WIDTH, PictureProgram, announced_in
from documents.preview import Preview
from documents.refusals import FileRefused
from documents.request_form import AccountRequest, FormReading, RowProblem
from documents.row_sheets import RowsReading, SheetRow
from evidence.canonical import Json

_COPY_CHUNK = 1024 * 1024
_TRIES = 2
_EXHAUSTED = frozenset({signal.SIGXCPU, signal.SIGKILL, signal.SIGXFSZ})


class WorkerFailed(Exception):
    """The reading process ended by a fault of our own, not of the file; ``detail`` is what it said last."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"reading process ended with {status}: {detail}")
        self.status = status
        self.detail = detail


class SeparateReader:
    """The functions of this package, each call in its own process.

    Thread-safe. At most ``at_once`` processes run together; further callers wait. Rooms above this one that read
    strangers' bytes too derive from it and name their own ``worker``.
    """

    worker = "documents.worker"

    def __init__(
        self,
        limits: Limits = DEFAULT_LIMITS,
        *,
        at_once: int = 0,
        scanner: Scanner | None = None,
        pictures: PictureProgram | None = None,
    ) -> None:
        self._limits = limits
        self._scanner = scanner
        self._pictures = pictures
        self._places = threading.BoundedSemaphore(at_once or max(2, os.cpu_count() or 2))

    def inspect(self, stream: BinaryIO, *, name: str, limits: Limits | None = None) -> Inspection:
        """`documents.inspect`; raises also ``too_costly`` when time or memory run out.

        Where there is a scanner it is asked first: ``malware``, or `documents.antivirus.ScannerSilent`. Where there is
        a program that reads pictures, those and scans are read too, and ``about`` has ``ocr``, how many pages were.
        """
        self._scan(stream, name, limits or self._limits)
        answer, _ = self._run("inspect", stream, {"name": name}, limits)
        told = answer["inspection"]
        found = Inspection(**{**told, "warnings": tuple(told["warnings"])})
        if self._pictures is None or not (found.family == "image" or "no_text" in found.warnings):
            return found
        return self._looked_at(stream, found, self._pictures, limits)

    def text(self, stream: BinaryIO, *, name: str, limits: Limits | None = None) -> str:
        """`documents.inspection.text_of`."""
        answer, _ = self._run("text", stream, {"name": name}, limits)
        return str(answer["text"])

    def preview(
        self, stream: BinaryIO, *, name: str, page: int = 1, width: int = 1_000, limits: Limits | None = None
    ) -> Preview:
        """`documents.preview.preview`."""
        options = {"name": name, "page": page, "width": width}
        answer, png = self._run("preview", stream, options, limits)
        return Preview(png=png, **answer["preview"])

    def account_requests(
        self, stream: BinaryIO, *, name: str = "solicitud.xlsx", limits: Limits | None = None
    ) -> FormReading:
        """`documents.request_form.read_account_requests`."""
        answer, _ = self._run("account_requests", stream, {"name": name}, limits)
        form = answer["form"]
        return FormReading(
            form["sheet"],
            tuple(AccountRequest(**row) for row in form["rows"]),
            tuple(RowProblem(**problem) for problem in form["errors"]),
            tuple(RowProblem(**problem) for problem in form["warnings"]),
        )

    def rows(
        self, stream: BinaryIO, *, form: str, name: str = "renglones.xlsx", limits: Limits | None = None
    ) -> RowsReading:
        """`documents.row_sheets.read_rows`."""
        answer, _ = self._run("rows", stream, {"name": name, "form": form}, limits)
        found = answer["reading"]
        return RowsReading(
            found["sheet"],
            found["header"],
            found["columns"],
            tuple(SheetRow(**row) for row in found["rows"]),
            tuple(RowProblem(**problem) for problem in found["errors"]),
        )

    def final_rows(
        self, stream: BinaryIO, words: Mapping[str, Sequence[int]], *, name: str, limits: Limits | None = None
    ) -> bytes:
        """`documents.row_answers.write_final`, with the rows of each word."""
        given = {word: list(numbers) for word, numbers in words.items()}
        _, made = self._run("final_rows", stream, {"name": name, "words": given}, limits)
        return made

    def agent_list(
        self, stream: BinaryIO, *, name: str = "lista.xlsx", limits: Limits | None = None
    ) -> AgentListing:
        """`documents.agent_list.read_agent_list`."""
        answer, _ = self._run("agent_list", stream, {"name": name}, limits)
        found = answer["list"]
        return AgentListing(
            tuple(ListedAgent(**row) for row in found["rows"]),
            tuple(found["columns"]),
            tuple(RowProblem(**problem) for problem in found["errors"]),
        )

    def paper(self, stream: BinaryIO, *, name: str, limits: Limits | None = None) -> dict[str, Json]:
        """`documents.paper.read_paper`, as JSON."""
        answer, _ = self._run("paper", stream, {"name": name}, limits)
        found: dict[str, Json] = answer["paper"]
        return found

    def bounce(self, stream: BinaryIO, *, name: str, limits: Limits | None = None) -> Bounce | None:
        """`documents.bounce.bounce_of`."""
        answer, _ = self._run("bounce", stream, {"name": name}, limits)
        found = answer["bounce"]
        return Bounce(**found) if found is not None else None

    def attachment(
        self, stream: BinaryIO, number: int, *, name: str, limits: Limits | None = None
    ) -> tuple[str, bytes]:
        """`documents.mail.attachment_at`."""
        answer, data = self._run("attachment", stream, {"name": name, "number": number}, limits)
        return str(answer["name"]), data

    def _looked_at(
        self, stream: BinaryIO, found: Inspection, program: PictureProgram, limits: Limits | None
    ) -> Inspection:
        """Refuse a picture that shows a password; one that cannot be read is taken, and that is said."""
        of_pages = found.about.get("pages", 1)
        pages = of_pages if isinstance(of_pages, int) else 1
        for page in range(1, min(pages, PAGES) + 1):
            try:
                text = self._shown_text(stream, found.name, page, program, limits)
            except (FileRefused, WorkerFailed):
                return replace(found, warnings=(*found.warnings, "ocr_unread"))
            if word := announced_in(text, limits or self._limits):
                place = "picture" if found.family == "image" else f"page {page}"
                raise FileRefused("secret_found", found.name, {"word": word, "place": place})
        cut = ("text_cut",) if pages > PAGES else ()
        return replace(
            found, about={**found.about, "ocr": min(pages, PAGES)}, warnings=(*found.warnings, *cut)
        )

    def _shown_text(
        self, stream: BinaryIO, name: str, page: int, program: PictureProgram, limits: Limits | None
    ) -> str:
        """What the drawing of a page says, read by a child that becomes the program."""
        drawn = self.preview(stream, name=name, page=page, width=WIDTH, limits=limits)
        bounds = limits or self._limits
        options = {"name": name, "program": program.path, "language": program.language}
        job = {"task": "picture_text", "options": options, "limits": asdict(bounds), "program": program.path}
        with self._places:
            said = _call(SeparateReader.worker, json.dumps(job).encode(), io.BytesIO(drawn.png), bounds, name)
        return said.decode("utf-8", "replace")

    def _scan(self, stream: BinaryIO, name: str, bounds: Limits) -> None:
        if self._scanner is None or not 0 < stream.seek(0, 2) <= bounds.file_bytes:
            return  # an empty or a too large file is refused for that
        if found := self._scanner.scan(stream):
            raise FileRefused("malware", safe_name(name), {"found": found})

    def _run(
        self, task: str, stream: BinaryIO, options: Mapping[str, Any], limits: Limits | None
    ) -> tuple[dict[str, Any], bytes]:
        bounds = limits or self._limits
        name = safe_name(str(options["name"]))
        job = json.dumps({"task": task, "options": dict(options), "limits": asdict(bounds)})
        with self._places:
            return _answer(_call(self.worker, job.encode(), stream, bounds, name), name)


def _copy(stream: BinaryIO, source: BinaryIO, limits: Limits, name: str) -> None:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    if size > limits.file_bytes:
        raise FileRefused("too_large", name, {"size": size, "limit": limits.file_bytes})
    shutil.copyfileobj(stream, source, _COPY_CHUNK)
    source.flush()
    source.seek(0)
    stream.seek(0)


def _call(worker: str, job: bytes, stream: BinaryIO, limits: Limits, name: str) -> bytes:
    """What a child says; a forking process that is gone is replaced once without anybody noticing."""
    for left in reversed(range(_TRIES)):
        try:
            return _tried(worker, job, stream, limits, name)
        except NurseryGone as error:
            if not left:
                raise WorkerFailed(0, str(error)) from error
    raise AssertionError(_TRIES)


def _tried(worker: str, job: bytes, stream: BinaryIO, limits: Limits, name: str) -> bytes:
    """Run a child to its end; its output goes to files, so that no pipe can fill up or grow without bound."""
    with (
        tempfile.TemporaryFile() as told,
        tempfile.TemporaryFile() as source,
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as complaints,
    ):
        _copy(stream, source, limits, name)
        told.write(job)
        told.flush()
        status = nurseries.run(worker, Errand(told, source, output, complaints, limits.wall_seconds))
        if status:
            complaints.seek(0)
            raise _failure(status, complaints.read(1_000_000).decode(errors="replace"), name)
        output.seek(0)
        return output.read()


def _failure(status: int, said: str, name: str) -> Exception:
    if status < 0 and -status in _EXHAUSTED:
        return FileRefused("too_costly", name, {"family": "file"})
    if status < 0:
        return FileRefused("damaged", name, {"family": "file"})
    last = said.strip().splitlines()[-1:] or [""]
    if last[0].startswith(
        ("MemoryError", f"OSError: [Errno {errno.EFBIG}]")
    ):  # more than it may hold, or say
        return FileRefused("too_costly", name, {"family": "file"})
    return WorkerFailed(status, last[0])


def _answer(output: bytes, name: str) -> tuple[dict[str, Any], bytes]:
    line, _, extra = output.partition(b"\n")
    answer: dict[str, Any] = json.loads(line)
    if "refused" in answer:
        code, refused_name, fields = answer["refused"]
        raise FileRefused(code, refused_name or name, fields)
    return answer, extra
