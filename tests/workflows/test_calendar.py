"""Business days: the vectors, the laws of counting, and the table itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.calendar import BusinessCalendar, OutOfCalendar, bundled_calendars
from workflows.calendar_seed import banking, easter, statutory, table
from workflows.tables import DefinitionInvalid

MX = BusinessCalendar.bundled("mx-2026-1")
BANK = BusinessCalendar.bundled("mx-banca-2026-1")
DAYS = st.dates(date(2024, 1, 1), date(2034, 6, 30))
COUNTS = st.integers(1, 60)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (date(2026, 11, 12), date(2026, 11, 18)),
        (date(2026, 12, 23), date(2026, 12, 29)),
        (date(2026, 1, 30), date(2026, 2, 5)),
        (date(2026, 3, 12), date(2026, 3, 18)),
        (date(2026, 4, 1), date(2026, 4, 6)),
    ],
)
def test_three_business_days(start: date, expected: date) -> None:
    """Three business days after known dates, past weekends and statutory holidays."""
    assert MX.add(start, 3, "habiles") == expected


def test_bank_calendar_keeps_holy_week() -> None:
    """Where Holy Thursday and Friday are days off, three days from Holy Wednesday end on the Wednesday after."""
    assert BANK.add(date(2026, 4, 1), 3, "habiles") == date(2026, 4, 8)


def test_twenty_days_either_way() -> None:
    """Twenty days from 13 November 2026 end on 3 December by the calendar, on 14 December in business days."""
    assert MX.add(date(2026, 11, 13), 20, "naturales") == date(2026, 12, 3)
    assert MX.add(date(2026, 11, 13), 20, "habiles") == date(2026, 12, 14)


@given(DAYS, COUNTS)
def test_business_days_are_counted_one_by_one(day: date, count: int) -> None:
    """The day due is a business day, and exactly `count` business days lie after the event up to it."""
    due = MX.add(day, count, "habiles")
    assert MX.is_business_day(due)
    walked = [day + timedelta(days=n) for n in range(1, (due - day).days + 1)]
    assert sum(MX.is_business_day(d) for d in walked) == count
    assert MX.between(day, due, "habiles") == count


@given(DAYS, COUNTS, COUNTS)
def test_counting_on_is_counting_together(day: date, first: int, second: int) -> None:
    """Counting a days and then b days is counting a + b days, in both units."""
    for unit in ("habiles", "naturales"):
        assert MX.add(MX.add(day, first, unit), second, unit) == MX.add(day, first + second, unit)


@given(DAYS, DAYS, COUNTS)
def test_a_later_event_is_never_due_earlier(one: date, other: date, count: int) -> None:
    """Due dates keep the order of events."""
    first, second = sorted((one, other))
    assert MX.add(first, count, "habiles") <= MX.add(second, count, "habiles")


@given(DAYS, COUNTS)
def test_calendar_days_never_end_later(day: date, count: int) -> None:
    """The same number of calendar days ends no later than business days."""
    assert MX.add(day, count, "naturales") <= MX.add(day, count, "habiles")


@given(DAYS, COUNTS)
def test_bank_calendar_is_never_earlier_but_for_the_change_of_government(day: date, count: int) -> None:
    """Banks close on every statutory day and more; the day the government changes is the one they work."""
    ours = [d for d in MX.holidays if (d.month, d.day) != (10, 1)]
    assert set(ours) <= set(BANK.holidays)
    due = BANK.add(day, count, "habiles")
    if not any(day < d <= due for d in MX.holidays if d not in BANK.holidays):
        assert due >= MX.add(day, count, "habiles")


def test_due_when_service_closes() -> None:
    """Service closes at 18:00, on Fridays at 15:00, in Mexico City (UTC-6 all year)."""
    monday = datetime(2026, 1, 12, 20, 0, tzinfo=UTC)
    assert MX.due(monday, 3, "habiles") == datetime(2026, 1, 16, 0, 0, tzinfo=UTC)
    assert MX.due(monday, 4, "habiles") == datetime(2026, 1, 16, 21, 0, tzinfo=UTC)
    july = datetime(2026, 7, 13, 20, 0, tzinfo=UTC)
    assert MX.due(july, 1, "habiles") == datetime(2026, 7, 15, 0, 0, tzinfo=UTC)


def test_the_day_is_the_desks_day() -> None:
    """An event late in the evening in UTC still belongs to the desk's date."""
    assert MX.local_day(datetime(2026, 1, 13, 5, 59, tzinfo=UTC)) == date(2026, 1, 12)
    assert MX.local_day(datetime(2026, 1, 13, 6, 0, tzinfo=UTC)) == date(2026, 1, 13)


