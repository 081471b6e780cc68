"""A thief of a backup: what the file opens, and what it does not."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tests.fakes.calling import System
from tests.fakes.installation import PASSWORD, Installation
from tests.fakes.signing_room import SigningRoom
from tests.web.test_backup_restore import from_the_safe, nothing_there, restored
from web.backups import back_up
from web.wiring import HouseError

PHRASE = "una frase de respaldo bien larga"


@pytest.fixture
def stolen(letters: SigningRoom, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A backup with its keys under a phrase, and every secret that was alive when it was taken."""
    place = letters.place
    letters.ask(letters.case())
    secrets = {
        "link": letters.token(),
        "token of the API": System.of(place).text,
        "session": place.house.sessions.start(letters.specialist.id),
        "password": PASSWORD,
        "installation's secret": place.settings.secret_key,
        "signing key": place.settings.key_file.read_text().strip(),
    }
    file = tmp_path / "respaldo.tar"
    back_up(place.house, file, objects=True, passphrase=PHRASE)
    return file, secrets


def test_no_secret_is_in_it(stolen: tuple[Path, dict[str, str]]) -> None:
    """Nothing that opens an account, a link or the API, nor a key that signs, is in any of its members."""
    file, secrets = stolen
    content = file.read_bytes()
    with tarfile.open(file) as tar:
        members = [found.read() for item in tar if item.isfile() and (found := tar.extractfile(item))]
    assert len(members) > 10
    for name, text in secrets.items():
        assert text.encode() not in content, name
        assert not any(text.encode() in member for member in members), name


def test_the_keys_are_under_the_phrase_alone(stolen: tuple[Path, dict[str, str]]) -> None:
    """The member with keys is age's scrypt: without the phrase nothing of it is readable, not even which keys."""
    with tarfile.open(stolen[0]) as tar:
        found = tar.extractfile("keys.age")
        assert found is not None
        locked = found.read()
    header, _, body = locked.partition(b"\n---")
    assert header.startswith(b"age-encryption.org/v1\n-> scrypt ")
    assert b"PRIVATE" not in body
    assert len(body) > 100


def test_it_is_readable_by_nobody_but_its_owner(stolen: tuple[Path, dict[str, str]]) -> None:
    """On the machine that makes it the file is for the account that made it alone."""
    assert stolen[0].stat().st_mode & 0o077 == 0


def test_with_a_key_of_ones_own_it_restores_nothing(letters: SigningRoom, tmp_path: Path) -> None:
    """Data without the house's key, in an installation with the thief's: refused, and nothing of it is in place."""
    letters.case()
    file = tmp_path / "sin-llaves.tar"
    back_up(letters.place.house, file, objects=True, passphrase=None)
    data = from_the_safe(letters.place, tmp_path / "ladrón")
    thiefs = Installation(tmp_path / "propia")
    own = next(path for path in data.rglob(letters.place.settings.key_file.name))
    own.chmod(0o600)
    own.write_bytes(thiefs.settings.key_file.read_bytes())
    thiefs.close()
    with pytest.raises(HouseError):
        restored({"CONSTANCIA_DATA": str(data)}, file)
    assert nothing_there({"CONSTANCIA_DATA": str(data)})
