"""The master key of an installation: made at inception, asked of file, environment or command, and replaced."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from evidence.atrest import KeysUnavailable
from evidence.entry import BlobRef
from evidence.findings import Verdict
from evidence.verify import verify_ledger
from storage.ciphers.keys import CaseKeys
from tests.fakes.installation import ORIGIN, Installation
from tests.fakes.writers import write_case
from web import masterrotation
from web.health import readiness
from web.inception import initialise, make_master_key
from web.keysafe import lock_keys, unlock_keys
from web.masterkey import master_text
from web.settings import SETTINGS_FILE, Settings, SettingsInvalid
from web.wiring import House, HouseError


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Installation]:
    """An installation with a case."""
    made = Installation(tmp_path / "data")
    write_case(made, 1)
    yield made
    made.close()


def refs_of(house: House) -> list[BlobRef]:
    """The files of every case."""
    entries = (item.entry for item in (*house.ledger.entries(), *house.ledger.unsequenced()))
    return [blob for entry in entries if entry.case.startswith("MA-") for blob in entry.objects]


def payloads(house: House) -> list[bytes]:
    """The rows of payloads, as they lie."""
    with house.engine.connect() as connection:
        return [bytes(row.bytes) for row in connection.execute(text("SELECT bytes FROM payload"))]


def test_inception_makes_it_for_its_owner_alone_and_cases_are_encrypted(desk: Installation) -> None:
    """Mode 0600 in a folder of mode 0700; from the first entry on no payload is plain, and files of cases have keys."""
    house, file = desk.house, desk.settings.master_file
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert all(data[:1] == b"\x01" for data in payloads(house))
    refs = refs_of(house)
    assert refs
    assert all(ref.enc for ref in refs)
    assert "AGE-SECRET" not in (desk.settings.data / SETTINGS_FILE).read_text()
    assert verify_ledger(house.ledger, house.blobs, keys=house.vkeys, full=True).verdict is Verdict.VALID
    assert verify_ledger(house.ledger, house.stored, keys=house.vkeys, full=True).verdict is Verdict.VALID


def test_without_it_the_house_says_so_and_makes_no_other(desk: Installation) -> None:
    """Another process refuses to open, and inception refuses to make a second one; put back, all is as it was."""
    kept = desk.settings.master_file.read_text()
    desk.settings.master_file.unlink()
    other = desk._make(desk.settings)
    with pytest.raises(KeysUnavailable):
        other.case_keys.check()
    with pytest.raises(HouseError, match="master_key_missing"):
        initialise(Settings.from_env(desk.env), ORIGIN, desk.env, "prueba", desk._make)
    assert not desk.settings.master_file.exists()
    desk.settings.master_file.write_text(kept)
    assert desk._make(desk.settings).case_keys.check()


def test_a_safe_of_keys_holds_it_wherever_it_comes_from(desk: Installation) -> None:
    """From its file, and from the environment alike."""
    held = unlock_keys(lock_keys(desk.settings, "una frase bien larga"), "una frase bien larga")
    assert held["keys/master.key"].decode() == desk.settings.master_file.read_text()
    given = replace(desk.settings, master_key="AGE-SECRET-KEY-1DADA")
    held = unlock_keys(lock_keys(given, "una frase bien larga"), "una frase bien larga")
    assert held["keys/master.key"] == b"AGE-SECRET-KEY-1DADA"


def test_it_may_come_from_the_environment_or_a_command(desk: Installation, tmp_path: Path) -> None:
    """Both open what the file opened; a command that fails is told without what it printed."""
    key = desk.settings.master_file.read_text()
    elsewhere = tmp_path / "elsewhere.key"
    desk.settings.master_file.rename(elsewhere)
    identity = key.split("\n")[1]
    for more in (
        {"CONSTANCIA_MASTER_KEY": identity},
        {"CONSTANCIA_MASTER_KEY_COMMAND": f"cat {elsewhere}"},
        {"CONSTANCIA_MASTER_KEY_FILE": str(elsewhere)},
    ):
        house = desk._make(Settings.from_env({**desk.env, **more}))
        assert house.case_keys.check()
        assert identity not in repr(house.settings)
        house.close()
    failing = {**desk.env, "CONSTANCIA_MASTER_KEY_COMMAND": f"sh -c 'cat {elsewhere}; exit 3'"}
    with pytest.raises(KeysUnavailable, match="ended with 3") as told:
        master_text(Settings.from_env(failing))
    assert identity not in str(told.value)
    both = {**desk.env, "CONSTANCIA_MASTER_KEY": identity, "CONSTANCIA_MASTER_KEY_COMMAND": "cat x"}
    with pytest.raises(SettingsInvalid, match="exclude each other"):
        Settings.from_env(both)


def test_a_new_one_follows_while_people_work(desk: Installation) -> None:
    """Begun, a server that knew the former one goes on reading and writing; finished, the former one opens nothing."""
    house, file = desk.house, desk.settings.master_file
    before, rows = file.read_text(), payloads(house)
    working = desk._make(desk.settings)
    assert working.case_keys.check()
    count = sum(house.case_keys.wrapped_for().values())
    assert masterrotation.begin_rotation(house) == count > 0
    assert masterrotation.begin_rotation(house) == 0
    assert payloads(house)[: len(rows)] == rows
    write_case(desk, 2)
    for ref in refs_of(working):
        with working.blobs.open(ref) as stream:
            assert stream.read()
    masterrotation.finish_rotation(house)
    assert before.split("\n")[1] not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    fresh = desk._make(desk.settings)
    assert fresh.case_keys.check()
    assert verify_ledger(fresh.ledger, fresh.blobs, keys=fresh.vkeys, full=True).verdict is Verdict.VALID
    former = desk._make(replace(desk.settings, master_key=before.split("\n")[1]))
    with pytest.raises(KeysUnavailable):
        former.case_keys.check()
    working.close()


@pytest.mark.parametrize("spelled", [str.lower, lambda line: f"# {line}\n{line}"], ids=["small", "comment"])
def test_a_file_as_somebody_wrote_it_is_followed_by_a_new_one(
    desk: Installation, spelled: Callable[[str], str]
) -> None:
    """Small letters, and an identity in a comment, are not taken for a rotation that was begun."""
    file = desk.settings.master_file
    file.write_text(spelled(file.read_text().split("\n")[1]) + "\n")
    house = desk._make(desk.settings)
    count = sum(house.case_keys.wrapped_for().values())
    assert masterrotation.begin_rotation(house) == count > 0


def test_what_is_not_in_a_file_is_not_replaced_here(desk: Installation) -> None:
    """Who gives the key by the environment gives the next one there too."""
    key = desk.settings.master_file.read_text().split("\n")[1]
    house = desk._make(replace(desk.settings, master_key=key))
    with pytest.raises(HouseError, match="master_key_elsewhere"):
        masterrotation.begin_rotation(house)


def test_an_installation_from_before_begins_to_encrypt(tmp_path: Path) -> None:
    """Switched off nothing is encrypted; with a master key made later, what comes is, and both are read."""
    made = Installation(tmp_path / "data", {"CONSTANCIA_ENCRYPTION": "false"})
    write_case(made, 1)
    assert not made.settings.master_file.exists()
    assert not any(ref.enc for ref in refs_of(made.house))
    on = replace(made.settings, encryption=True)
    made.house.close()
    made.house = made._make(on)
    assert make_master_key(made.house)
    assert not make_master_key(made.house)
    write_case(made, 2)
    assert {bool(ref.enc) for ref in refs_of(made.house)} == {False, True}
    found = verify_ledger(made.house.ledger, made.house.blobs, keys=made.house.vkeys, full=True)
    assert found.verdict is Verdict.VALID
    made.close()


def test_readiness_has_a_part_for_it(desk: Installation) -> None:
    """It answers while the key opens the newest case, and tells the code when it does not."""
    with desk.app.app_context():
        assert readiness()["case_keys"] == {"ok": True}
        desk.settings.master_file.unlink()
        desk.house.case_keys.look_again()
        desk.house.case_keys.forget("")
        assert readiness()["case_keys"] == {"ok": False, "code": "keys_unavailable"}
    assert desk.stranger().get("/readyz").status_code == 503


def test_the_console_says_which_master_key_is_missing(desk: Installation) -> None:
    """By its public half, whether it is another or none that is there; 0 and nothing missing once it is put back."""

    def shown() -> tuple[int, dict[str, Any]]:
        desk.house.case_keys.look_again()
        done = desk.app.test_cli_runner().invoke(args=["keys", "show"])
        assert "AGE-SECRET" not in done.output
        return done.exit_code, json.loads(done.stdout)

    file = desk.settings.master_file
    kept = file.read_text()
    code, before = shown()
    (own,) = before["recipients"]
    assert (code, before["missing"], before["encrypting"]) == (0, [], True)
    assert before["wrapped_for"] == {own: before["case_keys"]}
    for other in (CaseKeys.new_master(), None):
        file.unlink()
        if other is not None:
            file.write_text(other)
        code, told = shown()
        assert (code, told["missing"], told["case_keys"]) == (1, [own], before["case_keys"])
        assert own not in told["recipients"]
        file.write_text(kept)
    assert shown() == (0, before)
