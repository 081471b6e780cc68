"""The package's first page: what it is, how to check it, and its cases by process. Streamed: any number of cases."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence

from audit_exports import layout
from audit_exports.casepage import complete_chip, status_chip
from audit_exports.irregular import GROUPS, Irregularity
from audit_exports.markup import Content, Markup, both, href, tag
from audit_exports.pages import count, fact, moment, page, search_box, who
from audit_exports.record import CaseRecord, PackageFacts, Totals
from audit_exports.words import size_words
from audit_exports.zipwriter import CHUNK

_SPOOL = 4 << 20
_PLACE = "<!--casos-->"


class IndexPage:
    """Filled case by case, in the order of their folios."""

    def __init__(self, *, masked: bool = False) -> None:
        self._masked = masked
        self._cards = tempfile.SpooledTemporaryFile(_SPOOL)  # noqa: SIM115 - closed by close()
        self._process = ""
        self._names: dict[str, tuple[str, str]] = {}
        self._groups: set[str] = set()

    def add(self, record: CaseRecord, found: Sequence[Irregularity]) -> None:
        """One more case; a change of process opens its section."""
        if record.definition.process != self._process:
            self._cards.write(self._section(record).encode())
            self._process = record.definition.process
            self._names[self._process] = (record.definition.name.es, record.definition.name.en)
        self._groups.update(item.group for item in found)
        self._cards.write(_card(record, found).encode())

    def parts(self, facts: PackageFacts, totals: Totals) -> Iterator[bytes]:
        """The page's bytes in pieces."""
        filters = _filters(self._names, [group for group in GROUPS if group in self._groups])
        main = [_lead(facts, totals, masked=self._masked), filters, Markup(_PLACE)]
        head, _, tail = page("Paquete de auditoría", main, facts).partition(_PLACE.encode())
        yield head
        self._cards.seek(0)
        while chunk := self._cards.read(CHUNK):
            yield chunk
        if self._process:
            yield b"</ul></section>"
        yield tail

    def close(self) -> None:
        """Release the spool."""
        self._cards.close()

    def _section(self, record: CaseRecord) -> str:
        name = record.definition.name
        heading = tag(
            "h2", f"{record.definition.process} · ", both(name.es, name.en), id=record.definition.process
        )
        end = "</ul></section>" if self._process else ""
        return f'{end}<section data-grupo>{heading}<ul class="tarjetas">'


def _card(record: CaseRecord, irregular: Sequence[Irregularity]) -> Markup:
    state = record.state
    done, total = state.done_and_total()
    files = [item.name for _, item in record.files()]
    chips: list[Content] = [status_chip(record), complete_chip(record)]
    if irregular:
        words = count(len(irregular), ("excepción", "excepciones"), ("exception", "exceptions"))
        chips.append(tag("span", words, class_="chip wait"))
    people = sorted({record.name_of(actor) for row in record.entries for actor in row.people})
    found = people + [value for row in record.entries for _, value in row.data] + files
    return tag(
        "li",
        tag("a", record.title or record.folio, href=href(layout.case_page_path(record.folio))),
        tag("p", record.folio, " · ", moment(state.opened_at), " · ",
            who(record.roster.person(record.entries[0].actor))),
        tag("p", both(f"{done} de {total} pasos", f"{done} of {total} steps"), " · ",
            count(len(record.entries), ("entrada", "entradas"), ("entry", "entries")), " · ",
            count(len(files), ("archivo", "archivos"), ("file", "files"))),
        tag("div", chips, class_="chips"),
        class_="hallable",
        data_proceso=record.definition.process,
        data_estado=f"{'cerrado' if state.closed else 'abierto'} {'completo' if state.complete else 'incompleto'}",
        data_excepcion=" ".join(sorted({item.group for item in irregular})) or "ninguna",
        data_texto=" ".join(found)[:4000],
    )  # fmt: skip


