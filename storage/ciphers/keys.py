"""`CaseKeys`: the keys of cases in the database, opened with a master key that is not in it.

Unlocked keys are kept in memory by their id, for as long as the process lives and while there is room; whether a key
is still there is asked of the database whenever a file is opened or a case is written to anew.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Engine, bindparam, insert, select, update

from evidence.atrest import UNNAMED, KeysUnavailable, key_of
from evidence.entry import BlobRef, EntryKind, SealedEntry
from evidence.ports import BlobCorrupt
from evidence.shredding import BlobErased
from storage.border import answered
from storage.ciphers.age import new_secret, secret_of
from storage.ciphers.carried import header_of, require_readable
from storage.ciphers.master import MasterKey
from storage.ciphers.payloads import Unreadable, key_of_row, lock, payload_cipher, unlock
from storage.ciphers.remote import Ask, RemoteMaster
from storage.ciphers.tables import case_key, case_key_gone
from storage.database import reading, writing
from storage.ledger_tables import payload

Source = Callable[[], str | Ask | None]
MOST = 4096
LOOK_AGAIN = 5.0
"""Seconds after which an installation without a master key asks again whether it needs one."""

_COLUMNS = (
    case_key.c.key_id,
    case_key.c.case_id,
    case_key.c.recipient,
    case_key.c.master,
    case_key.c.wrapped,
)
_CURRENT = (
    select(*_COLUMNS).where(case_key.c.case_id == bindparam("case")).order_by(case_key.c.id.desc()).limit(1)
)
_BY_ID = select(*_COLUMNS).where(case_key.c.key_id == bindparam("wanted"))
_PAYLOAD = select(payload.c.bytes).where(payload.c.leaf == bindparam("wanted"))
_GONE = select(case_key_gone.c.case_id).where(case_key_gone.c.key_id == bindparam("wanted"))
_ANY = select(case_key.c.id).limit(1)
_EACH = select(*_COLUMNS).order_by(case_key.c.id)
_NEWEST = select(*_COLUMNS).order_by(case_key.c.id.desc()).limit(1)
_ADD = insert(case_key)


@dataclass(frozen=True, slots=True)
class CaseKey:
    """A case's key, unlocked: ``public`` encrypts its files, ``secret`` opens them, ``cipher`` is for its payloads."""

    key_id: str
    public: bytes
    secret: X25519PrivateKey = field(repr=False)
    cipher: AESGCM = field(repr=False)


