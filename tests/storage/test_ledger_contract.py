"""The contract of `evidence.ports.LedgerStore`, held against every implementation."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest

from evidence.canonical import NotCanonical
from evidence.checkpoint import sign_checkpoint
from evidence.entry import MalformedEntry, SealedEntry, genesis_hash, parse_entry
from evidence.heads import CaseHead
from evidence.note import SigningKey
from evidence.ports import (
    BlobMissing,
    Composition,
    IdempotencyMismatch,
    LedgerStore,
    Projection,
    Reference,
    ReferenceTaken,
)
from evidence.proofs import head_of, prove_entry
from tests.storage.support import (
    ORIGIN,
    check_whole,
    draft,
    expected_tiles,
    fill,
    leaves_of,
    notes,
    opens,
    projection,
    projects,
    root_by_definition,
    sequence_all,
    writes,
)

CASE = "MA-001-2026-000001"
OTHER = "MA-001-2026-000002"

OpenLedger = Callable[[], LedgerStore]


class Refused(Exception):
    """What a compose may raise."""


def refuses(_history: object) -> Composition:
    """A compose that says no."""
    raise Refused


def test_append_seals_a_chain_from_the_genesis_hash(ledger: LedgerStore) -> None:
    """Entries get dense positions and each names its predecessor; the first names log and case."""
    first = ledger.append(CASE, writes(draft("uno"), draft("dos")))
    second = ledger.append(CASE, writes(draft("tres")))
    chain = [*first, *second]
    assert [sealed.entry.seq for sealed in chain] == [1, 2, 3]
    assert chain[0].entry.prev == genesis_hash(ORIGIN, CASE)
    assert [sealed.entry.prev for sealed in chain[1:]] == [chain[0].leaf, chain[1].leaf]
    assert [sealed.index for sealed in chain] == [None, None, None]
    assert list(ledger.history(CASE)) == chain
    assert notes(ledger.history(CASE)) == ["uno", "dos", "tres"]
    check_whole(ledger)


def test_compose_sees_the_whole_history(ledger: LedgerStore) -> None:
    """What is added is decided on everything that was there."""
    seen: list[Sequence[SealedEntry]] = []

    def compose(history: Sequence[SealedEntry]) -> Composition:
        seen.append(tuple(history))
        return Composition((draft(),))

    first = ledger.append(CASE, compose)
    ledger.append(CASE, compose)
    assert seen == [(), tuple(first)]


def test_a_new_ledger_over_the_same_store_reads_the_same(open_ledger: OpenLedger) -> None:
    """Nothing lives in the object that wrote it."""
    written = open_ledger().append(CASE, writes(draft("uno")))
    assert list(open_ledger().history(CASE)) == list(written)


def test_unknown_case_has_an_empty_history(ledger: LedgerStore) -> None:
    """A case without entries is empty, not an error."""
    assert list(ledger.history("MA-001-2026-999999")) == []
    assert list(ledger.cases()) == []


@pytest.mark.parametrize(("write", "name"), [("append", CASE), ("open_case", "MA-001-2026")])
def test_a_refusal_writes_nothing(ledger: LedgerStore, write: str, name: str) -> None:
    """What compose raises comes out as it is, and no entry, case, folio or key is left behind."""
    with pytest.raises(Refused):
        getattr(ledger, write)(name, refuses, idempotency_key="k", request_digest="d")
    assert check_whole(ledger) == []
    opened = ledger.open_case("MA-001-2026", opens(), idempotency_key="k", request_digest="d")
    assert opened[0].entry.case == CASE


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (draft(facts={"monto": 1.5}), NotCanonical),
        (draft(payload={"note": "\ud800"}), NotCanonical),
        (draft(actor=""), MalformedEntry),
        (draft(facts={"texto": "x" * 40_000}), MalformedEntry),
    ],
)
def test_one_bad_draft_takes_the_others_with_it(
    ledger: LedgerStore, bad: object, error: type[Exception]
) -> None:
    """Several drafts are one act: all are written or none."""
    ledger.append(CASE, writes(draft("antes")))
    with pytest.raises(error):
        ledger.append(CASE, writes(draft("bueno"), bad))  # type: ignore[arg-type]
    assert notes(check_whole(ledger)) == ["antes"]


def test_an_empty_composition_is_refused(ledger: LedgerStore) -> None:
    """An append that adds nothing is a mistake of the caller."""
    with pytest.raises(ValueError, match="at least one draft"):
        ledger.append(CASE, lambda _history: Composition(()))


def test_a_failing_projection_writes_nothing(ledger: LedgerStore) -> None:
    """Entries and projection are one transaction."""

    def project(_entries: Sequence[SealedEntry]) -> Projection:
        raise Refused

    with pytest.raises(Refused):
        ledger.append(CASE, lambda _history: Composition((draft(),), project))
    assert check_whole(ledger) == []


def test_project_sees_history_and_new_entries(ledger: LedgerStore) -> None:
    """A projection is made of the whole case as it will be."""
    ledger.append(CASE, writes(draft("uno")))
    seen: list[list[object]] = []

    def project(entries: Sequence[SealedEntry]) -> Projection:
        seen.append(list(notes(entries)))
        return projection(CASE)

    ledger.append(CASE, lambda _history: Composition((draft("dos"),), project))
    assert seen == [["uno", "dos"]]


def test_the_same_request_again_returns_what_it_wrote(open_ledger: OpenLedger) -> None:
    """A retried submit is the same entry, also after others have written, and compose is not asked again."""
    written = open_ledger().append(
        CASE, writes(draft("a"), draft("b")), idempotency_key="k", request_digest="d"
    )
    open_ledger().append(CASE, writes(draft("c")))
    again = open_ledger().append(CASE, refuses, idempotency_key="k", request_digest="d")
    assert [sealed.leaf for sealed in again] == [sealed.leaf for sealed in written]
    assert len(open_ledger().history(CASE)) == 3


def test_the_same_key_for_another_request_is_refused(ledger: LedgerStore) -> None:
    """A key says one thing once."""
    ledger.append(CASE, writes(), idempotency_key="k", request_digest="d")
    with pytest.raises(IdempotencyMismatch):
        ledger.append(CASE, writes(), idempotency_key="k", request_digest="other")
    with pytest.raises(IdempotencyMismatch):
        ledger.open_case("MA-001-2026", opens(), idempotency_key="k", request_digest="other")
    assert len(ledger.history(CASE)) == 1


def test_folios_have_no_gaps(ledger: LedgerStore) -> None:
    """A refused opening gives its number to the next; series count for themselves."""
    first = ledger.open_case("MA-001-2026", opens())
    with pytest.raises(Refused):
        ledger.open_case("MA-001-2026", refuses)
    second = ledger.open_case("MA-001-2026", opens())
    other = ledger.open_case("MA-005-2026", opens())
    folios = [written[0].entry.case for written in (first, second, other)]
    assert folios == ["MA-001-2026-000001", "MA-001-2026-000002", "MA-005-2026-000001"]


def test_compose_is_told_the_folio(ledger: LedgerStore) -> None:
    """The first entry may speak of the folio it opens."""
    opened = ledger.open_case("MA-001-2026", lambda folio: Composition((draft(folio),)))
    assert notes(opened) == ["MA-001-2026-000001"]


def test_opening_again_with_the_same_key_is_the_same_case(ledger: LedgerStore) -> None:
    """A double click opens one case."""
    first = ledger.open_case("MA-001-2026", opens(), idempotency_key="k", request_digest="d")
    again = ledger.open_case("MA-001-2026", refuses, idempotency_key="k", request_digest="d")
    assert [sealed.leaf for sealed in again] == [sealed.leaf for sealed in first]
    assert list(ledger.cases()) == ["MA-001-2026-000001"]


def test_a_unique_reference_belongs_to_one_case(ledger: LedgerStore) -> None:
    """The second case is refused as a whole, told who owns the value; the owner may write it again."""
    dsn = Reference("dsn", "A123", unique=True)
    ledger.append(CASE, projects(projection(CASE, dsn)))
    with pytest.raises(ReferenceTaken) as refusal:
        ledger.append(OTHER, projects(projection(OTHER, dsn)))
    assert (refusal.value.kind, refusal.value.value, refusal.value.case) == ("dsn", "A123", CASE)
    assert list(ledger.history(OTHER)) == []
    ledger.append(CASE, projects(projection(CASE, dsn)))
    assert len(ledger.history(CASE)) == 2


def test_a_reference_is_free_once_its_case_drops_it(ledger: LedgerStore) -> None:
    """A superseded value may be used elsewhere; references that need not be unique are shared."""
    dsn, ticket = Reference("dsn", "A123", unique=True), Reference("ticket", "T-1")
    ledger.append(CASE, projects(projection(CASE, dsn, ticket)))
    ledger.append(CASE, projects(projection(CASE, ticket)))
    ledger.append(OTHER, projects(projection(OTHER, dsn, ticket)))
    assert len(ledger.history(OTHER)) == 1


def test_replacing_a_projection_keeps_references_unique(ledger: LedgerStore) -> None:
    """The rebuild obeys the same rule."""
    dsn = Reference("dsn", "A123", unique=True)
    ledger.replace_projection(projection(CASE, dsn))
    ledger.replace_projection(projection(CASE, dsn))
    with pytest.raises(ReferenceTaken):
        ledger.replace_projection(projection(OTHER, dsn))


def test_sequencing_gives_dense_indices_in_order(ledger: LedgerStore) -> None:
    """At most ``limit`` at a time, in the order of their commits, until nothing waits."""
    for number in range(5):
        ledger.append(CASE if number % 2 else OTHER, writes(draft(str(number))))
    assert [sealed.entry.case for sealed in ledger.unsequenced()] == [OTHER, CASE, OTHER, CASE, OTHER]
    assert [ledger.sequence(2), ledger.sequence(2), ledger.sequence(2), ledger.sequence(2)] == [2, 2, 1, 0]
    assert notes(list(ledger.entries())) == ["0", "1", "2", "3", "4"]
    assert list(ledger.unsequenced()) == []
    check_whole(ledger)


def test_history_knows_the_index_once_there_is_one(ledger: LedgerStore) -> None:
    """A case's entries say where they lie in the log."""
    ledger.append(CASE, writes())
    ledger.sequence()
    assert [sealed.index for sealed in ledger.history(CASE)] == [0]


