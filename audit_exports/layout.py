"""Where things lie in a package, and the few fixed texts of BagIt 1.0 (RFC 8493)."""

from __future__ import annotations

import re

LAYOUT_VERSION = 1
READER_VERSION = "1"
"""Version of everything a package has for people: it changes whenever one byte of a page or table would."""

BAGIT_TXT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
DATA = "data/"
BAGIT = "bagit.txt"
BAG_INFO = "bag-info.txt"
MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"

SCOPE = "alcance.json"
INDEX = "index.html"
README = "LEEME.html"
WORKBOOK = "workbook.xlsx"
CHECKPOINT = "cadena/checkpoint"
PEOPLE = "personas/index.html"
REPORT = "report.pdf"
POPULATION = "poblacion.csv"
INTEGRITY = "poblacion-integridad.json"
EVENT_LOG = "ocel2.json"

_DERIVED = re.compile(
    r"report\.pdf|index\.html|LEEME\.html|workbook\.xlsx|ocel2\.json|poblacion-integridad\.json|[a-z_]+\.csv|"
    r"(?:procesos|normas|personas|firmas|recertificacion|cadena|auditoria)/[a-z]+\.csv|personas/index\.html|"
    r"normas/[0-9-]+\.toml|procesos/[A-Z0-9-]+/[0-9-]+\.html|"
    r"casos/[^/]+/(?:index\.html|state\.json|caratula\.pdf|matriz-de-pasos\.csv|linea-de-tiempo\.csv)"
)

_DEFINITION = re.compile(r"procesos/[A-Z0-9-]+/[0-9-]+\.toml")

_CHAINS = {
    "system:access": "personas",
    "system:catalogues": "catalogos",
    "system:heads": "cadena/cabezas",
    "system:anchors": "cadena/anclas",
    "system:ledger": "cadena/llaves",
    "system:seals": "cadena/sellos",
}


def case_folder(folio: str) -> str:
    """The folder of a case, relative to ``data/``; the chains of the system's that travel have their own."""
    if folio.startswith("audit:"):
        return "auditoria"  # of one engagement at most
    return _CHAINS.get(folio) or f"casos/{folio}"


def entry_path(folio: str, seq: int) -> str:
    """The exact bytes of an entry."""
    return f"{case_folder(folio)}/entries/{seq}.json"


def payload_path(folio: str, seq: int) -> str:
    """The exact bytes of an entry's payload."""
    return f"{case_folder(folio)}/payloads/{seq}.json"


def salt_path(folio: str, seq: int) -> str:
    """The 32 bytes of salt of an entry's payload commitment."""
    return f"{case_folder(folio)}/payloads/{seq}.salt"


def file_path(folio: str, name: str) -> str:
    """An evidence file, by the name `names.evidence_name` gave it."""
    return f"casos/{folio}/archivos/{name}"


def state_path(folio: str) -> str:
    """The state the package claims for a case."""
    return f"casos/{folio}/state.json"


def timeline_path(folio: str) -> str:
    """The case's entries as a table."""
    return f"casos/{folio}/linea-de-tiempo.csv"


def case_page_path(folio: str) -> str:
    """The case's reading page."""
    return f"casos/{folio}/index.html"


def proof_path(folio: str, seq: int) -> str:
    """The proof that an entry is under the package's checkpoint."""
    return f"cadena/proofs/{folio.replace(':', '-')}-{seq}.tlog-proof"


def head_path(folio: str) -> str:
    """The proof of how many entries a case had when the log committed to the heads of its cases."""
    return f"cadena/cabezas/{folio.replace(':', '-')}.json"


def series_path(prefix: str) -> str:
    """The proof of which cases of a process the log had; of all cases, where no process was asked for."""
    return f"cadena/cabezas/series/{prefix.removesuffix('-') or 'todas'}.json"


def engagement_object(seq: int, place: int) -> str:
    """A file of an engagement's chain, such as the list of a population."""
    return f"auditoria/archivos/{seq}-{place}"


def anchor_path(seq: int, place: int) -> str:
    """An object of an anchor: 1 is the checkpoint note, 2 what the witness or authority gave."""
    return f"cadena/anclas/{seq}-{place}"


def consistency_path(size: int) -> str:
    """The proof that the log has only grown since it had ``size`` entries."""
    return f"cadena/consistencia/{size}.txt"


def definition_path(process: str, version: str) -> str:
    """A process definition file, byte for byte."""
    return f"procesos/{process}/{version}.toml"


def document_path(process: str, version: str) -> str:
    """A process definition as a document for people."""
    return f"procesos/{process}/{version}.html"


def standards_path(version: str) -> str:
    """The standards map, byte for byte."""
    return f"normas/{version}.toml"


def cover_path(folio: str) -> str:
    """The case's cover sheet."""
    return f"casos/{folio}/caratula.pdf"


def matrix_path(folio: str) -> str:
    """The case's steps: required, present, late, waived."""
    return f"casos/{folio}/matriz-de-pasos.csv"


def calendar_path(version: str) -> str:
    """The business calendar the states were derived with."""
    return f"calendario/{version}.toml"


def is_derived(path: str) -> bool:
    """Whether a file of that name is made from others, and so can be made again when they are all there."""
    return _DERIVED.fullmatch(path) is not None


def is_definition(path: str) -> bool:
    """Whether a file of that name is a process definition (`definition_path`)."""
    return _DEFINITION.fullmatch(path) is not None
