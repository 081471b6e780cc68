"""Templates of letters: folders of typst files, versioned, each known by a digest of everything it is set with.

``templates/letters/<name>/<version>/`` holds ``carta.typ`` and ``carta.toml``; the latter says how the letter is
called, which shared folders it ``uses``, and which step of which process it ``serves``. ``docs/formats/letters.md``
tells the format and the digest; a released file never changes (``templates/letters/RELEASED``).
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workflows.commands import UsedTemplate
from workflows.step import Text

FOLDER = Path(__file__).parents[1] / "templates" / "letters"
SHEET, MANIFEST = "carta.typ", "carta.toml"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a letter is evidence: a step's slot of a process, whatever the definition's version."""

    process: str
    step: str
    slot: str


@dataclass(frozen=True, slots=True)
class Template:
    """One version of a letter. ``digest`` (hex SHA-256) covers every file it is set with."""

    name: str
    version: str
    title: Text
    digest: str
    places: tuple[Place, ...]

    @property
    def sheet(self) -> str:
        """Its typst file, below the folder of templates."""
        return f"{self.name}/{self.version}/{SHEET}"

    @property
    def used(self) -> UsedTemplate:
        """What the entry of a letter says of it."""
        return UsedTemplate(self.name, self.version, self.digest)


class Templates:
    """Every version of every letter in a folder."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder

    @cached_property
    def all(self) -> tuple[Template, ...]:
        """All versions, by name and then by number."""
        found = [_read(self.folder, path.parent) for path in self.folder.glob(f"*/*/{MANIFEST}")]
        return tuple(sorted(found, key=lambda item: (item.name, int(item.version))))

    def newest(self, name: str) -> Template:
        """The version new letters are set with. Raises KeyError for a name there is none of."""
        versions = [item for item in self.all if item.name == name]
        if not versions:
            raise KeyError(name)
        return versions[-1]

    def serving(self, process: str, step: str) -> tuple[Place, Template] | None:
        """The letter that is evidence of a step, in its newest version, and the slot it fills."""
        for template in self.all:
            newest = self.newest(template.name)
            for place in newest.places:
                if (place.process, place.step) == (process, step):
                    return place, newest
        return None


def digest_of(folder: Path, parts: list[str]) -> str:
    """Hex SHA-256 of what ``sha256sum`` prints for the files of the parts (``<name>/<version>``), sorted by path."""
    paths = sorted(path for part in parts for path in (folder / part).iterdir() if path.is_file())
    lines = (
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in paths
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _read(folder: Path, at: Path) -> Template:
    found = tomllib.loads((at / MANIFEST).read_text(encoding="utf-8"))
    name, version = at.parent.name, at.name
    return Template(
        name=name,
        version=version,
        title=Text(found["title"], found["title_en"]),
        digest=digest_of(folder, [f"{name}/{version}", *found["uses"]]),
        places=tuple(Place(item["process"], item["step"], item["slot"]) for item in found["serves"]),
    )
