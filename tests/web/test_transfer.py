"""Moving a desk from SQLite and files to PostgreSQL and S3: the same log, never two of them."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from evidence.ports import BlobCorrupt, StoreUnavailable
from evidence.verify import verify_ledger
from tests.fakes.homes import scaled
from tests.fakes.installation import Installation
from tests.fakes.people import cheap_passwords
from tests.fakes.writers import write_case, writing_meanwhile
from tests.servers.seaweedfs import ObjectServer
from tests.web.test_backup_restore import command, entries
from web.inception import settle
from web.settings import Settings
from web.transferring import abandon, transfer
from web.wiring import DraftKey, House, HouseError, MovedAway, moving

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.s3,
    pytest.mark.embedded("it moves from there to the other"),
]


@pytest.fixture
def env(tmp_path: Path, postgresql_url: str, object_server: ObjectServer, bucket_name: str) -> dict[str, str]:
    """Where the desk shall live."""
    return {
        **scaled(postgresql_url, object_server.endpoint, bucket_name),
        "CONSTANCIA_DATA": str(tmp_path / "scaled"),
    }


@pytest.fixture
def env_file(tmp_path: Path, env: dict[str, str]) -> Path:
    """The same as the command takes it."""
    file = tmp_path / "scaled.env"
    file.write_text("# destino\n" + "".join(f"{name}={value}\n" for name, value in env.items()))
    return file


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Installation]:
    """An embedded installation with three cases."""
    made = Installation(tmp_path / "data")
    for number in range(3):
        write_case(made, number)
    yield made
    made.close()


def opened(env: Mapping[str, str]) -> House:
    """The house of an environment."""
    return House(Settings.from_env(env), passwords=cheap_passwords())


def silent(_words: str) -> None:
    """Stages are not what these tests look at."""


def test_a_desk_moves_and_goes_on_under_the_same_name_and_key(
    desk: Installation, env: dict[str, str], env_file: Path
) -> None:
    """Every entry and object is there and verifies, with drafts; the next entry follows the last one."""
    key = DraftKey(desk.user().id, "MA-001-2026-000001", "3")
    draft = desk.house.drafts.keep(key, "d-1", {"note": "a medias"}, desk.house.clock()).id
    (desk.settings.staging / draft).mkdir(parents=True)
    (desk.settings.staging / draft / "f").write_bytes(b"esperando")
    told = command(desk.env, "transfer", "--to-env", str(env_file))
    assert told.exit_code == 0, told.output
    said = json.loads(told.stdout)
    assert (said["transferred"], said["verdict"], said["rows"]["log_state"]) == (True, "valid", 1)
    assert said["objects_checked"] >= 3
    there = opened(env)
    try:
        assert entries(there) == entries(desk.house)
        assert (there.vkey, there.settings.origin) == (desk.house.vkey, desk.settings.origin)
        assert there.settings.secret_key == desk.settings.secret_key
        assert there.guard.last() == desk.house.guard.last()
        kept = there.drafts.find(key)
        assert kept is not None
        assert kept.fields == {"note": "a medias"}
        assert (there.settings.staging / draft / "f").read_bytes() == b"esperando"
        before = there.ledger.tree_size()
        actor = desk.user()
        place = Installation.__new__(Installation)
        place.house, place.settings, place.clock = there, there.settings, desk.clock
        assert there.accounts.by_email(actor.email, there.clock()) is not None
        write_case(place, 9)
        settle(there)
        assert there.ledger.tree_size() > before
        report = verify_ledger(there.ledger, there.blobs, keys=there.vkeys, full=True)
        assert (str(report.verdict), report.findings) == ("valid", ())
        assert list(there.ledger.history("MA-001-2026-000001"))[1].entry.objects[0].version == ""
    finally:
        there.close()


def test_the_source_can_only_be_read_afterwards(desk: Installation, env_file: Path) -> None:
    """Nothing is sealed, signed or sent there, by processes that run already neither; it says where to go."""
    head = desk.house.guard.last()
    browser = desk.client()
    transfer(desk.house, env_file, silent)
    with pytest.raises(MovedAway):
        write_case(desk, 7)
    assert browser.get("/casos/MA-001-2026-000001").status_code == 200
    told = command(
        desk.env, "users", "add", "--email", "b@desk.example", "--name", "B", "--role", "director", "--json"
    )
    assert told.exit_code == 1, told.output
    assert json.loads(told.stdout)["error"]["code"] == "moved"
    assert desk.house.guard.last() is not None
    assert desk.house.guard.last()[0] >= (head or (0, b""))[0]  # type: ignore[index]  # checked above
    report = verify_ledger(desk.house.ledger, desk.house.blobs, keys=desk.house.vkeys, full=True)
    assert str(report.verdict) == "valid"


def test_a_copy_of_the_sources_database_signs_nothing_either(
    desk: Installation, env_file: Path, tmp_path: Path
) -> None:
    """Yesterday's file put back where today's was shut: it takes entries, and its guard lets none be signed."""
    settle(desk.house)
    desk.house.engine.dispose()
    kept = tmp_path / "yesterday"
    kept.mkdir()
    with desk.house.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(desk.settings.data / "constancia.sqlite3", kept / "constancia.sqlite3")
    transfer(desk.house, env_file, silent)
    head = desk.house.guard.last()
    desk.house.close()
    for name in ("constancia.sqlite3-wal", "constancia.sqlite3-shm"):
        (desk.settings.data / name).unlink(missing_ok=True)
    shutil.copy(kept / "constancia.sqlite3", desk.settings.data / "constancia.sqlite3")
    house = opened(desk.env)
    try:
        place = Installation.__new__(Installation)
        place.house, place.settings, place.clock = house, house.settings, desk.clock
        for number in range(5):
            write_case(place, 40 + number)
        with pytest.raises(MovedAway):
            settle(house)
        assert house.guard.last() == head
    finally:
        house.close()


def test_people_work_while_objects_are_copied_and_their_tail_comes_along(
    desk: Installation, env: dict[str, str], env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three threads seal until the source is shut under them: all that was acknowledged is at the target."""
    copy = moving.copy_objects
    with writing_meanwhile(desk) as crowd:

        def slowly(*given: object) -> object:
            found = copy(*given)  # type: ignore[arg-type]  # passed through
            seen = len(crowd.acknowledged)
            while len(crowd.acknowledged) < seen + 4 and not crowd.refused:
                time.sleep(0.01)
            return found

        monkeypatch.setattr(moving, "copy_objects", slowly)
        for _ in range(20):
            try:
                transfer(desk.house, env_file, silent)
                break
            except HouseError as error:
                if error.code != "transfer_unsettled":
                    raise
        while len(crowd.refused) < 3:
            time.sleep(0.01)
    assert all(isinstance(error, MovedAway) for error in crowd.refused)
    there = opened(env)
    try:
        known = set(there.ledger.cases())
        assert known.issuperset(crowd.acknowledged)
        assert len(crowd.acknowledged) >= 4
        assert entries(there) == entries(desk.house)
    finally:
        there.close()


