"""Judging signed letters with poppler's `pdfsig`, where the machine has it.

The bytes of a letter are under its entry already; what is asked here is what the PDF's own signatures say of them, by a
program that shares no line with ours. Certificates are not judged: whom to trust is the auditor's business.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 60
_SIGNATURE = re.compile(r"^Signature #[0-9]+:", re.MULTILINE)
_VERDICT = re.compile(r"^\s*- Signature Validation: (.+?)\.?$", re.MULTILINE)
_GOOD = "Signature is Valid"
_AT_A_LOSS = "Unknown Validation Failure"
"""What it says when its own library could not be started: nothing about the letter."""


@dataclass(frozen=True, slots=True)
class LetterSaid:
    """What the program says: how many signatures, and its words for those that do not hold."""

    signatures: int
    wrong: tuple[str, ...]


class PdfsigLetters:
    """Calls the program on one letter at a time, in a folder that is thrown away. ``program``: its path."""

    def __init__(self, program: str) -> None:
        self._program = program

    @classmethod
    def here(cls) -> PdfsigLetters | None:
        """The program of this machine; ``None`` where there is none."""
        found = shutil.which("pdfsig")
        return None if found is None else cls(found)

    def judge(self, pdf: bytes) -> LetterSaid | None:
        """What it says of a PDF's signatures; ``None`` where it says nothing in time, or cannot judge at all.

        Its exit status is always 0, so the text decides.
        """
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "letter.pdf"
            path.write_bytes(pdf)
            command = [self._program, "-nocert", str(path)]
            try:
                done = subprocess.run(  # noqa: S603 - found on the path, arguments of our own
                    command,
                    capture_output=True,
                    timeout=_SECONDS,
                    check=False,
                    env={"LC_ALL": "C", "HOME": place},
                )
            except (OSError, subprocess.TimeoutExpired):
                return None
        said = done.stdout.decode("utf-8", "replace")
        verdicts = _VERDICT.findall(said)
        if _AT_A_LOSS in verdicts:
            return None
        count = len(_SIGNATURE.findall(said))
        wrong = [verdict for verdict in verdicts if verdict != _GOOD]
        return LetterSaid(count, (*wrong, *["no validation"] * (count - len(verdicts))))
