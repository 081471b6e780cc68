"""What is said when a file is not taken: the rows of `web.messages.FILES`."""

# ruff: noqa: E501 - one message a line reads as a table

from __future__ import annotations

from collections.abc import Mapping

from web.i18n import N_
from web.message import Message

FILES: Mapping[str, Message] = {
    "empty": Message(422, N_("«%(name)s» está vacío."), N_("Vuelve a guardarlo o a descargarlo y súbelo de nuevo.")),
    "too_large": Message(413, N_("«%(name)s» pesa %(size)s; el máximo es %(limit)s."), N_("Divídelo, comprímelo o baja la resolución del escaneo.")),
    "type_not_allowed": Message(422, N_("«%(name)s» es de un tipo que no se admite (%(found)s)."), N_("Se admiten PDF, Excel .xlsx, imágenes, correos .eml o .msg y texto.")),
    "content_mismatch": Message(422, N_("«%(name)s» dice ser %(extension)s pero su contenido es %(found)s."), N_("Sube el archivo original, con su nombre verdadero.")),
    "truncated": Message(422, N_("«%(name)s» está incompleto."), N_("Vuelve a descargarlo y súbelo de nuevo.")),
    "damaged": Message(422, N_("«%(name)s» está dañado y no se puede abrir."), N_("Ábrelo en tu equipo, guárdalo de nuevo y súbelo.")),
    "encrypted": Message(422, N_("«%(name)s» está protegido con contraseña."), N_("Guarda una copia sin protección: la evidencia debe poder abrirse dentro de años.")),
    "macros": Message(422, N_("«%(name)s» contiene macros."), N_("Guárdalo como .xlsx sin macros.")),
    "active_content": Message(422, N_("«%(name)s» contiene partes que se ejecutan (%(what)s)."), N_("Imprímelo a un PDF nuevo y sube ése.")),
    "polyglot": Message(422, N_("«%(name)s» se puede leer de dos maneras: como %(family)s y como %(also)s."), N_("Ábrelo en tu equipo, guárdalo de nuevo y sube esa copia.")),
    "xml_declarations": Message(422, N_("«%(name)s» contiene declaraciones XML que no se admiten."), N_("Ábrelo en Excel y guárdalo de nuevo como .xlsx.")),
    "over_limit": Message(422, N_("«%(name)s» es demasiado grande por dentro (%(what)s: %(found)s; máximo %(limit)s)."), N_("Divídelo en archivos menores.")),
    "secret_found": Message(422, N_("«%(name)s» parece contener una contraseña (%(word)s, en %(place)s); no se guardó."), N_("Sube una copia testada y, si la contraseña es real, pide que se cambie.")),
    "malware": Message(422, N_("El antivirus reconoció algo dañino en «%(name)s» (%(found)s); no se guardó."), N_("No lo abras ni lo reenvíes; avisa a seguridad informática y pide el archivo a su autor otra vez.")),
    "too_costly": Message(422, N_("Leer «%(name)s» lleva demasiado trabajo."), N_("Ábrelo en tu equipo, guárdalo de nuevo y súbelo.")),
}  # fmt: skip
"""Refusals of files, by the codes of `documents.refusals.REFUSAL_FIELDS`."""
