"""Replacing the log's signing key: the new one signs beside the old, and later alone. Each phase is an entry.

The order is: files, then entry, then a note signed by the keys of the moment. Killed between files and entry, the next
call of the same phase writes the entry: its key is the pair of keys.
"""

from __future__ import annotations

from collections.abc import Sequence

from evidence.entry import SYSTEM, EntryDraft, EntryKind, SealedEntry
from evidence.keyring import LEDGER_CASE, Keyring, Phase, Rotation, rotation_of
from evidence.note import SigningKey, VerifierKey
from evidence.ports import Composition
from web.inception import settle
from web.keyfiles import KeyFiles
from web.wiring import House, HouseError


def begin(house: House, os_user: str, fresh: SigningKey | None = None) -> Rotation:
    """Make a key that signs beside the present one from now on, and tell it in the log.

    Raises:
        HouseError: ``rotation_under_way``: another one has begun and is told already.
    """
    ring = house.keyring
    if ring.replacing:
        told = Rotation(Phase.BEGUN, ring.signing[1].verifier, ring.current.verifier)
        if _is_told(house, told):
            raise HouseError("rotation_under_way", vkey=told.new.text)
        return _tell(house, told, os_user)
    made, told = ring.begun(fresh or SigningKey.generate(house.ledger.origin))
    KeyFiles(house.settings).write(made)
    return _tell(house, told, os_user)


def finish(house: House, os_user: str) -> Rotation:
    """Sign with the new key alone from now on; the old one's secret is gone, its verifier key is remembered.

    Raises:
        HouseError: ``no_rotation``: none has begun; ``rotation_untold``: its beginning is not in a signed checkpoint,
            so nobody who trusts the old key could follow.
    """
    ring = house.keyring
    if not ring.replacing:
        return _retold(house, ring, os_user)
    begun = Rotation(Phase.BEGUN, ring.signing[1].verifier, ring.current.verifier)
    if not _is_told(house, begun):
        raise HouseError("rotation_untold")
    settle(house)
    if not _is_covered(house, begun):
        raise HouseError("rotation_untold")
    made, told = ring.finished()
    KeyFiles(house.settings).write(made)
    return _tell(house, told, os_user)


def _retold(house: House, ring: Keyring, os_user: str) -> Rotation:
    """The end of a rotation whose entry is missing, because somebody pulled the plug."""
    told = [rotation_of(item.entry) for item in house.ledger.history(LEDGER_CASE)]
    last = next((item for item in reversed(told) if item is not None), None)
    if last is None or last.phase is Phase.FINISHED or last.new != ring.current.verifier:
        raise HouseError("no_rotation")
    return _tell(house, Rotation(Phase.FINISHED, last.old, last.new), os_user)


def _is_told(house: House, rotation: Rotation) -> bool:
    return any(rotation_of(item.entry) == rotation for item in house.ledger.history(LEDGER_CASE))


def _is_covered(house: House, rotation: Rotation) -> bool:
    """Whether a signed note covers the entry: both keys sign whatever comes after it."""
    kept = house.ledger.latest_checkpoint()
    places = [item.index for item in house.ledger.history(LEDGER_CASE) if rotation_of(item.entry) == rotation]
    return kept is not None and any(place is not None and place < kept[0] for place in places)


def _tell(house: House, rotation: Rotation, os_user: str) -> Rotation:
    draft = EntryDraft(
        SYSTEM,
        SYSTEM,
        EntryKind.KEY_ROTATED,
        facts={**rotation.as_facts(), "via": "console"},
        payload={"via": {"channel": "console", "os_user": os_user}},
    )

    def compose(_history: Sequence[SealedEntry]) -> Composition:
        return Composition((draft,))

    key = f"key.rotated/{rotation.phase}/{_id(rotation.old)}/{_id(rotation.new)}"
    house.ledger.append(LEDGER_CASE, compose, idempotency_key=key, request_digest=key)
    settle(house)
    return rotation


def _id(key: VerifierKey) -> str:
    return key.public_key.hex()
