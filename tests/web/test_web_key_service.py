"""A master key that stays with somebody else: a program with age's own identity file opens keys of cases one by one."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from evidence.atrest import KeysUnavailable
from evidence.findings import Verdict
from evidence.verify import verify_ledger
from storage.ciphers.age import new_secret
from storage.ciphers.remote import RemoteMaster
from tests.fakes.installation import Installation
from tests.fakes.writers import write_case
from web import masterkey, masterrotation
from web.app import create_app
from web.masterkey import asked
from web.settings import Settings, SettingsInvalid
from web.wiring import HouseError

AGE = shutil.which("age")
pytestmark = pytest.mark.skipif(AGE is None, reason="no age on PATH")

KEEPER = """
import base64, json, pathlib, subprocess, sys, time
place = pathlib.Path(sys.argv[1])
with (place / "asked").open("a") as told:
    question = json.load(sys.stdin)
    told.write(question["do"] + "\\n")
mood = (place / "mood").read_text()
if mood == "silent":
    time.sleep(60)
if mood == "broken":
    sys.exit("AGE-SECRET-KEY-1LEAKED")
if mood == "babbling":
    print("no JSON")
elif question["do"] == "recipients":
    said = subprocess.run(["age-keygen", "-y", place / "identity"], capture_output=True, check=True, text=True)
    print(json.dumps({"recipients": said.stdout.split()}))
else:
    opened = subprocess.run(["age", "-d", "-i", place / "identity"], input=base64.b64decode(question["wrapped"]),
                            capture_output=True, check=False)
    print(json.dumps({"identity": opened.stdout.decode()} if not opened.returncode else {"error": "not mine"}))
"""


class Keeper:
    """The program, its identity file and its mood."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.mkdir()
        (place / "keeper.py").write_text(KEEPER)
        self.be("well")
        self.identity("w")

    @property
    def command(self) -> str:
        return shlex.join([sys.executable, str(self.place / "keeper.py"), str(self.place)])

    def be(self, mood: str) -> None:
        (self.place / "mood").write_text(mood)

    def identity(self, how: str) -> None:
        """A new identity, alone or before those there are."""
        made = subprocess.run(["age-keygen"], capture_output=True, check=True, text=True).stdout
        file = self.place / "identity"
        file.write_text(made + (file.read_text() if how == "before" else ""))

    def asked(self, what: str) -> int:
        """How often it was asked that."""
        return (self.place / "asked").read_text().split().count(what)


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    """A key service of its own."""
    return Keeper(tmp_path / "keeper")


@pytest.fixture
def desk(tmp_path: Path, keeper: Keeper) -> Iterator[Installation]:
    """An installation whose master key is with the keeper, and a case."""
    made = Installation(tmp_path / "data", {"CONSTANCIA_MASTER_KEY_UNWRAP": keeper.command})
    write_case(made, 1)
    yield made
    made.close()


def entries(desk: Installation) -> int:
    """How many entries' payloads there are."""
    with desk.house.engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM payload")).scalar_one())


def test_cases_are_encrypted_and_read_and_the_master_key_is_nowhere_here(
    desk: Installation, keeper: Keeper
) -> None:
    """No file of it is made, another process reads by asking, and each key is asked for once."""
    secret = next(line for line in (keeper.place / "identity").read_text().splitlines() if line[:3] == "AGE")
    assert not desk.settings.master_file.exists()
    for file in desk.settings.data.rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes(), file
    house = desk._make(desk.settings)
    before = keeper.asked("unwrap")
    for _ in range(2):
        assert verify_ledger(house.ledger, house.blobs, keys=house.vkeys, full=True).verdict is Verdict.VALID
    assert keeper.asked("unwrap") - before == sum(house.case_keys.wrapped_for().values()) > 0
    house.close()


@pytest.mark.parametrize("mood", ["broken", "babbling", "silent"])
def test_while_it_does_not_answer_people_are_told_and_nothing_is_half_written(
    desk: Installation, keeper: Keeper, monkeypatch: pytest.MonkeyPatch, mood: str
) -> None:
    """503 in words, not ready, what it printed nowhere; asked again only after a pause; when it answers all is well."""
    monkeypatch.setattr(masterkey, "UNWRAP_SECONDS", 2)
    keeper.be(mood)
    other = desk._make(desk.settings)
    rows = entries(desk)
    with pytest.raises(KeysUnavailable) as told:
        other.case_keys.check()
    assert "LEAKED" not in str(told.value)
    count = len((keeper.place / "asked").read_text().split())
    with pytest.raises(KeysUnavailable, match="asked again in"):
        other.case_keys.check()
    assert len((keeper.place / "asked").read_text().split()) == count
    ready = create_app(desk.settings, other).test_client().get("/readyz")
    assert (ready.status_code, ready.get_json()["parts"]["case_keys"]["ok"]) == (503, False)
    desk.house.case_keys._remote._known_until = 0.0  # type: ignore[union-attr]  # what is remembered for 5 s
    with pytest.raises(KeysUnavailable):
        write_case(desk, 2)
    assert entries(desk) == rows
    keeper.be("well")
    again = desk._make(desk.settings)
    assert again.case_keys.check()
    again.close()
    other.close()


