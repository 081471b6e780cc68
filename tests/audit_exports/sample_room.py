"""An auditors' room over a sample desk, and the packages of its engagements."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from audit_exports.record import Scope
from auditing.chain import By, Chain, Register
from auditing.conclusions import Conclusion, FindingDesk
from auditing.desk import EngagementDesk, Opening
from auditing.fieldwork import Draw, FieldDesk
from auditing.model import CHAINS, Engagement, Kind, Method, Terms
from tests.audit_exports.sample_desk import Desk

KEEPER, AUDITOR = By("u-keeper", "supervisor"), By("u-out", "auditor_externo")
TERMS = Terms(
    Kind.EXTERNAL, ("ZZ-001",), "2026-01-01", "2026-12-31", "2026-12-31", True, False, (AUDITOR.id,)
)


class Room:
    """The auditors' room over a sample desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        roles = {AUDITOR.id: frozenset({"auditor_externo"}), KEEPER.id: frozenset({"supervisor"})}
        register = Register(desk.ledger, self)
        zone = ZoneInfo("America/Mexico_City")
        chain = Chain(desk.ledger, register, lambda: desk.now, zone, lambda who: roles.get(who, frozenset()))
        self.engagements = EngagementDesk(chain)
        self.field = FieldDesk(chain, desk.blobs, lambda _now: None)
        self.findings = FindingDesk(chain)

    def heads(self) -> Mapping[str, str]:
        """The last leaf of every engagement's chain."""
        chains = [case for case in self._desk.ledger.cases() if case.startswith(CHAINS)]
        return {chain: self._desk.ledger.history(chain)[-1].leaf for chain in chains}

    def opened(self, terms: Terms = TERMS) -> Engagement:
        """A new engagement."""
        return self.engagements.open(KEEPER, Opening("Auditoría anual", "Despacho", "Control interno", terms))

    def worked(self, terms: Terms = TERMS) -> Engagement:
        """One with a population, a sample of one case, a test and a finding."""
        found = self.opened(terms)
        population = self.field.freeze(AUDITOR, found.id, "ZZ-001", "2026-01-01", "2026-06-30", title="Altas")
        sample = self.field.draw(AUDITOR, found.id, population.id, Draw(Method.SIZE, seed="semilla", n=1))
        folio = sample.folios[0]
        self.engagements.set_attributes(AUDITOR, found.id, "ZZ-001", ("carta",), {"carta": "Carta firmada"})
        self.field.test(AUDITOR, found.id, sample.id, folio, {"carta": ("exception", "Falta la carta")})
        told = Conclusion("minor", "Falta una carta", "No estaba.", attribute="carta", process="ZZ-001",
                          folios=(folio,), entries=((folio, 1),))  # fmt: skip
        self.findings.raise_finding(AUDITOR, found.id, told)
        return found


def packed(desk: Desk, folder: Path, engagement: str) -> bytes:
    """The engagement's package as of now."""
    desk.publish()
    desk.export(folder / "p.zip", Scope(engagement=engagement))
    return (folder / "p.zip").read_bytes()