def test_entries_are_ranges(ledger: LedgerStore) -> None:
    """``[start, stop)``, clipped to what is there, over many pages."""
    fill(ledger, 600)
    assert [sealed.index for sealed in ledger.entries()] == list(range(600))
    assert [sealed.index for sealed in ledger.entries(250, 520)] == list(range(250, 520))
    assert [sealed.index for sealed in ledger.entries(599)] == [599]
    assert list(ledger.entries(600)) == []
    assert list(ledger.entries(5, 5)) == []


def test_unsequenced_entries_stream_over_many_pages(ledger: LedgerStore) -> None:
    """More waiting entries than one page holds come out whole and in order."""
    for number in range(300):
        ledger.append(CASE, writes(draft(str(number)), draft(f"{number}'")))
    found = notes(list(ledger.unsequenced()))
    assert found == [text for number in range(300) for text in (str(number), f"{number}'")]


def test_reading_while_the_log_grows_is_steady(ledger: LedgerStore) -> None:
    """A stream opened before more is appended gives each index once."""
    fill(ledger, 300)
    stream = ledger.entries(0, 300)
    first = [next(stream).index for _ in range(10)]
    fill(ledger, 300)
    assert first + [sealed.index for sealed in stream] == list(range(300))


@pytest.mark.parametrize(
    "steps", [[1] * 5, [255, 1, 1], [256], [600], [3, 250, 4, 260, 100], [65, 65, 65, 65]]
)
def test_tree_and_tiles_follow_the_definition(ledger: LedgerStore, steps: list[int]) -> None:
    """Root and every tile of the present size equal RFC 6962 and tlog-tiles, however the log grew."""
    for step in steps:
        fill(ledger, step)
        leaves = leaves_of(ledger)
        assert ledger.root() == root_by_definition(leaves)
        for (level, n, width), data in expected_tiles(leaves).items():
            assert ledger.tile(level, n, width) == data


