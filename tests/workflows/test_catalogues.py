"""Catalogues: dated versions as entries, never retroactive, checked at recording, the same on every adapter."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.entry import EntryKind, SealedEntry, format_time
from evidence.ports import LedgerStore
from storage.catalogues import SqlCatalogues
from storage.database import connect
from storage.ledger import SqlLedger, start_log
from tests.fakes.memory import MemoryLedger
from tests.workflows.desk import SUPERVISOR, Desk, HandClock, PaperDirectory, local, registry
from workflows.calendar import BusinessCalendar
from workflows.cataloguerules import MAX_ITEMS, NAME_LENGTH
from workflows.catalogues import CATALOGUES_CASE, bundled_catalogues, timeline_of
from workflows.commands import Actor, Supersede
from workflows.definition import CatalogueItem
from workflows.errors import CatalogueStale, FieldInvalid, RetroactiveCatalogue, UnknownCatalogue
from workflows.facts import facts_of
from workflows.published import CatalogueDesk, LedgerCatalogues, PublishCatalogue
from workflows.step import Text
from workflows.zones import answering_for

ADMIN = Actor(id="u-admin", role="administrador")
ORIGIN = "constancia.example/catalogos"
CALENDAR = BusinessCalendar.bundled()
BUNDLED = bundled_catalogues(registry().processes())


def item(code: str, name: str = "Paquete", **more: object) -> CatalogueItem:
    """One item."""
    return CatalogueItem(code, Text(name, ""), Text("", ""), **more)  # type: ignore[arg-type]


@dataclass
class Room:
    """Catalogues with their desk, on one ledger and a clock moved by hand."""

    ledger: LedgerStore
    catalogues: LedgerCatalogues
    clock: HandClock

    @property
    def desk(self) -> CatalogueDesk:
        """The publisher."""
        return CatalogueDesk(self.ledger, self.catalogues, self.clock, CALENDAR)

    def publish(self, *items: CatalogueItem, code: str = "paquetes", **more: object) -> SealedEntry:
        """Publish on the newest version, unless ``based_on`` says otherwise."""
        newest = self.catalogues.versions(code)[-1].version
        arguments = {"actor": ADMIN, "based_on": newest, **more}
        return self.desk.publish(PublishCatalogue(code, items, **arguments))  # type: ignore[arg-type]


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def room(request: pytest.FixtureRequest) -> Iterator[Room]:
    """The port on each of its adapters."""
    clock = HandClock(local("2026-01-12 09:00"))
    if request.param == "memory":
        ledger = MemoryLedger(ORIGIN, clock=clock)
        yield Room(ledger, LedgerCatalogues(ledger, BUNDLED), clock)
        return
    engine = connect(request.getfixturevalue(f"migrated_{request.param}_url"))
    start_log(engine, ORIGIN)
    stored = SqlLedger(engine, ORIGIN, clock=clock)
    yield Room(stored, SqlCatalogues(engine, stored, BUNDLED), clock)
    engine.dispose()


def test_the_definitions_list_is_the_first_version(room: Room) -> None:
    """Before anything is published the bundled list answers, and a list nobody wrote down is empty."""
    first = room.catalogues.in_force("paquetes", room.clock())
    assert (first.version, first.leaf) == ("2025-12-15", "")
    assert [one.code for one in first.items] == ["1", "2"]
    assert room.catalogues.in_force("dias_inhabiles", room.clock()).items == ()


def test_a_version_counts_from_its_date_and_the_past_keeps_its_answer(room: Room) -> None:
    """Now, or from a day to come; the moments before keep the list they had."""
    before = room.clock()
    sealed = room.publish(item("1"), item("3", values={}))
    later = room.clock.now + timedelta(days=10)
    room.clock.advance(minutes=1)
    room.publish(item("4"), since=later)

    def codes(moment: object) -> list[str]:
        return [one.code for one in room.catalogues.in_force("paquetes", moment).items]  # type: ignore[arg-type]

    assert codes(before) == ["1", "2"]
    assert codes(room.clock()) == ["1", "3"]
    assert codes(later - timedelta(seconds=1)) == ["1", "3"]
    assert codes(later) == ["4"]
    assert sealed.entry.kind is EntryKind.CATALOGUE_PUBLISHED
    assert [version.version for version in room.catalogues.versions("paquetes")] == ["2025-12-15", "2", "3"]
    assert room.catalogues.in_force("paquetes", later).leaf == room.ledger.history(CATALOGUES_CASE)[1].leaf


def test_who_reads_may_be_told_one_thing_for_a_while(room: Room) -> None:
    """In the block, and in its thread alone, the lists are those of the first look; after it, the present ones."""
    seen: list[int] = []

    def count() -> int:
        return len(room.catalogues.versions("paquetes"))

    before = count()
    with room.catalogues.steady():
        assert count() == before
        room.publish(item("oro"))
        with room.catalogues.steady():
            assert count() == before
        other = threading.Thread(target=lambda: seen.append(count()))
        other.start()
        other.join()
        assert count() == before
    assert seen == [before + 1]
    assert count() == before + 1
    with room.catalogues.steady():
        assert count() == before + 1, "a block is told nothing of another's"


def test_nothing_is_published_backwards(room: Room) -> None:
    """A date behind now is refused and nothing is written."""
    with pytest.raises(RetroactiveCatalogue):
        room.publish(item("1"), since=room.clock.now - timedelta(minutes=1))
    assert not room.ledger.history(CATALOGUES_CASE)


def test_days_off_are_for_days_to_come(room: Room) -> None:
    """Today and what lies behind neither come nor go; a day to come may do both."""
    with pytest.raises(RetroactiveCatalogue):
        room.publish(item("2026-01-12", "Hoy"), code="dias_inhabiles")
    room.publish(item("2026-01-16", "Aniversario"), item("2026-01-23", "Puente"), code="dias_inhabiles")
    room.publish(item("2026-01-16", "Aniversario"), code="dias_inhabiles")
    room.clock.set("2026-01-16 09:00")
    with pytest.raises(RetroactiveCatalogue):
        room.publish(code="dias_inhabiles")
    with pytest.raises(RetroactiveCatalogue):
        room.publish(
            item("2026-01-16", "Aniversario"),
            item("2026-02-13", "Puente"),
            code="dias_inhabiles",
            since=room.clock.now + timedelta(days=1),
        )
    assert len(room.ledger.history(CATALOGUES_CASE)) == 2


def test_two_who_edit_the_same_version_do_not_overwrite_each_other(room: Room) -> None:
    """Of many publications made from one version exactly one is sealed; the others hear which version is new."""
    outcomes: list[str] = []

    def publish(code: str) -> None:
        try:
            room.publish(item(code), based_on="2025-12-15")
            outcomes.append("sealed")
        except CatalogueStale as error:
            outcomes.append(str(error.fields["newest"]))

    threads = [threading.Thread(target=publish, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["2", "2", "2", "sealed"]
    assert len(room.ledger.history(CATALOGUES_CASE)) == 1


def test_a_double_click_publishes_once(room: Room) -> None:
    """The same request with its key is the entry it already is."""
    first = room.publish(item("1"), based_on="2025-12-15", idempotency_key="k1")
    again = room.publish(item("1"), based_on="2025-12-15", idempotency_key="k1")
    assert again.leaf == first.leaf
    assert len(room.ledger.history(CATALOGUES_CASE)) == 1


@pytest.mark.parametrize(
    ("code", "wrong", "problem"),
    [
        ("paquetes", item("1", "Ana Pérez ana@desk.example"), "personal"),
        ("paquetes", item("1", "Llama al 55 1234 5678"), "personal"),
        ("paquetes", item("1", ""), "required"),
        ("paquetes", item("1", "x" * 61), "too_long"),
        ("paquetes", item("1", "uno\u202edos"), "control_characters"),
        ("paquetes", item("1", "contraseña: Secreta99"), "secret"),
        ("paquetes", item("á"), "malformed"),
        ("paquetes", item("1", values={"post": "x"}), "malformed"),
        ("zonas", item("cdmx", values={"post": "Ana Pérez"}), "malformed"),
        ("dominios", item("sinpunto", "No es dominio"), "malformed"),
        ("whatsapp_autorizados", item("u-1", "Ana Pérez"), "personal"),
        ("dias_inhabiles", item("2026-02-30", "No existe"), "malformed"),
        ("paquetes", item("1", since="2026-03-02", until="2026-03-01"), "ends_before"),
        ("paquetes", item("1", since="mañana"), "malformed"),
    ],
)
def test_a_list_with_a_problem_is_refused_whole(code: str, wrong: CatalogueItem, problem: str) -> None:
    """Names stay in entries for ever: nothing personal, no secret; and each code has its shape."""
    room = memory_room()
    with pytest.raises(FieldInvalid) as refused:
        room.publish(item("9"), wrong, code=code)
    assert problem in str(refused.value.fields["problems"])
    assert not room.ledger.history(CATALOGUES_CASE)


def test_a_list_is_known_and_its_items_single() -> None:
    """An unknown code, an item twice, a note for nobody, too many items."""
    room = memory_room()
    with pytest.raises(UnknownCatalogue):
        room.publish(item("1"), code="otro")
    for wrong in ((item("1"), item("1")), tuple(item(str(n)) for n in range(MAX_ITEMS + 1))):
        with pytest.raises(FieldInvalid):
            room.publish(*wrong)
    with pytest.raises(FieldInvalid):
        room.publish(item("1"), notes={"2": "de nadie"})
    with pytest.raises(FieldInvalid, match="secret"):
        room.publish(item("1"), notes={"1": "contraseña: Secreta99"})


@pytest.mark.parametrize(("size", "fits"), [(120, True), (MAX_ITEMS, False)])
def test_a_long_list_is_refused_before_its_entry_would_be(size: int, fits: bool) -> None:
    """The limit of an entry's size is met by a refusal that says so, never by a fault."""
    room = memory_room()
    name = Text("ñ" * NAME_LENGTH, "n" * NAME_LENGTH)
    full = tuple(replace(item(f"z{n:03}"), name=name) for n in range(size))
    if fits:
        room.publish(*full, code="zonas")
        assert len(room.catalogues.in_force("zonas", room.clock()).items) == size
    else:
        with pytest.raises(FieldInvalid, match="list_too_long"):
            room.publish(*full, code="zonas")


