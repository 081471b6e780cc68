"""What is typed is kept in a draft by one transaction, on both databases, whoever else keeps something meanwhile."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from sqlalchemy import Engine, event

from identity.accounts import User
from storage.accounts import SqlAccounts
from storage.drafts import DraftFile, DraftKey, SqlDrafts

NOW = datetime(2026, 1, 15, 16, tzinfo=UTC)
KEY = DraftKey("u-1", "MA-006-2026-000001", "8")
FILE = DraftFile(
    "f-1", "captura.png", "captura", "image/png", "image", 4, "0" * 64, {}, "2026-01-15T16:00:00Z"
)


def _drafts(engine: Engine) -> SqlDrafts:
    SqlAccounts(engine).add(User("u-1", "ana@casa.example", "Ana Ruiz", frozenset()), "", NOW)
    return SqlDrafts(engine)


def test_the_first_thing_typed_begins_the_draft_at_once(engine: Engine) -> None:
    """One commit begins it with what was typed, and what comes back is what anybody finds."""
    drafts, commits = _drafts(engine), list[int]()
    event.listen(engine, "commit", lambda _connection: commits.append(1))
    begun = drafts.keep(KEY, "d-1", {"note": "ñ"}, NOW)
    assert len(commits) == 1
    assert (begun.id, begun.fields, begun.files) == ("d-1", {"note": "ñ"}, ())
    assert drafts.find(KEY) == begun


def test_what_is_typed_later_replaces_the_words_and_nothing_else(engine: Engine) -> None:
    """The draft keeps its id, which is the key of its submit, and its files."""
    drafts = _drafts(engine)
    drafts.keep(KEY, "d-1", {"note": "uno", "choice": "a"}, NOW)
    drafts.add_file("d-1", FILE, most_files=5, most_bytes=100)
    again = drafts.keep(KEY, "d-2", {"note": "dos"}, NOW)
    assert (again.id, again.fields, again.files) == ("d-1", {"note": "dos"}, (FILE,))
    assert drafts.find(KEY) == again


def test_tabs_that_begin_at_the_same_moment_share_one_draft(engine: Engine) -> None:
    """Each of them keeps what it has in the draft that one of them began."""
    drafts, start = _drafts(engine), threading.Barrier(4)

    def keep(number: int) -> str:
        start.wait(20)
        return drafts.keep(KEY, f"d-{number}", {"note": str(number)}, NOW).id

    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(keep, range(4)))
    assert ids == drafts.ids()
    assert len(ids) == 1
