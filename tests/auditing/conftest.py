"""A room over a ledger in memory: desks, people and cases, for tests of what auditors may do."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from auditing.chain import By, Chain, Register
from auditing.conclusions import FindingDesk, RequestDesk
from auditing.desk import EngagementDesk, Opening
from auditing.fieldwork import FieldDesk
from auditing.model import CHAINS, Engagement, Kind, Terms
from evidence.entry import EntryDraft, EntryKind
from evidence.ports import Composition
from tests.fakes.house import House, empty_house

KEEPER = By("u-keeper", "supervisor")
AUDITOR = By("u-out", "auditor_externo")
INSIDER = By("u-in", "auditor_interno")
DESK = By("u-desk", "especialista")
TERMS = Terms(
    Kind.EXTERNAL, ("MA-001",), "2026-01-01", "2026-12-31", "2026-12-31", True, False, (AUDITOR.id,)
)


@dataclass
class Room:
    """The desks, and the house below them."""

    house: House = field(default_factory=empty_house)
    roles: dict[str, frozenset[str]] = field(
        default_factory=lambda: {
            AUDITOR.id: frozenset({"auditor_externo"}),
            INSIDER.id: frozenset({"auditor_interno"}),
            KEEPER.id: frozenset({"supervisor"}),
            DESK.id: frozenset({"especialista"}),
            "u-both": frozenset({"especialista", "auditor_externo"}),
        }
    )

    def __post_init__(self) -> None:
        zone = ZoneInfo("America/Mexico_City")
        self.register = Register(self.house.ledger, self)
        self.chain = Chain(
            self.house.ledger,
            self.register,
            lambda: self.house.now[0],
            zone,
            lambda who: self.roles.get(who, frozenset()),
        )
        self.engagements = EngagementDesk(self.chain)
        self.field = FieldDesk(self.chain, self.house.blobs, lambda now: now + timedelta(days=3653))
        self.findings = FindingDesk(self.chain)
        self.requests = RequestDesk(self.chain)

    def heads(self) -> Mapping[str, str]:
        """As `auditing.chain.ChainHeads` asks."""
        chains = [case for case in self.house.ledger.cases() if case.startswith(CHAINS)]
        return {chain: self.house.ledger.history(chain)[-1].leaf for chain in chains}

    def cases(self, process: str = "MA-001", count: int = 30) -> list[str]:
        """Open cases, numbered on; returns their folios."""
        label = f"{process}@2025-12-15"

        def compose(_folio: str) -> Composition:
            return Composition(
                (EntryDraft("u-desk", "especialista", EntryKind.CASE_OPENED, process=label, step="1"),)
            )

        folios = [self.house.ledger.open_case(f"{process}-2026", compose)[0].entry.case for _ in range(count)]
        self.house.settle()
        return folios

    def opened(self, **changed: object) -> Engagement:
        """An engagement with the terms above, or changed ones."""
        terms = replace(TERMS, **changed)  # type: ignore[arg-type]  # passed through
        return self.engagements.open(KEEPER, Opening("Auditoría anual", "Despacho", "Control interno", terms))

    def file(self, data: bytes) -> str:
        """Put bytes and give their digest."""
        return self.house.blobs.put(io.BytesIO(data), media="text/csv").sha256


@pytest.fixture
def room() -> Room:
    """A fresh room."""
    return Room()
