"""What is taken for a password and what is not: a corpus, its disguises, and every way a file can say one."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents import FileRefused, inspect
from documents.inspection import text_of
from documents.secrets_scan import announces, scan

ROOT = Path(__file__).resolve().parents[2]

TOLD = (
    "Contraseña: Abc123", "contrasena=Abc123", "Su PASSWORD : hola", "pwd=x1", "NIP: 4821", "PIN:0000",
    "Contraseña de acceso: Verano", "contraseña (temporal): Verano", "Contraseña:\nVerano2026",
    "Contraseña :\r\n\r\n  Abc123", "contraseña\n: Abc9", "usuario: ana password: Abc", "user: ana pass: Abc123",
    "La contraseña es Verano2026!", "el NIP es 4821", "contraseña: es Verano2026", "Contraseñas: Abc123, Def456",
    "password => Abc", 'pwd := "abc"', "contraseña → Verano26", "CONTRASEÑA:Bienvenido", "Contraseña: Cambiame",
    "Contraseña para el portal de MetLife: Abc123!", "Usuario\tContraseña\nana\tVerano2026", "Contraseña\tVerano2026",
    "contrase?a: Abc123", "contraseÃ±a: Abc123", "db_password='x1'", "contraseña:Verano.", "password: hola. Saludos",
)  # fmt: skip
"""Texts that tell a secret."""

HONEST = (
    "contraseña: la cambió el usuario", "NIP: pendiente", "Contraseña: ****", "password: [testado]",
    "Contraseña: se entrega por separado", "contraseña: (se entrega aparte)", "Contraseña: entregada en mano",
    "contraseña: restablecida por el usuario", "Contraseña: vence el 2026-12-01", "Contraseña: 2026-11-30",
    "Restablecimiento de contraseña: MA-006-2026-000123", "Restablecer contraseña: ana@promotoria.example",
    "Contraseña: 8 caracteres mínimo", "Política de contraseñas: mínimo 12 caracteres", "NIP: 4 dígitos",
    "Usuario y contraseña: se entregan por teléfono", "Cambie su contraseña:\nsaludos cordiales",
    "La contraseña es personal e intransferible", "La contraseña es de uso personal.", "boarding pass: next gate",
    "Pide que cambie la contraseña al primer acceso: cambio obligatorio", "Password: reset", "PIN: cambio solicitado",
    "Olvidó su contraseña. Motivo: vacaciones", "Cambio de contraseña: ver artículo 12", "pruebas: pass",
    "¿Qué es el NIP? Ver: anexo", "contraseñas: 1) no se comparten", "Nunca comparta su contraseña",
    "contraseña no compartida: véase abajo", "opinión: buena", "shipping: 12", "pines: 3", "NIP: ____",
    "Usuario\tContraseña\tCorreo\nana\tentregada\tana@x.example", "Contraseña\t[testado]\nCorreo\tana@x.example",
    "Contraseña\tOK\nAplicación\tCAM Pegasus", "Al entrar elija su contraseña: sirve una sola vez",
    "Contraseña: https://portal.example/restablecer", "Contraseña actualizada: 10:35 h", "Clave de agente: 104233",
    "clave: 104233", "La clave del agente es 20451", "CLAVE;NOMBRE\n104233;Ana", "Contraseña: bloqueada por intentos",
    "Motivo: contraseña vencida", "reseteo de contraseña; folio MA-007-2026-000045", "Asunto: nueva contraseña",
    "Contraseña: sí, la recibió", "Contraseña: generada por MetLife", "No recuerda NIP: llamó a las 9:30",
)  # fmt: skip
"""Texts a help desk writes every day."""


def _stopped(text: str) -> bool:
    return any(finding.blocks for finding in scan(text))


@pytest.mark.parametrize("text", TOLD)
def test_a_secret_that_is_told_is_found(text: str) -> None:
    """Every text of the corpus that tells a secret is stopped."""
    assert _stopped(text)


@pytest.mark.parametrize("text", HONEST)
def test_an_honest_text_is_not_stopped(text: str) -> None:
    """No text of the corpus that tells none is stopped: nobody learns to look away."""
    assert not _stopped(text)


def test_a_bare_clave_warns() -> None:
    """«clave» is a name as often as a secret: the person is told, and decides."""
    assert [(finding.word, finding.blocks) for finding in scan("clave: 104233")] == [("clave", False)]


def test_guides_mails_and_letters_of_the_house_are_honest() -> None:
    """What the house itself writes in Spanish for people can be evidence: none of it is stopped."""
    pages = [
        *ROOT.glob("docs/guias/*.md"),
        *ROOT.glob("templates/email/**/*.html"),
        *ROOT.glob("templates/messages/**/*.*"),
    ]
    texts = {page: page.read_text() for page in pages if page.is_file()}
    assert len(texts) > 20
    assert [str(page) for page, text in texts.items() if _stopped(text)] == []


def test_a_line_of_ever_so_many_labels_ends() -> None:
    """Half a million cells that announce something and hold nothing are looked at once each."""
    assert list(scan("pin\t" * 200_000)) == []


_PARTS = st.sampled_from(["Contraseña", "PASSWORD", "pwd", "Nip", "pin", "contrasena", "passwd"])
_SIGNS = st.sampled_from(
    [":", "=", " : ", " =", "\u00a0:\u00a0", "：", ":\n", " :\r\n", "\n:", ":\n\n", "=>", ":="]
)
_TOKENS = st.sampled_from(["Verano2026!", "aB3$x", "x9", "Qwerty1", "k-29-zz", "7h7h7h", "Éxito#1"])
_HIDDEN = st.sampled_from(["\u200b", "\u00ad", "\u2060", "\ufeff", "\u200d", "\u202e"])
_WIDE = {
    ord(letter): ord(letter) + 0xFEE0 for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
}


@given(_PARTS, _SIGNS, _TOKENS, _HIDDEN, st.data())
def test_disguises_change_nothing(word: str, sign: str, token: str, hidden: str, data: st.DataObject) -> None:
    """Case, accents in pieces, wide letters, look-alikes, invisible characters and line breaks: the same secret."""
    at = data.draw(st.integers(1, len(word) - 1))
    told = data.draw(
        st.sampled_from(
            [
                word.upper(), word.lower(), unicodedata.normalize("NFD", word), word.translate(_WIDE),
                word.replace("a", "а").replace("o", "о"), word[:at] + hidden + word[at:],
            ]
        )
    )  # fmt: skip
    before = data.draw(st.sampled_from(["", "Hola,\n", "usuario: ana ", "1.\u00a0", "(", "«"]))
    assert _stopped(f"{before}{told}{sign}{token} y saludos")


@settings(max_examples=300)
@given(st.lists(st.sampled_from([*HONEST, "Saludos", "", "Ana Pérez"]), max_size=6))
def test_honest_texts_stay_honest_together(texts: list[str]) -> None:
    """Paragraphs of honest texts in any order are honest."""
    assert not _stopped("\n\n\n".join(texts))


@given(st.text(max_size=400))
def test_findings_hold_no_secret(text: str) -> None:
    """Whatever is scanned: a finding is a word of the list and a place, never the token."""
    for finding in scan(text):
        assert finding.word == finding.word.lower()
        assert finding.offset >= 0


@pytest.mark.parametrize(
    ("cell", "word"),
    [("Contraseña", "contraseña"), ("NIP:", "nip"), ("Contraseña temporal (inicial)", "contraseña"), ("pin ", "pin"),
     ("Clave", ""), ("Contraseña entregada a Juan por teléfono ayer", ""), ("Opinión", ""), ("", "")],
)  # fmt: skip
def test_labels(cell: str, word: str) -> None:
    """A label is a cell with the word and little else; «clave» announces nothing."""
    assert announces(cell) == word


SHEETS: dict[str, tuple[list[list[object]], str]] = {
    "beside": ([["Contraseña", "Verano"]], "cell S!B1"),
    "beside, an empty column between": ([["NIP:", None, "4821"]], "cell S!C1"),
    "below a heading": ([["Usuario", "Contraseña", "Zona"], ["ana", "Verano", "Norte"]], "cell S!B2"),
    "far below a heading": ([["Usuario", "Password"], ["ana", ""], ["eva", "Sol2026"]], "cell S!B3"),
    "below, one empty row between": ([["Contraseña"], [None], ["Sol2026"]], "cell S!A3"),
}


@pytest.mark.parametrize("case", SHEETS)
def test_secret_in_the_neighbouring_cell(make: SimpleNamespace, case: str) -> None:
    """A label in one cell and the secret in another: refused, and the cell is named."""
    rows, place = SHEETS[case]
    with pytest.raises(FileRefused) as caught:
        inspect(io.BytesIO(make.xlsx(rows, title="S")), name="a.xlsx")
    assert (caught.value.code, caught.value.fields["place"]) == ("secret_found", place)


@pytest.mark.parametrize(
    "rows",
    [
        [["Usuario", "ana"], ["Contraseña", "[testado]"], ["Correo", "ana@x.example"], ["Zona", "Norte"]],
        [["Usuario", "Contraseña", "Correo", "Zona"], ["ana", "entregada", "ana@x.example", "Norte"]],
        [["Contraseña", "Entregada en mano"], ["Recibió", "Ana Pérez"]],
        [["Usuario", "Contraseña"], ["ana", "****"], [None], [None], ["Firma", "Juan Ruiz Soto 2026"]],
    ],
)  # fmt: skip
def test_honest_sheets_pass(make: SimpleNamespace, rows: list[list[object]]) -> None:
    """Forms and lists that tell of passwords without telling them are taken."""
    assert inspect(io.BytesIO(make.xlsx(rows)), name="a.xlsx").family == "xlsx"


def test_secret_in_a_table_of_text() -> None:
    """CSV with its own delimiter, and lists with tabs."""
    for data, name in (
        ("usuario;contraseña\nana;Verano2026\n", "a.csv"),
        ('"usuario","contraseña"\n"ana","Verano2026"\n', "a.csv"),
        ("usuario\tNIP\nana\t4821\n", "a.txt"),
    ):
        with pytest.raises(FileRefused) as caught:
            inspect(io.BytesIO(data.encode()), name=name)
        assert caught.value.code == "secret_found"
    assert inspect(io.BytesIO("usuario;contraseña\nana;entregada\n".encode()), name="a.csv").family == "text"


def _mail(html: str = "", files: dict[str, bytes] | None = None, plain: str = "Va lo pedido.\n") -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@x.example", "b@x.example", "Datos"
    message.set_content(plain)
    if html:
        message.add_alternative(html, subtype="html")
    for name, data in (files or {}).items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def _docx(*paragraphs: str) -> bytes:
    said = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    table = "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Zona</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    parts = {
        "[Content_Types].xml": b"<x>wordprocessingml.document.main+xml</x>",
        "word/document.xml": f'<w:document xmlns:w="{space}"><w:body>{said}{table}</w:body></w:document>'.encode(),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name, part in parts.items():
            package.writestr(name, part)
    return buffer.getvalue()


def _mails(make: SimpleNamespace) -> dict[str, tuple[bytes, str]]:
    secret = "Contraseña: Verano2026!"
    inner = _mail(files={"nota.txt": secret.encode()})
    return {
        "HTML beside an innocent plain text": (_mail(f"<p>{secret}</p>"), "body"),
        "HTML table": (_mail("<table><tr><td>Contraseña</td><td>Verano2026</td></tr></table>"), "body"),
        "HTML, split by tags": (_mail("<p><b>Contra</b>seña<span>:</span> <i>Ver</i>ano2026</p>"), "body"),
        "text attached": (_mail(files={"a.txt": b"hola", "b.txt": secret.encode()}), "attachment 2"),
        "letter attached": (_mail(files={"c.pdf": make.pdf(secret)}), "attachment 1"),
        "workbook attached": (_mail(files={"c.xlsx": make.xlsx([["NIP", "4821"]])}), "attachment 1"),
        "document of Word attached": (_mail(files={"c.docx": _docx("Hola", secret)}), "attachment 1"),
        "mail attached as a file, with a file in it": (_mail(files={"m.eml": inner}), "attachment 1"),
        "text attached under a foreign name": (_mail(files={"datos.dat": secret.encode()}), "attachment 1"),
    }


@pytest.mark.parametrize("number", range(9))
def test_secret_anywhere_in_a_mail(make: SimpleNamespace, number: int) -> None:
    """Subject, plain text, HTML, and each attachment as a file of its own, Word documents included."""
    _case, (data, place) = list(_mails(make).items())[number]
    with pytest.raises(FileRefused) as caught:
        inspect(io.BytesIO(data), name="m.eml")
    assert (caught.value.code, caught.value.fields["place"]) == ("secret_found", place), _case
    assert "erano" not in str(caught.value)


def test_attachments_that_would_be_refused_are_told(make: SimpleNamespace) -> None:
    """The mail stays evidence as it came; each attachment that would not be taken by itself is marked with why."""
    script = make.edit_zip(make.xlsx(), {"xl/vbaProject.bin": b"x"})
    files = {
        "carta.pdf": make.pdf(), "macro.xlsx": script, "foto.png": b"<html><script>x</script></html>",
        "a.zip": make.edit_zip(make.xlsx(), {"[Content_Types].xml": None}), "carta.docx": _docx("Hola"),
        "winmail.dat": b"\x78\x9f\x3e\x22" + bytes(40), "mitad.pdf": make.pdf()[:-900], "vacio.txt": b"",
    }  # fmt: skip
    found = inspect(io.BytesIO(_mail(files=files)), name="m.eml")
    assert [item.get("refused", "") for item in found.about["attachments"]] == [
        "", "macros", "content_mismatch", "type_not_allowed", "type_not_allowed", "type_not_allowed", "truncated",
        "empty",
    ]  # fmt: skip
    assert set(found.warnings) == {"attachment_type", "attachment_refused"}


def test_mails_inside_mails_end() -> None:
    """Mails attached to mails are read half as deep each time; that the innermost were not is told."""
    data = _mail()
    for _level in range(12):
        data = _mail(files={"m.eml": data})
    assert inspect(io.BytesIO(data), name="m.eml").warnings == ("attachment_refused",)
    data = _mail(
        files={
            "a.eml": b"From: a@x.example\nTo: b@x.example\nMIME-Version: 1.0\n"
            + b"Content-Type: message/rfc822\n\n" * 15
        }
    )
    assert inspect(io.BytesIO(data), name="m.eml").warnings == ("attachment_refused",)


def test_a_sealed_mail_is_searched_without_its_attachments() -> None:
    """What searches is what the mail says; nothing is refused for it any more."""
    data = _mail("<p>Contraseña: Verano2026!</p>", {"a.txt": b"NIP: 4821"})
    assert "4821" not in text_of(io.BytesIO(data), name="m.eml")
