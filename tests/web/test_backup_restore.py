"""Backups taken while people write, and their restoration: whole and verified, or nothing at all."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from evidence.ports import RolledBack, StoreUnavailable
from evidence.verify import verify_ledger
from identity.accounts import Role
from storage.moving import restore
from tests.fakes.homes import scaled
from tests.fakes.installation import ORIGIN, Installation
from tests.fakes.people import cheap_passwords
from tests.fakes.writers import write_case, writing_meanwhile
from tests.servers.postgresql import PostgresServer
from tests.servers.seaweedfs import ObjectServer
from web.app import create_app
from web.backups import back_up, bring_back
from web.inception import settle
from web.settings import Settings
from web.wiring import House, HouseError, JobRecord

PHRASE = "una frase para las llaves"
pytestmark = pytest.mark.embedded("each test says which home is meant")


@pytest.fixture(params=["embedded", pytest.param("scaled", marks=[pytest.mark.postgresql, pytest.mark.s3])])
def home(request: pytest.FixtureRequest) -> dict[str, str]:
    """The stores an installation lives in, twice over: where it was, and an empty pair to be restored into."""
    if request.param == "embedded":
        return {}
    url, server, bucket = map(request.getfixturevalue, ("postgresql_url", "object_server", "bucket_name"))
    return scaled(url, server.endpoint, bucket)


@pytest.fixture
def desk(tmp_path: Path, home: dict[str, str]) -> Iterator[Installation]:
    """An installation with two cases."""
    made = Installation(tmp_path / "data", home)
    for number in (1, 2):
        write_case(made, number)
    yield made
    made.close()


@pytest.fixture
def empty(
    request: pytest.FixtureRequest, tmp_path: Path, desk: Installation, home: dict[str, str]
) -> Iterator[dict[str, str]]:
    """The environment of an empty installation of the same kind, other stores, and the keys back from the safe."""
    env = {"CONSTANCIA_DATA": str(from_the_safe(desk, tmp_path / "restored"))}
    if not home:
        yield env
        return
    server = request.getfixturevalue("postgresql_server")
    with server.database() as url:
        endpoint, bucket = home["CONSTANCIA_S3_ENDPOINT"], home["CONSTANCIA_S3_BUCKET"]
        yield {**scaled(url, endpoint, f"{bucket}-b"), **env}


def from_the_safe(place: Installation, data: Path) -> Path:
    """A data directory with keys and settings file, as somebody put them back by hand."""
    data.mkdir()
    shutil.copytree(place.settings.data / "keys", data / "keys")
    shutil.copy(place.settings.data / "settings.env", data / "settings.env")
    return data


def save(place: Installation, file: Path, *, objects: bool = True, phrase: str | None = None) -> Path:
    """A backup."""
    report, unsigned = back_up(place.house, file, objects=objects, passphrase=phrase)
    assert unsigned == ""
    assert report.size == report.entries
    return file


def restored(env: dict[str, str], file: Path, note: bytes | None = None, phrase: str = PHRASE) -> House:
    """The house of a restored installation."""
    bring_back(Settings.from_env(env), file, env, passphrase=lambda: phrase, note=note, make=make)
    return make(Settings.from_env(env))


def make(settings: Settings) -> House:
    """A house whose passwords cost little."""
    return House(settings, passwords=cheap_passwords())


def nothing_there(env: dict[str, str]) -> bool:
    """Whether an environment still describes an empty installation, without anything half made."""
    data = Path(env["CONSTANCIA_DATA"])
    held = {path.name for path in data.rglob("*") if path.is_file() and path.parent.name != "keys"}
    return held <= {"settings.env"}


def entries(house: House) -> list[bytes]:
    """The bytes of every entry, in the log's order."""
    return [sealed.entry_bytes for sealed in house.ledger.entries()]


