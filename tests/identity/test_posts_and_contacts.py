"""Posts, backups and contacts: dated, with papers where somebody decides for another, and no name in an entry."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta

import pytest

from evidence.ports import LedgerStore
from identity.access import ACCESS_CASE, Granter
from identity.accounts import IdentityError, NameInvalid, UnknownUser
from identity.contacts import Contact, ContactDesk, PhoneInvalid
from identity.posts import AlreadyHolds, Paper, PaperMissing, PostDesk, PostInvalid
from storage.database import connect
from storage.directory import RetroactiveChange, SqlDirectory
from tests.fakes.memory import MemoryBlobStore, MemoryLedger
from tests.identity.conftest import NOW

DAY = timedelta(days=1)
ADMIN = Granter("u-admin", "administrador", "web")


class Office:
    """A directory with its desks on a clock that stands still until moved."""

    def __init__(self, url: str) -> None:
        self.now = NOW
        self.ledger: LedgerStore = MemoryLedger(clock=lambda: self.now)
        self.engine = connect(url)
        self.directory = SqlDirectory(self.engine)
        self.posts = PostDesk(self.ledger, self.directory, lambda: self.now, frozenset({"director_general"}))
        self.contacts = ContactDesk(self.ledger, self.directory, lambda: self.now)
        blob = MemoryBlobStore().put(io.BytesIO(b"nombramiento"), media="application/pdf")
        self.paper = Paper(blob, "nombramiento.pdf")

    def facts(self) -> list[dict[str, object]]:
        """What the entries say."""
        return [dict(sealed.entry.facts) for sealed in self.ledger.history(ACCESS_CASE)]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    """An empty office."""
    made = Office(request.getfixturevalue(f"migrated_{request.param}_url"))
    yield made
    made.engine.dispose()


def test_a_contact_is_an_opaque_id_in_the_log(office: Office) -> None:
    """Name, address and telephone are in the payload and in the directory, never in the entry."""
    found = office.contacts.add("Marcela Ríos", ADMIN, email="Marcela@Zona.example", phone="55 1234 5678")
    sealed = office.ledger.history(ACCESS_CASE)[0]
    assert office.facts() == [{"subject": found.id, "contact": True, "via": "web"}]
    for secret in (b"Marcela", b"marcela@zona.example", b"1234 5678"):
        assert secret not in sealed.entry_bytes
    assert sealed.payload()["data"] == {
        "name": "Marcela Ríos", "email": "marcela@zona.example", "phone": "55 1234 5678",
    }  # fmt: skip
    assert office.directory.actor_of("marcela@zona.example") == found.id
    assert office.directory.actor_of("") == ""


def test_adding_a_known_address_corrects_its_contact(office: Office) -> None:
    """Repeating changes nothing and seals nothing; another name for the address is a correction."""
    first = office.contacts.add("Marcela Rios", ADMIN, email="m@zona.example")
    assert office.contacts.add("Marcela Rios", ADMIN, email="m@zona.example") == first
    assert len(office.facts()) == 1
    second = office.contacts.add("Marcela Ríos", ADMIN, email="m@zona.example")
    assert second == Contact(first.id, "Marcela Ríos", "m@zona.example")
    assert office.directory.contacts() == (second,)
    assert len(office.facts()) == 2


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"name": " "}, NameInvalid),
        ({"phone": "a la oficina"}, PhoneInvalid),
        ({"id": "c-otro"}, UnknownUser),
    ],
)
def test_a_contact_that_cannot_be_is_refused(
    office: Office, change: dict[str, str], refusal: type[IdentityError]
) -> None:
    """Nothing is sealed and nothing written."""
    known = office.contacts.add("Marcela Ríos", ADMIN)
    wanted = Contact(change.get("id", known.id), change.get("name", known.name), "", change.get("phone", ""))
    with pytest.raises(refusal):
        office.contacts.change(wanted, ADMIN)
    assert office.directory.contacts() == (known,)
    assert len(office.facts()) == 1


def test_who_decides_for_another_brings_a_paper(office: Office) -> None:
    """A substitute in a deciding post, and its holder's backup; others need none."""
    office.posts.appoint("director_general", "u-dg", ADMIN)
    with pytest.raises(PaperMissing):
        office.posts.appoint("director_general", "u-carlos", ADMIN, rank=1)
    with pytest.raises(PaperMissing):
        office.posts.appoint("director_general", "u-carlos", ADMIN, since=NOW + DAY)
    with pytest.raises(PaperMissing):
        office.posts.name_backup("u-carlos", "u-dg", ADMIN)
    office.posts.appoint("director_general", "u-carlos", ADMIN, since=NOW + DAY, paper=office.paper)
    office.posts.name_backup("u-beto", "u-ana", ADMIN)
    office.posts.name_backup("u-carlos", "u-dg", ADMIN, paper=office.paper)
    assert office.directory.appointed("u-carlos", "u-dg", office.now)
    assert office.directory.may_act_for("u-beto", "u-ana", office.now)
    assert not office.directory.appointed("u-beto", "u-ana", office.now)
    last = office.ledger.history(ACCESS_CASE)[-1]
    assert last.entry.objects == (office.paper.blob,)
    assert b"nombramiento.pdf" not in last.entry_bytes


