"""The auditors' own work: populations frozen, samples drawn, attributes tested. They write nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from auditing.attributes import attributes_of
from auditing.chain import By, Chain, digest_of, draft, prose
from auditing.errors import AuditRefused
from auditing.model import CHAINS, Engagement, Method, Population, Result, Sample
from auditing.population import (
    MEDIA,
    Row,
    gaps_of,
    parse_population,
    population_bytes,
    rows_of,
    sha256_of,
)
from auditing.sampling import MOST, check_seed, draw, size_of
from evidence.canonical import Json
from evidence.entry import BlobRef, EntryDraft, EntryKind
from evidence.ports import BlobCorrupt, BlobStore


@dataclass(frozen=True, slots=True)
class Draw:
    """How a sample is to be drawn: a method with what it needs, and a seed, or ``picks`` with a ``reason``."""

    method: Method
    seed: str = ""
    n: int = 0
    frequency: str = ""
    picks: tuple[str, ...] = ()
    reason: str = ""


class FieldDesk:
    """What auditors of a live engagement do, each act an entry of its chain."""

    def __init__(
        self, chain: Chain, blobs: BlobStore, retain_until: Callable[[datetime], datetime | None]
    ) -> None:
        self._chain = chain
        self._blobs = blobs
        self._retain_until = retain_until

    def freeze(
        self, by: By, engagement: str, process: str, start: str, end: str, *, title: str = "", key: str = ""
    ) -> Population:
        """Freeze which cases of a process were opened in a period, from the log as it stands signed or not.

        Raises:
            AuditRefused: ``not_an_auditor``, ``engagement_over``, ``out_of_scope``, ``population_empty``.
        """
        chain = self._chain
        state = chain.register.get(engagement)
        chain.auditor(state, by)
        within = state.terms.covers(process, start) and state.terms.covers(process, end) and start <= end
        if not within:
            raise AuditRefused("out_of_scope", folio=process[:20])
        size = chain.ledger.tree_size()
        rows = rows_of(chain.ledger.entries(0, size), process, start, end, chain.zone)
        if not rows:
            raise AuditRefused("population_empty", process=process)
        data = population_bytes(rows)
        blob = self._blobs.put(
            io.BytesIO(data),
            media=MEDIA,
            retain_until=self._retain_until(chain.clock()),
            case=CHAINS + engagement,
        )
        facts: dict[str, Json] = {
            "process": process,
            "start": start,
            "end": end,
            "zone": chain.zone.key,
            "size": size,
            "rows": len(rows),
            "first": rows[0].folio,
            "last": rows[-1].folio,
            "gaps": len(gaps_of(row.folio for row in rows)),
            "digest": blob.sha256,
        }

        def make(now: Engagement) -> Sequence[EntryDraft]:
            chain.auditor(now, by)
            numbered = {"population": f"P{len(now.populations) + 1}", **facts}
            told = {"title": prose(title)[:200]}
            return (draft(by, EntryKind.POPULATION_FROZEN, numbered, told, objects=(blob,)),)

        after = chain.write(engagement, make, key=key, digest=digest_of(process, start, end))
        return after.populations[-1]

    def draw(self, by: By, engagement: str, population: str, wanted: Draw, *, key: str = "") -> Sample:
        """Draw a sample from a population; every draw stays in the chain.

        Raises:
            AuditRefused: ``not_an_auditor``, ``engagement_over``, ``population_unknown``, ``sample_size``,
                ``seed_invalid``, ``reason_missing``, ``not_in_population``.
            BlobMissing, BlobCorrupt: the frozen list is not what was sealed.
        """
        chain = self._chain
        state = chain.register.get(engagement)
        chain.auditor(state, by)
        folios = tuple(row.folio for row in self.rows(state, population))
        chosen = self._chosen(wanted, folios)
        facts: dict[str, Json] = {
            "population": population,
            "method": str(wanted.method),
            "detail": wanted.frequency if wanted.method is Method.FREQUENCY else "",
            "seed": "" if wanted.method is Method.TARGETED else wanted.seed,
            "of": len(folios),
            "n": len(chosen),
            "folios": list(chosen),
        }
        reason = prose(wanted.reason)

        def make(now: Engagement) -> Sequence[EntryDraft]:
            chain.auditor(now, by)
            numbered = {"sample": f"S{len(now.samples) + 1}", **facts}
            return (draft(by, EntryKind.SAMPLE_DRAWN, numbered, {"reason": reason}),)

        after = chain.write(engagement, make, key=key, digest=digest_of(dict(facts), reason))
        return after.samples[-1]

    def _chosen(self, wanted: Draw, folios: Sequence[str]) -> tuple[str, ...]:
        if wanted.method is not Method.TARGETED:
            n = size_of(wanted.method, len(folios), wanted=wanted.n, frequency=wanted.frequency)
            return draw(check_seed(wanted.seed), folios, n)
        picks = tuple(dict.fromkeys(wanted.picks))
        if not prose(wanted.reason):
            raise AuditRefused("reason_missing")
        if not picks or len(picks) > MOST:
            raise AuditRefused("sample_size", wanted=len(picks), most=min(len(folios), MOST))
        strange = [folio for folio in picks if folio not in set(folios)]
        if strange:
            raise AuditRefused("not_in_population", folio=strange[0][:64])
        return picks

    def rows(self, state: Engagement, population: str) -> tuple[Row, ...]:
        """The frozen list, read from its file and compared with what was sealed.

        Raises:
            AuditRefused: ``population_unknown``.
            BlobMissing, BlobCorrupt, StoreUnavailable.
        """
        return parse_population(self.file(state, population))

    def file(self, state: Engagement, population: str) -> bytes:
        """The exact bytes of the frozen list. Raises as `rows`."""
        found = state.population(population)
        if found is None:
            raise AuditRefused("population_unknown", population=population[:20])
        with self._blobs.open(self._blob(state, found)) as stream:
            data = stream.read()
        if sha256_of(data) != found.digest:
            raise BlobCorrupt(f"sha256/{found.digest}", found.digest, sha256_of(data))
        return data

    def _blob(self, state: Engagement, population: Population) -> BlobRef:
        entry = self._chain.ledger.history(state.chain)[population.frozen.seq - 1].entry
        if not entry.objects:
            raise AuditRefused("population_unknown", population=population.id)
        return entry.objects[0]

    def recompute(self, population: Population) -> bool:
        """Whether the log gives the very same list again."""
        zone = ZoneInfo(population.zone)
        entries = self._chain.ledger.entries(0, population.size)
        rows = rows_of(entries, population.process, population.start, population.end, zone)
        return sha256_of(population_bytes(rows)) == population.digest

    def test(
        self,
        by: By,
        engagement: str,
        sample: str,
        folio: str,
        results: Mapping[str, tuple[str, str]],
        *,
        key: str = "",
    ) -> Engagement:
        """Test attributes of one case: ``(result, note)`` by code; those that say what stands already are left out.

        Raises:
            AuditRefused: ``not_an_auditor``, ``engagement_over``, ``sample_unknown``, ``not_in_sample``,
                ``attribute_unknown``, ``result_unknown``, ``note_missing`` (an exception says what is wrong).
        """
        told = {code: (_result(result), prose(note)) for code, (result, note) in results.items()}

        def make(state: Engagement) -> Sequence[EntryDraft]:
            self._chain.auditor(state, by)
            return tuple(self._tests(by, state, sample, folio, told))

        state = self._chain.register.get(engagement)
        self._chain.auditor(state, by)
        if not self._tests(by, state, sample, folio, told):
            return state
        plain: dict[str, Json] = {code: [str(result), note] for code, (result, note) in told.items()}
        return self._chain.write(engagement, make, key=key, digest=digest_of(sample, folio, plain))

    def _tests(
        self, by: By, state: Engagement, sample: str, folio: str, told: Mapping[str, tuple[Result, str]]
    ) -> list[EntryDraft]:
        found = state.sample(sample)
        population = state.population(found.population) if found else None
        if found is None or population is None:
            raise AuditRefused("sample_unknown", sample=sample[:20])
        if folio not in found.folios:
            raise AuditRefused("not_in_sample", folio=folio[:64])
        known = {item.code for item in attributes_of(state, population.process)}
        drafts = []
        for code, (result, note) in told.items():
            if code not in known:
                raise AuditRefused("attribute_unknown", attribute=code[:40])
            if result is Result.EXCEPTION and not note:
                raise AuditRefused("note_missing", attribute=code)
            earlier = state.tests.get((sample, folio, code))
            if earlier is None or (earlier.result, earlier.note) != (result, note):
                facts: dict[str, Json] = {
                    "sample": sample,
                    "folio": folio,
                    "attribute": code,
                    "result": str(result),
                }
                drafts.append(draft(by, EntryKind.ATTRIBUTE_TESTED, facts, {"note": note}))
        return drafts


def _result(raw: str) -> Result:
    try:
        return Result(raw)
    except ValueError as error:
        raise AuditRefused("result_unknown", result=raw[:20]) from error