def test_a_backup_restored_is_the_same_installation(
    desk: Installation, empty: dict[str, str], tmp_path: Path
) -> None:
    """Entries, payloads, files, people and lists are there, the verification is valid, and work goes on."""
    folio = next(iter(desk.house.index.folios()))
    desk.house.jobs.add(JobRecord("j", "verify", "u", "running", 0, 0, {}, "x", "x"))
    file = save(desk, tmp_path / "r.tar")
    note = desk.house.ledger.latest_checkpoint()
    assert note is not None
    house = restored(empty, file, note[1])
    try:
        assert entries(house) == entries(desk.house)
        told = verify_ledger(house.ledger, house.blobs, keys=house.vkeys, full=True)
        assert (str(told.verdict), told.findings) == ("valid", ())
        assert told.objects_checked >= 2
        assert house.cases.rebuild().differences == ()
        assert house.vkey == desk.house.vkey
        assert house.jobs.get("j") is None
        there = create_app(house.settings, house).test_client()
        assert there.get("/readyz").status_code == 200
        place = _around(house)
        assert place.client(Role.ESPECIALISTA).get(f"/casos/{folio}").status_code == 200
        write_case(place, 3)
        settle(house)
        again = verify_ledger(house.ledger, house.blobs, keys=house.vkeys, full=True)
        assert str(again.verdict) == "valid"
    finally:
        house.close()


def _around(house: House) -> Installation:
    """An installation around a house that is there already."""
    place = Installation.__new__(Installation)
    place.house, place.settings = house, house.settings
    place.clock = house.clock  # type: ignore[assignment]  # nobody moves it here
    place.app = place.make_app()
    return place


def test_a_backup_taken_while_several_write_holds_what_was_acknowledged_before_it(
    desk: Installation, empty: dict[str, str], tmp_path: Path
) -> None:
    """Three threads seal meanwhile: nothing waits for the backup, and what it holds verifies as a prefix of the log."""
    with writing_meanwhile(desk) as crowd:
        while len(crowd.acknowledged) < 6:
            time.sleep(0.02)
        before = list(crowd.acknowledged)
        report, _ = back_up(desk.house, tmp_path / "r.tar", objects=True, passphrase=None)
        during = len(crowd.acknowledged)
        while len(crowd.acknowledged) < during + 3:
            time.sleep(0.02)
    assert crowd.refused == []
    house = restored(empty, tmp_path / "r.tar")
    try:
        settled = {sealed.entry.case for sealed in (*house.ledger.entries(), *house.ledger.unsequenced())}
        assert settled.issuperset(before)
        assert entries(house)[: report.size] == entries(desk.house)[: report.size]
        assert str(verify_ledger(house.ledger, house.blobs, keys=house.vkeys, full=True).verdict) == "valid"
    finally:
        house.close()


def test_a_restored_log_is_not_signed_until_the_guard_says_how_far_it_was(
    desk: Installation, empty: dict[str, str], tmp_path: Path
) -> None:
    """An empty guard refuses, an older checkpoint than was signed too, and the newest one lets it go on."""
    file = save(desk, tmp_path / "r.tar")
    old = desk.house.ledger.latest_checkpoint()
    write_case(desk, 3)
    settle(desk.house)
    newer = desk.house.ledger.latest_checkpoint()
    assert old is not None
    assert newer is not None
    found = bring_back(
        Settings.from_env(empty), file, empty, passphrase=lambda: PHRASE, note=newer[1], make=make
    )
    assert found.signing == "rolled_back"
    house = make(Settings.from_env(empty))
    try:
        assert house.guard.last() is None
        with pytest.raises(RolledBack):
            settle(house)
    finally:
        house.close()


def test_a_guard_that_outlived_the_database_refuses_an_older_backup(
    desk: Installation, tmp_path: Path, empty: dict[str, str]
) -> None:
    """The guard lies elsewhere and is ahead: data is back and readable, nothing is signed, and the command says why."""
    file = save(desk, tmp_path / "r.tar")
    write_case(desk, 3)
    settle(desk.house)
    env = {**empty, "CONSTANCIA_GUARD_URL": f"sqlite:///{desk.settings.data / 'guard.sqlite3'}"}
    told = command(env, "restore", str(file))
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["signing"] == "rolled_back"
    assert "No se firmará nada" in told.stderr
    house = make(Settings.from_env(env))
    try:
        size = house.guard.last()
        with pytest.raises(RolledBack):
            settle(house)
        assert house.guard.last() == size
        assert len(entries(house)) < len(entries(desk.house))
        page = create_app(house.settings, house).test_client()
        assert page.get("/log/checkpoint").status_code == 200
    finally:
        house.close()


