"""An audit package as long work: made in the background, logged before it is handed over, kept for a week."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from audit_exports.builder import export as build_package
from audit_exports.record import Scope
from evidence.canonical import Json
from web.i18n import gettext as _
from web.jobs import Progress, Work
from web.proving import before_export
from web.wiring import House
from workflows.commands import Actor

KIND = "export"
"""What its job is called."""


def package_work(house: House, scope: Scope, actor: Actor) -> Work:
    """The work that makes a package; its result is what a page or another system is told of it."""

    def work(progress: Progress) -> Mapping[str, Json]:
        before_export(house)  # what was sealed a moment ago belongs into the package
        path = package_file(house, progress.job_id)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        receipt = build_package(house.export_sources, scope, path, actor=actor, progress=progress)
        return {
            "tag_manifest": receipt.tag_manifest,
            "bytes": receipt.package_bytes,
            "seq": receipt.seq,
            "scope": scope_text(scope),
            "name": _file_name(scope, house),
        }

    return work


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
