"""The parts of the house that deal with other systems: their tokens, answers, rates and webhooks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Protocol

from evidence.ports import Clock, LedgerStore
from identity.remembered import AnswerStore, RateStore
from identity.tokendesk import TokenDesk
from identity.tokens import TokenStore
from notifications.hookdesk import HookDesk
from notifications.hooks import HookStore
from notifications.secretbox import SecretBox
from web.hookroom import HookRoom
from web.pacing import Pace
from web.settings import Settings


class ApiStores(Protocol):
    """What is kept of other systems."""

    @property
    def tokens(self) -> TokenStore: ...  # noqa: D102 - services and tokens
    @property
    def answers(self) -> AnswerStore: ...  # noqa: D102 - answers by idempotency key
    @property
    def rates(self) -> RateStore: ...  # noqa: D102 - how often each token asks
    @property
    def hooks(self) -> HookStore: ...  # noqa: D102 - subscriptions and their messages


class ApiParts(ABC):
    """Mixed into the house, which has the ledger, a clock and the stores."""

    clock: Clock
    settings: Settings

    @property
    @abstractmethod
    def ledger(self) -> LedgerStore:
        """The log."""

    @property
    @abstractmethod
    def systems(self) -> ApiStores:
        """What is kept of other systems."""

    @cached_property
    def tokens(self) -> TokenDesk:
        """Services and their tokens, each change with its entry."""
        return TokenDesk(self.ledger, self.systems.tokens, self.clock)

    @property
    def answers(self) -> AnswerStore:
        """Answers of the API by idempotency key."""
        return self.systems.answers

    @property
    def rates(self) -> RateStore:
        """How often each token asks."""
        return self.systems.rates

    @cached_property
    def pace(self) -> Pace:
        """How many pages each person asks for."""
        return Pace(self.systems.rates, self.settings.page_rate, self.clock)

    @cached_property
    def hooks(self) -> HookRoom:
        """What other systems are told of the log."""
        box = SecretBox(self.settings.secret_key, b"constancia/v1/webhook\n")
        desk = HookDesk(self.ledger, self.systems.hooks, self.systems.tokens, box, self.clock)
        return HookRoom(desk, self.settings)
