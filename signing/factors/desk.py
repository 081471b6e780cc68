"""Enrols, confirms and revokes second factors of a person's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from evidence.entry import format_time
from evidence.ports import Clock
from identity.access import Granter
from identity.factors import FactorLog
from signing.errors import (
    EnrolmentGone,
    FactorAbsent,
    FactorBlocked,
    FactorPresent,
    OwnCodeUsed,
    OwnCodeWrong,
)
from signing.factors.records import TOTP, FactorState, FactorStore, OwnFactor
from signing.factors.totp import address_of, match, new_secret, picture_of
from signing.kinds.box import BoxBroken, SecretBox
from signing.tokens import new_id

ENROLMENT = timedelta(minutes=10)
MOST_TRIES = 5
TRIES_WINDOW = timedelta(minutes=10)
"""Five attempts in ten minutes at one authenticator, from whichever visit they come."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown once of a new authenticator: its secret as text, and as picture for the application."""

    id: str
    secret: str
    picture: str

    @property
    def groups(self) -> str:
        """The secret in groups of four, to be typed."""
        return " ".join(self.secret[at : at + 4] for at in range(0, len(self.secret), 4))


class FactorDesk:
    """See the module. ``box`` hides secrets under a label of their own."""

    def __init__(self, store: FactorStore, log: FactorLog, box: SecretBox, clock: Clock) -> None:
        self.store = store
        self._log = log
        self._box = box
        self._clock = clock

    def has(self, owner: str, kind: str = TOTP) -> bool:
        """Whether a person has a factor of a kind in force."""
        return any(item.kind == kind for item in self.store.of(owner))

    def everyone(self) -> Sequence[OwnFactor]:
        """All that are or were in force, the newest first."""
        return self.store.everyone()

    def begin(self, owner: str, name: str) -> Shown:
        """A new authenticator, to be shown now and never again. Raises `FactorPresent`."""
        if self.has(owner):
            raise FactorPresent
        secret, factor_id, now = new_secret(), new_id("f-"), self._clock()
        sealed = self._box.seal(secret, factor_id)
        until = format_time(now + ENROLMENT)
        self.store.add(OwnFactor(factor_id, owner, TOTP, sealed, format_time(now), until))
        return Shown(factor_id, secret, picture_of(address_of(secret, name)))

    def confirm(self, owner: str, factor_id: str, code: str, by: Granter) -> None:
        """One good code puts it in force, after its entry is sealed; that code is used up.

        Raises:
            EnrolmentGone, OwnCodeWrong, FactorBlocked, FactorPresent.
        """
        found = self.store.factor(factor_id)
        if found is None or found.owner != owner or found.state is not FactorState.NEW:
            raise EnrolmentGone
        if format_time(self._clock()) >= found.until:
            raise EnrolmentGone
        step = self._judged(found, code)
        if self.has(owner):
            raise FactorPresent
        self._log.enrolled(owner, found.kind, found.id, by)
        if not self.store.activate(found.id, step):
            self._log.revoked(owner, found.kind, found.id, by)
            raise FactorPresent

    def prove(self, owner: str, code: str) -> str:
        """A code of the person's authenticator, used up by being right; gives the authenticator's id.

        Raises:
            FactorAbsent, OwnCodeWrong, OwnCodeUsed, FactorBlocked.
        """
        found = next((item for item in self.store.of(owner) if item.kind == TOTP), None)
        if found is None:
            raise FactorAbsent
        step = self._judged(found, code)
        if not self.store.advance(found.id, step):
            raise OwnCodeUsed
        return found.id

    def revoke(self, factor_id: str, by: Granter, reason: str = "") -> OwnFactor:
        """End one: first its use, then the entry, so that a crash leaves less access. Raises `FactorAbsent`.

        ``reason`` goes into the entry's payload.
        """
        found = self.store.factor(factor_id)
        if found is None or found.state is FactorState.NEW:
            raise FactorAbsent
        self.store.revoke(found.id)
        self._log.revoked(found.owner, found.kind, found.id, by, {"note": reason} if reason else None)
        return found

    def _judged(self, found: OwnFactor, code: str) -> int:
        """The time step of a code typed; each attempt is counted before it is judged."""
        now = self._clock()
        number = self.store.attempt(found.id, format_time(now), format_time(now + TRIES_WINDOW), MOST_TRIES)
        if not number:
            raise FactorBlocked
        try:
            secret = self._box.open(found.content, found.id)
        except BoxBroken as error:  # the installation's secret changed: enrol anew
            raise FactorAbsent from error
        seen = match(secret, code, now, found.counter)
        if seen.used:
            raise OwnCodeUsed
        if not seen.step:
            raise OwnCodeWrong(left=str(MOST_TRIES - number))
        return seen.step
