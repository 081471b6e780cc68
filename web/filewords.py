"""Words for what is told about the inside of a file: the closed lists of `documents.refusals`, for people."""

from __future__ import annotations

from collections.abc import Mapping

from web.i18n import N_, gettext

PLACES: Mapping[str, str] = {
    "text": N_("el texto"),
    "subject": N_("el asunto"),
    "body": N_("el cuerpo del correo"),
    "page": N_("la página"),
    "cell": N_("la celda"),
    "sheet": N_("la hoja"),
    "attachment": N_("el adjunto"),
    "picture": N_("la imagen"),
}
"""Where something was found, by the first word of ``place``."""

PARTS: Mapping[str, str] = {
    "javascript": N_("JavaScript"),
    "launch": N_("órdenes que abren programas"),
    "embedded_files": N_("archivos incrustados"),
    "xfa": N_("un formulario XFA"),
    "remote_action": N_("acciones hacia otros sitios"),
    "external_content": N_("contenido que se trae de otro sitio"),
    "dde": N_("fórmulas que abren programas"),
    "pages": N_("páginas"),
    "objects": N_("objetos"),
    "pixels": N_("pixeles"),
    "frames": N_("cuadros"),
    "members": N_("archivos por dentro"),
    "unpacked_bytes": N_("bytes al descomprimirlo"),
    "ratio": N_("veces su tamaño al descomprimirlo"),
    "sheets": N_("hojas"),
    "rows": N_("renglones"),
    "columns": N_("columnas"),
    "cells": N_("celdas"),
    "headers": N_("encabezados"),
    "header_bytes": N_("bytes de encabezados"),
    "parts": N_("partes"),
    "depth": N_("niveles de anidamiento"),
}
"""What there is, or is too much of, by ``what``."""


KINDS: Mapping[str, str] = {
    "zip": N_("un archivo comprimido"),
    "pdf": N_("un PDF"),
    "html": N_("una página web"),
    "unknown": N_("otra cosa"),
}
"""What a file is besides, by ``also``."""


def kind_words(also: str) -> str:
    """A word of `KINDS`; what is not in the list stays as it is."""
    return gettext(KINDS[also]) if also in KINDS else also


def place_words(place: str) -> str:
    """``page 3`` as people say it; what is not in the list stays as it is."""
    kind, _, which = place.partition(" ")
    return f"{gettext(PLACES[kind])} {which}".strip() if kind in PLACES else place


def part_words(what: str) -> str:
    """A word of `PARTS`; what is not in the list stays as it is."""
    return gettext(PARTS[what]) if what in PARTS else what
