"""What one request asks the database: a form that brings a file and seals it, and the page that follows."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from identity.accounts import Role
from tests.fakes.installation import Browser, Installation
from tests.fakes.papers import eml, png
from tests.web.test_web_drafts import DATA, staged
from web import i18n
from web.drafts import DraftDesk
from web.pages import recording
from web.views import kinds
from web.wiring import Draft, House
from workflows.commands import Actor, OpenCase, Receipt

_TABLE = re.compile(r"(?:FROM|INTO|UPDATE) (\w+)")


@contextmanager
def asked(place: Installation) -> Iterator[Counter[tuple[str, str]]]:
    """How often each table was read, written and deleted from in the block, through SQLAlchemy."""
    seen: Counter[tuple[str, str]] = Counter()

    def note(_connection: object, _cursor: object, sql: str, *_more: object) -> None:
        if found := _TABLE.search(sql):
            seen[sql.split(maxsplit=1)[0], found[1]] += 1

    event.listen(place.house.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(place.house.engine, "before_cursor_execute", note)


def opened(place: Installation) -> str:
    """A case that waits for its second step."""
    return place.house.cases.open_case(
        OpenCase("MA-001", Actor(place.user(Role.ESPECIALISTA).id, "especialista"), DATA)
    ).folio


def send(browser: Browser, folio: str, content: bytes = b"") -> TestResponse:
    """A step's form with its mail."""
    file = FileStorage(io.BytesIO(content or eml()), "correo.eml")
    return browser.send(
        "POST",
        f"/casos/{folio}/pasos/2",
        data={"note": "Se revisó.", "file.": file},
        content_type="multipart/form-data",
    )


def test_a_form_reads_its_draft_once_and_the_lists_once(place: Installation) -> None:
    """The draft is begun and filled, read once, sealed, forgotten; nobody asks for the lists again and again."""
    browser, folio = place.client(), opened(place)
    with asked(place) as seen:
        assert send(browser, folio).status_code == 303
    assert seen["SELECT", "draft"] == 2, "as it was kept, and as it is sealed"
    assert seen["SELECT", "case_head"] <= 2
    assert staged(place) == []


def test_a_page_reads_nothing_twice(place: Installation) -> None:
    """One look at the lists, one at the draft of the open form, and one at who looks."""
    browser, folio = place.client(), opened(place)
    with asked(place) as seen:
        assert browser.get(f"/casos/{folio}").status_code == 200
    assert seen["SELECT", "draft"] == 1
    assert seen["SELECT", "account"] == 1
    assert seen["SELECT", "case_head"] == 2, "the lists, and what auditors asked"


def test_a_file_of_a_draft_that_was_sealed_meanwhile_goes_into_the_next(place: Installation) -> None:
    """Another tab seals between what was typed and the file: it is not lost, and lies in no draft that is gone."""
    desk = DraftDesk(place.house)
    key = desk.key(place.user().id, opened(place), "2")
    gone = desk.save_fields(key, {"note": "antes"})
    desk.forget(gone)
    file, _found = desk.add(key, FileStorage(io.BytesIO(eml()), "correo.eml"), begun=gone.id)
    draft = desk.find(key)
    assert draft.id != gone.id
    assert [kept.id for kept in draft.files] == [file.id]
    assert [path.parent.name for path in staged(place)] == [draft.id]


def test_what_is_sealed_is_forgotten_and_no_draft_begun_meanwhile(
    place: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who types on in another tab, while the first is being sealed, keeps what is typed there."""
    browser, folio = place.client(), opened(place)
    desk = DraftDesk(place.house)
    key = desk.key(place.user().id, folio, "2")
    seal = recording._seal

    def sealing(house: House, of: DraftDesk, draft: Draft) -> Receipt:
        receipt = seal(house, of, draft)
        desk.discard(key)
        desk.save_fields(key, {"note": "después"})
        return receipt

    monkeypatch.setattr(recording, "_seal", sealing)
    assert send(browser, folio).status_code == 303
    assert desk.find(key).fields == {"note": "después"}


def test_a_file_that_comes_after_the_look_is_not_sealed_unseen(
    place: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was looked at is what is sealed: a file that another tab adds in between is not in the entry."""
    browser, folio = place.client(), opened(place)
    desk = DraftDesk(place.house)
    key = desk.key(place.user().id, folio, "2")
    seal = recording._seal

    def sealing(house: House, of: DraftDesk, draft: Draft) -> Receipt:
        desk.add(key, FileStorage(io.BytesIO(png()), "otra.png"))
        return seal(house, of, draft)

    monkeypatch.setattr(recording, "_seal", sealing)
    assert send(browser, folio).status_code == 303
    assert len(place.house.cases.view(folio).entries[-1].entry.objects) == 1


def test_words_of_signs_follow_the_language(place: Installation) -> None:
    """What is made once for each language is not shown in another."""
    for language, word in (("es", "caso abierto"), ("en", "case opened"), ("es", "caso abierto")):
        with place.app.test_request_context(headers={"Cookie": f"{i18n.COOKIE}={language}"}):
            assert kinds.kind_sign("case.opened").word == word
