"""The parts of the house that deal with who people are: roles, logins, the company's directory."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, cast

from evidence.ports import Clock, LedgerStore
from identity.access import AccessDesk
from identity.accounts import AccountStore
from identity.factors import FactorLog
from identity.invitations import InvitationStore
from identity.login import Door
from identity.oidc.identities import IdentityDesk, IdentityStore
from identity.passwords import Passwords
from identity.recertdesk import RecertificationDesk
from identity.throttle import LoginThrottle, ThrottleStore
from web.directory import DirectoryDoor
from web.settings import Settings

if TYPE_CHECKING:
    from web.wiring import House


class PeopleParts(ABC):
    """Mixed into the house, which has settings, clock and stores."""

    settings: Settings
    clock: Clock
    passwords: Passwords

    @property
    @abstractmethod
    def ledger(self) -> LedgerStore:
        """The log."""

    @property
    @abstractmethod
    def accounts(self) -> AccountStore:
        """Users and roles."""

    @property
    @abstractmethod
    def throttle(self) -> ThrottleStore:
        """Counts of attempts."""

    @property
    @abstractmethod
    def identities(self) -> IdentityStore:
        """Who of the directory is which account."""

    @property
    @abstractmethod
    def invitations(self) -> InvitationStore:
        """Links by which somebody first enters."""

    @cached_property
    def access(self) -> AccessDesk:
        """Changes of users and roles, each with its entry."""
        house = self.settings.organisation
        return AccessDesk(self.ledger, self.accounts, self.passwords, self.clock, house=house)

    @cached_property
    def reviews(self) -> RecertificationDesk:
        """Reviews of this system's own users."""
        return RecertificationDesk(self.ledger, self.accounts, self.clock)

    @cached_property
    def login_throttle(self) -> LoginThrottle:
        """How fast logins, and second factors of accounts, may be tried."""
        secret = hashlib.sha256(b"throttle\n" + self.settings.secret_key.encode()).digest()
        return LoginThrottle(self.throttle, secret)

    @cached_property
    def door(self) -> Door:
        """Logins."""
        return Door(self.accounts, self.passwords, self.login_throttle, self.clock)

    @cached_property
    def openid(self) -> DirectoryDoor:
        """Logins by the company's directory."""
        identities = IdentityDesk(self.identities, FactorLog(self.ledger), self.clock)
        return DirectoryDoor(cast("House", self), identities, self.invitations)
