"""Every version of every definition this house has ever used, by process and by digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from workflows.definition import Definition
from workflows.errors import UnknownDefinition, UnknownProcess
from workflows.loader import load
from workflows.tables import DefinitionInvalid

_FOLDER = Path(__file__).parent / "definitions"


class DefinitionRegistry:
    """Definitions in memory, immutable once made. The newest version of a process is the one in force."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        """Take definitions in any order. Two files of one version are refused: which would a case have meant?"""
        self._by_digest: dict[str, Definition] = {}
        versions: dict[str, dict[str, Definition]] = {}
        for definition in definitions:
            known = versions.setdefault(definition.process, {})
            if definition.version in known:
                raise DefinitionInvalid([f"version: there are two files of {definition.label}"])
            known[definition.version] = definition
            self._by_digest[definition.digest] = definition
        self._versions: Mapping[str, tuple[Definition, ...]] = {
            process: tuple(found[version] for version in sorted(found))
            for process, found in sorted(versions.items())
        }

    @classmethod
    def bundled(cls) -> DefinitionRegistry:
        """The definitions that come with the program, from ``workflows/definitions/<process>/<version>.toml``.

        Raises:
            DefinitionInvalid: a file is not a definition, or says another process or version than its name.
        """
        return cls(read_definition(path) for path in sorted(_FOLDER.glob("*/*.toml")))

    def all(self) -> tuple[Definition, ...]:
        """Every version of every process, by process and version."""
        return tuple(item for versions in self._versions.values() for item in versions)

    def known(self, process: str) -> tuple[Definition, ...]:
        """All versions of a process, oldest first; none for a process there is not."""
        return self._versions.get(process, ())

    def processes(self) -> tuple[Definition, ...]:
        """The definition in force of every process, by code."""
        return tuple(versions[-1] for versions in self._versions.values())

    def current(self, process: str) -> Definition:
        """The definition in force. Raises `UnknownProcess`."""
        return self.versions(process)[-1]

    def versions(self, process: str) -> tuple[Definition, ...]:
        """All versions of a process, oldest first. Raises `UnknownProcess`."""
        if process not in self._versions:
            raise UnknownProcess(process=process)
        return self._versions[process]

    def by_digest(self, digest: str) -> Definition:
        """The definition a case pinned. Raises `UnknownDefinition`."""
        if digest not in self._by_digest:
            raise UnknownDefinition(digest=digest)
        return self._by_digest[digest]


def read_definition(path: Path) -> Definition:
    """Load one file of the tree ``<process>/<version>.toml``.

    Raises:
        DefinitionInvalid: with the file's name before each problem.
    """
    try:
        definition = load(path.read_bytes())
    except DefinitionInvalid as error:
        raise DefinitionInvalid(
            [f"{path.parent.name}/{path.name}: {item}" for item in error.problems]
        ) from error
    if (definition.process.lower(), definition.version) != (path.parent.name, path.stem):
        raise DefinitionInvalid([f"{path.parent.name}/{path.name}: holds {definition.label}"])
    return definition
