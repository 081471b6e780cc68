"""Drafts: what somebody types and uploads for a step, kept on the server until it is sealed.

A file goes at once into the staging directory, is inspected, and waits there; a reload, a lost session or a dead
network loses nothing. The draft's id is the idempotency key of its submit: a double click seals one entry.

The JSON API (`web.pages.drafts`) that the pages' script speaks; every answer that refuses is ``{"error": {"code",
"message", "advice"}}`` with its status, changes send the header ``X-CSRFToken``. ``<folio>`` is a folio, or
``nuevo-<process>`` with step ``apertura`` for a case being opened (``excel``: its spreadsheet), ``varios-<process>``
for a step of many cases at once, or ``control-<process>`` with a periodic control's code for a list; the draft is
always the signed-in person's own.

* ``GET /borradores/<folio>/<step>``: 200 draft (an empty one where nothing has been begun).
* ``PUT …/campos`` with ``{"fields": {name: text | [text…]}}``: replaces all that was typed; 200 draft.
* ``POST …/archivos``, multipart: ``archivo`` (any number), optional ``slot`` (one for all). 201 ``{"files": [added…],
  "refused": [{"name", "code", "message", "advice"}…], "draft": {…}}``, or 422 with the same where none was taken.
* ``PATCH …/archivos/<id>`` with ``{"slot": "…"}``: says which evidence it is; 200 draft.
* ``DELETE …/archivos/<id>``: 200 draft.
* ``GET …/archivos/<id>``: the file itself, as a download.
* ``DELETE /borradores/<folio>/<step>``: discards everything; 204.

A draft: ``{"id", "folio", "step", "fields", "files", "bytes", "limits": {"file_bytes", "files", "bytes"},
"updated_at"}``. A file: ``{"id", "name", "slot", "media", "family", "size", "sha256", "about", "warnings": [text…],
"at"}``; ``about`` is what the inspection read off it (for mails ``date`` prefills when it occurred).
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import IO, BinaryIO, Protocol, cast

from documents.inspection import Inspection
from evidence.canonical import Json
from evidence.entry import format_time
from web.lettering import template_of
from web.views.papers import brought_back
from web.views.step_form import SHOT
from web.wiring import Draft, DraftFile, DraftKey, House, HouseError
from workflows.commands import Upload

_MIB = 1024 * 1024
_FOLIO = re.compile(r"\A[A-Z]{2}-\d{3}-\d{4}-\d{6}\Z|\A(?:nuevo|varios|control)-[A-Z]{2}-\d{3}\Z")
_STEP = re.compile(r"\A[a-z0-9_-]{1,24}\Z")
_FILE = re.compile(r"\A[0-9a-f]{32}\Z")
MAX_FIELDS_BYTES = 256 * 1024


class Incoming(Protocol):
    """An uploaded file as Werkzeug hands it over."""

    @property
    def filename(self) -> str | None: ...  # noqa: D102 - what the browser calls it
    @property
    def stream(self) -> IO[bytes]: ...  # noqa: D102 - seekable


@dataclass(frozen=True, slots=True)
class Submission:
    """A draft ready to be sealed: from `DraftDesk.submission`; seal with ``idempotency_key``, then discard it."""

    idempotency_key: str
    uploads: tuple[Upload, ...]
    fields: Mapping[str, Json]


class DraftDesk:
    """The drafts of one installation."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._store = house.drafts
        self._root = house.settings.staging

    @property
    def limits(self) -> dict[str, Json]:
        """Bytes of one file, files of a draft, bytes of a draft."""
        wanted = self._house.settings
        return {
            "file_bytes": wanted.max_upload_mb * _MIB,
            "files": wanted.max_files,
            "bytes": wanted.max_draft_mb * _MIB,
        }

    def key(self, user_id: str, folio: str, step: str) -> DraftKey:
        """The key of a person's draft.

        Raises:
            HouseError: ``not_found``: no such case or step could be.
        """
        if not _FOLIO.match(folio) or not _STEP.match(step):
            raise HouseError("not_found")
        return DraftKey(user_id, folio, step)

    def find(self, key: DraftKey) -> Draft:
        """The draft, or an empty one that is not stored yet."""
        return self._store.find(key) or Draft("", key, {}, (), "")

    def save_fields(self, key: DraftKey, fields: Json) -> Draft:
        """Keep what was typed so far."""
        checked = _checked_fields(fields)
        return self._store.keep(key, secrets.token_hex(16), checked, self._house.clock())

    def add(
        self,
        key: DraftKey,
        incoming: Incoming,
        slot: str = "",
        mark: Mapping[str, Json] | None = None,
        *,
        begun: str = "",
    ) -> tuple[DraftFile, Inspection]:
        """Stage one uploaded file, or give the one that is there already when the very same was sent before.

        ``mark`` is what we know of one of our own making; ``begun`` the draft's id, where it was begun a moment ago.

        Raises:
            FileRefused: the file is not taken; DraftTooLarge: the draft is full; HouseError: the draft was sealed
            meanwhile; OSError: the disk is full. In each case nothing of the file stays.
        """
        stream = cast("BinaryIO", incoming.stream)
        inspection = self._house.reader.inspect(stream, name=incoming.filename or "")
        draft_id = begun or self._store.begin(key, secrets.token_hex(16), self._house.clock())
        staged = DraftFile(
            id=secrets.token_hex(16),
            name=inspection.name,
            slot=slot,
            media=inspection.media,
            family=inspection.family,
            size=0,
            sha256="",
            about={
                **inspection.about,
                "_warnings": list(inspection.warnings),
                **(mark or {}),
                **brought_back(self._house, key.folio, key.step, slot, inspection, stream),
            },
            created_at=format_time(self._house.clock()),
        )
        path = self._path(draft_id, staged.id)
        try:
            digest, size = _write(stream, path)
            staged = replace(staged, sha256=digest, size=size)
            most_files, most_bytes = self._house.settings.max_files, self._house.settings.max_draft_mb * _MIB
            kept = self._store.add_file(draft_id, staged, most_files=most_files, most_bytes=most_bytes)
            if kept is None and not begun:
                raise HouseError("draft_gone")
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        if kept is None:  # sealed in another tab since it was begun: the file goes into the next draft
            path.unlink(missing_ok=True)
            return self.add(key, incoming, slot, mark)
        if kept != staged.id:
            path.unlink(missing_ok=True)
            staged = next(
                (file for file in self.find(key).files if file.id == kept), replace(staged, id=kept)
            )
        return staged, inspection

    def set_slot(self, key: DraftKey, file_id: str, slot: str) -> Draft:
        """Say which evidence a file is."""
        if not self._store.set_slot(self.existing(key).id, file_id, slot):
            raise HouseError("not_found")
        return self.find(key)

    def remove(self, key: DraftKey, file_id: str) -> Draft:
        """Take one file out; taking it out twice is no error."""
        found = self.existing(key)
        self._store.remove_file(found.id, file_id)
        if _FILE.match(file_id):
            self._path(found.id, file_id).unlink(missing_ok=True)
        return self.find(key)

    def open_file(self, key: DraftKey, file_id: str) -> tuple[DraftFile, BinaryIO]:
        """A staged file and its bytes."""
        found = self.existing(key)
        for file in found.files:
            if file.id == file_id:
                return file, self._path(found.id, file.id).open("rb")
        raise HouseError("not_found")

    @contextmanager
    def submission(self, key: DraftKey, read: Draft | None = None) -> Iterator[Submission]:
        """The draft's files opened in order, for `CaseService`; closed afterwards, kept until `discard`.

        A draft without files or fields gets its id here too, so that its submit can be repeated safely. ``read`` is the
        draft as `existing` gave it, for who looked at it first: what was looked at is what is sealed.

        Raises:
            HouseError: ``draft_gone``: it was sealed or discarded meanwhile.
        """
        found = read or self.existing(key)
        with ExitStack() as stack:
            uploads = tuple(
                Upload(
                    file.name,
                    stack.enter_context(self._waiting(found, file)),
                    file.slot,
                    *shot_typed(found.fields, file.slot),
                    template_of(file.about),
                )
                for file in found.files
            )
            yield Submission(f"draft:{found.id}", uploads, found.fields)

    def discard(self, key: DraftKey) -> None:
        """Forget the draft and its files: after sealing, or because the person says so."""
        found = self._store.find(key)
        if found is not None:
            self._forget(found.id)

    def forget(self, draft: Draft) -> None:
        """Forget this very draft and its files, and no other that was begun meanwhile."""
        self._forget(draft.id)

    def clean(self) -> int:
        """Remove drafts nobody touched for the configured time, and files that belong to none; returns how many."""
        moment = self._house.clock()
        old = self._store.older_than(moment - timedelta(days=self._house.settings.draft_days))
        for draft_id in old:
            self._forget(draft_id)
        return len(old) + self._clean_orphans(moment.timestamp() - 86_400)

    def _clean_orphans(self, before: float) -> int:
        """What a killed process left behind, a day later."""
        known, removed = self._store.ids(), 0
        for path in self._root.glob("*"):
            with suppress(FileNotFoundError):
                if path.name not in known and path.name != "incoming" and path.stat().st_mtime < before:
                    shutil.rmtree(path)
                    removed += 1
        for path in self._root.glob("incoming/*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()
                    removed += 1
        return removed

    def existing(self, key: DraftKey) -> Draft:
        """The draft, begun where there is none. Raises `HouseError`: ``draft_gone``."""
        found = self._store.find(key)
        if found is None:
            self._store.begin(key, secrets.token_hex(16), self._house.clock())
            found = self._store.find(key)
        if found is None:
            raise HouseError("draft_gone")
        return found

    def _waiting(self, draft: Draft, file: DraftFile) -> BinaryIO:
        try:
            return self._path(draft.id, file.id).open("rb")
        except FileNotFoundError as error:
            if self.find(draft.key).id == draft.id:  # it is there, and has lost its file: a fault of ours
                raise
            raise HouseError("draft_gone") from error

    def _forget(self, draft_id: str) -> None:
        self._store.remove(draft_id)
        shutil.rmtree(self._root / draft_id, ignore_errors=True)

    def _path(self, draft_id: str, file_id: str) -> Path:
        return self._root / draft_id / file_id


def shot_typed(fields: Mapping[str, Json], slot: str) -> tuple[str, str]:
    """System and date typed for a place; for a file without one, those of the only place that has any."""
    places = {name.split(".")[1] for name in fields if name.startswith(SHOT) and fields[name]}
    place = slot or (places.pop() if len(places) == 1 else "")
    system, day = fields.get(f"{SHOT}{place}.system", ""), fields.get(f"{SHOT}{place}.date", "")
    return (system if isinstance(system, str) else "", day if isinstance(day, str) else "")


def _write(stream: BinaryIO, path: Path) -> tuple[str, int]:
    """Copy to a new file, whole and durable; returns digest and size."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    hasher, size = hashlib.sha256(), 0
    stream.seek(0)
    try:
        with part.open("xb") as target:
            while chunk := stream.read(_MIB):
                hasher.update(chunk)
                size += len(chunk)
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return hasher.hexdigest(), size


def _checked_fields(fields: Json) -> dict[str, Json]:
    """Texts, or lists of texts, by short names.

    Raises:
        HouseError: ``draft_field``.
    """
    if not isinstance(fields, dict) or len(fields) > 200:
        raise HouseError("draft_field")
    for name, value in fields.items():
        texts = value if isinstance(value, list) else [value]
        if len(name) > 80 or not all(isinstance(text, str) for text in texts):
            raise HouseError("draft_field")
    if sum(len(str(value)) for value in fields.values()) > MAX_FIELDS_BYTES:
        raise HouseError("draft_field")
    return dict(fields)
