"""The parts of the house by which work is done and that need no store of their own: lists, calendar, readers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from functools import cached_property

from documents.antivirus import Clamd, Scanner
from documents.limits import DEFAULT_LIMITS, Limits
from documents.ocr import find_program
from documents.rereading import OnceReader
from evidence.ports import Clock, LedgerStore
from web.settings import Settings
from workflows.calendar import BusinessCalendar
from workflows.published import CatalogueDesk, LedgerCatalogues
from workflows.registry import DefinitionRegistry

_MIB = 1024 * 1024


class WorkParts(ABC):
    """Mixed into the house, which has the ledger, a clock and the stores."""

    clock: Clock
    settings: Settings

    @property
    @abstractmethod
    def ledger(self) -> LedgerStore:
        """The log."""

    @property
    @abstractmethod
    def definitions(self) -> DefinitionRegistry:
        """Every process definition."""

    @property
    @abstractmethod
    def catalogues(self) -> LedgerCatalogues:
        """Lists in force."""

    @cached_property
    def catalogue_desk(self) -> CatalogueDesk:
        """Publishes lists, each with its entry."""
        return CatalogueDesk(self.ledger, self.catalogues, self.clock, self.base_calendar)

    @property
    def calendar(self) -> BusinessCalendar:
        """Business days, with the company's own days off as published so far."""
        return self.catalogues.calendar(self.base_calendar)

    @cached_property
    def base_calendar(self) -> BusinessCalendar:
        """Business days by the statutory table alone."""
        return BusinessCalendar.bundled()

    @cached_property
    def limits(self) -> Limits:
        """How much of a file is read."""
        return replace(DEFAULT_LIMITS, file_bytes=self.settings.max_upload_mb * _MIB)

    @cached_property
    def reader(self) -> OnceReader:
        """Reads files that come from outside, each in a confined process of its own."""
        return OnceReader(self.limits, scanner=self.scanner, pictures=find_program(self.settings.ocr))

    @cached_property
    def scanner(self) -> Scanner | None:
        """The antivirus that is asked about each file that comes from outside, where one is named."""
        return Clamd(self.settings.clamd) if self.settings.clamd else None
