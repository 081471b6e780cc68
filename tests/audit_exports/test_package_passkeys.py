"""Passkeys in a package: what they signed is verified again from payloads alone, and whatever was changed is found."""

from __future__ import annotations

import builtins
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audit_exports import passkeys
from audit_exports.containers import ZipContainer
from audit_exports.packagecheck import check_package
from audit_exports.passkeys import check_key, says_key
from audit_exports.trust import Trust
from audit_exports.verify import main
from evidence.canonical import canonical_bytes
from evidence.entry import EntryKind, SealedEntry
from evidence.findings import Verdict
from evidence.note import VerifierKey
from signing.act import ACT_TAG, SignForm
from signing.consent import consent_for
from signing.factors.webauthn import TAG
from tests.fakes.authenticator import SoftKey
from tests.fakes.signing_room import ADDRESS, BY, PHONE_PLACE, SigningRoom


@pytest.fixture
def room(tmp_path: Path) -> Iterator[SigningRoom]:
    """A desk with a director."""
    made = SigningRoom.begin(tmp_path / "data")
    yield made
    made.place.close()


def _signed(room: SigningRoom, algorithm: int = -7) -> str:
    """A case whose letter was signed with a passkey; its folio."""
    key, who = SoftKey(ADDRESS, algorithm), room.director.id
    room.links.passkeys.confirm(who, "x", key.create(room.links.passkeys.begin(who, "Jesús", "x")), BY)
    request = room.ask(room.case(), factor="passkey")
    standing = room.open(room.token())
    keys = room.links.keys
    keys.verify(standing, key.get(keys.ask(standing)), PHONE_PLACE)
    found = room.links.office.store.visit(standing.visit.id)
    assert found is not None
    standing = replace(standing, visit=found)
    proof = keys.signed(standing, key.get(keys.ask_sign(standing, [request.id])), PHONE_PLACE)
    form = SignForm(request.digest, consent_for("es").version, "typed", "Jesús Quiriarte", proof=proof)
    room.links.signing.sign(standing, request.id, form, PHONE_PLACE)
    return request.folio


def _uses(room: SigningRoom, folio: str) -> list[SealedEntry]:
    return [item for item in room.entries(folio) if says_key(item)]


def test_the_tags_are_those_of_who_wrote() -> None:
    """The verifier shares no line with the room that signs, so the words are compared."""
    assert (passkeys.TAG, passkeys.ACT_TAG) == (TAG, ACT_TAG)


def test_a_package_is_verified_with_its_keys(
    room: SigningRoom, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Valid; the opening and the signature are counted, and told."""
    folio = _signed(room)
    run = room.place.app.test_cli_runner().invoke
    out = tmp_path / "caso.zip"
    done = run(args=["packages", "export", "--case", folio, "--out", str(out)])
    assert done.exit_code == 0, done.output
    vkey = run(args=["ledger", "vkey"]).stdout.strip()
    report = check_package(ZipContainer(io.BytesIO(out.read_bytes())), Trust((VerifierKey.from_text(vkey),)))
    assert (report.verdict, report.keys_checked, report.keys_unverified) == (Verdict.VALID, 2, 0)
    assert [finding for finding in report.findings if finding.code == "role.not_granted"] == []
    assert main([str(out), "--vkey", vkey]) == 0
    assert "2 usos de llaves de acceso" in capsys.readouterr().out


@pytest.mark.parametrize("algorithm", [-7, -8, -257])
def test_each_algorithm_holds(room: SigningRoom, algorithm: int) -> None:
    """ES256, EdDSA and RS256."""
    uses = _uses(room, _signed(room, algorithm))
    assert [item.entry.kind for item in uses] == [EntryKind.CODE_VERIFIED, EntryKind.DOCUMENT_SIGNED]
    assert [check_key(item) for item in uses] == [("", True), ("", True)]


def _other_letter(told: dict[str, Any]) -> None:
    told["statement"]["letters"][0]["document"] = "0" * 64


def _said_by_device(told: dict[str, Any], at: int) -> None:
    told["authenticator_data"] = _flipped(told["authenticator_data"], at)


def _flipped(text: str, at: int) -> str:
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "letter": (_other_letter, "challenge"),
    "visit": (lambda told: told["statement"].update(visit="v-otra"), "challenge"),
    "origin": (lambda told: told.update(origin="https://evil.example"), "origin"),
    "domain": (lambda told: told.update(rp_id="evil.example"), "domain"),
    "flags": (lambda told: _said_by_device(told, 43), "did not verify"),
    "count": (lambda told: _said_by_device(told, 46), "signature"),
    "signature": (lambda told: told.update(signature=_flipped(told["signature"], 20)), "signature"),
    "algorithm": (lambda told: told.update(algorithm="none"), "algorithm"),
    "nothing": (lambda told: told.clear(), "statement"),
    "garbage": (lambda told: told.update(client_data="á"), "base64url"),
    "depth": (lambda told: told.update(client_data="W1tb" * 50_000), "no JSON"),
}


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_whatever_was_changed_is_found(room: SigningRoom, name: str) -> None:
    """Each member of the record alone: statement, browser's part, device's part and signature hold together."""
    change, says = CHANGES[name]
    item = _uses(room, _signed(room))[1]
    payload = json.loads(json.dumps(dict(item.payload())))
    change(payload["act"]["passkey"])
    bent = replace(item, payload_bytes=canonical_bytes(payload))
    wrong, _verified = check_key(bent)
    assert says in wrong


def test_a_payload_that_is_no_object_is_found(room: SigningRoom) -> None:
    """Canonical, under its commitment and still nothing: a finding, and no end of the verifier."""
    item = _uses(room, _signed(room))[1]
    assert "object" in check_key(replace(item, payload_bytes=b"[]"))[0]


def test_an_act_of_another_commitment_is_found(room: SigningRoom) -> None:
    """What the key signed may hold, and the rest of the act not be what facts commit to."""
    item = _uses(room, _signed(room))[1]
    payload = json.loads(json.dumps(dict(item.payload())))
    payload["act"]["typed"] = "Otra Persona"
    assert "act" in check_key(replace(item, payload_bytes=canonical_bytes(payload)))[0]


def test_without_the_library_it_says_that_it_did_not_verify(
    room: SigningRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The standard library alone: the statement is checked, the signature told as unverified; erased is skipped."""
    item = _uses(room, _signed(room))[1]
    real = builtins.__import__

    def refusing(name: str, *rest: Any) -> Any:
        if name.startswith("cryptography"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refusing)
    assert check_key(item) == ("", False)
    assert not says_key(replace(item, payload_bytes=None, salt=None))
