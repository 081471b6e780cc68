"""The door: address and password in, an account or a refusal out; unknown and wrong answer alike."""

from __future__ import annotations

from datetime import datetime

from evidence.ports import Clock
from identity.accounts import AccountStore, EmailInvalid, IdentityError, User, normalise_email
from identity.passwords import Passwords
from identity.throttle import LoginThrottle


class LoginRefused(IdentityError):
    """Unknown account, closed account or wrong password: deliberately one answer."""

    code = "login_refused"


class LoginThrottled(IdentityError):
    """Too many attempts; ``until`` is when the door opens again."""

    code = "login_throttled"

    def __init__(self, until: datetime) -> None:
        super().__init__(f"shut until {until.isoformat()}")
        self.until = until


class Door:
    """Checks a login; the amount of work does not depend on whether the account exists."""

    def __init__(
        self, accounts: AccountStore, passwords: Passwords, throttle: LoginThrottle, clock: Clock
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._throttle = throttle
        self._clock = clock

    def enter(self, email: str, password: str, address: str) -> User:
        """The account, when it is open and the password is its own.

        Raises:
            LoginThrottled: too many attempts by account or by address; the password was not looked at.
            LoginRefused: anything else.
        """
        now = self._clock()
        try:
            known = normalise_email(email)
        except EmailInvalid:
            known = email.strip().lower()[:320]
        until = self._throttle.attempt(known, address, now)
        if until is not None:
            raise LoginThrottled(until)
        found = self._accounts.by_email(known, now)
        if found is None:
            self._passwords.waste(password)
            raise LoginRefused
        if not self._passwords.verify(found.password_hash, password) or not found.user.active:
            raise LoginRefused
        self._throttle.succeeded(known, address)
        if self._passwords.outdated(found.password_hash):
            anew = self._passwords.hash(password)
            self._accounts.set_password(found.user.id, anew, given=found.user.given)
        return found.user