def test_notes_stay_out_of_the_entry() -> None:
    """What anybody may fill with anything is in the payload, and can be erased."""
    room = memory_room()
    sealed = room.publish(item("1"), notes={"1": "lo pidió Ana"})
    assert "Ana" not in str(sealed.entry.facts)
    assert room.catalogues.in_force("paquetes", room.clock()).notes == {"1": "lo pidió Ana"}
    erased = replace(sealed, payload_bytes=None, salt=None)
    assert timeline_of([erased])["paquetes"][0].notes == {}


STEPS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 4), st.sets(st.sampled_from("abcd"), min_size=1)),
    min_size=1,
    max_size=7,
)


@settings(deadline=None, max_examples=40)
@given(STEPS)
def test_the_answer_for_a_past_moment_never_changes(steps: list[tuple[int, int, set[str]]]) -> None:
    """Whatever is published afterwards, now or for later, each moment keeps the list it had when it was the present."""
    room = memory_room()
    seen: dict[str, tuple[object, str]] = {}
    for wait, ahead, codes in steps:
        room.clock.advance(days=wait, seconds=1)
        since = room.clock.now + timedelta(days=ahead) if ahead else None
        moment = room.clock()
        seen[format_time(moment)] = moment, room.catalogues.in_force("paquetes", moment).version
        room.publish(*(item(code) for code in sorted(codes)), since=since)
        for known, version in seen.values():
            assert room.catalogues.in_force("paquetes", known).version == version  # type: ignore[arg-type]


