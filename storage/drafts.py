"""Drafts: what somebody typed and uploaded for a step and has not sealed. Rows here, files in the staging directory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, delete, func, insert, select, update

from evidence.canonical import Json
from evidence.entry import format_time
from storage.account_tables import draft, draft_file
from storage.accounts import changing
from storage.border import LostRace, translated
from storage.database import reading, writing


@dataclass(frozen=True, slots=True)
class DraftKey:
    """Whose draft, of which case (or ``nuevo-<process>``) and step."""

    user_id: str
    folio: str
    step: str


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A staged file: ``sha256`` (hex) and ``size`` of its bytes, ``about`` what the inspection read off it."""

    id: str
    name: str
    slot: str
    media: str
    family: str
    size: int
    sha256: str
    about: Mapping[str, Json]
    created_at: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as stored; ``id`` is fresh each time one is begun, and serves as the idempotency key of its submit."""

    id: str
    key: DraftKey
    fields: Mapping[str, Json]
    files: tuple[DraftFile, ...]
    updated_at: str


class DraftTooLarge(Exception):
    """One file more would pass a limit of the draft; ``code`` is ``draft_files`` or ``draft_bytes``."""

    def __init__(self, code: str, limit: int) -> None:
        super().__init__(f"{code} {limit}")
        self.code = code
        self.limit = limit


class SqlDrafts:
    """Drafts by user, case and step; every change is atomic and safe from several tabs at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, key: DraftKey) -> Draft | None:
        """The draft with its files in the order they came."""
        with reading(self._engine) as connection:
            row = connection.execute(select(draft).where(*_is(key))).one_or_none()
            return _draft(row, _files(connection, row.id)) if row is not None else None

    def of_user(self, user_id: str) -> Sequence[Draft]:
        """Everything a user has begun and not sealed, latest first."""
        query = select(draft).where(draft.c.user_id == user_id).order_by(draft.c.updated_at.desc())
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
            return [_draft(row, _files(connection, row.id)) for row in rows]

    def begin(self, key: DraftKey, draft_id: str, now: datetime) -> str:
        """The id of the key's draft, made with ``draft_id`` if there is none yet."""
        found = self._id(key)
        if found:
            return found
        try:
            with translated(), writing(self._engine) as connection:
                connection.execute(insert(draft).values(_begun(key, draft_id, b"{}", now)))
        except LostRace:  # another tab began it at the same moment
            return self._id(key) or self.begin(key, draft_id, now)
        return draft_id

    def keep(self, key: DraftKey, draft_id: str, fields: Mapping[str, Json], now: datetime) -> Draft:
        """Replace what was typed in the key's draft, begun with ``draft_id`` if there is none yet; gives the draft.

        One transaction: whoever submits a form without a draft waits for one commit and not for two.
        """
        packed = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
        change = update(draft).where(*_is(key)).values(fields=packed, updated_at=format_time(now))
        try:
            with translated(), writing(self._engine) as connection:
                if connection.execute(change).rowcount != 1:
                    connection.execute(insert(draft).values(_begun(key, draft_id, packed, now)))
                row = connection.execute(select(draft).where(*_is(key))).one()
                return _draft(row, _files(connection, row.id))
        except LostRace:  # another tab began it at the same moment
            return self.keep(key, draft_id, fields, now)

    def add_file(self, draft_id: str, file: DraftFile, *, most_files: int, most_bytes: int) -> str | None:
        """Add a staged file; gives the id under which the draft has it, ``None`` when the draft is gone.

        The same bytes under the same name and slot are there once, however often they are sent: whoever sends a form
        again, for want of an answer, brings its files again.

        Raises:
            DraftTooLarge: nothing was added.
        """
        with changing(self._engine) as connection:
            lock = update(draft).where(draft.c.id == draft_id).values(updated_at=file.created_at)
            if connection.execute(lock).rowcount != 1:  # also holds the row against a second upload
                return None
            same = select(draft_file.c.id).where(draft_file.c.draft_id == draft_id, *_same(file))
            if there := connection.execute(same.limit(1)).scalar_one_or_none():
                return str(there)
            sums = select(func.count(), func.sum(draft_file.c.size), func.max(draft_file.c.position))
            count, size, last = connection.execute(sums.where(draft_file.c.draft_id == draft_id)).one()
            if count + 1 > most_files:
                raise DraftTooLarge("draft_files", most_files)
            if int(size or 0) + file.size > most_bytes:
                raise DraftTooLarge("draft_bytes", most_bytes)
            connection.execute(insert(draft_file).values(_row(draft_id, (last or 0) + 1, file)))
        return file.id

    def set_slot(self, draft_id: str, file_id: str, slot: str) -> bool:
        """Say which evidence a file is; ``False`` for an unknown file."""
        which = (draft_file.c.draft_id == draft_id) & (draft_file.c.id == file_id)
        with changing(self._engine) as connection:
            return connection.execute(update(draft_file).where(which).values(slot=slot)).rowcount == 1

    def remove_file(self, draft_id: str, file_id: str) -> bool:
        """Take a file out; ``False`` for an unknown file."""
        which = (draft_file.c.draft_id == draft_id) & (draft_file.c.id == file_id)
        with changing(self._engine) as connection:
            return connection.execute(delete(draft_file).where(which)).rowcount == 1

    def remove(self, draft_id: str) -> None:
        """Forget a draft with its files' rows; forgetting twice is no error."""
        with changing(self._engine) as connection:
            connection.execute(delete(draft_file).where(draft_file.c.draft_id == draft_id))
            connection.execute(delete(draft).where(draft.c.id == draft_id))

    def ids(self) -> frozenset[str]:
        """Every draft's id: a staging directory without one is an orphan."""
        with reading(self._engine) as connection:
            return frozenset(connection.execute(select(draft.c.id)).scalars())

    def file_ids(self, draft_id: str) -> frozenset[str]:
        """The ids of a draft's files."""
        query = select(draft_file.c.id).where(draft_file.c.draft_id == draft_id)
        with reading(self._engine) as connection:
            return frozenset(connection.execute(query).scalars())

    def older_than(self, moment: datetime) -> Sequence[str]:
        """Ids of drafts nobody touched since."""
        query = select(draft.c.id).where(draft.c.updated_at < format_time(moment))
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def _id(self, key: DraftKey) -> str | None:
        with reading(self._engine) as connection:
            return connection.execute(select(draft.c.id).where(*_is(key))).scalar_one_or_none()


