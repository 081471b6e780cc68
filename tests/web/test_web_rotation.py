"""Replacing the signing key of an installation, while servers run and plugs are pulled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.checkpoint import open_checkpoint
from evidence.entry import EntryKind
from evidence.findings import Verdict
from evidence.keyring import LEDGER_CASE, Phase
from evidence.note import NoteError, SigningKey, VerifierKey
from evidence.verify import verify_ledger
from tests.fakes.installation import Installation
from web import rotation
from web.inception import settle
from web.keyfiles import KeyFiles
from web.wiring import House, HouseError


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """An installation."""
    made = Installation(tmp_path / "data")
    yield made
    made.close()


def newest(house: House, *keys: VerifierKey) -> int:
    """The size of the newest note, opened with these keys."""
    kept = house.ledger.latest_checkpoint()
    assert kept is not None
    return open_checkpoint(kept[1], keys, house.ledger.origin).size


def phases(house: House) -> list[str]:
    """The rotations that the log tells of."""
    entries = [item.entry for item in house.ledger.history(LEDGER_CASE)]
    return [str(entry.facts["phase"]) for entry in entries if entry.kind is EntryKind.KEY_ROTATED]


def test_both_sign_then_the_new_one_alone_and_the_whole_log_stays_valid(place: Installation) -> None:
    """Whoever has either key opens the notes of the overlap; afterwards only the new one's; verification knows both."""
    house = place.house
    old = house.vkey
    begun = rotation.begin(house, "prueba")
    assert (begun.phase, begun.old, house.vkey) == (Phase.BEGUN, old, begun.new)
    assert newest(house, old) == newest(house, begun.new) == house.ledger.tree_size()
    finished = rotation.finish(house, "prueba")
    assert finished.new == begun.new == house.vkey
    with pytest.raises(NoteError):
        newest(house, old)
    assert newest(house, begun.new) == house.ledger.tree_size()
    report = verify_ledger(house.ledger, house.blobs, keys=house.vkeys, full=True)
    assert (report.verdict, report.findings) == (Verdict.VALID, ())
    assert phases(house) == ["begun", "finished"]
    secrets = (
        place.settings.key_file.read_text(),
        place.settings.key_file.with_name("log.retired").read_text(),
    )
    assert secrets[0].count("PRIVATE+KEY") == 1
    assert "PRIVATE" not in secrets[1]


def test_a_server_that_is_running_signs_with_the_new_keys(place: Installation) -> None:
    """Another process' house reads the files anew: nothing is restarted."""
    other = House(place.settings, clock=place.clock)
    settle(other)
    begun = rotation.begin(place.house, "prueba")
    place.user()
    settle(other)
    assert newest(other, begun.new) == newest(other, begun.old) == other.ledger.tree_size()
    other.close()


def test_a_rotation_is_not_begun_twice_nor_finished_unbegun(place: Installation) -> None:
    """Refused with what to do, and nothing changes."""
    with pytest.raises(HouseError, match="no_rotation"):
        rotation.finish(place.house, "prueba")
    told = rotation.begin(place.house, "prueba")
    with pytest.raises(HouseError, match="rotation_under_way"):
        rotation.begin(place.house, "prueba")
    assert place.house.vkey == told.new
    rotation.finish(place.house, "prueba")
    with pytest.raises(HouseError, match="no_rotation"):
        rotation.finish(place.house, "prueba")
    assert phases(place.house) == ["begun", "finished"]


def test_a_plug_pulled_between_files_and_entry_is_mended_by_the_next_call(place: Installation) -> None:
    """Killed after the files: finishing waits until the beginning is told, and beginning again tells it."""
    house = place.house
    made, told = house.keyring.begun(SigningKey.generate(house.ledger.origin))
    KeyFiles(place.settings).write(made)
    with pytest.raises(HouseError, match="rotation_untold"):
        rotation.finish(house, "prueba")
    assert rotation.begin(house, "prueba") == told
    done, _ = house.keyring.finished()
    KeyFiles(place.settings).write(done)
    assert rotation.finish(house, "prueba").phase is Phase.FINISHED
    assert phases(house) == ["begun", "finished"]
    report = verify_ledger(house.ledger, house.blobs, keys=house.vkeys, full=True)
    assert report.verdict is Verdict.VALID


def test_the_commands_tell_and_change_the_keys(place: Installation) -> None:
    """show, begin and finish answer with one object; a refusal says what to do."""
    runner = place.app.test_cli_runner()
    before = place.house.vkey.text
    shown = runner.invoke(args=["ledger", "key", "show"])
    assert (shown.exit_code, before in shown.stdout) == (0, True)
    refused = runner.invoke(args=["ledger", "key", "finish"])
    assert (refused.exit_code, "no_rotation" in refused.stdout) == (1, True)
    assert runner.invoke(args=["ledger", "key", "begin"]).exit_code == 0
    assert runner.invoke(args=["ledger", "key", "finish"]).exit_code == 0
    assert before in runner.invoke(args=["ledger", "key", "show"]).stdout
    assert "PRIVATE" not in runner.invoke(args=["ledger", "key", "show"]).output
