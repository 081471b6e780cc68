"""C2SP ``tlog-policy``: which logs one trusts, and which witnesses must have cosigned a checkpoint.

A file of lines::

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <name>...
    quorum <name>|none

A name is defined on a line above the one that uses it, and is a member of one group at most, so that no witness counts
twice. Blank lines and lines that begin with ``#`` say nothing. Octets outside ASCII are opaque.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evidence.note import COSIGNATURE, ED25519, MalformedKey, Signature, VerifierKey

MAX_POLICY_BYTES = 1 << 20
NO_QUORUM = "none"

_BLANKS = re.compile(r"[ \t]+")
_COUNT = re.compile(r"[1-9][0-9]{0,5}")


class MalformedPolicy(ValueError):
    """Bytes that are not a policy; the message names the line."""


@dataclass(frozen=True, slots=True)
class Log:
    """A log one trusts; its key's name is its origin."""

    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness by the name it has in this policy."""

    name: str
    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Met when at least ``threshold`` of its members are."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a verifier trusts. ``quorum`` is the name of a witness or group, or `NO_QUORUM`."""

    logs: tuple[Log, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = NO_QUORUM

    @property
    def log_keys(self) -> tuple[VerifierKey, ...]:
        """The keys of the logs."""
        return tuple(log.key for log in self.logs)

    @property
    def witness_keys(self) -> tuple[VerifierKey, ...]:
        """The keys of the witnesses."""
        return tuple(witness.key for witness in self.witnesses)

    def cosigners(self, signatures: Iterable[Signature]) -> Mapping[str, int]:
        """Which witnesses, by their names here, made these verified signatures, and the POSIX time each one states."""
        by_identity = {(item.key.name, item.key.key_id): item.name for item in self.witnesses}
        return {
            by_identity[signature.name, signature.key_id]: signature.seconds
            for signature in signatures
            if (signature.name, signature.key_id) in by_identity
        }

    def is_met(self, cosigners: Iterable[str]) -> bool:
        """Whether these witnesses make the quorum."""
        if self.quorum == NO_QUORUM:
            return True
        met = set(cosigners)
        for group in self.groups:  # members stand above, so that one pass is enough
            if sum(member in met for member in group.members) >= group.threshold:
                met.add(group.name)
        return self.quorum in met


def parse_policy(data: bytes) -> Policy:
    """Read a policy file.

    Raises:
        MalformedPolicy: another line or order than the specification's, a key of another type or given twice, a name
            given twice or in two groups, a threshold out of reach, not exactly one quorum, control characters.
    """
    if len(data) > MAX_POLICY_BYTES:
        raise MalformedPolicy("too long")
    reader = _Reader()
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
        try:
            reader.take(line)
        except (MalformedPolicy, MalformedKey) as error:
            raise MalformedPolicy(f"line {number}: {error}") from error
    return reader.policy()


class _Reader:
    """Takes a policy's lines one after the other."""

    def __init__(self) -> None:
        self._logs: list[Log] = []
        self._witnesses: list[Witness] = []
        self._groups: list[Group] = []
        self._quorums: list[str] = []
        self._names: set[str] = set()
        self._members: set[str] = set()

    def take(self, line: str) -> None:
        """One line."""
        if any((mark < " " and mark != "\t") or mark == "\x7f" for mark in line):
            raise MalformedPolicy("control characters")
        words = [word for word in _BLANKS.split(line) if word]
        if not words or words[0].startswith("#"):
            return
        kind, *rest = words
        if kind == "log" and len(rest) in {1, 2}:
            self._logs.append(Log(_key(rest[0], ED25519, (item.key for item in self._logs)), *rest[1:]))
        elif kind == "witness" and len(rest) in {2, 3}:
            key = _key(rest[1], COSIGNATURE, (item.key for item in self._witnesses))
            self._witnesses.append(Witness(self._new(rest[0]), key, *rest[2:]))
        elif kind == "group" and len(rest) > 2:
            self._group(rest[0], rest[1], rest[2:])
        elif kind == "quorum" and len(rest) == 1:
            self._quorums.append(self._known(rest[0]) if rest[0] != NO_QUORUM else NO_QUORUM)
        else:
            raise MalformedPolicy("not a log, witness, group or quorum line")

    def policy(self) -> Policy:
        """What the lines said."""
        if len(self._quorums) != 1:
            raise MalformedPolicy(f"{len(self._quorums)} quorum lines, there must be one")
        return Policy(tuple(self._logs), tuple(self._witnesses), tuple(self._groups), self._quorums[0])

    def _group(self, name: str, rule: str, members: list[str]) -> None:
        for member in members:
            if self._known(member) in self._members:
                raise MalformedPolicy(f"{member!r} is a member twice")
            self._members.add(member)
        if rule not in {"all", "any"} and not _COUNT.fullmatch(rule):
            raise MalformedPolicy("a group needs all, any or a number")
        threshold = len(members) if rule == "all" else 1 if rule == "any" else int(rule)
        if threshold > len(members):
            raise MalformedPolicy(f"{threshold} of {len(members)} can never be met")
        self._groups.append(Group(self._new(name), threshold, tuple(members)))

    def _new(self, name: str) -> str:
        if name == NO_QUORUM or name in self._names:
            raise MalformedPolicy(f"the name {name!r} is taken")
        self._names.add(name)
        return name

    def _known(self, name: str) -> str:
        if name not in self._names:
            raise MalformedPolicy(f"{name!r} is not defined above")
        return name


def _key(text: str, wanted: int, known: Iterable[VerifierKey]) -> VerifierKey:
    key = VerifierKey.from_text(text)
    if key.type != wanted:
        raise MalformedPolicy("a log's key where a witness's belongs, or the other way round")
    if any(key.public_key == other.public_key for other in known):
        raise MalformedPolicy("the same key twice")
    return key
