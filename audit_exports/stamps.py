"""Judging RFC 3161 time stamps with the `openssl` program, where the machine has one.

The verifier needs nothing but the standard library for its verdict; a time stamp can only raise the level. The stamp is
judged as of the time it states: an authority's certificate may well have ended since.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

_TIME = re.compile(
    r"^Time stamp: (\w{3})\s+(\d{1,2}) (\d\d):(\d\d):(\d\d)(\.\d+)? (\d{4}) GMT$", re.MULTILINE
)
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_SECONDS = 30


class NoOpenssl(Exception):
    """This machine has no `openssl` program."""


class OpensslStamps:
    """An `audit_exports.trust.StampJudge`.

    Args:
        chain: PEM file of the certificates one trusts, roots and what lies between.

    Raises:
        NoOpenssl.
    """

    def __init__(self, chain: Path) -> None:
        found = shutil.which("openssl")
        if found is None:
            raise NoOpenssl
        self._openssl = found
        self._chain = chain

    def __call__(self, response: bytes, message: bytes) -> datetime:
        """The time the response proves.

        Raises:
            ValueError: it proves nothing under this chain.
        """
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            (folder / "r.tsr").write_bytes(response)
            (folder / "note").write_bytes(message)
            moment = self._moment(self._run("-reply", "-in", str(folder / "r.tsr"), "-text"))
            verified = self._verified(folder, "-attime", str(int(moment.timestamp())))
        if not verified:
            raise ValueError("openssl does not verify it under these certificates")
        return moment

    def ended(self, response: bytes, message: bytes) -> bool:
        """Whether openssl, judging by today, no longer accepts what it accepts as of the stamp's own time."""
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            (folder / "r.tsr").write_bytes(response)
            (folder / "note").write_bytes(message)
            return not self._verified(folder)

    def _verified(self, folder: Path, *moment: str) -> bool:
        said = self._run(
            *("-verify", "-data", str(folder / "note"), "-in", str(folder / "r.tsr")),
            *("-CAfile", str(self._chain), "-untrusted", str(self._chain), *moment),
        )
        return "Verification: OK" in said.split("\n")

    def _run(self, *arguments: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - found on the path, arguments of our own
                [self._openssl, "ts", *arguments], capture_output=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise ValueError("openssl did not answer") from error
        return done.stdout.decode("utf-8", "replace")

    @staticmethod
    def _moment(text: str) -> datetime:
        found = _TIME.search(text)
        if found is None or found[1] not in _MONTHS:
            raise ValueError("not a time stamp that openssl can read")
        month, day, hour, minute, second, year = (
            _MONTHS.index(found[1]) + 1,
            *(int(found[group]) for group in (2, 3, 4, 5, 7)),
        )
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