def test_calendar_days_may_end_on_a_day_off() -> None:
    """Twenty calendar days may end on a Saturday; it is due at the closing hour for days without service."""
    assert MX.due(datetime(2026, 1, 11, 18, 0, tzinfo=UTC), 20, "naturales") == datetime(
        2026, 2, 1, tzinfo=UTC
    )


def test_next_business_day() -> None:
    """A business day is its own; from a Saturday before a holiday Monday it is Tuesday."""
    assert MX.next_business_day(date(2026, 1, 30)) == date(2026, 1, 30)
    assert MX.next_business_day(date(2026, 1, 31)) == date(2026, 2, 3)


@pytest.mark.parametrize("day", [date(2023, 12, 31), date(2036, 1, 1)])
def test_outside_the_table_is_an_error(day: date) -> None:
    """No date is a working day by silence: outside its years the table refuses to answer."""
    for ask in (
        lambda: MX.is_business_day(day),
        lambda: MX.add(day, 1, "habiles"),
        lambda: MX.add(day, 1, "naturales"),
        lambda: MX.between(day, date(2026, 1, 1), "habiles"),
        lambda: MX.next_business_day(day),
    ):
        with pytest.raises(OutOfCalendar):
            ask()


def test_counting_out_of_the_table_is_an_error() -> None:
    """A count that would leave the table is refused in both units."""
    for unit in ("habiles", "naturales"):
        with pytest.raises(OutOfCalendar):
            MX.add(date(2035, 12, 28), 5, unit)
    with pytest.raises(OutOfCalendar):
        MX.next_business_day(date(2035, 12, 31).replace(day=31) + timedelta(days=1))


def test_table_agrees_with_the_holidays_library() -> None:
    """Our statutory table holds just the days the library knows for its years."""
    years = range(MX.first.year, MX.last.year + 1)
    assert set(MX.holidays) == set(holidays.country_holidays("MX", years=years))


def test_tables_are_what_the_seed_writes() -> None:
    """The bundled files are the seed's output: whoever corrects one does so in a new revision."""
    years = range(2024, 2036)
    assert table("mx-2026-1", 2024, 2035, statutory(years)).encode() == MX.source
    assert table("mx-banca-2026-1", 2024, 2035, banking(years)).encode() == BANK.source
    assert bundled_calendars() == ("mx-2026-1", "mx-banca-2026-1")


@pytest.mark.parametrize(
    "sunday", [date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2027, 3, 28), date(2028, 4, 16)]
)
def test_easter(sunday: date) -> None:
    """Easter Sunday of known years."""
    assert easter(sunday.year) == sunday


def test_unknown_table() -> None:
    """A table that is not bundled is a KeyError, whatever its name looks like."""
    with pytest.raises(KeyError):
        BusinessCalendar.bundled("../definitions/ma-001/2025-12-15")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('zone = "America/Mexico_City"', 'zone = "America/Nowhere"'), "zone"),
        (('closing = "18:00"', 'closing = "25:00"'), "closing"),
        (('first = "2024-01-01"', 'first = "2040-01-01"'), "last"),
        (('monday = ["08:00", "18:00"]', 'monday = ["18:00", "08:00"]'), "service.monday"),
        (('monday = ["08:00", "18:00"]', 'monday = ["08:00"]'), "service.monday"),
        (('date = "2024-01-01"', 'date = "2024-02-30"'), "holiday[1].date"),
        (('date = "2024-01-01"', 'date = "2024-02-05"'), "holiday[2].date"),
        (('date = "2024-01-01"', 'date = "2019-01-01"'), "holiday"),
        (('calendar = "mx-2026-1"', 'calendar = "mx-2026-1"\nfiesta = 1'), "fiesta"),
        (("[service]", "[service]\nlunes = []"), "service.lunes"),
    ],
)
def test_faulty_tables_are_refused(change: tuple[str, str], problem: str) -> None:
    """A table with a mistake is refused, and the problem says where it is."""
    data = MX.source.decode().replace(*change, 1)
    assert data.encode() != MX.source
    with pytest.raises(DefinitionInvalid) as refusal:
        BusinessCalendar.load(data.encode())
    assert any(item.startswith(problem) for item in refusal.value.problems)


@pytest.mark.parametrize("data", [b"\xff\xfe", b"calendar = ", b""])
def test_not_a_table(data: bytes) -> None:
    """Bytes that are not TOML, or an empty file, are refused and not half read."""
    with pytest.raises(DefinitionInvalid):
        BusinessCalendar.load(data)


def test_no_weekday_worked() -> None:
    """A table without any service would never fall due; it is refused."""
    lines = [line for line in MX.source.decode().splitlines() if "08:00" not in line]
    with pytest.raises(DefinitionInvalid) as refusal:
        BusinessCalendar.load("\n".join(lines).encode())
    assert "service: no weekday is worked" in refusal.value.problems