def test_a_page_that_needs_a_key_says_that_there_is_none(desk: Installation, keeper: Keeper) -> None:
    """To the person, in Spanish, with what is to be done; a retry is worth it."""
    folio = next(name for name in desk.house.ledger.cases() if name.startswith("MA-"))
    desk.user()
    other = desk._make(desk.settings)
    desk.app = create_app(desk.settings, other)
    browser = desk.client()
    keeper.be("broken")
    shut = browser.get(f"/casos/{folio}")
    assert (shut.status_code, "llave maestra" in shut.text) == (503, True)
    keeper.be("well")
    other.case_keys._remote._shut_until = 0.0  # type: ignore[union-attr]  # the pause, without waiting for it
    assert browser.get(f"/casos/{folio}").status_code == 200
    other.close()


def test_opened_keys_are_dropped_after_their_life(desk: Installation, keeper: Keeper) -> None:
    """They are asked for again, and whoever asks how the house is drops them too."""
    keys = desk.house.case_keys
    keys.check()
    held, before = len(keys._unlocked), keeper.asked("unwrap")
    keys.check()
    assert keeper.asked("unwrap") == before
    keys._dropped_at -= keys._life
    keys.drop_old()
    assert held
    assert not keys._unlocked
    keys.check()
    assert keeper.asked("unwrap") == before + 1


def test_a_new_master_key_follows_where_it_is_kept(desk: Installation, keeper: Keeper) -> None:
    """The keeper puts it first, every case's key is wrapped for it, and the former identity opens nothing any more."""
    former = (keeper.place / "identity").read_text()
    keeper.identity("before")
    desk.house.case_keys.look_again()
    desk.house.case_keys._remote._known_until = 0.0  # type: ignore[union-attr]  # what is remembered for 5 s
    count = masterrotation.begin_rotation(desk.house)
    assert count == sum(desk.house.case_keys.wrapped_for().values()) > 0
    assert list(desk.house.case_keys.wrapped_for()) == [desk.house.case_keys.recipients()[0]]
    with pytest.raises(HouseError, match="master_key_elsewhere"):
        masterrotation.finish_rotation(desk.house)
    (keeper.place / "identity").write_text(former)
    other = desk._make(desk.settings)
    with pytest.raises(KeysUnavailable):
        other.case_keys.check()
    other.close()


def test_answers_that_are_none_are_refused() -> None:
    """An identity that is no identity, recipients that are none, an error: each is a key that is not there."""
    _, secret = new_secret()
    for answer in ({}, {"identity": "AGE-SECRET-KEY-1X"}, {"error": "no"}, {"identity": 7}):
        with pytest.raises(KeysUnavailable, match="did not open"):
            RemoteMaster(lambda _question, answer=answer: answer).unwrap(b"x", secret.hex())  # type: ignore[misc]
    for recipients in ([], "age1x", ["age1x"], [7], None):
        with pytest.raises(KeysUnavailable):
            _ = RemoteMaster(lambda _q, told=recipients: {"recipients": told}).recipient  # type: ignore[misc]


def test_pauses_double_and_a_refused_key_makes_none() -> None:
    """One second, two, four, to thirty at most; an answer ends them."""
    now, answers = [0.0], [False]

    def ask(_question: object) -> dict[str, str]:
        if not answers[0]:
            raise KeysUnavailable("nobody")
        return {"error": "not this one"}

    keeper, waits = RemoteMaster(ask, lambda: now[0]), []
    for _ in range(7):
        with pytest.raises(KeysUnavailable, match="nobody"):
            keeper.unwrap(b"x", "00" * 32)
        waits.append(keeper._shut_until - now[0])
        now[0] = keeper._shut_until
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    answers[0] = True
    for _ in range(2):
        with pytest.raises(KeysUnavailable, match="did not open"):
            keeper.unwrap(b"x", "00" * 32)


def test_a_program_that_is_not_there_is_a_key_that_is_not_there(tmp_path: Path) -> None:
    """Told by the name of the setting; beside another source of the key it is refused at start."""
    with pytest.raises(KeysUnavailable, match="MASTER_KEY_UNWRAP"):
        asked([str(tmp_path / "nothing")], {"v": 1})
    both = {"CONSTANCIA_MASTER_KEY_UNWRAP": "x", "CONSTANCIA_MASTER_KEY_COMMAND": "y"}
    with pytest.raises(SettingsInvalid, match="exclude each other"):
        Settings.from_env({"CONSTANCIA_DATA": str(tmp_path), **both})
