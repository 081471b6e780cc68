"""A refusal on the page where it can be mended: what happened, what of it, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from evidence.canonical import Json
from web.i18n import gettext as _
from web.views.lens import Lens


class Told(Protocol):
    """The members of `web.errors.Answer` that a page shows."""

    @property
    def status(self) -> int: ...  # noqa: D102 - described by the class it mirrors
    @property
    def code(self) -> str: ...  # noqa: D102
    @property
    def message(self) -> str: ...  # noqa: D102
    @property
    def advice(self) -> str: ...  # noqa: D102
    @property
    def fields(self) -> Mapping[str, Json]: ...  # noqa: D102
    @property
    def problems(self) -> object: ...  # noqa: D102


_ELSEWHERE = frozenset({"duplicate_case", "duplicate_reference", "out_of_scope"})
"""Refusals whose ``folio`` is the case to go on with."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """``tone`` as chips have it; ``errors`` are messages by field; ``link`` is the folio to go on with."""

    tone: str
    title: str
    text: str
    next: str
    items: tuple[str, ...] = ()
    errors: Mapping[str, str] | None = None
    link: str = ""


def trouble_of(answer: Told, labels: Mapping[str, str], lens: Lens) -> Trouble:
    """The answer to a refusal, with fields called by their labels."""
    problems = [item for item in _list(answer.problems) if isinstance(item, Mapping)]
    abroad = _abroad(answer, lens)
    taken = answer.code == "step_not_open" and bool(answer.fields.get("seq"))
    return Trouble(
        tone="late" if answer.status in {403, 422} and answer.code != "out_of_scope" else "warn",
        title=_title(answer, taken=taken, own=str(answer.fields.get("actor", "")) == lens.actor),
        text=_taken(answer, lens) if taken else answer.message,
        next=answer.advice if abroad is None else abroad,
        items=(*_as_sealed(answer, abroad), *(_problem(item, labels) for item in problems)),
        link=str(answer.fields.get("folio", "")) if answer.code in _ELSEWHERE else "",
        errors={str(item["field"]): str(item["message"]) for item in problems if not item.get("row")},
    )


def _abroad(answer: Told, lens: Lens) -> str | None:
    """What was answered at the door, for who reads another language: it is sealed in Spanish, and stays so."""
    words = str(answer.fields.get(f"message_{lens.locale}", ""))
    if answer.code != "out_of_scope" or not words:
        return None
    place = answer.fields.get(f"destination_name_{lens.locale}") or answer.fields.get("destination_name")
    return _("%(message)s Destino: %(destination_name)s.", message=words, destination_name=place)


def _as_sealed(answer: Told, abroad: str | None) -> tuple[str, ...]:
    """The words on record, where the page says them in another language."""
    if abroad is None:
        return ()
    return (_("Lo que quedó registrado, tal cual: «%(words)s»", words=answer.fields.get("message")),)


def _title(answer: Told, *, taken: bool, own: bool) -> str:
    if taken:
        return _("Ya lo habías registrado") if own else _("Otra persona lo registró antes")
    if answer.code == "out_of_scope":
        return _("Se rechazó, y quedó registrado")
    if answer.status >= 500:
        return _("No se pudo sellar; lo tuyo sigue en el borrador")
    return _("No se selló nada")


def _taken(answer: Told, lens: Lens) -> str:
    fields = answer.fields
    actor, at = str(fields.get("actor", "")), str(fields.get("at", ""))
    if not actor or not at:
        return answer.message
    return _(
        "%(who)s registró el paso %(step)s el %(when)s, en la entrada %(seq)s. "
        "Lo tuyo no se selló y sigue en tu borrador.",
        who=lens.who(actor), step=fields.get("step"), when=lens.moment(at).text, seq=fields.get("seq"),
    )  # fmt: skip


def _problem(item: Mapping[str, object], labels: Mapping[str, str]) -> str:
    name = str(item.get("field", ""))
    label, message = labels.get(name, name), str(item.get("message", ""))
    if item.get("row"):
        return _("Renglón %(row)s, %(field)s: %(problem)s", row=item["row"], field=label, problem=message)
    return f"{label}: {message}"


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
