"""Second factors of accounts: who has which, what is between a good password and a session, and what policy asks for.

Applications and passkeys are those of `signing.factors`: one person has one set, for their links and for their account.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from evidence.canonical import Json
from evidence.entry import format_time
from evidence.ports import Clock
from identity.access import Granter
from identity.accounts import AccountStore, IdentityError, Role, User
from identity.factors import FactorLog
from identity.login import LoginThrottled
from identity.recovery import RecoveryDesk, RecoveryStore, plain
from identity.sessions import digest
from identity.throttle import LoginThrottle
from signing.factors.desk import FactorDesk
from signing.factors.passkeys import PasskeyDesk, Proof
from signing.factors.records import PASSKEY, TOTP
from signing.tokens import new_token

if TYPE_CHECKING:
    from web.wiring import House

PENDING = timedelta(minutes=10)
LOGIN, DOOR, PROVE = "login", "door", "prove"
"""Purposes of challenges: a login that waits for its second factor, one by passkey alone, a session proved again."""
_DIGITS = 6


class LoginStale(IdentityError):
    """The password was given too long ago, or in another browser: it is asked for again."""

    code = "login_stale"


@dataclass(frozen=True, slots=True)
class Held:
    """What second factors somebody has, and how many recovery codes are left."""

    app: bool
    keys: bool
    codes: int

    @property
    def any(self) -> bool:
        """Whether they have one at all; recovery codes alone are none."""
        return self.app or self.keys


class SecondFactors:
    """See the module. ``roles``: whose holders must have a second factor."""

    def __init__(
        self,
        factors: FactorDesk,
        passkeys: PasskeyDesk,
        recovery: RecoveryDesk,
        throttle: LoginThrottle,
        accounts: AccountStore,
        clock: Clock,
        roles: frozenset[Role],
    ) -> None:
        self._factors = factors
        self._passkeys = passkeys
        self.recovery = recovery
        self._throttle = throttle
        self._accounts = accounts
        self._clock = clock
        self._roles = roles

    def held(self, owner: str) -> Held:
        """What a person has."""
        kinds = {item.kind for item in self._factors.store.of(owner)}
        return Held(TOTP in kinds, PASSKEY in kinds, self.recovery.left(owner))

    def has(self, owner: str) -> bool:
        """Whether a person has a second factor."""
        return bool(self._factors.store.of(owner))

    def wanted(self, user: User) -> bool:
        """Whether policy wants one of a person."""
        return user.has_any(self._roles)

    def lacks(self, user: User) -> bool:
        """Whether policy wants one that the person has not: until they enrol, nothing else is open to them."""
        return self.wanted(user) and not self.has(user.id)

    def begin(self, user: User) -> str:
        """A good password: the secret by which this browser goes on to the second factor."""
        token = new_token()
        content = json.dumps({"user": user.id}).encode()
        until = format_time(self._clock() + PENDING)
        self._passkeys.challenges.keep(digest(token), LOGIN, digest(token), content, until)
        return token

    def pending(self, token: str) -> User:
        """Whose login waits in this browser. Raises `LoginStale`."""
        now = self._clock()
        known = digest(token)
        found = self._passkeys.challenges.find(known, LOGIN, known, format_time(now)) if token else None
        user = self._accounts.get(json.loads(found)["user"], now) if found is not None else None
        if user is None or not user.active:
            raise LoginStale
        return user

    def ended(self, token: str) -> None:
        """The login is done: its secret opens nothing any more. Raises `LoginStale` when it was used already."""
        known = digest(token)
        if self._passkeys.challenges.take(known, LOGIN, known, format_time(self._clock())) is None:
            raise LoginStale

    def code(self, user: User, typed: str, address: str) -> str:
        """A code of the application, or a recovery code; gives its kind. Every attempt is counted before it is judged.

        Raises:
            LoginThrottled, RecoveryWrong; and what `FactorDesk.prove` raises.
        """
        door = f"second/{user.id}"
        until = self._throttle.attempt(door, address, self._clock())
        if until is not None:
            raise LoginThrottled(until)
        text = plain(typed)
        if len(text) == _DIGITS and text.isdigit():
            self._factors.prove(user.id, text)
            kind = TOTP
        else:
            self.recovery.use(user.id, text)
            kind = "recovery"
        self._throttle.succeeded(door, address)
        return kind

    def ask_key(self, purpose: str, scope: str, owner: str = "") -> dict[str, Json]:
        """Options for a passkey; see `PasskeyDesk.ask`."""
        return self._passkeys.ask(purpose, scope, owner)

    def key(self, purpose: str, scope: str, raw: object, owner: str = "") -> Proof:
        """What a passkey answered; see `PasskeyDesk.prove`."""
        return self._passkeys.prove(purpose, scope, raw, _self_made, owner)

    def by_key(self, scope: str, raw: object, address: str) -> User:
        """Whose passkey it is, for a login without a password.

        Raises:
            LoginThrottled, LoginStale, PasskeyInvalid.
        """
        until = self._throttle.attempt(f"second/{scope}", address, self._clock())
        if until is not None:
            raise LoginThrottled(until)
        proof = self.key(DOOR, scope, raw)
        user = self._accounts.get(proof.owner, self._clock())
        if user is None or not user.active:  # somebody without an account, who signs behind links
            raise LoginStale
        self._throttle.succeeded(f"second/{scope}", address)
        return user

    def reset(self, owner: str, by: Granter, reason: str) -> int:
        """End every factor and code of a person, for a reason that goes into each entry; returns how many factors."""
        found = list(self._factors.store.of(owner))
        for item in found:
            self._factors.revoke(item.id, by, reason)
        self.recovery.forget(owner, by, reason)
        return len(found)


def second_of(house: House, codes: RecoveryStore) -> SecondFactors:
    """The second factors of a house."""
    secret = hashlib.sha256(b"recovery\n" + house.settings.secret_key.encode()).digest()
    room, clock = house.links, house.clock
    recovery = RecoveryDesk(codes, FactorLog(house.ledger), secret, clock)
    roles = house.settings.second_factor_roles
    return SecondFactors(
        room.factors, room.passkeys, recovery, house.login_throttle, house.accounts, clock, roles
    )


def _self_made(_owner: str) -> Granter:
    """Who ends a key whose count went back: the house, by rule."""
    return Granter(via="system")
