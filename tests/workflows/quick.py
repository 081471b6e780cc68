"""A reader that believes file names, for tests that record thousands of steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import BinaryIO

from documents.inspection import Inspection
from documents.request_form import AccountRequest, FormReading
from tests.workflows.desk import PERSON

_MEDIA = {
    "png": ("image/png", "image"),
    "pdf": ("application/pdf", "pdf"),
    "eml": ("message/rfc822", "eml"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
}


@dataclass
class QuickReader:
    """A `workflows.ports.DocumentReader` without parsers; the request sheet always holds `PERSON` and ``others``."""

    others: dict[str, str] = field(default_factory=dict)

    def inspect(self, stream: BinaryIO, *, name: str) -> Inspection:
        """By the name's extension."""
        stream.seek(0)
        extension = name.rpartition(".")[2]
        media, family = _MEDIA[extension]
        return Inspection(media, family, extension, {}, (), name)

    def account_requests(self, stream: BinaryIO, *, name: str) -> FormReading:
        """The one person."""
        stream.seek(0)
        person = {**PERSON, **self.others}
        names = ("nombre", "rfc", "correo", "zona", "paquete")
        row = AccountRequest(row=2, **{item: person[item] for item in names})
        return FormReading(name, (row,), (), ())
