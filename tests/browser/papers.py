"""Small real files that a specialist would have at hand: letters, screenshots, mails, the request sheet."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import openpyxl
from PIL import Image, ImageDraw

PERSON = {
    "nombre": "María Fernanda Ruiz Ortega",
    "rfc": "RUOM900215AB1",
    "correo": "maria.ruiz@promotoria.example",
    "zona": "CDMX",
    "paquete": "1",
    "promotoria": "Promotoría Alameda",
}


def picture(text: str, size: tuple[int, int] = (640, 360)) -> Image.Image:
    """A picture with a line of text on it."""
    image = Image.new("RGB", size, "#f6f4ee")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, size[0], 36), fill="#0c3b3a")
    draw.text((16, 12), "CAM Pegasus", fill="#ffffff")
    draw.text((16, 64), text, fill="#1a2325")
    return image


def png(text: str) -> bytes:
    """A screenshot."""
    buffer = io.BytesIO()
    picture(text).save(buffer, "PNG")
    return buffer.getvalue()


class Papers:
    """Writes files into a folder and gives their paths."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def shot(self, name: str) -> Path:
        """A screenshot as PNG."""
        return self._write(f"{name}.png", png(name))

    def letter(self, name: str, pages: int = 1) -> Path:
        """A letter as PDF."""
        buffer = io.BytesIO()
        sheets = [picture(f"{name}, {number + 1}", (850, 1100)) for number in range(pages)]
        sheets[0].save(buffer, "PDF", save_all=True, append_images=sheets[1:])
        return self._write(f"{name}.pdf", buffer.getvalue())

    def mail(self, subject: str, sent: datetime | None = None) -> Path:
        """A mail that was sent, a minute ago if no moment is given."""
        sent = sent or datetime.now(UTC) - timedelta(minutes=1)
        message = EmailMessage()
        message["From"] = "Mesa de Ayuda <mesa@desk.example>"
        message["To"] = "Martha Captura <martha@desk.example>"
        message["Subject"] = subject
        message["Date"] = format_datetime(sent)
        message["Message-ID"] = f"<{abs(hash(subject))}@desk.example>"
        message.set_content(f"Buen día:\n\n{subject}.\n\nSaludos,\nMesa de Ayuda\n")
        return self._write(f"{subject}.eml", message.as_bytes())

    def sheet(self, name: str, *rows: dict[str, str]) -> Path:
        """The request sheet; one row a person, `PERSON` if none is given."""
        book = openpyxl.Workbook()
        page = book.active
        assert page is not None
        page.append(["Nombre completo", "RFC", "Correo electrónico", "Zona", "Paquete", "Promotoría"])
        for row in rows or (PERSON,):
            page.append([row[key] for key in ("nombre", "rfc", "correo", "zona", "paquete", "promotoria")])
        buffer = io.BytesIO()
        book.save(buffer)
        return self._write(f"{name}.xlsx", buffer.getvalue())

    def html_called_pdf(self) -> Path:
        """A web page that says it is a PDF."""
        return self._write("carta.pdf", b"<!doctype html><title>Carta</title><p>No soy un PDF</p>")

    def _write(self, name: str, data: bytes) -> Path:
        path = self._folder / name
        path.write_bytes(data)
        return path
