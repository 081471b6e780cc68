"""Setting a letter, beside the same with the fonts read anew each time: what sharing them is for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Figure, compare
from signing.letters import Content, Letterhead, Typesetter

LETTERS = 40
_DAY = datetime(2026, 11, 30, tzinfo=UTC)


def run(_scratch: Path, rounds: int) -> Iterator[Figure]:
    """Milliseconds a letter."""
    shared = Typesetter()
    _set(shared, "0")
    yield compare(
        "set a letter",
        lambda: _each(lambda folio: _set(shared, folio)),
        "the same, fonts read anew",
        lambda: _each(lambda folio: _set(Typesetter(), folio)),
        unit="ms",
        better="lower",
        rounds=rounds,
    )


def _each(make: Callable[[str], None]) -> float:
    begun = time.perf_counter()
    for number in range(LETTERS):
        make(f"MA-001-2026-{number + time.perf_counter_ns() % 900_000:06}")
    return (time.perf_counter() - begun) * 1000 / LETTERS


def _set(setter: Typesetter, folio: str) -> None:
    facts = (("Nombre", "María Fernanda Núñez de la Peña"), ("RFC", "NUPM850101AB1"), ("Zona", "CDMX"))
    content = Content(
        ("MetLife", "Administración de accesos"), facts, ("Jesús Quiriarte", "Director General"), {}
    )
    head = Letterhead("Grupo Ñandú", "Mesa de Ayuda", public_url="https://constancia.example")
    setter.set(setter.templates.newest("autorizacion"), head, content, folio, _DAY)
