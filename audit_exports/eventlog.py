"""``ocel2.json``: the entries as an object-centric event log (OCEL 2.0, JSON), for process-mining tools. Streamed.

Every entry is one event; its activity is the step's name, or what the entry is. Objects are cases, people (opaque ids),
roles, documents, applications and process versions. Nothing personal is in it: titles, notes and names stay elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from audit_exports.record import CaseRecord, EntryRow, FileItem
from audit_exports.spool import Spool
from audit_exports.words import kind_words
from evidence.canonical import Json
from workflows.definition import Definition

_SPOOL = 1 << 20
CASE, PERSON, ROLE, DOCUMENT, APPLICATION, PROCESS = "caso persona rol documento aplicacion proceso".split()
_TYPES: Mapping[str, tuple[tuple[str, str], ...]] = {
    CASE: (("abierto", "time"), ("cerrado", "boolean"), ("completo", "boolean"), ("estado", "string"),
           ("viene_de", "string")),
    PERSON: (),
    ROLE: (("nombre", "string"),),
    DOCUMENT: (("bytes", "integer"), ("medio", "string"), ("sha256", "string"), ("tipo", "string")),
    APPLICATION: (("nombre", "string"),),
    PROCESS: (("nombre", "string"), ("version", "string"), ("sha256", "string")),
}  # fmt: skip
_EVENT = (
    ("registrado", "time"), ("clase", "string"), ("paso", "string"), ("indice", "integer"), ("via", "string"),
    ("eleccion", "string"), ("hoja", "string"),
)  # fmt: skip


class EventLog:
    """Filled case by case. Memory: the names of activities, people, roles, applications and processes."""

    def __init__(self) -> None:
        self._objects, self._events = Spool(_SPOOL), Spool(_SPOOL)
        self._activities: set[str] = set()
        self._shared: dict[str, dict[str, Json]] = {}
        self.count = 0

    def add(self, record: CaseRecord) -> None:
        """One more case."""
        definition, state = record.definition, record.state
        process = f"{PROCESS}:{definition.label}"
        self._share(
            process, PROCESS, nombre=definition.name.es, version=definition.version, sha256=definition.digest
        )
        values: dict[str, Json] = {
            "abierto": state.opened_at,
            "cerrado": state.closed,
            "completo": state.complete,
            "estado": definition.status_name(state.status).es,
        }
        if state.parent:
            values["viene_de"] = state.parent  # a name, no link: that case may lie outside the package
        self._object(record.folio, CASE, values, state.opened_at, [_link(process, "se rige por")])
        for row in record.entries:
            self._entry(record, row)

    def parts(self) -> Iterator[bytes]:
        """The file's bytes in pieces."""
        objects: list[Json] = [
            {"name": name, "attributes": [{"name": one, "type": kind} for one, kind in attributes]}
            for name, attributes in _TYPES.items()
        ]
        events: list[Json] = [
            {"name": name, "attributes": [{"name": one, "type": kind} for one, kind in _EVENT]}
            for name in sorted(self._activities)
        ]
        yield f'{{"objectTypes":{_json(objects)},"eventTypes":{_json(events)},"objects":['.encode()
        yield from self._objects.pieces()
        shared = [found for _, found in sorted(self._shared.items())]
        if shared:
            yield b",\n" if not self._objects.empty else b"\n"
            yield ",\n".join(map(_json, shared)).encode()
        yield b'],"events":['
        yield from self._events.pieces()
        yield b"]}\n"

    def close(self) -> None:
        """Release the spools."""
        self._objects.close()
        self._events.close()

    def _entry(self, record: CaseRecord, row: EntryRow) -> None:
        definition = record.definition
        step = definition.by_step.get(row.step)
        activity = f"{definition.process} {step.code} {step.name.es}" if step else kind_words(row.kind)[0]
        self._activities.add(activity)
        role = f"{ROLE}:{row.role}"
        known = definition.by_role.get(row.role)
        self._share(role, ROLE, nombre=known.name.es if known else row.role)
        self._share(f"{PERSON}:{row.actor}", PERSON)
        links: list[Json] = [
            _link(record.folio, "caso"),
            _link(f"{PERSON}:{row.actor}", "quien registra"),
            _link(role, "en el rol"),
        ]
        for number, item in enumerate(row.files, 1):
            key = f"{DOCUMENT}:{record.folio}/{row.seq}/{number}"
            self._document(key, item, row, record.folio)
            links.append(_link(key, "evidencia"))
        links += [_link(key, "se mueve en") for key in self._applications(definition, row.step)]
        values: dict[str, Json] = {
            "registrado": row.at, "clase": row.kind, "paso": row.step, "indice": row.index, "via": row.via,
            "eleccion": row.choice, "hoja": row.leaf,
        }  # fmt: skip
        event: dict[str, Json] = {
            "id": f"{record.folio}/{row.seq}",
            "type": activity,
            "time": row.occurred_at or row.at,
            "attributes": [{"name": name, "value": value} for name, value in values.items() if value != ""],
            "relationships": links,
        }
        self._write(self._events, event)
        self.count += 1

    def _document(self, key: str, item: FileItem, row: EntryRow, folio: str) -> None:
        values: dict[str, Json] = {
            "bytes": item.size, "medio": item.media, "sha256": item.sha256, "tipo": item.type
        }  # fmt: skip
        self._object(key, DOCUMENT, values, row.at, [_link(folio, "del caso")])

    def _applications(self, definition: Definition, code: str) -> list[str]:
        """What the step moves: the systems whose status the definition follows."""
        step = definition.by_step.get(code)
        if step is None:
            return []
        effects = (*step.effects, *(effect for branch in step.branches for effect in branch.effects))
        found = sorted({effect.machine for effect in effects})
        for machine in found:
            name = definition.by_machine[machine].name.es
            self._share(f"{APPLICATION}:{definition.process}/{machine}", APPLICATION, nombre=name)
        return [f"{APPLICATION}:{definition.process}/{machine}" for machine in found]

    def _share(self, key: str, kind: str, **values: str) -> None:
        if key not in self._shared:
            self._shared[key] = _object(key, kind, dict(values), "1970-01-01T00:00:00Z", [])

    def _object(self, key: str, kind: str, values: dict[str, Json], at: str, links: list[Json]) -> None:
        self._write(self._objects, _object(key, kind, values, at, links))

    def _write(self, spool: Spool, value: Json) -> None:
        spool.write(("\n" if spool.empty else ",\n") + _json(value))


def _object(key: str, kind: str, values: Mapping[str, Json], at: str, links: list[Json]) -> dict[str, Json]:
    told: list[Json] = [
        {"name": name, "value": value, "time": at} for name, value in values.items() if value != ""
    ]
    return {"id": key, "type": kind, "attributes": told, "relationships": links}


def _link(key: str, qualifier: str) -> dict[str, Json]:
    return {"objectId": key, "qualifier": qualifier}


_json = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode
