"""Setting a letter, beside a plain sheet by bare typst, and beside the same with the fonts read anew each time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import typst

from benchmarks.measure import Figure, compare
from signing.letters import Content, Letterhead, Typesetter

LETTERS = 40
_DAY = datetime(2026, 11, 30, tzinfo=UTC)


def run(_scratch: Path, rounds: int) -> Iterator[Figure]:
    """Milliseconds of processor time a letter: what else the machine does is left out."""
    shared = Typesetter()
    _set(shared, "0")
    yield compare(
        "set a letter",
        lambda: _each(lambda folio: _set(shared, folio)),
        "a plain sheet, bare typst",
        lambda: _each(_plain(shared)),
        unit="ms",
        better="lower",
        rounds=rounds,
    )
    yield compare(
        "set a letter, fonts shared",
        lambda: _each(lambda folio: _set(shared, folio)),
        "the same, fonts read anew",
        lambda: _each(lambda folio: _set(Typesetter(), folio)),
        unit="ms",
        better="lower",
        rounds=rounds,
    )


def _each(make: Callable[[str], None]) -> float:
    begun = time.process_time()
    for number in range(LETTERS):
        make(f"MA-001-2026-{number + time.perf_counter_ns() % 900_000:06}")
    return (time.process_time() - begun) * 1000 / LETTERS


def _plain(setter: Typesetter) -> Callable[[str], None]:
    """A page of text of a letter's length, with the same fonts and the same claim of PDF/A."""
    fonts = setter.fonts()
    words = "Por medio de la presente se autoriza el alta de la persona que se indica. " * 12

    def make(folio: str) -> None:
        source = f'#set page(paper: "us-letter")\n#set text(11pt, font: "Libertinus Serif")\n{words}{folio}'
        typst.compile(source.encode(), font_paths=fonts, pdf_standards=["a-2b"], timestamp=0)

    return make


def _set(setter: Typesetter, folio: str) -> None:
    facts = (("Nombre", "María Fernanda Núñez de la Peña"), ("RFC", "NUPM850101AB1"), ("Zona", "CDMX"))
    content = Content(
        ("MetLife", "Administración de accesos"), facts, ("Jesús Quiriarte", "Director General"), {}
    )
    head = Letterhead("Grupo Ñandú", "Mesa de Ayuda", public_url="https://constancia.example")
    setter.set(setter.templates.newest("autorizacion"), head, content, folio, _DAY)
