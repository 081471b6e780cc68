"""What is read of a case that was blocked, beside its pages: rows of a campaign, forms, and links that were sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.entry import EntryDraft, EntryKind
from evidence.ports import Composition
from identity.accounts import Role
from tests.faces.test_faces_campaign import PEOPLE, Campaign
from tests.fakes.asking_room import AskingRoom
from tests.fakes.installation import Installation
from tests.fakes.signing_room import ADDRESS
from tests.workflows.desk import eml
from web.wiring import House
from workflows.commands import Actor, RecordStep
from workflows.keepingerrors import DataBlocked


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """An installation of its own."""
    made = Installation(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[AskingRoom]:
    """A desk that asks by links."""
    made = AskingRoom.begin(tmp_path / "room")
    yield made
    made.place.close()


def shut(house: House, folio: str) -> None:
    """Block a case as it stands, as if it had been closed: what is read of it must not depend on that."""
    draft = EntryDraft("u-1", "datos_personales", EntryKind.DATA_BLOCKED, payload={"note": "Se cumplió."})
    house.ledger.append(folio, lambda _history: Composition((draft,)))


def test_the_rows_of_a_blocked_campaign_are_not_read(place: Installation) -> None:
    """Neither on its page nor on those of its rows, its sheets and its acts; the case's page itself stays."""
    campaign, browser = Campaign(place), place.client(Role.ESPECIALISTA)
    paths = ("", "/filas", "/campana/hoja", "/campana/final", "/campana/bajas")
    names = [person.name for person in PEOPLE]
    assert any(name in browser.get(f"/casos/{campaign.folio}/filas").text for name in names)
    shut(place.house, campaign.folio)
    for path in paths:
        answer = browser.get(f"/casos/{campaign.folio}{path}")
        assert answer.status_code == (409 if path else 200), path
        assert not [name for name in names if name in answer.text]
    with pytest.raises(DataBlocked):
        place.house.cases.campaigns.roster(campaign.folio)
    assert place.house.cases.campaigns.follow_removals(place.clock()) == ([], [])


def test_a_link_into_a_blocked_case_is_dead(room: AskingRoom) -> None:
    """Whoever holds one gets the page of a link that leads nowhere, also in a visit that had begun."""
    folio = room.walk("MA-002", "2", "3", "4", "5")
    room.question(folio, "6")
    phone, late = room.place.app.test_client(), room.place.app.test_client()
    token = phone.get("/sesion", base_url=ADDRESS).get_json()["csrf_token"]
    opened = phone.post(f"/s/{room.token()}", data={"csrf_token": token}, base_url=ADDRESS)
    there = str(opened.headers["Location"])
    assert folio in phone.get(there, base_url=ADDRESS).text
    shut(room.place.house, folio)
    for answer in (phone.get(there, base_url=ADDRESS), late.get(f"/s/{room.token()}", base_url=ADDRESS)):
        assert answer.status_code == 404
        assert folio not in answer.text


def test_a_form_of_a_blocked_case_begins_with_nothing(room: AskingRoom) -> None:
    """What is proposed repeats what the case holds, and is not proposed any more; nor is what is typed judged."""
    cases, folio = room.place.house.cases, room.walk("MA-002", "2", "3", "4", "5")
    assert cases.proposed(folio, "10") == {"clave_cam": "AG00002"}
    shut(room.place.house, folio)
    assert cases.proposed(folio, "10") == {}
    with pytest.raises(DataBlocked):
        cases.would_record(RecordStep(folio, "6", Actor(room.specialist.id, "especialista"), (eml(),)))
