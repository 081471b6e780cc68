"""The frame of the reading pages: opens from disk, asks for nothing, allows no script and no style but its own."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files

from audit_exports.labels import Labels
from audit_exports.markup import HOLE, Content, Markup, Shape, both, href, render, source_hash, tag
from audit_exports.people import Naming, Person
from audit_exports.record import CaseRecord, EntryRow, FileItem, PackageFacts
from audit_exports.words import NAMINGS, size_words, when

_HERE = files("audit_exports") / "reader"  # also inside the verifier, which is one file
_TIME_SIGNS = 27  # of a ledger time; anything longer is not remembered
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


@cache
def _source(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def page(title: str, main: Content, facts: PackageFacts, *, up: str = "") -> bytes:
    """A whole page. ``up`` leads from its folder to ``data/``, such as ``../../``."""
    style, script = _source("style.css"), _source("reader.js")
    policy = (
        f"default-src 'none'; style-src {source_hash(style)}; script-src {source_hash(script)}; "
        "img-src 'self' file:; base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{title} · Constancia"),
        tag("style", Markup(style)),
    )
    body = tag(
        "body",
        tag("a", both("Ir al contenido", "Skip to content"), class_="salto", href="#contenido"),
        _bar(up),
        tag("main", main, id="contenido", tabindex="-1"),
        _foot(facts, up),
        tag("script", Markup(script)),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='es-MX')}\n".encode()


def moment(at: str, *, seconds: bool = False) -> Markup | None:
    """A ledger time, machine-readable beside."""
    return (_moment if len(at) <= _TIME_SIGNS else _moment.__wrapped__)(at, seconds) if at else None


@lru_cache(maxsize=1024)
def _moment(at: str, seconds: bool) -> Markup:
    return tag("time", when(at, seconds=seconds), datetime=at)


def count(number: int, spanish: tuple[str, str], english: tuple[str, str]) -> Markup:
    """A number of things, each language with its singular and plural."""
    one = number == 1
    return both(f"{number} {spanish[0 if one else 1]}", f"{number} {english[0 if one else 1]}")


@lru_cache(maxsize=256)
def chip(spanish: str, english: str, tone: str = "") -> Markup:
    """A small label; its words say all that its colour does."""
    return tag("span", both(spanish, english), class_=f"chip {tone}".strip())


def file_cards(row: EntryRow, labels: Labels, up: str) -> Content:
    """An entry's files: pictures are shown, everything else is a link."""
    cards = [_file_card(item, labels, up) for item in row.files]
    return _around("div", "archivos").fill(cards) if cards else None


def who(person: Person) -> Content:
    """A person's name with the id beside it; the id alone, and why, where the log has no name for it (any more)."""
    return _who(person.id, person.name, person.naming)


@lru_cache(maxsize=256)
def _who(actor: str, name: str, naming: Naming) -> Markup:
    if naming is Naming.SYSTEM:
        return render(name)
    mark = tag("span", actor, class_="mono")
    if naming is Naming.NAMED:
        return render([name, " · ", mark])
    return render([mark, " [", both(*NAMINGS[naming]), "]"])


def entry_meta(record: CaseRecord, row: EntryRow) -> Markup:
    """Who, in which role, when it happened and when it was recorded."""
    told: list[Content] = [row.seq, who(record.roster.person(row.actor)), row.role]
    if row.acting_for:
        told.append(who(record.roster.person(row.acting_for)))
    if row.via:
        told.append(row.via)
    if row.occurred_at:
        told.append(moment(row.occurred_at))
    shape = _meta(acting=bool(row.acting_for), via=bool(row.via), occurred=bool(row.occurred_at))
    return shape.fill(*told, moment(row.at))


@cache
def _meta(*, acting: bool, via: bool, occurred: bool) -> Shape:
    parts: list[Content] = [both("Entrada", "Entry"), f" {HOLE} · ", HOLE, f" ({HOLE})"]
    if acting:
        parts += [" ", both("por cuenta de", "acting for"), " ", HOLE]
    if via:
        parts += [" · ", both("vía", "via"), f" {HOLE}"]
    if occurred:
        parts += [" · ", both("ocurrió", "occurred"), " ", HOLE]
    parts += [" · ", both("se registró", "recorded"), " ", HOLE]
    return Shape(tag("p", parts, class_="meta"))


def entry_words(row: EntryRow, labels: Labels) -> list[Content]:
    """What people typed under the labels of their form, or why it is not there."""
    parts: list[Content] = []
    if row.payload == "erased":
        text = both(
            f"Contenido borrado: vea la entrada {row.erased_by}.",
            f"Content erased: see entry {row.erased_by}.",
        )
        parts.append(tag("p", text, class_="meta"))
    elif row.payload == "withheld":
        text = both(
            "Contenido reservado por los términos del encargo.", "Content withheld by the engagement's terms."
        )
        parts.append(tag("p", text, class_="meta"))
    elif row.payload == "blocked":
        text = both("Contenido bloqueado: se conserva y no se usa.", "Content blocked: kept, and not used.")
        parts.append(tag("p", text, class_="meta"))
    elif row.payload == "quarantined":
        text = both(
            "Contenido en cuarentena: nadie lo ve mientras se decide.",
            "Content in quarantine: nobody sees it until somebody decides.",
        )
        parts.append(tag("p", text, class_="meta"))
    elif row.payload == "destroyed":
        text = both(
            f"Contenido destruido en cuarentena: vea la entrada {row.erased_by}.",
            f"Content destroyed in quarantine: see entry {row.erased_by}.",
        )
        parts.append(tag("p", text, class_="meta"))
    if row.reason:
        parts.append(tag("p", both("Motivo", "Reason"), f": {row.reason}", class_="meta"))
    if row.note:
        parts.append(_around("p", "nota").fill(row.note))
    if row.data:
        pair = _pair()
        pairs = [pair.fill(labels.field(name), labels.value(name, value)) for name, value in row.data]
        parts.append(_around("dl", "campos").fill(pairs))
    return parts


