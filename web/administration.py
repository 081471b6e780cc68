"""What pages and commands of administration have in common: papers of appointment, publishing with its consequences."""

from __future__ import annotations

from typing import BinaryIO

from evidence.entry import SealedEntry
from identity.access import ACCESS_CASE
from identity.contacts import Contact
from identity.posts import Paper
from web.wiring import House
from workflows.catalogues import HOLIDAYS
from workflows.commands import Upload
from workflows.errors import EvidenceNotAccepted
from workflows.published import PublishCatalogue
from workflows.uploads import prepare

_PAPERS = ("pdf", "image")


def paper_of(house: House, stream: BinaryIO, name: str) -> Paper:
    """Read and store a document of appointment.

    Raises:
        documents.refusals.FileRefused: it cannot be taken. EvidenceNotAccepted: neither PDF nor image.
    """
    file = prepare((Upload(name, stream),), None, house.documents, 1)[0]
    if file.family not in _PAPERS:
        raise EvidenceNotAccepted(name=file.name, step="", accepted="PDF, PNG, JPEG")
    file.stream.seek(0)
    return Paper(house.blobs.put(file.stream, media=file.media, case=ACCESS_CASE), file.name)


def publish(house: House, command: PublishCatalogue) -> SealedEntry:
    """Publish a list; days off also move what still runs in every list of cases."""
    sealed = house.catalogue_desk.publish(command)
    if command.code == HOLIDAYS:
        house.cases.recount()
    return sealed


def named(house: House, actor: str) -> str:
    """The name of an account or a contact, ``""`` for an id nobody knows."""
    user = house.accounts.get(actor, house.clock())
    if user is not None:
        return user.name
    contact: Contact | None = house.directory.contact(actor)
    return contact.name if contact is not None else ""
