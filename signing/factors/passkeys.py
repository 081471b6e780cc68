"""Enrols passkeys and takes what they sign; revoking is `FactorDesk`'s, as for every factor of one's own."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from evidence.canonical import Json, canonical_bytes
from evidence.entry import format_time
from evidence.ports import Clock
from identity.access import Granter
from identity.factors import FactorLog
from signing.errors import LinkError, PasskeyInvalid
from signing.factors.records import PASSKEY, ChallengeStore, FactorStore, OwnFactor
from signing.factors.webauthn import (
    Answer,
    Party,
    Passkey,
    answer_of,
    asserted,
    challenge_id,
    challenge_of,
    creation_options,
    public_half,
    registered,
    request_options,
    slot_of,
)
from signing.tokens import new_id

LIFE = timedelta(minutes=5)
MOST_KEYS = 10
MOST_LABEL = 60
ENROL = "enrol"


@dataclass(frozen=True, slots=True)
class Proof:
    """A passkey signed a statement: whose it is, its opaque id, and all that is needed to verify it again."""

    owner: str
    device: str
    statement: Mapping[str, Json]
    record: Mapping[str, Json]


class PasskeyDesk:
    """See the module. ``party`` says for which address keys are; it raises where there is none that can have any."""

    def __init__(
        self,
        store: FactorStore,
        challenges: ChallengeStore,
        log: FactorLog,
        party: Callable[[], Party],
        clock: Clock,
    ) -> None:
        self.store = store
        self.challenges = challenges
        self._log = log
        self.party = party
        self._clock = clock

    def origin(self) -> str:
        """From where keys answer; ``""`` where browsers have none for the house's address."""
        try:
            return self.party().origin
        except LinkError:
            return ""

    def of(self, owner: str) -> Sequence[OwnFactor]:
        """A person's passkeys in force, the newest first."""
        return [item for item in self.store.of(owner) if item.kind == PASSKEY]

    def begin(self, owner: str, name: str, scope: str) -> dict[str, Json]:
        """Options to make a passkey. Raises `PasskeyInvalid` (``many``, ``address``), `NoPublicAddress`."""
        party, had = self.party(), self.of(owner)
        if len(had) >= MOST_KEYS:
            raise PasskeyInvalid(why="many")
        challenge = self._asked({"purpose": ENROL, "owner": owner}, scope)
        return creation_options(party, challenge, owner, name, [_key(item) for item in had])

    def confirm(self, owner: str, scope: str, raw: object, by: Granter, label: str = "") -> OwnFactor:
        """The passkey made: in force once its entry is sealed. Raises `PasskeyInvalid`."""
        party, answer = self.party(), answer_of(raw)
        statement = self._taken(answer, ENROL, scope)
        if statement.get("owner") != owner:
            raise PasskeyInvalid(why="challenge")
        key = registered(party, answer.challenge, answer)
        now, factor_id = format_time(self._clock()), new_id("f-")
        named = " ".join(label.split())[:MOST_LABEL]
        made = OwnFactor(factor_id, owner, PASSKEY, key.as_bytes(), now, now, label=named)
        if self.store.in_slot(key.slot) is not None:
            raise PasskeyInvalid(why="known")
        self.store.add(made)
        half = public_half(key)
        self._log.enrolled(owner, PASSKEY, made.id, by, half)
        # Counts are judged from the first signature on; what a registration says of them nobody signed.
        if not self.store.activate(made.id, 0, key.slot):
            self._log.revoked(owner, PASSKEY, made.id, by)
            raise PasskeyInvalid(why="known")
        return made

    def ask(
        self, purpose: str, scope: str, owner: str, statement: Mapping[str, Json] | None = None
    ) -> dict[str, Json]:
        """Options to sign a statement with one of a person's passkeys; of nobody in particular without ``owner``.

        Raises:
            PasskeyInvalid: ``absent``: the person has none; ``address``. NoPublicAddress.
        """
        party = self.party()
        keys = [_key(item) for item in self.of(owner)] if owner else []
        if owner and not keys:
            raise PasskeyInvalid(why="absent")
        challenge = self._asked({**(statement or {}), "purpose": purpose}, scope)
        return request_options(party, challenge, keys)

    def prove(
        self, purpose: str, scope: str, raw: object, by: Callable[[str], Granter], owner: str = ""
    ) -> Proof:
        """What a passkey signed; its challenge is used up, whatever comes of it.

        Args:
            purpose: what it was asked for, as in `ask`.
            scope: in which visit or session, as in `ask`.
            raw: what the browser sent, as JSON gave it.
            by: who is told to have ended a passkey whose count went back, by its owner's id.
            owner: whose it must be; anybody's if empty.

        Raises:
            PasskeyInvalid: ``counter``: its count went back, so that there may be a copy; it is revoked by that.
        """
        party, answer = self.party(), answer_of(raw)
        statement = self._taken(answer, purpose, scope)
        found = self.store.in_slot(slot_of(answer.credential))
        if found is None or (owner and found.owner != owner) or answer.handle not in {"", found.owner}:
            raise PasskeyInvalid(why="credential")
        good = asserted(party, statement, answer, _key(found))
        if not self.store.count(found.id, good.counter, format_time(self._clock())):
            self._went_back(found, by(found.owner))
        return Proof(found.owner, found.id, statement, {"device": found.id, **good.record})

    def _went_back(self, found: OwnFactor, by: Granter) -> None:
        """A count that did not grow: somebody may have a copy of the key. Always raises."""
        if self.store.revoke(found.id):
            self._log.revoked(found.owner, PASSKEY, found.id, by, {"note": "signature count went back"})
        raise PasskeyInvalid(why="counter")

    def _asked(self, statement: Mapping[str, Json], scope: str) -> bytes:
        whole: dict[str, Json] = {**statement, "nonce": secrets.token_hex(32)}
        challenge = challenge_of(whole)
        until = format_time(self._clock() + LIFE)
        purpose = str(whole["purpose"])
        self.challenges.keep(challenge_id(challenge), purpose, scope, canonical_bytes(whole), until)
        return challenge

    def _taken(self, answer: Answer, purpose: str, scope: str) -> Mapping[str, Json]:
        """The statement behind a challenge; gone by being taken."""
        now = format_time(self._clock())
        content = self.challenges.take(challenge_id(answer.challenge), purpose, scope, now)
        if content is None:
            raise PasskeyInvalid(why="challenge")
        statement: Mapping[str, Json] = json.loads(content)
        return statement


def _key(found: OwnFactor) -> Passkey:
    return Passkey.from_bytes(found.content)