def test_a_file_cut_short_restores_nothing(desk: Installation, empty: dict[str, str], tmp_path: Path) -> None:
    """Wherever it was cut, even by its last block."""
    whole = save(desk, tmp_path / "r.tar").read_bytes()
    for length in (0, 100, 5_000, len(whole) // 2, len(whole) - 512, len(whole) - 1):
        (tmp_path / "cut.tar").write_bytes(whole[:length])
        with pytest.raises(HouseError) as refused:
            restored(empty, tmp_path / "cut.tar")
        assert (refused.value.code, refused.value.fields) == ("backup_cut", {"at": length})
        assert nothing_there(empty)


def test_a_flipped_byte_anywhere_restores_nothing(
    desk: Installation, empty: dict[str, str], tmp_path: Path
) -> None:
    """Headers, padding, rows, objects, keys, manifest, the end: a byte in every stretch of the file."""
    whole = save(desk, tmp_path / "r.tar").read_bytes()
    places = sorted(
        {*range(0, len(whole), max(1, len(whole) // 60)), *range(len(whole) - 4096, len(whole), 97)}
    )
    bad = tmp_path / "flipped.tar"
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 0x20
        bad.write_bytes(changed)
        with pytest.raises(HouseError) as refused:
            restored(empty, bad)
        assert refused.value.code in ("backup_damaged", "backup_cut"), place
        assert nothing_there(empty)


def test_what_verifies_as_a_file_but_not_as_a_log_restores_nothing(
    desk: Installation, empty: dict[str, str], tmp_path: Path
) -> None:
    """A backup of a database in which somebody edited an entry: the file is whole, the log is not."""
    engine = desk.house.engine
    with engine.begin() as connection:
        for name in _triggers(connection):
            connection.exec_driver_sql(name)
        connection.exec_driver_sql("UPDATE log_entry SET actor = 'otro' WHERE case_seq = 2")
    file = save(desk, tmp_path / "r.tar")
    with pytest.raises(HouseError) as refused:
        restored(empty, file)
    assert refused.value.code == "restore_unverified"
    assert nothing_there(empty)


def _triggers(connection: Any) -> list[str]:
    """The statements that take the speed bump away."""
    if connection.dialect.name == "sqlite":
        return ["DROP TRIGGER log_entry_no_update"]
    return ["DROP TRIGGER log_entry_no_update ON log_entry"]


def test_only_an_empty_installation_is_restored_into(desk: Installation, tmp_path: Path) -> None:
    """Over an installation that is there nothing is done."""
    file = save(desk, tmp_path / "r.tar")
    before = entries(desk.house)
    with pytest.raises(HouseError) as refused:
        bring_back(desk.settings, file, desk.env, passphrase=lambda: PHRASE, note=None, make=make)
    assert refused.value.code == "not_empty"
    assert entries(desk.house) == before


def test_without_objects_the_store_must_hold_them(
    desk: Installation, empty: dict[str, str], tmp_path: Path, home: dict[str, str]
) -> None:
    """A list of them is in the file; where they are not there nothing is restored, where they are all is."""
    file = save(desk, tmp_path / "r.tar", objects=False)
    with tarfile.open(file) as tar:
        assert not [name for name in tar.getnames() if name.startswith("objects/")]
        assert tar.extractfile("objects.jsonl") is not None
    with pytest.raises(HouseError) as refused:
        restored(empty, file)
    assert refused.value.code == "restore_unverified"
    if home:
        empty = {**empty, "CONSTANCIA_S3_BUCKET": home["CONSTANCIA_S3_BUCKET"]}
    else:
        there = Path(empty["CONSTANCIA_DATA"]) / "objects"
        shutil.rmtree(there, ignore_errors=True)
        shutil.copytree(desk.settings.data / "objects", there)
    house = restored(empty, file)
    assert entries(house) == entries(desk.house)
    house.close()


@pytest.mark.postgresql
def test_objects_are_in_place_before_rows_count_and_another_attempt_finds_them(
    place: Installation, tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows in PostgreSQL, objects in a folder: a failure between the two leaves no entry without its object."""
    write_case(place, 1)
    file = save(place, tmp_path / "r.tar")
    env = {
        "CONSTANCIA_DATABASE_URL": postgresql_url,
        "CONSTANCIA_DATA": str(from_the_safe(place, tmp_path / "restored")),
    }
    shutil.copytree(place.settings.data / "objects", tmp_path / "restored" / "objects")
    loading = restore.load_all

    def failing(engine: Any, *given: Any) -> None:
        if engine.dialect.name == "postgresql":
            raise StoreUnavailable("database: gone")
        loading(engine, *given)

    with monkeypatch.context() as broken:
        broken.setattr(restore, "load_all", failing)
        with pytest.raises(StoreUnavailable):
            restored(env, file)
    house = restored(env, file)
    try:
        told = verify_ledger(house.ledger, house.blobs, keys=house.vkeys, full=True)
        assert (str(told.verdict), entries(house)) == ("valid", entries(place.house))
    finally:
        house.close()


@pytest.mark.postgresql
@pytest.mark.s3
@pytest.mark.parametrize("home", ["scaled"], indirect=True)
def test_what_was_restored_once_is_backed_up_without_objects_and_restored_again(
    desk: Installation, empty: dict[str, str], tmp_path: Path, postgresql_server: PostgresServer
) -> None:
    """Entries name versions of a bucket long gone: the table that follows them comes along and is followed."""
    first = restored(empty, save(desk, tmp_path / "r.tar"))
    try:
        back_up(first, tmp_path / "list.tar", objects=False, passphrase=None)
    finally:
        first.close()
    with postgresql_server.database() as url:
        data = str(from_the_safe(desk, tmp_path / "third"))
        third = restored(
            {**empty, "CONSTANCIA_DATABASE_URL": url, "CONSTANCIA_DATA": data}, tmp_path / "list.tar"
        )
        assert entries(third) == entries(desk.house)
        third.close()


@pytest.mark.postgresql
@pytest.mark.s3
def test_a_backup_of_one_home_restores_into_the_other(
    place: Installation,
    tmp_path: Path,
    postgresql_url: str,
    object_server: ObjectServer,
    bucket_name: str,
) -> None:
    """From SQLite and files into PostgreSQL and S3; objects that are locked there do not go back into files."""
    write_case(place, 1)
    settle(place.house)
    env = {
        **scaled(postgresql_url, object_server.endpoint, bucket_name),
        "CONSTANCIA_DATA": str(from_the_safe(place, tmp_path / "scaled")),
    }
    note = place.house.ledger.latest_checkpoint()
    assert note is not None
    house = restored(env, save(place, tmp_path / "r.tar"), note[1])
    try:
        assert entries(house) == entries(place.house)
        write_case(_around(house), 2)
        back_up(house, tmp_path / "locked.tar", objects=True, passphrase=None)
    finally:
        house.close()
    plain = {"CONSTANCIA_DATA": str(from_the_safe(place, tmp_path / "plain"))}
    with pytest.raises(HouseError) as refused:
        restored(plain, tmp_path / "locked.tar")
    assert refused.value.code == "restore_unverified"
    assert "object.retention" in str(refused.value.fields["detail"])
    assert nothing_there(plain)


_TYPED_INTO_AGE = """
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("age", ["age", "-d", "-o", sys.argv[2], sys.argv[1]])
seen = b""
while b"assphrase" not in seen:
    seen += os.read(terminal, 1000)
os.write(terminal, sys.argv[3].encode() + b"\\n")
try:
    while os.read(terminal, 1000):
        pass
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def test_another_program_opens_the_keys(place: Installation, tmp_path: Path) -> None:
    """`age` of the distribution, with the passphrase typed into its terminal: keys and secret as they are here."""
    if shutil.which("age") is None:
        pytest.skip("age is not installed (Debian: apt-get install age)")
    with tarfile.open(save(place, tmp_path / "keys.tar", phrase=PHRASE)) as tar:
        tar.extract("keys.age", tmp_path, filter="data")
    out = tmp_path / "opened.tar"
    typed = [sys.executable, "-c", _TYPED_INTO_AGE, tmp_path / "keys.age", out, PHRASE]
    subprocess.run(typed, check=True, timeout=120)
    with tarfile.open(out) as opened:
        found = {item.name: opened.extractfile(item) for item in opened}
        read = {name: stream.read() for name, stream in found.items() if stream is not None}
    assert read["keys/log.key"] == place.settings.key_file.read_bytes()
    assert f"CONSTANCIA_SECRET_KEY={place.settings.secret_key}\n" in read["secrets.env"].decode()


def test_keys_stay_out_unless_asked_for_and_are_then_a_file_of_age(
    place: Installation, tmp_path: Path
) -> None:
    """Without `--with-keys` no secret is in the file, and nothing is restored; a wrong or short phrase is refused."""
    bare = save(place, tmp_path / "bare.tar", phrase=None).read_bytes()
    secret = place.settings.key_file.read_text().strip()
    assert secret.encode() not in bare
    assert place.settings.secret_key.encode() not in bare
    with pytest.raises(HouseError) as refused:
        restored({"CONSTANCIA_DATA": str(tmp_path / "x")}, tmp_path / "bare.tar")
    assert refused.value.code == "restore_keyless"
    file = save(place, tmp_path / "keys.tar", phrase=PHRASE)
    with tarfile.open(file) as tar:
        stream = tar.extractfile("keys.age")
        assert stream is not None
        locked = stream.read()
    assert locked.startswith(b"age-encryption.org/v1\n-> scrypt ")
    with pytest.raises(HouseError) as wrong:
        restored({"CONSTANCIA_DATA": str(tmp_path / "x")}, file, phrase="otra frase distinta")
    assert wrong.value.code == "passphrase_wrong"
    with pytest.raises(HouseError) as short:
        back_up(place.house, tmp_path / "short.tar", objects=True, passphrase="corta")
    assert short.value.code == "passphrase_short"
    assert not (tmp_path / "short.tar").exists()


def test_keys_that_were_put_back_by_hand_are_enough(place: Installation, tmp_path: Path) -> None:
    """The directory of keys and the settings file from the safe, a backup without keys: the same installation."""
    write_case(place, 1)
    file = save(place, tmp_path / "bare.tar", phrase=None)
    data = from_the_safe(place, tmp_path / "again")
    house = restored({"CONSTANCIA_DATA": str(data)}, file)
    assert house.settings.secret_key == place.settings.secret_key
    assert entries(house) == entries(place.house)
    house.close()


def test_proposals_of_one_s_own_come_along(tmp_path: Path) -> None:
    """A definition that is in force is the ledger's; its file comes back as what it was, a proposal."""
    folder = tmp_path / "procesos"
    shutil.copytree(Path(__file__).parents[1] / "processes", folder)
    place = Installation(tmp_path / "data", {"CONSTANCIA_DEFINITIONS": str(folder)})
    file = save(place, tmp_path / "r.tar")
    data = from_the_safe(place, tmp_path / "again")
    place.close()
    house = restored({"CONSTANCIA_DATA": str(data)}, file)
    assert any(item.label.startswith("ST-001") for item in house.definitions.all())
    house.close()
    (kept,) = (data / "definitions").rglob("*.toml")
    assert kept.read_bytes() == next(folder.rglob("*.toml")).read_bytes()


def test_the_same_state_is_the_same_tables(place: Installation, tmp_path: Path) -> None:
    """Two backups of one state differ in their times alone: the members with rows and objects are equal bytes."""
    write_case(place, 1)
    settle(place.house)
    found = []
    for name in ("a.tar", "b.tar"):
        with tarfile.open(save(place, tmp_path / name)) as tar:
            members = {item.name: tar.extractfile(item) for item in tar}
            found.append(
                {
                    n: f.read()
                    for n, f in members.items()
                    if f and n.startswith(("tables", "objects", "layout"))
                }
            )
    assert found[0] == found[1]


def test_another_tar_reads_it(place: Installation, tmp_path: Path) -> None:
    """GNU tar lists and extracts a backup."""
    write_case(place, 1)
    file = save(place, tmp_path / "r.tar")
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["tar", "-xf", file, "-C", out], check=True)
    assert json.loads((out / "manifest.json").read_text())["log"]["origin"] == ORIGIN
    rows = (out / "tables" / "log_entry.jsonl").read_text().splitlines()
    assert len(rows) == json.loads((out / "manifest.json").read_text())["log"]["entries"]


def test_an_existing_file_is_never_replaced(place: Installation, tmp_path: Path) -> None:
    """And nothing is left beside it."""
    (tmp_path / "r.tar").write_text("ajeno")
    with pytest.raises(HouseError) as refused:
        save(place, tmp_path / "r.tar")
    assert refused.value.code == "file_exists"
    assert [path.name for path in tmp_path.glob("r.tar*")] == ["r.tar"]
    assert (tmp_path / "r.tar").read_text() == "ajeno"


def test_a_damaged_object_is_no_backup(place: Installation, tmp_path: Path) -> None:
    """What is not what was sealed is named, and no file pretends to be a copy of it."""
    folio = write_case(place, 1)
    ref = place.house.ledger.history(folio)[1].entry.objects[0]
    path = place.settings.data / "objects" / ref.key
    path.chmod(0o600)
    path.write_bytes(b"x" * ref.size)
    with pytest.raises(HouseError) as refused:
        save(place, tmp_path / "r.tar")
    assert refused.value.code == "backup_incomplete"
    assert ref.key in str(refused.value.fields["detail"])
    assert not list(tmp_path.glob("r.tar*"))


def test_a_disk_that_fills_half_way_leaves_nothing(
    place: Installation, small_disk: Path, tmp_path: Path
) -> None:
    """Neither half a backup nor half a restoration: the same commands work once there is room."""
    for number in range(4):
        write_case(place, number)
    file = save(place, tmp_path / "r.tar")
    (small_disk / "ballast").write_bytes(bytes(700_000))
    told = command(place.env, "backup", "--out", str(small_disk / "r.tar"))
    assert told.exit_code == 1
    assert json.loads(told.stdout)["error"]["code"] == "disk_full"
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]
    env = {"CONSTANCIA_DATA": str(from_the_safe(place, small_disk / "data"))}
    told = command(env, "restore", str(file))
    assert told.exit_code == 1
    assert json.loads(told.stdout)["error"]["code"] == "disk_full"
    assert nothing_there(env)


def test_the_commands_speak_json_and_say_what_they_did(place: Installation, tmp_path: Path) -> None:
    """Backup and restore by command, with the checkpoint that somebody kept outside."""
    write_case(place, 1)
    phrase = tmp_path / "phrase"
    phrase.write_text(PHRASE + "\n")
    file = tmp_path / "r.tar"
    made = command(place.env, "backup", "--out", str(file), "--with-keys", "--passphrase-file", str(phrase))
    assert made.exit_code == 0, made.output
    told = json.loads(made.stdout)
    assert (told["bytes"], told["keys"], told["signing"]) == (file.stat().st_size, True, None)
    note = tmp_path / "note"
    note.write_text(told["checkpoint"])
    env = {"CONSTANCIA_DATA": str(tmp_path / "again")}
    done = command(env, "restore", str(file), "--guard", str(note), "--passphrase-file", str(phrase))
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {
        "restored": True, "created_at": json.loads(done.stdout)["created_at"], "keys": "backup", "verdict": "valid",
        "entries": told["entries"], "objects_checked": told["objects"]["count"],
        "bytes_checked": told["objects"]["bytes"], "signing": None,
    }  # fmt: skip
    assert stat_modes(tmp_path / "again") == {0o600}


def stat_modes(data: Path) -> set[int]:
    """The modes of the files that hold secrets."""
    return {path.stat().st_mode & 0o777 for path in (data / "settings.env", data / "keys" / "log.key")}


def command(env: dict[str, str], *arguments: str) -> Result:
    """A command in a process-like application of its own."""
    settings = Settings.from_env(env)
    with pytest.MonkeyPatch.context() as patched:
        for name, value in env.items():
            patched.setenv(name, value)
        app = create_app(settings)
        told = app.test_cli_runner().invoke(args=list(arguments))
    opened = app.extensions["constancia"]._house
    if opened is not None:
        opened.close()
    return told


def test_the_stream_of_an_object_reads_in_any_steps() -> None:
    """Chunks become a stream that gives as much as is asked for."""
    from storage.moving.restore import _Chunks  # noqa: PLC0415 - private on purpose

    stream = io.BufferedReader(_Chunks(iter([b"abc", b"", b"defgh"])))
    assert stream.read(2) + stream.read() == b"abcdefgh"
