"""The index of what files say: words without accents, erased with their entry, filled again from nothing."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from evidence.ports import StoreUnavailable
from storage.texts import SqliteTextIndex
from workflows.ports import TextPlace

A, B = "a" * 64, "b" * 64


def place(folio: str, seq: int = 1, leaf: str = "") -> TextPlace:
    """The first file of an entry."""
    return TextPlace(folio, seq, 0, leaf or f"{folio}/{seq}")


@pytest.fixture
def index(tmp_path: Path) -> SqliteTextIndex:
    """An empty index."""
    return SqliteTextIndex(tmp_path / "texts.sqlite3")


def found(index: SqliteTextIndex, *words: str) -> list[str]:
    """Folios of a search."""
    return [hit.folio for hit in index.search(words, 10)]


def test_words_are_found_without_accents_and_by_their_beginning(index: SqliteTextIndex) -> None:
    """All words must be there, whole or begun; accents, ñ and capitals do not matter; what was found is marked."""
    index.add(A, "Se confirma el alta de la Señora Peña en Nuevo León, póliza 8841.", [place("X-1")])
    index.add(B, "Otra carta, sin nada que ver.", [place("X-2")])
    for words in (("pena",), ("senora", "8841"), ("confir",), ("leon", "alta")):
        assert found(index, *words) == ["X-1"], words
    assert found(index, "pena", "otra") == []
    (hit,) = index.search(["pena"], 10)
    assert ("Peña", True) in hit.passage


def test_what_other_processes_hold_takes_no_place_of_the_one_asked_for(index: SqliteTextIndex) -> None:
    """Within processes the best of theirs are found, however many better ones other processes have."""
    index.add(
        A, "carta", [place("X-001-2026-000001"), place("X-001-2026-000002"), place("X-0011-2026-000001")]
    )
    index.add(B, "una carta entre muchas otras palabras que no se buscan", [place("Y-001-2026-000001")])
    assert [hit.folio for hit in index.search(["carta"], 1, ["Y-001"])] == ["Y-001-2026-000001"]
    both = index.search(["carta"], 10, ["X-001", "Y-001"])
    assert [hit.folio[:5] for hit in both] == ["X-001", "X-001", "Y-001"]
    assert index.search(["carta"], 10, ["Z-001"]) == ()


@pytest.mark.parametrize(
    "word", ['"', "AND", "a*", "NEAR(", "text:carta", "-carta", "^", "(", "\x00", "' OR 1=1 --"]
)
def test_no_word_is_syntax(index: SqliteTextIndex, word: str) -> None:
    """Whatever is typed is looked for as a word, never read as an expression."""
    index.add(A, "una carta", [place("X-1")])
    assert found(index, word) in ([], ["X-1"])
    assert found(index, "carta") == ["X-1"]


def test_one_file_in_many_cases_is_read_once_and_found_in_each(index: SqliteTextIndex) -> None:
    """A text is kept by its file's digest; every case that holds the file is found."""
    index.add(A, "la misma carta", [place("X-1")])
    assert index.known(A)
    assert not index.known(B)
    index.add(A, "", [place("X-2", 4)])
    assert sorted(found(index, "misma")) == ["X-1", "X-2"]
    index.add(A, "", [place("X-2", 4)])
    assert len(found(index, "misma")) == 2


def test_what_is_erased_is_gone_from_the_file(index: SqliteTextIndex, tmp_path: Path) -> None:
    """With the last entry that holds it a text is destroyed: not one byte of it stays on the disk."""
    secret = "ornitorrinco"
    index.add(A, f"habla de un {secret} " + "y de más cosas " * 300, [place("X-1"), place("X-2", leaf="l2")])
    index.forget("X-1/1")
    assert found(index, secret) == ["X-2"]
    index.forget("l2")
    assert found(index, secret) == []
    assert not index.known(A)
    assert b"ornitorrinco" not in b"".join(path.read_bytes() for path in tmp_path.glob("texts.sqlite3"))


def test_the_position_never_goes_back_and_clearing_begins_anew(index: SqliteTextIndex) -> None:
    """Two servers' runs cannot undo each other's progress; only throwing everything away does."""
    index.reached(7)
    index.reached(3)
    assert index.position() == 7
    index.add(A, "carta", [place("X-1")])
    index.clear()
    assert (index.position(), found(index, "carta"), index.known(A)) == (0, [], False)


def test_threads_fill_it_together(index: SqliteTextIndex) -> None:
    """Several threads add the same and other files at once: each text once, each place once."""

    def fill(n: int) -> None:
        for k in range(10):
            index.add(f"{k:064d}", f"palabra{k}", [place(f"X-{n}", k)])

    threads = [threading.Thread(target=fill, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(found(index, f"palabra{k}")) for k in range(10)] == [4] * 10


def test_it_is_its_owners_alone_and_trouble_is_unavailability(tmp_path: Path) -> None:
    """The file holds what letters say: nobody else reads it. A damaged one is told as such, not as a fault of ours."""
    path = tmp_path / "texts.sqlite3"
    SqliteTextIndex(path).position()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    other = tmp_path / "other.sqlite3"
    other.write_bytes(b"not a database at all, but long enough to look like one" * 100)
    with pytest.raises(StoreUnavailable):
        SqliteTextIndex(other).position()
