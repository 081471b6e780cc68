"""The judge of the faults program finds a lost entry, one too many, an object from nowhere."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.fakes.papers import eml
from torture.aftermath import examine
from torture.blow import Effort
from torture.clients import Journal, Told
from torture.place import Place, embedded
from torture.scenarios import SIEGES
from torture.siege import besiege
from web.inception import settle
from web.settings import Settings
from web.wiring import House
from workflows.commands import Actor, OpenCase, RecordStep, Upload

OPENED, RECORDED = "marca-00000000000000aa", "marca-00000000000000bb"
MAIL = eml(body="Hola, quedó recibido.")


@dataclass
class Work:
    """An installation in which somebody wrote two entries, and the journal of it."""

    place: Place
    house: House
    folio: str
    journal: Journal = field(default_factory=Journal)


@pytest.fixture(scope="module")
def work() -> Iterator[Work]:
    """One case, opened and with a mail."""
    with embedded() as place:
        house = House(Settings.from_env(place.env))
        user = house.accounts.by_email(place.people[0].email, house.clock())
        assert user is not None
        actor = Actor(user.user.id, "especialista")
        data = {
            "tipo": "alta",
            "nombre": "María Ruiz Ortega",
            "rfc": "RUOM900215AB1",
            "correo": "maria@promotoria.example",
            "zona": "CDMX",
            "paquete": "1",
            "promotoria": "Promotoría Uno",
            "ticket": OPENED,
        }
        folio = house.cases.open_case(OpenCase("MA-001", actor, data)).folio
        house.cases.record(RecordStep(folio, "2", actor, (Upload("c.eml", io.BytesIO(MAIL)),), note=RECORDED))
        settle(house)
        yield Work(place, house, folio)
        house.close()


def journal(*told: Told) -> Journal:
    """What clients were told, with what they sent."""
    return Journal(acknowledged=list(told), sent={MAIL: RECORDED})


def test_a_kept_promise_is_no_finding(work: Work) -> None:
    """Both entries are where the answers said, and nothing else is wrong."""
    found = examine(work.place.env, journal(Told(OPENED, work.folio, 1), Told(RECORDED, work.folio, 2)))
    assert (found.wrong, found.orphans, found.once, found.verdict) == ([], {}, {OPENED, RECORDED}, "valid")
    assert found.entries > 2


def test_what_was_lost_moved_or_doubled_is_found(work: Work) -> None:
    """An acknowledged entry that is not there, one that is elsewhere, and one that was acknowledged twice."""
    lost = "marca-00000000000000cc"
    found = examine(
        work.place.env,
        journal(Told(lost), Told(OPENED, work.folio, 2), Told(RECORDED), Told(RECORDED)),
    )
    assert sorted(found.wrong) == sorted(
        [
            f"acknowledged {lost} is there 0 times",
            f"{OPENED} was promised as {work.folio} 2 and is elsewhere",
            f"{RECORDED} was acknowledged twice",
        ]
    )


def test_an_object_that_nobody_sent_is_found_and_one_that_somebody_sent_is_not(work: Work) -> None:
    """An orphan is explained by a client's own content only."""
    work.house.blobs.put(io.BytesIO(b"enviado, y nunca sellado"), media="text/plain")
    sent = Journal(sent={MAIL: RECORDED, b"enviado, y nunca sellado": RECORDED})
    found = examine(work.place.env, sent)
    assert (found.wrong, found.orphans) == ([], {"of a request that was never answered": 1})
    told = Journal([Told(RECORDED, work.folio, 2)], sent=sent.sent)
    assert examine(work.place.env, told).orphans == {
        "of a try that came to nothing; sent again, and sealed": 1
    }
    (wrong,) = examine(work.place.env, Journal(sent={MAIL: RECORDED})).wrong
    assert wrong.startswith("nobody sent what lies at sha256/")


def test_a_siege_kills_workers_and_everything_acknowledged_is_there() -> None:
    """The program itself, short: workers of a real server die inside the append's transaction while people write."""
    scenarios = [scenario for scenario in SIEGES["embedded"] if scenario.name == "killed at append.composed"]
    with embedded() as place:
        (row,) = besiege("embedded", place, scenarios, Effort(seconds=2, deaths=1, kills=1, seed=1))
    assert row.wrong == ()
    assert row.kills == {"web worker": row.killed}
    assert row.killed >= 1
    assert row.acknowledged >= 1
    assert row.recovery is not None
