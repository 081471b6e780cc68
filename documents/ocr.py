"""Reading what a picture shows, for the search for passwords and nothing else: tesseract, where there is one.

The program runs in place of a confined child (`documents.worker`), on a picture that another confined child drew. What
it reads is looked through in memory and forgotten: it is kept in no file, entry, index or log.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from documents import secrets_scan
from documents.limits import Limits

PAGES = 5
"""First pages of a scan that are read."""
WIDTH = 1_700
"""Pixels of the picture that is read: 200 dots an inch of a letter page."""
_WANTED = ("spa", "eng")
_PATIENCE = 20
ENVIRONMENT: Mapping[str, str] = {"LC_ALL": "C.UTF-8", "OMP_THREAD_LIMIT": "1"}


@dataclass(frozen=True, slots=True)
class PictureProgram:
    """A program called ``PROGRAM stdin stdout -l LANGUAGE`` with a PNG that answers with the text it shows, in UTF-8.

    ``path`` is absolute; ``language`` is one of its names for them.
    """

    path: str
    language: str

    @property
    def command(self) -> list[str]:
        """Its arguments, itself first."""
        return [self.path, "stdin", "stdout", "-l", self.language]


def find_program(named: str) -> PictureProgram | None:
    """The program of that path; ``auto`` looks for tesseract among the system's; ``no`` is none.

    Spanish is asked for (it reads English as well), else English; one that knows neither, or does not start, is none.
    """
    path = shutil.which("tesseract") if named == "auto" else named
    if named == "no" or not path:
        return None
    try:
        told = subprocess.run(  # noqa: S603 - the operator's program, no shell
            [path, "--list-langs"], capture_output=True, timeout=_PATIENCE, check=True, env=dict(ENVIRONMENT)
        )
    except (OSError, subprocess.SubprocessError):
        return None
    known = set(told.stdout.decode(errors="replace").split())
    language = next((item for item in _WANTED if item in known), "")
    return PictureProgram(os.path.abspath(path), language) if language else None  # noqa: PTH100 - no link resolved


def announced_in(text: str, limits: Limits) -> str:
    """The word that announces a password in what a picture shows, ``""`` for none; what was read badly is none."""
    found = secrets_scan.scan(text[: limits.searchable_chars], between="", drawn=True)
    return next((finding.word for finding in found if finding.blocks), "")
