"""The keys of one log: those that sign now, and those that signed before.

While a key is being replaced two sign, the new one first; whoever trusts either can open every note of that time. What
the rotation says of itself is an entry ``key.rotated`` of ``system:ledger``: its facts name the phase and both keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from evidence.canonical import Json
from evidence.entry import Entry, EntryKind
from evidence.note import ED25519, MalformedKey, SigningKey, VerifierKey

LEDGER_CASE = "system:ledger"
MOST_SIGNING = 2


class Phase(StrEnum):
    """A rotation begins when the new key signs beside the old, and is finished when the old one no longer does."""

    BEGUN = "begun"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a ``key.rotated`` entry says: in this phase, ``new`` takes the place of ``old``."""

    phase: Phase
    old: VerifierKey
    new: VerifierKey

    def as_facts(self) -> dict[str, Json]:
        """The entry's facts."""
        return {"phase": str(self.phase), "old": self.old.text, "new": self.new.text}


def rotation_of(entry: Entry) -> Rotation | None:
    """The rotation an entry tells of; ``None`` where it tells of none, or of keys of another name or kind."""
    if entry.kind is not EntryKind.KEY_ROTATED or entry.case != LEDGER_CASE:
        return None
    phase, old, new = (entry.facts.get(member) for member in ("phase", "old", "new"))
    if phase not in {str(item) for item in Phase} or not isinstance(old, str) or not isinstance(new, str):
        return None
    try:
        keys = VerifierKey.from_text(old), VerifierKey.from_text(new)
    except MalformedKey:
        return None
    if any(key.name != entry.log or key.type != ED25519 for key in keys) or keys[0] == keys[1]:
        return None
    return Rotation(Phase(str(phase)), *keys)


@dataclass(frozen=True, slots=True)
class Keyring:
    """The signing keys, the current one first, and the verifier keys of earlier ones.

    Raises:
        MalformedKey: no signing key, more than two, or keys of different logs.
    """

    signing: tuple[SigningKey, ...]
    retired: tuple[VerifierKey, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.signing) <= MOST_SIGNING:
            raise MalformedKey("a log signs with one key, or with two while one is being replaced")
        if len({*(key.name for key in self.signing), *(key.name for key in self.retired)}) != 1:
            raise MalformedKey("the keys of one log have one name")

    @property
    def current(self) -> SigningKey:
        """The key that is given to auditors from now on."""
        return self.signing[0]

    @property
    def replacing(self) -> bool:
        """Whether a rotation has begun and is not finished."""
        return len(self.signing) == MOST_SIGNING

    @property
    def verifiers(self) -> tuple[VerifierKey, ...]:
        """Every key by which this log's notes may be signed, the current one first."""
        own = (*(key.verifier for key in self.signing), *self.retired)
        return tuple(dict.fromkeys(own))

    def begun(self, fresh: SigningKey) -> tuple[Keyring, Rotation]:
        """With ``fresh`` signing beside the present key.

        Raises:
            MalformedKey: a rotation is under way, or the key is of another log or known.
        """
        if self.replacing or fresh.verifier in self.verifiers:
            raise MalformedKey("another rotation is under way, or this key has been here")
        made = Keyring((fresh, self.current), self.retired)
        return made, Rotation(Phase.BEGUN, self.current.verifier, fresh.verifier)

    def finished(self) -> tuple[Keyring, Rotation]:
        """With the new key alone.

        Raises:
            MalformedKey: no rotation is under way.
        """
        if not self.replacing:
            raise MalformedKey("no rotation is under way")
        new, old = self.signing
        made = Keyring((new,), (old.verifier, *self.retired))
        return made, Rotation(Phase.FINISHED, old.verifier, new.verifier)

    def signing_text(self) -> str:
        """The secret lines of the key file, the current key first."""
        return "".join(f"{key.text}\n" for key in self.signing)

    def retired_text(self) -> str:
        """The lines of the file of earlier verifier keys, the latest first."""
        return "".join(f"{key.text}\n" for key in self.retired)


def read_keyring(signing: str, retired: str = "") -> Keyring:
    """Read the two files; raises `MalformedKey`, never showing a secret."""
    return Keyring(
        tuple(SigningKey.from_text(line) for line in _lines(signing)),
        tuple(VerifierKey.from_text(line) for line in _lines(retired)),
    )


def _lines(text: str) -> Iterable[str]:
    return (line.strip() for line in text.splitlines() if line.strip())
