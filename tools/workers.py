"""Print how many test processes this machine should run: one per core it may use, at most eight.

Beyond eight the servers that tests start (PostgreSQL, SeaweedFS, Chromium: one of each per process) cost more than
the parallelism brings.
"""

from __future__ import annotations

import os
import sys

MOST = 8


def workers() -> int:
    """Cores open to this process, within 1 and `MOST`."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(MOST, usable))


if __name__ == "__main__":
    sys.stdout.write(f"{workers()}\n")
