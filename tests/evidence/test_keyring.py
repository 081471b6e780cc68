"""The keys of a log while one takes the place of another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evidence.entry import EntryDraft, EntryKind, parse_entry, seal
from evidence.keyring import LEDGER_CASE, Keyring, Phase, Rotation, read_keyring, rotation_of
from evidence.note import MalformedKey, SigningKey

ORIGIN = "constancia.example/llaves"
OLD, NEW, NEXT = (SigningKey(ORIGIN, bytes([number]) * 32) for number in (1, 2, 3))


def test_both_keys_sign_while_one_is_replaced_and_neither_is_forgotten() -> None:
    """Begun: the new key first, the old beside it. Finished: the new one alone, the old one only verifies."""
    first = Keyring((OLD,))
    both, begun = first.begun(NEW)
    assert (both.signing, both.current, both.replacing) == ((NEW, OLD), NEW, True)
    assert begun == Rotation(Phase.BEGUN, OLD.verifier, NEW.verifier)
    alone, finished = both.finished()
    assert (alone.signing, alone.retired) == ((NEW,), (OLD.verifier,))
    assert finished == Rotation(Phase.FINISHED, OLD.verifier, NEW.verifier)
    assert alone.verifiers == (NEW.verifier, OLD.verifier)


def test_a_rotation_is_neither_doubled_nor_finished_before_it_began() -> None:
    """No third key, no key that has been here, no end without a beginning."""
    both, _ = Keyring((OLD,)).begun(NEW)
    for wrong in (lambda: both.begun(NEXT), lambda: Keyring((OLD,)).begun(OLD), Keyring((OLD,)).finished):
        with pytest.raises(MalformedKey):
            wrong()
    back, _ = both.finished()
    with pytest.raises(MalformedKey):
        back.begun(OLD)


def test_the_files_read_back_and_foreign_keys_are_refused() -> None:
    """Texts of both files give the same keys; a key of another log, or none at all, is no keyring."""
    ring = replace(Keyring((NEW, OLD)), retired=(NEXT.verifier,))
    assert read_keyring(ring.signing_text(), ring.retired_text()) == ring
    with pytest.raises(MalformedKey):
        read_keyring("")
    with pytest.raises(MalformedKey):
        read_keyring(OLD.text, SigningKey("otra.example/x", bytes(32)).verifier.text)


def test_an_entry_tells_its_rotation_and_only_of_its_own_log() -> None:
    """Facts of another name, a phase nobody knows, or another case say nothing."""
    told = Rotation(Phase.BEGUN, OLD.verifier, NEW.verifier)

    def entry(facts: dict[str, str], case: str = LEDGER_CASE, log: str = ORIGIN) -> Rotation | None:
        draft = EntryDraft("system", "system", EntryKind.KEY_ROTATED, facts=facts)  # type: ignore[arg-type]  # texts are Json
        sealed = seal(
            draft, log=log, case=case, seq=1, prev="0" * 64, at="2026-01-05T10:00:00.000000Z", salt=bytes(32)
        )
        return rotation_of(parse_entry(sealed.entry_bytes))

    facts = {name: str(value) for name, value in told.as_facts().items()}
    assert entry(facts) == told
    assert entry(facts, case="system:heads") is None
    assert entry(facts, log="otra.example/x") is None
    assert entry(facts | {"phase": "stolen"}) is None
    assert entry(facts | {"new": facts["old"]}) is None
    assert entry(facts | {"new": "junk"}) is None
