"""What boards read instead of every tally: sums of each day, and which days they are out of date for."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table

from storage.metadata import Count, Name, metadata

board_sum = Table(
    "board_sum",
    metadata,
    Column("since", Name, primary_key=True),
    Column("which", Name, primary_key=True),
    Column("process", Name, primary_key=True),
    Column("code", Name, primary_key=True),
    Column("before", Name, primary_key=True),
    Column("zone", Name, nullable=False),
    Column("cases", Integer, nullable=False),
    Column("days", Count, nullable=False),
    Column("most", Integer, nullable=False),
)
"""Counts of one local day of ``zone``, which began at the ledger time ``since``.

``before`` is when the same cases were last in that set and code before the day (``""``: never): who counts a stretch
takes only cases that were not in it yet, so that each counts once however many days it is in.
"""

board_mark = Table(
    "board_mark",
    metadata,
    Column("day", Name, primary_key=True),
    Column("tx", Count, primary_key=True, autoincrement=False),
)
"""Days (UTC, yyyy-mm-dd) of which a tally or figure changed since they were summed; written by triggers (0029).

``tx`` is the transaction that says so on PostgreSQL, so that writers never wait for one another's marks; 0 on SQLite.
"""