def memory_room() -> Room:
    """The port in memory."""
    clock = HandClock(local("2026-01-12 09:00"))
    ledger = MemoryLedger(ORIGIN, clock=clock)
    return Room(ledger, LedgerCatalogues(ledger, BUNDLED), clock)


@pytest.fixture
def listed() -> tuple[Desk, Callable[..., SealedEntry]]:
    """A desk of cases with catalogues, and its publisher."""
    desk = Desk()
    catalogues = LedgerCatalogues(desk.ledger, BUNDLED)
    desk.use(catalogues)
    return desk, Room(desk.ledger, catalogues, desk.clock).publish


def test_values_are_checked_against_the_version_in_force(
    listed: tuple[Desk, Callable[..., SealedEntry]],
) -> None:
    """A withdrawn item is refused, a new one taken, and the entry names the version."""
    desk, publish = listed
    folio = desk.open()
    assert facts_of(desk.ledger.history(folio)[0].entry).catalogues == {"paquetes": "2025-12-15"}
    publish(item("2"), item("3"))
    with pytest.raises(FieldInvalid):
        desk.open(paquete="1", rfc="RUOM900215AB2")
    other = desk.open(paquete="3", rfc="RUOM900215AB2")
    assert facts_of(desk.ledger.history(other)[0].entry).catalogues == {"paquetes": "2"}
    assert desk.cases.view(other).state.params["paquete"] == "3"


