"""Recovery codes: ten of them, shown once, each good once in the place of a second factor that is out of reach.

A code has 120 bits of chance, and 80 where it was made before, so what is kept is an HMAC under the installation's
secret: argon2 slows down the guessing of what people chose, and nobody chose these; a dump without the secret is worth
nothing even so.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from evidence.entry import format_time
from evidence.ports import Clock
from identity.access import Granter
from identity.accounts import IdentityError, new_opaque
from identity.factors import FactorLog

RECOVERY = "recovery"
HOW_MANY = 10
_BYTES = 15
_LETTERS = 24


class RecoveryWrong(IdentityError):
    """No such code, or it was used before: one answer."""

    code = "recovery_wrong"


@dataclass(frozen=True, slots=True)
class RecoveryRow:
    """One code as kept: ``mark`` is its HMAC, ``batch`` the opaque id of the ten; ``used_at`` is empty until then."""

    mark: str
    owner: str
    batch: str
    created_at: str
    used_at: str = ""


class RecoveryStore(Protocol):
    """Durable codes, shared by every worker; each method is one atomic step."""

    def replace(self, owner: str, rows: Sequence[RecoveryRow]) -> None:
        """A person's codes from now on; the earlier ones are forgotten."""
        ...

    def of(self, owner: str) -> Sequence[RecoveryRow]:
        """A person's codes, used and not."""
        ...

    def use(self, owner: str, mark: str, at: str) -> bool:
        """Use up a code; ``False`` when there is none such, or it was used."""
        ...


class RecoveryDesk:
    """Issues, takes and forgets codes; each batch's coming and going is an entry."""

    def __init__(self, store: RecoveryStore, log: FactorLog, secret: bytes, clock: Clock) -> None:
        self._store = store
        self._log = log
        self._secret = secret
        self._clock = clock

    def issue(self, owner: str, by: Granter) -> tuple[str, ...]:
        """Ten new codes, to be shown now and never again; the earlier ones open nothing any more."""
        self.forget(owner, by)
        batch, now = new_opaque("rc-"), format_time(self._clock())
        codes = tuple(_new_code() for _ in range(HOW_MANY))
        self._log.enrolled(owner, RECOVERY, batch, by)
        self._store.replace(
            owner, [RecoveryRow(self._mark(owner, code), owner, batch, now) for code in codes]
        )
        return codes

    def left(self, owner: str) -> int:
        """How many are still good."""
        return sum(1 for row in self._store.of(owner) if not row.used_at)

    def use(self, owner: str, code: str) -> None:
        """A code somebody typed. Raises `RecoveryWrong`."""
        if not self._store.use(owner, self._mark(owner, code), format_time(self._clock())):
            raise RecoveryWrong

    def forget(self, owner: str, by: Granter, reason: str = "") -> None:
        """End what codes there are: first their use, then the entry."""
        batches = sorted({row.batch for row in self._store.of(owner)})
        self._store.replace(owner, [])
        for batch in batches:
            self._log.revoked(owner, RECOVERY, batch, by, {"note": reason} if reason else None)

    def _mark(self, owner: str, code: str) -> str:
        text = f"recovery\n{owner}\n{plain(code)}"
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


def plain(code: str) -> str:
    """A code as it is compared: small letters and digits alone."""
    return "".join(sign for sign in code.lower() if sign.isascii() and sign.isalnum())[: 2 * _LETTERS]


def _new_code() -> str:
    text = base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, _LETTERS, 4))