def test_tiles_of_earlier_sizes_stay(ledger: LedgerStore) -> None:
    """A checkpoint's partial tiles can still be had when the log has grown far beyond."""
    fill(ledger, 300)
    earlier = expected_tiles(leaves_of(ledger))
    fill(ledger, 500)
    for (level, n, width), data in earlier.items():
        assert ledger.tile(level, n, width) == data


@pytest.mark.parametrize(
    ("level", "n", "width"), [(0, 0, 4), (0, 1, 1), (1, 0, 1), (0, 0, 0), (0, 0, 257), (9, 0, 1)]
)
def test_no_such_tile(ledger: LedgerStore, level: int, n: int, width: int) -> None:
    """A tile the tree does not have is missing, whatever the reason."""
    fill(ledger, 3)
    with pytest.raises(BlobMissing):
        ledger.tile(level, n, width)


def test_every_entry_has_a_proof(ledger: LedgerStore) -> None:
    """Inclusion proofs made from the tiles verify offline for each entry."""
    fill(ledger, 270)
    key = SigningKey.generate(ORIGIN)
    note = sign_checkpoint(head_of(ledger), key)
    for sealed in ledger.entries():
        assert sealed.index is not None
        prove_entry(ledger, sealed.index, note).verify(bytes.fromhex(sealed.leaf), [key.verifier], ORIGIN)


def test_cases_are_sorted_by_code_point(ledger: LedgerStore) -> None:
    """The order is the same on every database: capitals first, accents and emoji last."""
    names = ["b", "a", "B", "ñ", "á", "Z", "MA-001-2026-000002", "system:ledger", "😀", "n"]
    for name in names:
        ledger.append(name, writes())
    ledger.append("a", writes())
    assert list(ledger.cases()) == sorted(names)


