"""Samples: the same for whoever draws them, of the size a preset says, and never of what is not there."""

from __future__ import annotations

import doctest
import hashlib
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditing import sampling
from auditing.errors import AuditRefused
from auditing.model import Act, Method, Sample
from auditing.sampling import FREQUENCIES, MOST, cfr_size, check_seed, draw, new_seed, reproduces, size_of

FOLIOS = [f"MA-001-2026-{n:06d}" for n in range(1, 101)]
seeds = st.text("abcXYZ019._-", min_size=1, max_size=64)
populations = st.lists(st.integers(1, 999_999).map("MA-006-2026-{:06d}".format), unique=True, max_size=80)


def test_the_example_of_the_module_is_true() -> None:
    """The worked example in the docstring is what the function gives."""
    assert doctest.testmod(sampling) == (0, 1)


def test_an_unrelated_program_draws_the_same() -> None:
    """The programs sha256sum and sort, by the recipe of the format page, give the same twenty-five."""
    script = (
        'while read f; do printf "%s %s\\n" "$(printf %s "cierre-2026$f" | sha256sum | cut -d" " -f1)" "$f"; '
        "done | LC_ALL=C sort | head -25"
    )
    told = subprocess.run(
        ["sh", "-c", script], input="\n".join(FOLIOS) + "\n", capture_output=True, text=True, check=True
    )
    assert tuple(line.split()[1] for line in told.stdout.splitlines()) == draw("cierre-2026", FOLIOS, 25)


@given(seeds, populations, st.integers(0, 90))
def test_order_of_the_population_does_not_matter(seed: str, folios: list[str], n: int) -> None:
    """A sample is a function of seed and set: any order of the same folios draws the same, without repeats."""
    drawn = draw(seed, folios, n)
    assert drawn == draw(seed, sorted(folios, reverse=True), n)
    assert len(set(drawn)) == len(drawn) == min(n, len(folios))
    assert set(drawn) <= set(folios)


@given(seeds, populations, st.integers(1, 40))
def test_a_larger_sample_begins_with_the_smaller(seed: str, folios: list[str], n: int) -> None:
    """Widening a sample keeps what was drawn; a folio that joins the population only adds or replaces by rank."""
    assert draw(seed, folios, n + 5)[:n] == draw(seed, folios, n)
    digests = [hashlib.sha256((seed + folio).encode()).hexdigest() for folio in draw(seed, folios, n)]
    assert digests == sorted(digests)


@pytest.mark.parametrize(
    ("population", "size"),
    [
        (0, 0),
        (1, 1),
        (18, 18),
        (19, 19),
        (20, 19),
        (25, 19),
        (26, 20),
        (40, 20),
        (41, 25),
        (65, 25),
        (66, 29),
        (9999, 29),
    ],
)
def test_the_table_of_40_cfr_80_127(population: int, size: int) -> None:
    """Each edge of the table is where the regulation puts it."""
    assert cfr_size(population) == size
    assert size_of(Method.CFR80127, population) == size


@given(st.sampled_from(sorted(FREQUENCIES)), st.integers(0, 5000))
def test_a_frequency_never_asks_for_more_than_there_is(frequency: str, population: int) -> None:
    """The preset, or the whole population where that is smaller."""
    assert size_of(Method.FREQUENCY, population, frequency=frequency) == min(
        FREQUENCIES[frequency], population
    )


@pytest.mark.parametrize(
    ("method", "wanted", "frequency"),
    [
        (Method.SIZE, 0, ""),
        (Method.SIZE, -1, ""),
        (Method.SIZE, 101, ""),
        (Method.FREQUENCY, 0, "hourly"),
        (Method.TARGETED, 3, ""),
    ],
)
def test_sizes_that_mean_nothing_are_refused(method: Method, wanted: int, frequency: str) -> None:
    """No sample of nothing, of more than there is, or by a frequency nobody knows."""
    with pytest.raises(AuditRefused, match="sample_size"):
        size_of(method, 100, wanted=wanted, frequency=frequency)
    with pytest.raises(AuditRefused, match="sample_size"):
        size_of(Method.SIZE, 10 * MOST, wanted=MOST + 1)


@pytest.mark.parametrize("seed", ["", " ", "ñ", "a b", "x" * 65, "a\n"])
def test_a_seed_is_plain(seed: str) -> None:
    """What stands in facts for ever is letters, digits, dot, dash and underscore; a fresh one is."""
    with pytest.raises(AuditRefused, match="seed_invalid"):
        check_seed(seed)
    assert check_seed(new_seed()) != new_seed()


def test_a_sample_that_was_chosen_is_told_from_one_that_was_drawn() -> None:
    """One folio exchanged, another seed, another population: none reproduces."""
    act = Act("u-1", "auditor_externo", "2026-01-01T00:00:00.000000Z", 3)
    good = Sample("S1", "P1", Method.SIZE, "", "s", 100, draw("s", FOLIOS, 5), act)
    assert reproduces(good, FOLIOS)
    assert good.n == 5
    missing = next(folio for folio in FOLIOS if folio not in good.folios)
    for folios in ((missing, *good.folios[1:]), good.folios[::-1]):
        assert not reproduces(Sample("S1", "P1", Method.SIZE, "", "s", 100, folios, act), FOLIOS)
    assert not reproduces(good, FOLIOS[:-1])
    assert reproduces(Sample("S2", "P1", Method.TARGETED, "", "", 100, (missing,), act), FOLIOS)
    assert not reproduces(
        Sample("S2", "P1", Method.TARGETED, "", "", 100, ("MA-001-2025-000001",), act), FOLIOS
    )
