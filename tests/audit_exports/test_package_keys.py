"""A log that changed its key: who kept the old one still checks its packages, and nobody else's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from audit_exports.builder import Sources, export
from audit_exports.record import Scope
from evidence.entry import SYSTEM, EntryDraft, EntryKind
from evidence.findings import Verdict
from evidence.keyring import LEDGER_CASE, Keyring
from evidence.note import SigningKey
from evidence.ports import Composition
from evidence.publisher import Publisher
from tests.audit_exports.resealing import codes, contents, reseal, verify_bytes
from tests.audit_exports.sample_desk import AUDITOR, Desk, Known, two_cases
from tests.fakes.memory import MemoryGuard


class Rotated(Desk):
    """A desk that signs with the keys of a ring."""

    def sign(self, keys: Sequence[SigningKey]) -> int:
        """Give entries their place and sign the head with these keys."""
        self._sequence()
        Publisher(self.ledger, self._guard, lambda: keys, self.clock).publish()
        return self.ledger.tree_size()

    def turn(self, ring: Keyring, fresh: SigningKey | None = None) -> Keyring:
        """Begin (with a fresh key) or finish a rotation, and tell it."""
        made, told = ring.begun(fresh) if fresh else ring.finished()
        draft = EntryDraft(SYSTEM, SYSTEM, EntryKind.KEY_ROTATED, facts=told.as_facts())
        self.ledger.append(LEDGER_CASE, lambda _history: Composition((draft,)))
        return made


def rotated() -> tuple[Rotated, Keyring]:
    """The sample desk with a guard that lets other publishers sign on."""
    plain = two_cases()
    desk = Rotated(now=plain.now)
    desk.ledger, desk.blobs, desk._salts = plain.ledger, plain.blobs, plain._salts
    desk._guard = MemoryGuard()  # type: ignore[attr-defined]  # of this test's own
    size = desk.ledger.tree_size()
    desk._guard.advance(None, (size, desk.ledger.root()))  # type: ignore[attr-defined]
    return desk, Keyring((desk.key,))


def packed(desk: Desk, ring: Keyring, out: Path) -> bytes:
    """Its package, made with what the ring knows."""
    sources = Sources(desk.ledger, desk.blobs, Known(desk.definition), desk.calendar, ring.verifiers)
    export(sources, Scope(), out, actor=AUDITOR)
    return out.read_bytes()


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Keyring]:
    """The package of a log that replaced its key twice, and its keyring."""
    desk, ring = rotated()
    for number in (41, 42):
        ring = desk.turn(ring, SigningKey(desk.key.name, bytes([number]) * 32))
        desk.sign(ring.signing)
        ring = desk.turn(ring)
        desk.sign(ring.signing)
    desk.open("Otra persona")
    desk.sign(ring.signing)
    return packed(desk, ring, tmp_path_factory.mktemp("keys") / "p.zip"), ring


def test_every_key_the_log_ever_had_opens_its_newest_package(turned: tuple[bytes, Keyring]) -> None:
    """The newest at once, an older one by what it signed itself, told as a notice for each step."""
    package, ring = turned
    reports = [verify_bytes(package, key.text) for key in ring.verifiers]
    assert [report.verdict for report in reports] == [Verdict.VALID] * 3
    assert [len(report.findings) for report in reports] == [0, 1, 2]
    assert codes(reports[2]) == {"keys.succeeded"}
    assert reports[2].findings[-1].found == ring.current.verifier.text


def test_a_stranger_is_not_led_anywhere(turned: tuple[bytes, Keyring]) -> None:
    """A key that never signed gives no verdict, and none at all neither."""
    package, ring = turned
    other = SigningKey(ring.current.name, bytes([7]) * 32).verifier
    for keys in ((other.text,), ()):
        assert verify_bytes(package, *keys).verdict is Verdict.UNVERIFIABLE


def test_without_the_note_both_keys_signed_the_old_one_leads_nowhere(turned: tuple[bytes, Keyring]) -> None:
    """The entry alone proves nothing to who has the old key; who has the new one sees no harm."""
    package, ring = turned
    files = contents(package)
    notes = [name for name in files if "/cadena/consistencia/" in name]
    assert len(notes) == 2
    cut = reseal(files, dict.fromkeys(notes))
    assert codes(verify_bytes(cut, ring.retired[-1].text)) == {"checkpoint.unknown_key"}
    assert verify_bytes(cut, ring.current.verifier.text).verdict is Verdict.VALID


def test_who_never_held_the_old_key_cannot_name_a_successor(tmp_path: Path) -> None:
    """An administrator who writes a rotation into the log, and signs with a key of his own alone, convinces nobody."""
    desk, ring = rotated()
    mine = SigningKey(desk.key.name, bytes([66]) * 32)
    made = desk.turn(ring, mine)
    desk.sign((mine,))
    report = verify_bytes(packed(desk, made, tmp_path / "p.zip"), desk.vkey)
    assert report.verdict is Verdict.UNVERIFIABLE
    assert codes(report) == {"checkpoint.unknown_key"}


def test_a_package_between_the_two_phases_opens_with_either_key(tmp_path: Path) -> None:
    """While both sign, both open it at once."""
    desk, ring = rotated()
    ring = desk.turn(ring, SigningKey(desk.key.name, bytes([41]) * 32))
    desk.sign(ring.signing)
    package = packed(desk, ring, tmp_path / "p.zip")
    for key in ring.verifiers:
        assert verify_bytes(package, key.text).verdict is Verdict.VALID


def test_an_entry_there_that_tells_no_rotation_is_found(turned: tuple[bytes, Keyring]) -> None:
    """The folder holds nothing but rotations."""
    package, ring = turned
    files = contents(package)
    entry = files["data/cadena/llaves/entries/1.json"]
    changed = reseal(files, {"data/cadena/llaves/entries/1.json": entry.replace(b'"begun"', b'"other"')})
    report = verify_bytes(changed, ring.current.verifier.text)
    assert report.verdict is Verdict.INVALID
    assert "proof.invalid" in codes(report)
