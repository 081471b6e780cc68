"""A desk that writes cases, alone or in a crowd, in whichever home its installation has."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from evidence.ports import StoreError
from tests.fakes.installation import Installation
from tests.fakes.papers import eml
from workflows.commands import Actor, OpenCase, RecordStep, Upload

OPENING: Mapping[str, str] = {
    "tipo": "alta",
    "nombre": "María Ruiz",
    "correo": "maria@promotoria.example",
    "zona": "CDMX",
    "paquete": "1",
    "promotoria": "Promotoría Uno",
}


def write_case(place: Installation, number: int) -> str:
    """Open a case and record its second step with a mail of its own; returns the folio.

    Numbers below 100,000 are different people.
    """
    actor = Actor(place.user().id, "especialista")
    rfc = f"RUOM{number // 1000 % 100:02d}0215{number % 1000:03d}"
    data = {**OPENING, "rfc": rfc, "ticket": f"T-{number}", "correo": f"maria{number}@promotoria.example"}
    folio = place.house.cases.open_case(OpenCase("MA-001", actor, data)).folio
    mail = eml(subject=f"Recibido {number}", body=f"Hola, quedó recibido lo del {number}.")
    place.house.cases.record(RecordStep(folio, "2", actor, (Upload("correo.eml", io.BytesIO(mail)),)))
    return folio


_PAUSE = 0.05
"""Seconds between two cases of one person: who copies meanwhile must be able to catch up, however busy the machine."""


class Writers:
    """What threads that write meanwhile have been told is sealed."""

    def __init__(self) -> None:
        self.acknowledged: list[str] = []
        self.refused: list[StoreError] = []
        self.stop = threading.Event()


@contextmanager
def writing_meanwhile(place: Installation, threads: int = 3) -> Iterator[Writers]:
    """Threads that seal one case after another until the block ends; a store's refusal ends a thread."""
    told = Writers()

    def write(first: int) -> None:
        number = first
        while not told.stop.wait(_PAUSE):
            try:
                told.acknowledged.append(write_case(place, number))
            except StoreError as error:
                told.refused.append(error)
                return
            number += 1

    place.user()
    crowd = [threading.Thread(target=write, args=(20_000 * (n + 1),)) for n in range(threads)]
    for one in crowd:
        one.start()
    try:
        yield told
    finally:
        told.stop.set()
        for one in crowd:
            one.join()