@cache
def _around(name: str, kind: str) -> Shape:
    return Shape(tag(name, HOLE, class_=kind))


@cache
def _pair() -> Shape:
    return Shape(render([tag("dt", HOLE), tag("dd", HOLE)]))


def fact(label: Content, value: Content, small: Content = None, *, long: bool = False) -> Markup:
    """One card of a row of facts."""
    shown = tag("dd", value, tag("small", small) if small else None, class_="largo mono" if long else None)
    return tag("div", tag("dt", label), shown, class_="ancho" if long else None)


def table(heads: tuple[tuple[str, str], ...], rows: list[Markup], label: str) -> Markup:
    """A table that scrolls by itself on a narrow screen."""
    head = tag("thead", tag("tr", [tag("th", both(*words), scope="col") for words in heads]))
    return tag(
        "div",
        tag("table", head, tag("tbody", rows)),
        class_="tabla",
        tabindex="0",
        role="region",
        aria_label=label,
    )


def search_box(items: str, spanish: str, english: str) -> Markup:
    """A search field over elements with class ``items``; hidden until the script makes it work."""
    field = tag(
        "input",
        type="search",
        data_busca=f".{items}",
        data_es=spanish,
        data_en=english,
        aria_label=spanish,
        autocomplete="off",
        spellcheck="false",
    )
    label = tag("label", tag("span", both(spanish, english)), field, class_="buscar", hidden=True)
    return Markup(label + tag("p", class_="cuenta", data_cuenta=True, role="status"))


def _bar(up: str) -> Markup:
    language = tag("button", both("English", "Español"), type="button", data_hace="idioma")
    theme = tag("button", both("Claro / oscuro", "Light / dark"), type="button", data_hace="tema")
    name = tag("a", "Constancia", tag("small", both("Paquete de auditoría", "Audit package")),
               class_="marca", href=f"{up}index.html")  # fmt: skip
    return tag(
        "header", tag("div", name, tag("div", language, theme, class_="botones", hidden=True)), class_="barra"
    )


def _foot(facts: PackageFacts, up: str) -> Markup:
    text = both(
        "Esta página se lee; no prueba nada por sí misma. Verifique el paquete completo: ",
        "This page is for reading; it proves nothing by itself. Verify the whole package: ",
    )
    origin = tag("span", f"{facts.origin} · {facts.size}", class_="mono")
    return tag("footer", text, tag("a", "LEEME.html", href=f"{up}LEEME.html"), " · ", origin)


def _file_card(item: FileItem, labels: Labels, up: str) -> Markup:
    if item.withheld:
        return _withheld_card(item)
    link, picture = up + href(item.path), item.media in _PICTURES
    first = (link, link, item.name) if picture else (item.path.rpartition(".")[2].upper(),)
    slot = [labels.slot(item.slot), " · " if item.slot else None]
    size, digest = size_words(item.size), item.sha256
    return _card(picture=picture).fill(*first, link, item.name, item.media, slot, size, digest, digest[:16])


@cache
def _card(*, picture: bool) -> Shape:
    if picture:
        shown = tag("a", tag("img", src=HOLE, alt=HOLE, decoding="async"), href=HOLE, tabindex="-1")
    else:
        shown = tag("span", HOLE, class_="tipo", aria_hidden="true")
    about = tag("small", HOLE, HOLE, title=HOLE)
    digest = tag("small", f"SHA-256 {HOLE}…", class_="mono", title=HOLE)
    return Shape(tag("figure", shown, tag("figcaption", tag("a", HOLE, href=HOLE), about, digest)))


def _withheld_card(item: FileItem) -> Markup:
    """A file that stayed behind: what its sealed entry says of it."""
    shown = tag("span", "—", class_="tipo", aria_hidden="true")
    digest = tag("small", f"SHA-256 {item.sha256[:16]}…", class_="mono", title=item.sha256)
    about = tag("small", size_words(item.size), title=item.media)
    word = {
        "bloqueado": both("Archivo bloqueado", "File blocked"),
        "borrado": both("Archivo borrado", "File erased"),
        "en cuarentena": both("Archivo en cuarentena", "File in quarantine"),
        "destruido en cuarentena": both("Archivo destruido en cuarentena", "File destroyed in quarantine"),
    }.get(item.name, both("Archivo reservado", "File withheld"))
    return tag("figure", shown, tag("figcaption", word, about, digest))