def _is(key: DraftKey) -> tuple[Any, ...]:
    return draft.c.user_id == key.user_id, draft.c.folio == key.folio, draft.c.step == key.step


def _begun(key: DraftKey, draft_id: str, fields: bytes, now: datetime) -> dict[str, object]:
    return {
        "id": draft_id,
        "user_id": key.user_id,
        "folio": key.folio,
        "step": key.step,
        "fields": fields,
        "created_at": format_time(now),
        "updated_at": format_time(now),
    }


def _files(connection: Connection, draft_id: str) -> tuple[DraftFile, ...]:
    query = select(draft_file).where(draft_file.c.draft_id == draft_id).order_by(draft_file.c.position)
    return tuple(
        DraftFile(
            row.id, row.name, row.slot, row.media, row.family, row.size, row.sha256,
            json.loads(row.about), row.created_at,
        )
        for row in connection.execute(query)
    )  # fmt: skip


def _same(file: DraftFile) -> tuple[ColumnElement[bool], ...]:
    return (
        draft_file.c.sha256 == file.sha256,
        draft_file.c.size == file.size,
        draft_file.c.name == file.name,
        draft_file.c.slot == file.slot,
    )


def _row(draft_id: str, position: int, file: DraftFile) -> dict[str, object]:
    about = json.dumps(file.about, ensure_ascii=False, separators=(",", ":")).encode()
    return {
        "id": file.id,
        "draft_id": draft_id,
        "position": position,
        "name": file.name,
        "slot": file.slot,
        "media": file.media,
        "family": file.family,
        "size": file.size,
        "sha256": file.sha256,
        "about": about,
        "created_at": file.created_at,
    }


def _draft(row: Row[Any], files: tuple[DraftFile, ...]) -> Draft:
    key = DraftKey(row.user_id, row.folio, row.step)
    return Draft(row.id, key, json.loads(row.fields), files, row.updated_at)