def test_a_correction_is_checked_against_the_list_of_its_moment(
    listed: tuple[Desk, Callable[..., SealedEntry]],
) -> None:
    """An item withdrawn since does not keep anybody from correcting something else of the entry."""
    desk, publish = listed
    folio = desk.open()
    desk.clock.advance(minutes=1)
    publish(item("3"))
    data = {**desk.cases.view(folio).data()["1"], "ticket": "TK-9"}
    desk.cases.supersede(Supersede(folio, 1, SUPERVISOR, "el ticket era otro", data=data, keep=()))
    assert facts_of(desk.ledger.history(folio)[-1].entry).catalogues == {"paquetes": "2025-12-15"}


def test_items_have_days_of_validity(listed: tuple[Desk, Callable[..., SealedEntry]]) -> None:
    """Before its first and after its last day an item cannot be chosen, nor is it offered."""
    desk, publish = listed
    publish(item("1"), item("2", since="2026-01-13", until="2026-01-13"))
    definition = desk.definitions.current("MA-001")

    def offered() -> list[str]:
        return [one.code for one in desk.cases.with_lists(definition).catalogues[0].items]

    assert offered() == ["1"]
    with pytest.raises(FieldInvalid):
        desk.open(paquete="2")
    desk.clock.set("2026-01-13 12:00")
    assert offered() == ["1", "2"]
    desk.open(paquete="2")
    desk.clock.set("2026-01-14 12:00")
    assert offered() == ["1"]


def test_an_old_case_is_derived_without_any_list(listed: tuple[Desk, Callable[..., SealedEntry]]) -> None:
    """A publication moves no state: projection and derivation stay what they were."""
    desk, publish = listed
    folio = desk.open()
    before = desk.cases.view(folio).state
    publish(item("7"))
    after = desk.cases.view(folio).state
    assert replace(before, moment="") == replace(after, moment="")
    assert desk.cases.rebuild().differences == ()


def test_a_zone_without_holder_falls_to_the_commercial_manager() -> None:
    """The post a zone names, else ``asistente_`` and its code; where nobody holds it, the manager's."""
    room = memory_room()
    room.publish(item("cdmx"), item("oaxaca", values={"post": "asistente_sur"}), code="zonas")
    zones = room.catalogues.in_force("zonas", room.clock())
    directory = PaperDirectory()
    directory.posts |= {"asistente_sur": "c-mariana", "gerente_comercial": "c-gerente"}

    def answers(zone: str) -> tuple[str, list[str], bool]:
        found = answering_for(zones, zone, directory, room.clock())
        return found.post, [holder.actor for holder in found.holders], found.fallback

    assert answers("oaxaca") == ("asistente_sur", ["c-mariana"], False)
    assert answers("cdmx") == ("gerente_comercial", ["c-gerente"], True)
    directory.posts["asistente_cdmx"] = "c-julio"
    assert answers("cdmx") == ("asistente_cdmx", ["c-julio"], False)