class CaseKeys:
    """Makes, finds and unlocks keys of cases; safe for threads.

    Args:
        engine: the main database, upgraded.
        master: gives the text of the master key when it is first needed, or how to ask who keeps it; ``None`` where
            there is none.
        encrypting: whether what is written from now on is encrypted; what was is read either way.
        life: seconds after which every unlocked key is dropped and asked for again.
    """

    def __init__(
        self, engine: Engine, master: Source, *, encrypting: bool = True, life: float = float("inf")
    ) -> None:
        self._engine = engine
        self._ask = master
        self._encrypting = encrypting
        self._life, self._dropped_at = life, time.monotonic()
        self._master: MasterKey | RemoteMaster | None = None
        self._remote: RemoteMaster | None = None
        self._lock = threading.Lock()
        self._unlocked: OrderedDict[str, CaseKey] = OrderedDict()
        self._current: OrderedDict[str, CaseKey] = OrderedDict()
        self._asked_at = float("-inf")

    def active(self) -> bool:
        """Whether what is written now is to be encrypted.

        Raises:
            KeysUnavailable: keys of cases are there, and no master key.
        """
        if not self._encrypting:
            return False
        if self._master is not None:
            return True
        if time.monotonic() - self._asked_at < LOOK_AGAIN:
            return False
        if self._find_master() is not None:
            return True
        with reading(self._engine) as connection:
            if connection.execute(_ANY).first() is not None:
                raise KeysUnavailable("keys of cases are in the database and the master key is missing")
        self._asked_at = time.monotonic()
        return False

    def look_again(self) -> None:
        """There may be another master key, or one at last."""
        self._master, self._asked_at = None, float("-inf")

    def check(self) -> bool:
        """Whether what is written is encrypted; that the master key opens the newest key of a case, if there is one.

        Raises:
            KeysUnavailable: it does not.
        """
        active = self.active()
        self.drop_old()
        with reading(self._engine) as connection:
            row = connection.execute(_NEWEST).first()
        if row is not None:
            self._opened(row)
        return active

    def wrapped_for(self) -> dict[str, int]:
        """How many keys of cases there are for each master key they are wrapped for, by its recipient."""
        from storage.ciphers.rewrap import wrapped_for  # noqa: PLC0415 - for commands

        return wrapped_for(self._engine)

    def rewrap(self) -> int:
        """Wrap every key for the first identity of the master key as it now is; see `storage.ciphers.rewrap`."""
        from storage.ciphers.rewrap import rewrap  # noqa: PLC0415 - for one command

        self.look_again()
        return rewrap(self._engine, self.master())

    def drop_old(self) -> None:
        """Forget unlocked keys whose life is over; done at every use, and where the house is asked how it is."""
        with self._lock:
            self._drop_old()

    def _drop_old(self) -> None:
        if time.monotonic() - self._dropped_at >= self._life:
            self._unlocked.clear()
            self._current.clear()
            self._dropped_at = time.monotonic()

    def master(self) -> MasterKey | RemoteMaster:
        """The master key. Raises `KeysUnavailable`: there is none."""
        return self._there(self._find_master())

    def recipients(self) -> tuple[str, ...]:
        """The public halves of the master key, the one that wraps first; none where there is no master key.

        Raises:
            KeysUnavailable: what is there is none.
        """
        found = self._find_master()
        return found.recipients if found is not None else ()

    def elsewhere(self, engine: Engine) -> CaseKeys:
        """The same master key for another database, such as one that these rows were copied to."""
        return CaseKeys(engine, self._ask, encrypting=self._encrypting, life=self._life)

    @staticmethod
    def new_master(former: str = "") -> str:
        """The text of a new master key; with the ``former`` one behind it, so that both open."""
        fresh = MasterKey.generate()
        return MasterKey.from_text(former).followed_by(fresh).text if former else fresh.text

    @staticmethod
    def first_master(text: str) -> str:
        """The text of a master key without those that it followed."""
        return MasterKey.from_text(text).first().text

    def remembered(self, case: str) -> CaseKey | None:
        """The key that this process wrote the case with last."""
        with self._lock:
            self._drop_old()
            return self._current.get(case)

    def remember(self, case: str, key: CaseKey) -> None:
        """Keep it for the next append; only what was committed."""
        with self._lock:
            _keep(self._current, case, key)

    def forget(self, case: str) -> None:
        """Ask the database again, and drop every unlocked key: one of them has been destroyed."""
        with self._lock:
            self._current.pop(case, None)
            self._unlocked.clear()

    def for_append(self, connection: Connection, case: str, sealed: Sequence[SealedEntry]) -> CaseKey:
        """The key that entries about to be inserted are written with, inside their transaction.

        Keys under which their files were put before the case had a folio become the case's. An erasure begins a new
        key, so that its own entry is not lost with what it erases.
        """
        brought = [blob for item in sealed for blob in item.entry.objects if blob.enc]
        if brought:
            put = {key_of(blob.enc) for blob in brought}
            connection.execute(
                update(case_key)
                .where(case_key.c.key_id.in_(put), case_key.c.case_id.startswith(UNNAMED, autoescape=True))
                .values(case_id=case)
            )
            require_readable(connection, brought)
        if not any(item.entry.kind is EntryKind.ERASURE_EXECUTED for item in sealed):
            row = connection.execute(_CURRENT, {"case": case}).first()
            if row is not None:
                return self._opened(row)
        return self.make(connection, case)

    def for_put(self, case: str) -> CaseKey:
        """The key that a file of the case is encrypted to, made and committed where there is none.

        Raises:
            KeysUnavailable, StoreUnavailable.
        """
        with reading(self._engine) as connection:
            row = connection.execute(_CURRENT, {"case": case}).first()
        if row is not None:
            return self._opened(row)
        with answered(), writing(self._engine) as connection:
            return self.make(connection, case)

    def make(self, connection: Connection, case: str) -> CaseKey:
        """A new key of the case, in a transaction that somebody else commits."""
        # another process may have put a new one in front: see `storage.ciphers.rewrap`
        master = self._asked_again()
        identity, secret = new_secret()
        made = _key(secrets.token_hex(16), identity, secret)
        row = {
            "key_id": made.key_id,
            "case_id": case,
            "recipient": made.public.hex(),
            "master": master.recipient,
            "wrapped": master.wrap(identity),
        }
        connection.execute(_ADD, row)
        return made

    def of_file(self, ref: BlobRef) -> tuple[CaseKey, bytes]:
        """The key that opens a file, and the header that counts in place of its own, where that one's key is gone.

        Raises:
            BlobErased: it was destroyed. KeysUnavailable: it is not there, or the master key does not open it.
        """
        key_id, header = key_of(ref.enc), b""
        try:
            row = self._there_is(key_id)
        except BlobErased:
            with reading(self._engine) as connection:
                held = header_of(connection, ref)
            if held is None:
                raise
            key_id, header = held
            row = self._there_is(key_id)
        if row is None:
            raise KeysUnavailable(f"the key {key_id} of a case is not in the database")
        return self._opened(row), header

    def _there_is(self, key_id: str) -> Any:
        """Its row, ``None`` where it is not there. Raises `BlobErased`: it was destroyed, and is forgotten here too."""
        with reading(self._engine) as connection:
            row = connection.execute(_BY_ID, {"wanted": key_id}).first()
            gone = row is None and connection.execute(_GONE, {"wanted": key_id}).first() is not None
        if gone:
            with self._lock:
                self._unlocked.pop(key_id, None)
            raise BlobErased(f"encrypted to the key {key_id}, which was destroyed")
        return row

    def by_id(self, connection: Connection, key_id: str) -> CaseKey | None:
        """A key inside somebody's transaction; ``None``: it is not there. Raises `KeysUnavailable`."""
        row = connection.execute(_BY_ID, {"wanted": key_id}).first()
        return None if row is None else self._opened(row)

    def each(self) -> list[CaseKey]:
        """Every key there is, the oldest first. Raises `KeysUnavailable`."""
        with reading(self._engine) as connection:
            rows = connection.execute(_EACH).all()
        return [self._opened(row) for row in rows]

    def locked(self, sealed: SealedEntry, key: CaseKey) -> dict[str, Any]:
        """The row of `payload` for a sealed entry, encrypted."""
        assert sealed.salt is not None and sealed.payload_bytes is not None  # noqa: S101, PT018 - just sealed
        data = lock(key.cipher, key.key_id, sealed.leaf, sealed.salt, sealed.payload_bytes)
        return {"leaf": sealed.leaf, "salt": b"", "bytes": data}

    def opened(self, leaf: str, data: bytes) -> tuple[bytes, bytes]:
        """Salt and payload of an encrypted row about to be used.

        Raises:
            BlobErased: its key was destroyed since the row was read.
            BlobCorrupt: the row is not what was written. KeysUnavailable: the master key is missing or another.
        """
        found = self.found(leaf, data)
        if found is None:
            raise BlobCorrupt(f"payload of {leaf}", "what was written under its case's key", "something else")
        return found

    def found(self, leaf: str, data: bytes) -> tuple[bytes, bytes] | None:
        """The same for verification: ``None`` for a row that is not what was written, or whose key is not there.

        Raises:
            BlobErased, KeysUnavailable.
        """
        try:
            key_id = key_of_row(data)
            with self._lock:
                self._drop_old()
                key = self._unlocked.get(key_id)
            if key is None:
                row = self._there_is(key_id)
                if row is None:
                    return None
                key = self._opened(row)
            return unlock(key.cipher, leaf, data)
        except BlobErased:
            with reading(self._engine) as connection:
                now = connection.execute(_PAYLOAD, {"wanted": leaf}).scalar_one_or_none()
            if now is None or now == data:
                raise
            return self.found(leaf, now)  # the case got another key since the row was read
        except Unreadable:
            return None

    def _opened(self, row: Any) -> CaseKey:
        with self._lock:
            self._drop_old()
            held = self._unlocked.get(row.key_id)
            if held is not None:
                self._unlocked.move_to_end(row.key_id)
                return held
        try:
            identity = self.master().unwrap(row.wrapped, row.master)
        except KeysUnavailable:
            if self._remote is not None:
                raise
            identity = self._asked_again().unwrap(row.wrapped, row.master)
        made = _key(row.key_id, identity, secret_of(identity))
        if made.public.hex() != row.recipient:
            raise KeysUnavailable(f"the key {row.key_id} of a case was exchanged")
        with self._lock:
            _keep(self._unlocked, row.key_id, made)
        return made

    def _find_master(self) -> MasterKey | RemoteMaster | None:
        return self._master or self._ask_master()

    def _asked_again(self) -> MasterKey | RemoteMaster:
        """The master key as it is by now; whoever writes meanwhile has the one before, and never none."""
        return self._there(self._ask_master())

    def _ask_master(self) -> MasterKey | RemoteMaster | None:
        given = self._ask()
        if callable(given):
            with self._lock:  # one for all, so that its pauses are everybody's
                self._remote = self._remote or RemoteMaster(given)
            self._master = self._remote
        else:
            self._master = None if given is None else MasterKey.from_text(given)
        return self._master

    @staticmethod
    def _there(found: MasterKey | RemoteMaster | None) -> MasterKey | RemoteMaster:
        if found is None:
            raise KeysUnavailable("the master key is missing")
        return found


def _key(key_id: str, identity: str, secret: bytes) -> CaseKey:
    private = X25519PrivateKey.from_private_bytes(secret)
    return CaseKey(key_id, private.public_key().public_bytes_raw(), private, payload_cipher(identity))


def _keep(held: OrderedDict[str, CaseKey], name: str, key: CaseKey) -> None:
    held[name] = key
    held.move_to_end(name)
    while len(held) > MOST:
        held.popitem(last=False)