def test_a_backup_gets_a_paper_later_from_then_on(office: Office) -> None:
    """Until the paper came there was none, and that answer stays."""
    office.posts.name_backup("u-beto", "u-ana", ADMIN)
    office.now += DAY
    office.posts.name_backup("u-beto", "u-ana", ADMIN, paper=office.paper)
    assert not office.directory.appointed("u-beto", "u-ana", NOW)
    assert office.directory.may_act_for("u-beto", "u-ana", NOW)
    assert office.directory.appointed("u-beto", "u-ana", office.now)


def test_a_backup_ends_from_a_date_on(office: Office) -> None:
    """Never backwards; what was allowed before stays so."""
    office.posts.name_backup("u-beto", "u-ana", ADMIN)
    with pytest.raises(RetroactiveChange):
        office.posts.end_backup("u-beto", "u-ana", ADMIN, until=NOW - DAY)
    assert office.posts.end_backup("u-beto", "u-ana", ADMIN, until=NOW + DAY)
    assert not office.posts.end_backup("u-beto", "u-ana", ADMIN)
    assert office.directory.may_act_for("u-beto", "u-ana", NOW)
    assert not office.directory.may_act_for("u-beto", "u-ana", NOW + DAY)
    assert office.facts()[-1].keys() == {"subject", "acting_for", "until", "via"}


def test_the_same_appointment_twice_is_one_row(office: Office) -> None:
    """A command repeated after a crash completes its entry; another time in the same post is refused."""
    office.posts.appoint("asistente_cdmx", "c-1", ADMIN, since=NOW)
    office.posts.appoint("asistente_cdmx", "c-1", ADMIN, since=NOW)
    assert [one.actor for one in office.directory.appointments()] == ["c-1"]
    with pytest.raises(AlreadyHolds):
        office.posts.appoint("asistente_cdmx", "c-1", ADMIN, since=NOW + DAY, rank=1)
    office.posts.relieve("asistente_cdmx", "c-1", ADMIN, until=NOW + DAY)
    office.posts.appoint("asistente_cdmx", "c-1", ADMIN, since=NOW + 2 * DAY)
    assert len(office.directory.appointments()) == 2


def test_the_code_of_a_post_is_no_place_for_a_name(office: Office) -> None:
    """It stays in the entry for ever: no blank, no accent, no address."""
    for post in ("Ana Pérez", "ana@desk.example", "", "x" * 65):
        with pytest.raises(PostInvalid):
            office.posts.appoint(post, "u-1", ADMIN)
    assert office.facts() == []


def test_holders_of_the_past_stay_whatever_comes(office: Office) -> None:
    """Future holders, ends and substitutes added later change no earlier answer."""
    office.posts.appoint("asistente_cdmx", "c-1", ADMIN)
    seen = {}
    for day in range(1, 5):
        office.now = NOW + day * DAY
        seen[office.now] = [h.actor for h in office.directory.holders("asistente_cdmx", office.now)]
        office.now += timedelta(hours=1)
        if day == 1:
            office.posts.appoint("asistente_cdmx", "c-2", ADMIN, since=NOW + 10 * DAY)
        if day == 2:
            office.posts.relieve("asistente_cdmx", "c-1", ADMIN, until=NOW + 3 * DAY)
        if day == 3:
            office.posts.appoint("asistente_cdmx", "c-3", ADMIN, rank=1)
        for moment, holders in seen.items():
            assert [h.actor for h in office.directory.holders("asistente_cdmx", moment)] == holders
    assert [holders for _, holders in sorted(seen.items())] == [["c-1"], ["c-1"], [], ["c-3"]]
