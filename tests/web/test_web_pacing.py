"""How fast one person may ask, how often they may be signed in at once, and what a browser keeps after they left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from identity.accounts import Role
from tests.fakes.installation import PASSWORD, Installation
from web.pacing import HOURS_WORTH, STEP, Pace

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC).timestamp()


class Counted:
    """`identity.remembered.RateStore` in memory, that says how often it was asked."""

    def __init__(self) -> None:
        self.used: Counter[tuple[str, int]] = Counter()
        self.asked = 0

    def count(self, token_id: str, minute: int, times: int = 1) -> int:
        self.asked += 1
        self.used[token_id, minute] += times
        return self.used[token_id, minute]

    def purge(self, before_minute: int) -> int:
        old = [key for key in self.used if key[1] < before_minute]
        for key in old:
            del self.used[key]
        return len(old)


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)


def test_workers_share_the_count_and_ask_for_it_seldom() -> None:
    """Two workers let through what one would, and a step more at most; sixteen requests cost two statements."""
    shared, time = Counted(), Time()
    workers = [Pace(shared, 100, time), Pace(shared, 100, time)]
    passed = sum(workers[number % 2].wait("u-ana") == 0 for number in range(400))
    assert 100 <= passed <= 100 + STEP * 2
    assert shared.asked <= 2 * (passed // STEP + 2)
    assert all(worker.wait("u-ana") == 60 for worker in workers)
    asked = shared.asked
    assert workers[0].wait("u-ana") == 60
    assert shared.asked == asked  # who is refused costs nothing
    assert workers[0].wait("u-eva") == 0
    time.now += 60
    assert workers[0].wait("u-ana") == 0


def test_who_stays_below_it_every_minute_meets_the_hours_end() -> None:
    """Ten full minutes are an hour's; the wait is to the end of the hour."""
    time = Time()
    pace, passed = Pace(Counted(), 20, time), 0
    for _minute in range(30):
        passed += sum(pace.wait("u-ana") == 0 for _ in range(19))
        time.now += 60
    assert passed <= 20 * HOURS_WORTH
    assert pace.wait("u-ana") == 1800
    assert Pace(Counted(), 0, time).wait("u-ana") == 0


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Installation]:
    """Twenty pages a minute, three sessions at once."""
    more = {"CONSTANCIA_PAGE_RATE": "20", "CONSTANCIA_SESSIONS_EACH": "3"}
    made = Installation(tmp_path / "data", more)
    yield made
    made.close()


def test_a_scraper_is_told_to_wait_and_others_are_served(slow: Installation) -> None:
    """429 with Retry-After, in Spanish, as a page and as JSON; the door, the style and other people stay open."""
    scraper, other = slow.client(), slow.client(Role.SUPERVISOR)
    answers = [scraper.get("/casos") for _ in range(25)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429] * 5
    last = answers[-1]
    assert 1 <= int(last.headers["Retry-After"]) <= 60
    assert "demasiadas páginas" in last.text
    told = scraper.get_json("/")
    assert (told.status_code, told.get_json()["error"]["code"]) == (429, "too_fast")
    assert scraper.get("/sesion").status_code == 200
    assert other.get("/casos").status_code == 200
    assert slow.client().get("/casos").status_code == 429  # another session of the same person
    assert scraper.post_form("/salir").status_code == 303


def test_beyond_so_many_sessions_the_oldest_ends_and_the_person_is_told(slow: Installation) -> None:
    """Three stay, the first goes; who has just entered hears it, and nobody else's end."""
    other = slow.client(Role.SUPERVISOR)
    begun = [slow.client() for _ in range(3)]
    assert [one.get_json("/sesion").get_json()["signed_in"] for one in begun] == [True] * 3
    newest = slow.client()
    assert "se cerró la más antigua" in newest.get("/").text
    assert [one.get_json("/sesion").get_json()["signed_in"] for one in begun] == [False, True, True]
    assert other.get_json("/sesion").get_json()["signed_in"] is True


def test_who_leaves_leaves_nothing_in_the_browser_and_who_was_left_out_keeps_their_draft(
    slow: Installation,
) -> None:
    """Clear-Site-Data comes with signing out, and not where a session ended by itself and its work waits to be sent."""
    here, elsewhere = slow.client(), slow.client()
    left = here.post_form("/salir")
    assert left.headers["Clear-Site-Data"] == '"cache", "storage"'
    slow.house.sessions.end_all(slow.user().id)
    for path in ("/", "/casos"):
        shut = elsewhere.get(path)
        assert shut.status_code == 303
        assert "Clear-Site-Data" not in shut.headers
    form = {"email": "especialista@desk.example", "password": PASSWORD}
    assert "Clear-Site-Data" not in elsewhere.post_form("/entrar", form).headers
