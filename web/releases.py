"""Which process definitions an installation has: those of the program, and its own, released through the ledger.

A file in the directory `CONSTANCIA_DEFINITIONS` is only a proposal. Publishing seals its bytes
(``definition.published``), and from then on the ledger's copy counts: a case pinned to it can be derived, exported and
verified whatever becomes of the file. A released version never changes; a file that would change one is refused before
anything else happens.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evidence.canonical import Json
from evidence.entry import SYSTEM, EntryDraft, EntryKind, SealedEntry
from evidence.ports import BlobStore, Composition, LedgerStore
from workflows.definition import Definition
from workflows.loader import load
from workflows.registry import DefinitionRegistry, read_definition
from workflows.tables import DefinitionInvalid

DEFINITIONS_CASE = "system:definitions"


class DefinitionsUnfit(Exception):
    """The installation's own files cannot be released; ``problems`` name each file and what is wrong with it."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Release:
    """One publication: ``label`` and ``digest`` of the definition, the entry that made it known, and when."""

    label: str
    digest: str
    seq: int
    at: str
    entry: SealedEntry


def releases(ledger: LedgerStore) -> Iterator[Release]:
    """What the ledger has published, oldest first."""
    for sealed in ledger.history(DEFINITIONS_CASE):
        entry = sealed.entry
        if entry.kind is EntryKind.DEFINITION_PUBLISHED:
            yield Release(entry.process, str(entry.facts.get("definition", "")), entry.seq, entry.at, sealed)


def registry_of(ledger: LedgerStore, blobs: BlobStore) -> DefinitionRegistry:
    """Every definition in force or ever used here: the program's, and those published that it does not bring.

    Raises:
        DefinitionsUnfit: the program brings a version that was released here with other bytes.
        evidence.ports.BlobMissing, evidence.ports.BlobCorrupt: a published definition is not as it was sealed.
    """
    bundled = DefinitionRegistry.bundled()
    known = {definition.digest for definition in bundled.all()}
    own = [_sealed(blobs, item) for item in releases(ledger) if item.digest not in known]
    try:
        return DefinitionRegistry([*bundled.all(), *own])
    except DefinitionInvalid as error:
        raise DefinitionsUnfit(error.problems) from error


def proposals(folder: Path | None) -> tuple[Definition, ...]:
    """The definitions in the installation's own directory, ``<process>/<version>.toml``.

    Raises:
        DefinitionsUnfit: with every problem of every file.
    """
    if folder is None:
        return ()
    if not folder.is_dir():
        raise DefinitionsUnfit([f"{folder}: there is no such directory"])
    found: list[Definition] = []
    problems: list[str] = []
    for path in sorted(folder.glob("*/*.toml")):
        try:
            found.append(read_definition(path))
        except DefinitionInvalid as error:
            problems += error.problems
    problems += [
        f"{path.name}: must lie in a folder of its process, such as xx-001/2026-01-01.toml"
        for path in sorted(folder.glob("*.toml"))
    ]
    if problems:
        raise DefinitionsUnfit(problems)
    return tuple(found)


def unreleased(
    registry: DefinitionRegistry, published: Iterable[str], wanted: Iterable[Definition]
) -> tuple[Definition, ...]:
    """Of the program's definitions and ``wanted``, those whose digest the ledger has not ``published``.

    Raises:
        DefinitionsUnfit: a file has the version of a released one and other bytes, or is older than the one in force.
    """
    everything = {definition.digest: definition for definition in registry.all()}
    problems: list[str] = []
    for definition in wanted:
        if definition.digest not in everything:
            problems += _conflicts(registry, definition)
            everything[definition.digest] = definition
    if problems:
        raise DefinitionsUnfit(problems)
    known = set(published)
    return tuple(definition for digest, definition in everything.items() if digest not in known)


def publish(
    ledger: LedgerStore, blobs: BlobStore, definitions: Iterable[Definition], via: Mapping[str, Json]
) -> list[str]:
    """Seal definitions, each once however often this runs; returns their labels. ``via``: who was at the console."""
    return [_publish(ledger, blobs, definition, via) for definition in definitions]


def _publish(ledger: LedgerStore, blobs: BlobStore, definition: Definition, via: Mapping[str, Json]) -> str:
    blob = blobs.put(io.BytesIO(definition.source), media="application/toml")
    draft = EntryDraft(
        actor=SYSTEM,
        role=SYSTEM,
        kind=EntryKind.DEFINITION_PUBLISHED,
        process=definition.label,
        objects=(blob,),
        facts={"definition": definition.digest, "via": "console"},
        payload={"files": [{"name": f"{definition.version}.toml"}], "via": dict(via)},
    )

    def compose(_history: Sequence[SealedEntry]) -> Composition:
        return Composition((draft,))

    key = f"definition.published:{definition.digest}"
    ledger.append(DEFINITIONS_CASE, compose, idempotency_key=key, request_digest=key)
    return definition.label


def _conflicts(registry: DefinitionRegistry, definition: Definition) -> Iterator[str]:
    place = f"{definition.process.lower()}/{definition.version}.toml"
    versions = registry.known(definition.process)
    if definition.version in {item.version for item in versions}:
        yield f"{place}: {definition.label} was released with other bytes; a change is a file with a new version"
    elif versions and definition.version < versions[-1].version:
        yield f"{place}: {versions[-1].label} is already in force; a new version has a later date"


def _sealed(blobs: BlobStore, release: Release) -> Definition:
    """The definition as it was sealed; the object store compares the bytes with their digest."""
    with blobs.open(release.entry.entry.objects[0]) as stream:
        return load(stream.read())
