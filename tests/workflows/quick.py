"""A reader that believes file names, for tests that record thousands of steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from documents.inspection import Inspection
from documents.request_form import AccountRequest, FormReading
from documents.row_sheets import RowsReading
from evidence.canonical import Json
from tests.workflows.desk import PERSON
from workflows.readers import DirectReader

_MEDIA = {
    "png": ("image/png", "image"),
    "pdf": ("application/pdf", "pdf"),
    "eml": ("message/rfc822", "eml"),
    "csv": ("text/csv", "text"),
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

    def rows(self, stream: BinaryIO, *, form: str, name: str) -> RowsReading:
        """Sheets of rows are read in earnest: what they say is the point of them."""
        return DirectReader().rows(stream, form=form, name=name)

    def paper(self, stream: BinaryIO, *, name: str) -> dict[str, Json]:  # noqa: ARG002 - the port's
        """Nothing: without parsers nothing is read off a letter."""
        return {}

    def final_rows(self, stream: BinaryIO, words: Mapping[str, Sequence[int]], *, name: str) -> bytes:
        """As `rows`."""
        return DirectReader().final_rows(stream, words, name=name)
