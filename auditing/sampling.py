"""Samples that anybody can draw again: order by SHA-256(seed ‖ folio), take n.

>>> draw("2026", ["MA-001-2026-000001", "MA-001-2026-000002", "MA-001-2026-000003"], 2)
('MA-001-2026-000002', 'MA-001-2026-000001')

Sizes follow one of three presets. ``40cfr80.127`` is the table of 40 CFR 80.127 for 95 % confidence, an expected error
rate of 0 and a maximum of 10 %. ``frequency`` is common practice for controls by how often they run, no norm: the
smallest number for a control of low risk. ``size`` is the auditor's own judgement.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence

from auditing.errors import AuditRefused
from auditing.model import Method, Sample

MOST = 1000
"""How many cases a sample may have: its folios are facts of one entry, which holds 32 KiB."""

FREQUENCIES = {"annual": 1, "quarterly": 2, "monthly": 2, "weekly": 5, "daily": 15, "continuous": 25}
_SEED = re.compile(r"[A-Za-z0-9._-]{1,64}")


def draw(seed: str, folios: Iterable[str], n: int) -> tuple[str, ...]:
    """The first ``n`` of the folios in the order of SHA-256 over the UTF-8 of seed followed by folio."""
    return tuple(sorted(folios, key=lambda folio: rank(seed, folio))[:n])


def rank(seed: str, folio: str) -> tuple[bytes, str]:
    """What folios are ordered by; the folio itself decides between equal digests."""
    return hashlib.sha256((seed + folio).encode()).digest(), folio


def cfr_size(population: int) -> int:
    """40 CFR 80.127: 29 of 66 or more, 25 of 41 to 65, 20 of 26 to 40, and of fewer all, at most 19."""
    if population >= 66:
        return 29
    if population >= 41:
        return 25
    return 20 if population >= 26 else min(population, 19)


def size_of(method: Method, population: int, *, wanted: int = 0, frequency: str = "") -> int:
    """How many cases a method asks for, never more than there are.

    Raises:
        AuditRefused: ``sample_size``: no such number, or no such frequency.
    """
    if method is Method.CFR80127:
        return cfr_size(population)
    if method is Method.FREQUENCY:
        if frequency not in FREQUENCIES:
            raise AuditRefused("sample_size", wanted=frequency, most=population)
        return min(FREQUENCIES[frequency], population)
    if method is Method.SIZE and 1 <= wanted <= min(population, MOST):
        return wanted
    raise AuditRefused("sample_size", wanted=wanted, most=min(population, MOST))


def check_seed(seed: str) -> str:
    """The seed, as it may stand in facts for ever.

    Raises:
        AuditRefused: ``seed_invalid``.
    """
    if _SEED.fullmatch(seed) is None:
        raise AuditRefused("seed_invalid", seed=seed[:64])
    return seed


def new_seed() -> str:
    """A seed nobody chose: 64 random bits as hex."""
    return secrets.token_hex(8)


def reproduces(sample: Sample, population: Sequence[str]) -> bool:
    """Whether a sample is what its seed gives of a population; for a targeted one, whether it lies within it."""
    if sample.method is Method.TARGETED:
        return set(sample.folios) <= set(population)
    return sample.of == len(population) and sample.folios == draw(sample.seed, population, sample.n)
