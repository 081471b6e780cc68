"""Passwords: argon2id (RFC 9106), length rules, and hashes that grow with the parameters."""

from __future__ import annotations

import unicodedata
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from identity.accounts import IdentityError
from identity.guessing import FEWEST, guesses

MIN_LENGTH = 12
MAX_LENGTH = 256


class PasswordRefused(IdentityError):
    """A new password breaks a rule; ``code`` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Passwords:
    """Hashes and checks passwords with one set of argon2id parameters.

    The defaults are RFC 9106's second recommended option (64 MiB, 3 passes, 4 lanes), about 50 ms.
    """

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 65536, parallelism: int = 4) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism)

    def hash(self, password: str) -> str:
        """The encoded hash with its parameters and a fresh salt."""
        return self._hasher.hash(_prepared(password))

    def verify(self, stored: str, password: str) -> bool:
        """Whether the password is the one; a hash that cannot be read matches nothing."""
        if len(password) > MAX_LENGTH:
            return False
        try:
            return self._hasher.verify(stored, _prepared(password))
        except (VerificationError, InvalidHashError):
            return False

    def waste(self, password: str) -> None:
        """The work of `verify` for an account that does not exist, so that time tells nothing."""
        self.verify(self._decoy, password)

    def outdated(self, stored: str) -> bool:
        """Whether the stored hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    @cached_property
    def _decoy(self) -> str:
        return self._hasher.hash("nobody's password")


def check_new_password(
    password: str, *, email: str, name: str = "", house: str = "", fewest: int = FEWEST
) -> None:
    """Length and how soon it is guessed, not composition, as NIST SP 800-63B section 3.1.1.2 advises.

    ``name`` is the person's, ``house`` the organisation's: words that a guesser tries first. ``fewest`` is how many
    guesses it must be good for.

    Raises:
        PasswordRefused: ``password_short``, ``password_long``, ``password_is_email`` or ``password_common``.
    """
    if len(password) < MIN_LENGTH:
        raise PasswordRefused("password_short")
    if len(password) > MAX_LENGTH:
        raise PasswordRefused("password_long")
    if password.strip().lower() in {email, email.partition("@")[0]}:
        raise PasswordRefused("password_is_email")
    if guesses(password, (email, name, house)) < fewest:
        raise PasswordRefused("password_common")


def _prepared(password: str) -> str:
    """NFKC, so that the same keys typed on another keyboard give the same bytes."""
    return unicodedata.normalize("NFKC", password)
