"""Long work as a page shows it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, current_app, url_for

from web.i18n import gettext as _
from web.jobs import JobDesk
from web.security import person
from web.views.lens import Lens, Moment
from web.wiring import JobRecord, current_house


@dataclass(frozen=True, slots=True)
class JobView:
    """``text`` says how far it is, or what went wrong."""

    running: bool
    failed: bool
    text: str
    done: int
    total: int
    started: Moment
    status_url: str


def job_desk() -> JobDesk:
    """The desk of this application; jobs outlive the request, so it needs the application itself, not its proxy."""
    return JobDesk(current_app._get_current_object(), current_house())  # type: ignore[attr-defined]  # noqa: SLF001


def own_job(job_id: str) -> JobRecord:
    """A job of the signed-in person, or 404."""
    found = job_desk().get(job_id)
    if found is None or found.owner != person().id:
        abort(404)
    return found


def job_view(job: JobRecord, eyes: Lens) -> JobView:
    """A job in words."""
    return JobView(
        running=job.state in {"waiting", "running"},
        failed=job.state in {"failed", "lost"},
        text=_text(job),
        done=job.done,
        total=job.total,
        started=eyes.moment(job.started_at),
        status_url=url_for("jobs.show", job_id=job.id),
    )


def _text(job: JobRecord) -> str:
    error = job.result.get("error")
    if isinstance(error, dict):
        return f"{error.get('message', '')} {error.get('advice', '')}".strip()
    if job.state == "lost":
        return _("El proceso que lo hacía terminó antes de tiempo. Vuelve a pedirlo.")
    if job.state == "waiting":
        return _("En espera de que se atienda…")
    if job.total:
        return _("%(done)s de %(total)s", done=job.done, total=job.total)
    return _("Trabajando…")
