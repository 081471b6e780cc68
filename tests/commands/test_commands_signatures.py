"""`flask signatures` and the seal of an installation, as a person at the console has them."""

from __future__ import annotations

import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result

from tests.fakes.installation import Installation
from tests.signing.conftest import COMMITMENT, letter, now, stamp_of
from tests.signing.test_seal import extended, tampered
from web.inception import make_seal_files
from web.settings import Settings
from web.wiring import HouseError


@pytest.fixture
def place(tmp_path: Path) -> Installation:
    """An installation."""
    return Installation(tmp_path / "data")


def run(place: Installation, *arguments: str) -> Result:
    """A command of this installation."""
    return place.app.test_cli_runner().invoke(args=list(arguments))


def sealed(place: Installation) -> bytes:
    """A letter with the installation's own seal."""
    shown = letter()
    at = place.clock()
    return place.house.signer.sign(
        shown, signatory="Érika", reason=f"x {COMMITMENT}", stamp=stamp_of(shown), at=at
    ).pdf


def test_inception_makes_a_seal_only_its_owner_reads(place: Installation) -> None:
    """Key, chain and the authority's key, mode 0600; beginning again changes none of them."""
    folder = place.settings.data / "keys"
    before = {path.name: path.read_bytes() for path in folder.glob("seal*")}
    assert set(before) == {"seal.key", "seal.pem", "seal-root.key"}
    assert all(stat.S_IMODE((folder / name).stat().st_mode) == 0o600 for name in before)
    assert not make_seal_files(place.settings, now())
    assert {path.name: path.read_bytes() for path in folder.glob("seal*")} == before


def test_an_upgrade_gives_an_older_installation_its_seal(place: Installation) -> None:
    """Until then signing says what to do."""
    for path in (place.settings.data / "keys").glob("seal*"):
        path.unlink()
    with pytest.raises(HouseError, match="seal_unusable"):
        place.house.signer  # noqa: B018 - opened when asked for
    assert run(place, "db", "upgrade").exit_code == 0
    assert place.house.signer.validate(sealed(place)).good


@pytest.mark.parametrize(
    ("make", "verdict", "status", "words"),
    [
        (lambda pdf: pdf, "valid", 0, "el archivo está como se firmó"),
        (tampered, "invalid", 1, "su huella ya no es la firmada"),
        (extended, "invalid", 1, "cambios que la firma no permite"),
        (lambda _pdf: letter(), "unverifiable", 2, "no tiene firmas digitales"),
        (lambda _pdf: b"%PDF-1.4 garbage", "unverifiable", 2, "no se puede leer"),
    ],
    ids=["signed", "tampered", "extended", "plain", "garbage"],
)
def test_verify_says_in_words_and_by_its_exit_what_a_file_is_worth(
    place: Installation, tmp_path: Path, make: object, verdict: str, status: int, words: str
) -> None:
    """JSON with facts and Spanish words, read in a confined process; without --json the words alone."""
    file = tmp_path / "carta.pdf"
    file.write_bytes(make(sealed(place)))
    done = run(place, "signatures", "verify", str(file), "--json")
    assert done.exit_code == status, done.output
    told = json.loads(done.stdout)
    assert told["verdict"] == verdict
    assert words in " ".join(told["words"])
    plain = run(place, "signatures", "verify", str(file))
    assert (plain.exit_code, words in plain.stdout) == (status, True)


def test_verify_takes_the_moment_at_which_the_ledger_knew_the_file(
    place: Installation, tmp_path: Path
) -> None:
    """After the seal's certificate ended that is what it is judged by."""
    file = tmp_path / "carta.pdf"
    file.write_bytes(sealed(place))
    then = place.clock().isoformat()
    place.clock.offset = timedelta(days=365 * 7)
    assert run(place, "signatures", "verify", str(file), "--json").exit_code == 2
    assert run(place, "signatures", "verify", str(file), "--json", "--known", then).exit_code == 0


def test_the_certificate_is_printed_and_renewed_under_the_same_authority(place: Installation) -> None:
    """What others trust stays; letters of both seals are good; the former key is kept beside."""
    before = run(place, "signatures", "certificate").stdout
    old = sealed(place)
    renewed = run(place, "signatures", "renew")
    assert renewed.exit_code == 0, renewed.output
    assert len(json.loads(renewed.stdout)["kept"]) == 2
    again = Installation(place.settings.data)
    after = run(again, "signatures", "certificate").stdout
    assert after != before
    assert after.split("-----BEGIN")[-1] == before.split("-----BEGIN")[-1]
    assert again.house.signer.validate(old).good
    assert again.house.signer.validate(sealed(again)).good


def test_a_configured_seal_takes_the_place_of_the_one_made_here(tmp_path: Path) -> None:
    """None is made then; one that cannot be read is told when it is needed."""
    env = {"CONSTANCIA_DATA": str(tmp_path / "d"), "CONSTANCIA_SEAL_PKCS12": str(tmp_path / "none.p12")}
    place = Installation(tmp_path / "d", env)
    assert not list((tmp_path / "d" / "keys").glob("seal*"))
    with pytest.raises(HouseError) as refused:
        place.house.signer  # noqa: B018 - opened when asked for
    assert "none.p12" in str(refused.value.fields["detail"])
    both = {**env, "CONSTANCIA_SEAL_PKCS11": "pkcs11:token=a"}
    with pytest.raises(Exception, match="exclude each other"):
        Settings.from_env(both)
