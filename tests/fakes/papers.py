"""Small true files for tests: what people send, made from nothing."""

from __future__ import annotations

import io
from email.message import EmailMessage

import pypdf
from PIL import Image


def png(colour: int = 80, size: tuple[int, int] = (40, 30)) -> bytes:
    """A screenshot of one colour."""
    stream = io.BytesIO()
    Image.new("RGB", size, (colour, 120, 160)).save(stream, "PNG")
    return stream.getvalue()


def pdf(pages: int = 1) -> bytes:
    """A letter of blank pages."""
    writer = pypdf.PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(612, 792)
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def eml(subject: str = "Recibido", body: str = "Hola, quedó recibido.") -> bytes:
    """A mail."""
    mail = EmailMessage()
    mail["From"] = "Ana <ana@desk.example>"
    mail["To"] = "juan@promotoria.example"
    mail["Date"] = "Tue, 03 Mar 2026 09:30:00 -0600"
    mail["Subject"] = subject
    mail.set_content(body)
    return mail.as_bytes()