def _filters(names: dict[str, tuple[str, str]], groups: Sequence[str]) -> Markup:
    """Choices over process, state and exceptions; hidden until the script makes them work."""
    states = (
        ("abierto", ("Abiertos", "Open")),
        ("cerrado", ("Cerrados", "Closed")),
        ("completo", ("Expediente completo", "File complete")),
        ("incompleto", ("Expediente incompleto", "File incomplete")),
    )
    told = [("ninguna", ("Sin excepciones", "Without exceptions"))]
    told += [(group, GROUPS[group]) for group in groups]
    processes = [
        (code, (f"{code} · {spanish}", f"{code} · {english}")) for code, (spanish, english) in names.items()
    ]
    return tag(
        "div",
        _choice("proceso", ("Proceso", "Process"), ("Todos los procesos", "All processes"), processes),
        _choice("estado", ("Estado", "State"), ("Cualquier estado", "Any state"), states),
        _choice(
            "excepcion",
            ("Excepciones", "Exceptions"),
            ("Con o sin excepciones", "With or without exceptions"),
            told,
        ),
        class_="filtros",
        hidden=True,
    )


def _choice(
    name: str, label: tuple[str, str], any_: tuple[str, str], options: Sequence[tuple[str, tuple[str, str]]]
) -> Markup:
    rows = [("", any_), *options]
    chosen = [
        tag("option", words[0], value=value, data_es=words[0], data_en=words[1]) for value, words in rows
    ]
    return tag("label", tag("span", both(*label)), tag("select", chosen, data_filtra=name))


def _lead(facts: PackageFacts, totals: Totals, *, masked: bool) -> Content:
    scope = facts.scope
    what = ", ".join(scope.processes + scope.folios)
    period = f"{scope.start or '…'} – {scope.end or '…'}" if scope.start or scope.end else ""
    cards = [
        fact(both("Casos", "Cases"), totals.cases, what or both("todos los procesos", "all processes")),
        fact(
            both("Entradas selladas", "Sealed entries"),
            totals.entries,
            period or both("todo el periodo", "whole period"),
        ),
        fact(both("Archivos de evidencia", "Evidence files"), totals.files, size_words(totals.file_bytes)),
        fact(both("Estado a la fecha", "State as of"), moment(facts.as_of)),
        fact(
            both("Punto de control", "Checkpoint"),
            facts.size,
            both("entradas de la bitácora", "entries of the log"),
        ),
        fact(
            both("Bitácora y raíz firmada", "Log and signed root"),
            [facts.origin, " · ", facts.root],
            long=True,
        ),
    ]
    return [
        tag("h1", both("Paquete de auditoría", "Audit package")),
        *_ways(),
        _mask() if masked else None,
        tag("dl", cards, class_="datos"),
        search_box(
            "hallable", "Buscar por folio, persona, DSN o archivo", "Search by folio, person, DSN or file"
        ),
    ]


def _mask() -> Markup:
    text = both(
        "Los términos del encargo reservan los datos personales: no vienen lo que se escribió, los archivos ni los "
        "nombres, salvo de entradas abiertas una por una. Entradas, pruebas, estados y huellas están completos.",
        "The engagement's terms mask personal data: what was typed, files and names are not here, except of entries "
        "opened one by one. Entries, proofs, states and digests are whole.",
    )
    return tag("p", text, class_="aviso")


def _ways() -> list[Content]:
    """Where else to go from here."""
    warning = both(
        "Lo que aquí se lee todavía no está verificado. Verifíquelo sin red, con una llave obtenida por otro medio: ",
        "What you read here is not verified yet. Verify it offline, with a key you obtained by other means: ",
    )
    book = tag("a", "workbook.xlsx", href=layout.WORKBOOK)
    return [
        tag("p", both("Casos, evidencia y pruebas. Se abre sin red; las tablas están en ",
                      "Cases, evidence and proofs. Opens without a network; the tables are in "), book, ".",
            class_="entrada-lead"),
        tag("p", both("El informe para firmar: ", "The report to sign under: "),
            tag("a", layout.REPORT, href=layout.REPORT),
            both(". Quién es quién, y con qué roles: ", ". Who is who, and in which roles: "),
            tag("a", both("Personas", "People"), href=layout.PEOPLE),
            both(". Registro de eventos OCEL 2.0: ", ". OCEL 2.0 event log: "),
            tag("a", layout.EVENT_LOG, href=layout.EVENT_LOG), "."),
        tag("p", warning, tag("a", "LEEME.html", href=layout.README), class_="aviso"),
    ]  # fmt: skip
