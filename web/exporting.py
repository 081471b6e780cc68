"""An audit package as long work: made in the background, logged before it is handed over, kept for a week."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from audit_exports import layout
from audit_exports.builder import ExportReceipt
from audit_exports.builder import Progress as Telling
from audit_exports.builder import export as build_package
from audit_exports.masking import Mask
from audit_exports.record import Scope
from evidence.canonical import Json
from evidence.entry import SealedEntry
from web.crew import Progress, job
from web.i18n import gettext as _
from web.proving import before_export
from web.wiring import House, JobRecord
from workflows.commands import Actor
from workflows.keeping import BLOCKED, ERASED, MARK
from workflows.withholding import DESTROYED, WAITING

KIND, AUDIT_KIND = "export", "audit-export"
"""What its job is called, and that of an engagement's package."""


_SHUT = (BLOCKED, ERASED, WAITING, DESTROYED)
"""Marks of cases of which something may be kept out of packages."""


def package_args(scope: Scope, actor: Actor) -> dict[str, Json]:
    """What the work of an export must know, as it waits in the job's row."""
    lists: dict[str, Json] = {"processes": [*scope.processes], "folios": [*scope.folios]}
    return {"scope": {**asdict(scope), **lists}, "actor": asdict(actor)}


def made_package(house: House, task: JobRecord, progress: Telling) -> tuple[Scope, ExportReceipt]:
    """Make the package that a job's arguments ask for, under the job's name.

    Made anew where something of it was blocked, erased or put in quarantine meanwhile: what was decided then does not
    know of this package.
    """
    told, actor = task.args["scope"], task.args["actor"]
    assert isinstance(told, dict)  # noqa: S101 - as `package_args` has put it there
    assert isinstance(actor, dict)  # noqa: S101 - likewise
    lists = {name: tuple(told[name]) for name in ("processes", "folios")}  # type: ignore[arg-type]  # lists of texts
    scope = Scope(**{**told, **lists})  # type: ignore[arg-type]  # the members of a scope
    path = package_file(house, task.id)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    maker = Actor(**actor)  # type: ignore[arg-type]  # the members of an actor
    while True:
        before_export(house)  # what was sealed a moment ago belongs into the package
        receipt = build_package(house.export_sources, scope, path, actor=maker, progress=progress)
        shut = [folio for mark in _SHUT for folio in house.index.by_reference(MARK, mark)]
        if not any(_holds(house, path, shut)):
            return scope, receipt


def discard_packages(house: House, folio: str) -> None:
    """Delete the packages lying here that hold what is not to be used of a case any more; others stay."""
    for path in (house.settings.data / "exports").glob("*.zip"):
        if any(_holds(house, path, (folio,))):
            path.unlink(missing_ok=True)


def _holds(house: House, path: Path, folios: Sequence[str]) -> Iterator[str]:
    """Which of these cases a package has a payload of that its chain keeps out of packages now.

    What is no package any more could hold any of them.
    """
    try:
        with zipfile.ZipFile(path) as package:
            names = frozenset(package.namelist())
    except FileNotFoundError:  # its week was over
        return
    except zipfile.BadZipFile:
        yield from folios
        return
    for folio in folios:
        if layout.DATA + layout.entry_path(folio, 1) in names:
            entries = house.ledger.history(folio)
            if _keeps_out(folio, entries, names):
                yield folio


def _keeps_out(folio: str, entries: Sequence[SealedEntry], names: frozenset[str]) -> bool:
    """Whether a package with these names has a payload or a file that the case's chain keeps out of packages now."""
    mask = Mask().over(entries)
    for item in entries:
        entry = item.entry
        if mask.withholds(entry) and layout.DATA + layout.payload_path(folio, entry.seq) in names:
            return True
        for position, blob in enumerate(entry.objects, 1):
            begun = layout.DATA + layout.file_path(folio, f"{entry.seq:03d}-{position}_")
            if mask.why_file(entry, blob.sha256) and any(name.startswith(begun) for name in names):
                return True
    return False


@job(KIND)
def _export(house: House, task: JobRecord, progress: Progress) -> Mapping[str, Json]:
    """The work that makes a package; its result is what a page or another system is told of it."""
    scope, receipt = made_package(house, task, progress)
    return {
        "tag_manifest": receipt.tag_manifest,
        "bytes": receipt.package_bytes,
        "seq": receipt.seq,
        "scope": scope_text(scope),
        "name": _file_name(scope, house),
    }


def package_file(house: House, job_id: str) -> Path:
    """Where the package of a job lies."""
    return house.settings.data / "exports" / f"{job_id}.zip"


def scope_text(scope: Scope) -> str:
    """What a package covers, in one line."""
    if scope.engagement:
        return _("encargo de auditoría %(id)s", id=scope.engagement)
    what = ", ".join(scope.folios or scope.processes) or _("todos los procesos")
    if scope.sample:
        what = _(
            "muestra de %(n)s de %(what)s (semilla %(seed)s)", n=scope.sample, what=what, seed=scope.seed
        )
    if scope.start and scope.end:
        return _("%(what)s, del %(start)s al %(end)s", what=what, start=scope.start, end=scope.end)
    if scope.start:
        return _("%(what)s, desde %(start)s", what=what, start=scope.start)
    return _("%(what)s, hasta %(end)s", what=what, end=scope.end) if scope.end else what


def _file_name(scope: Scope, house: House) -> str:
    what = "-".join(scope.folios or scope.processes)[:80] or scope.engagement or "todo"
    return f"constancia-{what}-{house.clock():%Y%m%d-%H%M}.zip"