def test_many_cases_stream_over_pages(ledger: LedgerStore) -> None:
    """More cases than one page holds, each once."""
    names = [f"MA-001-2026-{number:06d}" for number in range(520)]
    for name in reversed(names):
        ledger.append(name, writes(draft(), draft()))
    assert list(ledger.cases()) == names


def test_heads_are_those_of_a_size(ledger: LedgerStore) -> None:
    """Each case's last entry among the first so many of the log, by code point; later ones change nothing."""
    for name in ["b", "B", "ñ", "a", "😀"]:
        ledger.append(name, writes(draft(), draft()))
    sequence_all(ledger)
    size = ledger.tree_size()
    expected = [CaseHead(name, 2, bytes.fromhex(ledger.history(name)[1].leaf)) for name in ledger.cases()]
    ledger.append("a", writes())
    ledger.append("Z", writes())
    assert list(ledger.heads(size)) == expected
    sequence_all(ledger)
    assert list(ledger.heads(size)) == expected
    assert [head.case for head in ledger.heads(size - 1)] == [head.case for head in expected]
    assert [head.case for head in ledger.heads(3)] == ["B", "b"]
    assert [head.seq for head in ledger.heads(3)] == [1, 2]


def test_the_first_checkpoint_of_a_size_stays(ledger: LedgerStore) -> None:
    """Notes are kept by size, never replaced, and listed in order."""
    assert ledger.latest_checkpoint() is None
    for size, note in ((3, b"tres"), (10, b"diez"), (7, b"siete"), (3, b"otro")):
        ledger.save_checkpoint(size, note, "2026-11-20T15:00:00.000000Z")
    assert list(ledger.checkpoints()) == [(3, b"tres"), (7, b"siete"), (10, b"diez")]
    assert list(ledger.checkpoints(7)) == [(7, b"siete"), (10, b"diez")]
    assert ledger.latest_checkpoint() == (10, b"diez")


@pytest.mark.parametrize(
    "text",
    [
        "ca\u0303o\u0301n y ca\xf1\xf3n",
        "emoji 😀👩\u200d👩\u200d👧",
        "nulo \x00 y control \x1f",
        "\u2028 separadores \u2029",
        "ﬁ ligadura, ＡＮＣＨＯ",
        "x" * 10_000_000,
    ],
    ids=["nfd-nfc", "emoji", "nul", "separators", "compatibility", "10 MB"],
)
def test_payloads_come_back_byte_for_byte(ledger: LedgerStore, text: str) -> None:
    """What people typed is stored as it was sealed: no normalisation, no cut, no substitution."""
    (written,) = ledger.append(CASE, writes(draft(text)))
    (read,) = ledger.history(CASE)
    assert (read.payload_bytes, read.salt, read.entry_bytes) == (
        written.payload_bytes,
        written.salt,
        written.entry_bytes,
    )
    assert read.payload()["note"] == text


def test_time_is_kept_to_the_microsecond_in_utc(
    open_ledger: OpenLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock in another zone is written once, in UTC, with six digits."""
    ledger = open_ledger()
    moment = datetime(2026, 11, 20, 23, 59, 59, 7, tzinfo=timezone(timedelta(hours=-6)))
    writer = getattr(ledger, "_writer", None)
    if writer is None:
        monkeypatch.setattr(ledger, "_clock", lambda: moment)
    else:
        object.__setattr__(writer, "clock", lambda: moment)
    (written,) = ledger.append(CASE, writes())
    assert written.entry.at == "2026-11-21T05:59:59.000007Z"
    assert parse_entry(ledger.history(CASE)[0].entry_bytes).at == written.entry.at
    assert moment.astimezone(UTC) == datetime.fromisoformat(written.entry.at)


def test_threads_on_one_case_make_one_chain(ledger: LedgerStore) -> None:
    """Writers that meet wait for one another: dense, linear, nothing lost."""
    failures: list[BaseException] = []

    def work(name: int) -> None:
        try:
            for number in range(10):
                ledger.append(CASE, writes(draft(f"{name}/{number}")))
        except BaseException as error:  # noqa: BLE001 - carried to the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    sequence_all(ledger)
    assert sorted(map(str, notes(check_whole(ledger)))) == sorted(
        f"{n}/{m}" for n in range(6) for m in range(10)
    )


def test_the_same_request_from_many_threads_is_written_once(ledger: LedgerStore) -> None:
    """Double clicks that arrive together all get the same receipt."""
    leaves: list[tuple[str, ...]] = []
    gate = threading.Barrier(6)

    def work() -> None:
        gate.wait()
        written = ledger.open_case("MA-001-2026", opens(), idempotency_key="k", request_digest="d")
        leaves.append(tuple(sealed.leaf for sealed in written))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(leaves) == 6
    assert len(set(leaves)) == 1
    assert len(check_whole(ledger)) == 1
