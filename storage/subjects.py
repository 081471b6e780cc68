"""What stands about people beside the ledger: mails, requests behind links, drafts; all of it, for who asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Engine, select

from storage.account_tables import draft
from storage.database import reading
from storage.link_tables import link_request
from storage.mail_tables import incoming_mail, outgoing_mail


@dataclass(frozen=True, slots=True)
class BesideRow:
    """A row that may speak of somebody. ``source`` is ``arrived``, ``outgoing``, ``link`` or ``draft``.

    ``at`` is a ledger time, ``folio`` its case (``""``: none yet), ``texts`` what it says, by name.
    """

    source: str
    id: str
    folio: str
    at: str
    texts: tuple[tuple[str, str], ...]


class SqlSubjectRows:
    """Streams those rows; nothing is kept of what was read."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rows(self) -> Iterator[BesideRow]:
        """Every row of every source. Raises `StoreUnavailable`."""
        mail, sent, link = incoming_mail.c, outgoing_mail.c, link_request.c
        arrived = select(
            mail.id, mail.case_id, mail.arrived_at, mail.about, mail.facts, mail.answer, mail.note
        )
        outgoing = select(sent.id, sent.case_id, sent.created_at, sent.body, sent.addressed, sent.detail)
        links = select(link.id, link.folio, link.created_at, link.name, link.note, link.details)
        drafts = select(draft.c.id, draft.c.folio, draft.c.updated_at, draft.c.fields)
        asked = (("arrived", arrived), ("outgoing", outgoing), ("link", links), ("draft", drafts))
        for source, wanted in asked:
            with reading(self._engine) as connection:
                for row in connection.execute(wanted.execution_options(yield_per=200)):
                    told = row._asdict()
                    place, folio, at = list(told.values())[:3]
                    texts = tuple((name, _text(value)) for name, value in list(told.items())[3:] if value)
                    yield BesideRow(source, str(place), str(folio), str(at), texts)


def _text(value: object) -> str:
    """A column as text; bytes that are no UTF-8 are read as far as they are."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
