"""What a verifier trusts, from its own arguments and never from the package."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.note import MalformedKey, VerifierKey

MAX_POLICY_BYTES = 1 << 20


class MalformedPolicy(ValueError):
    """A policy file that this verifier cannot apply as it stands."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Keys of logs (a key's name is its log's origin), and receipts of exports the verifier was handed."""

    keys: tuple[VerifierKey, ...] = ()
    receipt: bytes | None = None

    def origin(self, claimed: str) -> str:
        """The log to expect: the claimed one when a key is for it, else that of the first key."""
        names = [key.name for key in self.keys]
        return claimed if claimed in names or not names else names[0]


def parse_policy(data: bytes) -> tuple[VerifierKey, ...]:
    """The logs of a C2SP tlog-policy file, whose quorum must be ``none``: witnesses are not checked yet.

    A file of ``log`` lines alone is taken as it is meant; one that speaks of witnesses needs its quorum line.

    Raises:
        MalformedPolicy: unknown lines, no log, a quorum that asks for witnesses, a key that is none or stands twice.
    """
    if len(data) > MAX_POLICY_BYTES:
        raise MalformedPolicy("too long")
    keys: list[VerifierKey] = []
    witnesses, quorums = False, list[str]()
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "log" and len(words) in {2, 3}:
            keys.append(_key(words[1], number))
        elif words[0] in {"witness", "group"} and len(words) > 2:
            witnesses = True
        elif words[0] == "quorum" and len(words) == 2:
            quorums.append(words[1])
        else:
            raise MalformedPolicy(f"line {number}: not a log, witness, group or quorum line")
    if quorums not in ([], ["none"]) or (witnesses and not quorums):
        raise MalformedPolicy(
            "a quorum of witnesses cannot be checked by this version; only `quorum none` can"
        )
    if not keys or len({key.public_key for key in keys}) != len(keys):
        raise MalformedPolicy("no log, or the same key twice")
    return tuple(keys)


def _key(text: str, number: int) -> VerifierKey:
    try:
        return VerifierKey.from_text(text)
    except MalformedKey as error:
        raise MalformedPolicy(f"line {number}: {error}") from error
