"""The parts of the house that deal with other systems: their tokens, their answers, their rates."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Protocol

from evidence.ports import Clock, LedgerStore
from identity.remembered import AnswerStore, RateStore
from identity.tokendesk import TokenDesk
from identity.tokens import TokenStore


class ApiStores(Protocol):
    """What is kept of other systems."""

    @property
    def tokens(self) -> TokenStore: ...  # noqa: D102 - services and tokens
    @property
    def answers(self) -> AnswerStore: ...  # noqa: D102 - answers by idempotency key
    @property
    def rates(self) -> RateStore: ...  # noqa: D102 - how often each token asks


class ApiParts(ABC):
    """Mixed into the house, which has the ledger, a clock and the stores."""

    clock: Clock

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
