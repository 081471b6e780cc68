"""The house's clock, moved from outside for a server that is armed for it (see `torture.mortal`)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path


def write_clock(path: Path, offset: timedelta) -> None:
    """By how much the house's clock is wrong from now on."""
    fresh = path.with_suffix(".new")
    fresh.write_text(f"{offset.total_seconds():.0f}")
    fresh.replace(path)