@pytest.mark.parametrize("where", ["copy_objects", "shut", "copy_rows", "verify_there", "shut_guard"])
def test_an_interrupted_move_is_taken_up_again(
    desk: Installation, env: dict[str, str], env_file: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Cut before or after each stage: the same command finishes it, and in between nothing is an installation there."""
    real = getattr(moving, where)
    for after in (False, True):
        with monkeypatch.context() as cut:

            def broken(*given: object, after: bool = after) -> object:
                if after:
                    real(*given)
                raise StoreUnavailable("cut")

            cut.setattr(moving, where, broken)
            with pytest.raises(StoreUnavailable):
                transfer(desk.house, env_file, silent)
        assert not Settings.from_env(env).initialised
    found = transfer(desk.house, env_file, silent)
    assert str(found.report.verdict) == "valid"
    again = transfer(desk.house, env_file, silent)
    assert again.rows == found.rows
    there = opened(env)
    assert entries(there) == entries(desk.house)
    there.close()


def test_a_move_given_up_leaves_the_source_as_it_was(
    desk: Installation, env: dict[str, str], env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until guard and keys are handed over there is a way back; afterwards there is none."""
    with monkeypatch.context() as cut:

        def away(*_given: object) -> None:
            raise StoreUnavailable("cut")

        cut.setattr(moving, "verify_there", away)
        with pytest.raises(StoreUnavailable):
            transfer(desk.house, env_file, silent)
    with pytest.raises(MovedAway):
        write_case(desk, 8)
    abandon(desk.house)
    write_case(desk, 8)
    settle(desk.house)
    with pytest.raises(HouseError) as refused:
        transfer(desk.house, env_file, silent)  # what is there is of before: another database is needed
    assert refused.value.code == "not_empty"
    abandon(desk.house)
    write_case(desk, 10)
    assert not Settings.from_env(env).initialised


def test_a_done_move_is_not_given_up(desk: Installation, env_file: Path) -> None:
    """The other installation may have sealed since."""
    transfer(desk.house, env_file, silent)
    with pytest.raises(HouseError) as refused:
        abandon(desk.house)
    assert refused.value.code == "transfer_done"


@pytest.mark.parametrize("options", [["--to-env", "{env}"], ["--abandon"]], ids=["move", "give up"])
def test_a_desk_on_postgresql_is_not_moved_by_this_command(
    env: dict[str, str], env_file: Path, options: list[str]
) -> None:
    """Its database is not shut by this program: refused in words that name the other way, and work goes on."""
    made = Installation(Path(env["CONSTANCIA_DATA"]), env)
    write_case(made, 1)
    told = command(dict(made.env), "transfer", *(part.format(env=env_file) for part in options))
    assert told.exit_code == 1
    assert "Sólo se traslada una instalación con SQLite." in told.output
    assert "flask backup" in told.output
    write_case(made, 2)
    made.close()


def test_a_damaged_object_stops_the_move_before_the_source_is_shut(
    desk: Installation, env_file: Path
) -> None:
    """What is not what was sealed is not carried on as if it were."""
    ref = desk.house.ledger.history("MA-001-2026-000001")[1].entry.objects[0]
    path = desk.settings.data / "objects" / ref.key
    path.chmod(0o600)
    path.write_bytes(b"x" * ref.size)
    with pytest.raises((BlobCorrupt, StoreUnavailable)):
        transfer(desk.house, env_file, silent)
    write_case(desk, 11)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"CONSTANCIA_DATA": ""}, "CONSTANCIA_DATA"),
        ({"CONSTANCIA_ORIGIN": "otro.example/log"}, "CONSTANCIA_ORIGIN"),
        ({"CONSTANCIA_SECRET_KEY": "x" * 40}, "CONSTANCIA_SECRET_KEY"),
    ],
)
def test_an_environment_of_another_log_is_refused(
    desk: Installation, env: dict[str, str], tmp_path: Path, change: dict[str, str], word: str
) -> None:
    """The target has no name or secret of its own."""
    file = tmp_path / "other.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in {**env, **change}.items()))
    with pytest.raises(HouseError) as refused:
        transfer(desk.house, file, silent)
    assert refused.value.code == "transfer_env"
    assert word in str(refused.value.fields["detail"])
    write_case(desk, 12)
