"""People without an account: assistants of zones, the insurer's contact. They hold posts, and never sign in.

An opaque id (``c-`` and 26 characters) is what the ledger holds; name and addresses are in the entry's payload and in
the directory, where they can be corrected or erased. Every change is an entry of ``system:access``, sealed before the
row is written: a crash between leaves an entry that repeating the command completes, never a row without its entry.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from evidence.canonical import Json
from evidence.entry import EntryDraft, EntryKind, SealedEntry, format_time
from evidence.ports import Clock, Composition, LedgerStore
from identity.access import ACCESS_CASE, Granter, via_json
from identity.accounts import (
    AUDITORS,
    LOCALES,
    IdentityError,
    Role,
    UnknownUser,
    clean_name,
    new_opaque,
    normalise_email,
)

CONTACT_READERS = frozenset(Role) - AUDITORS
"""Who sees the names and addresses of contacts; auditors see opaque ids, and names in packages."""

_PHONE = re.compile(r"[0-9 ()+.-]{7,30}")


class PhoneInvalid(IdentityError):
    """Not a telephone number."""

    code = "phone_invalid"


class LanguageInvalid(IdentityError):
    """Not a language that mails are written in."""

    code = "language_invalid"


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody without an account; ``email`` and ``phone`` may be empty.

    ``locale`` is the language of mails to them, one of `identity.accounts.LOCALES`; ``""``: the house's, Spanish.
    """

    id: str
    name: str
    email: str = ""
    phone: str = ""
    locale: str = ""


class ContactBook(Protocol):
    """Contacts as the present knows them."""

    def contact(self, contact_id: str) -> Contact | None:
        """The contact of that id."""
        ...

    def contact_by_email(self, email: str) -> Contact | None:
        """The contact of that address; none for an empty one."""
        ...

    def contacts(self) -> Sequence[Contact]:
        """Every contact, by name."""
        ...

    def keep_contact(self, who: Contact, at: str) -> None:
        """Write a contact anew or for the first time."""
        ...


class ContactDesk:
    """Adds and corrects contacts, each with its entry."""

    def __init__(self, ledger: LedgerStore, book: ContactBook, clock: Clock) -> None:
        self._ledger = ledger
        self._book = book
        self._clock = clock

    def add(self, name: str, by: Granter, *, email: str = "", phone: str = "", locale: str = "") -> Contact:
        """Somebody new; an address that is known already gives the contact who has it, corrected.

        Raises:
            NameInvalid, EmailInvalid, PhoneInvalid, LanguageInvalid: nothing was written.
        """
        fresh = _checked(Contact(new_opaque("c-"), name, email, phone, locale))
        known = self._book.contact_by_email(fresh.email)
        return self._keep(replace(fresh, id=known.id) if known else fresh, by)

    def change(self, contact: Contact, by: Granter) -> Contact:
        """Correct name, addresses or language.

        Raises:
            UnknownUser, NameInvalid, EmailInvalid, PhoneInvalid, LanguageInvalid: nothing was written.
        """
        if self._book.contact(contact.id) is None:
            raise UnknownUser(contact.id)
        return self._keep(_checked(contact), by)

    def _keep(self, contact: Contact, by: Granter) -> Contact:
        if self._book.contact(contact.id) == contact:
            return contact
        draft = EntryDraft(
            actor=by.id,
            role=by.role,
            kind=EntryKind.ACCESS_GRANTED,
            facts={"subject": contact.id, "contact": True, "via": by.via},
            payload={"data": _data(contact), "via": via_json(by)},
        )

        def compose(_history: Sequence[SealedEntry]) -> Composition:
            return Composition((draft,))

        self._ledger.append(ACCESS_CASE, compose)
        self._book.keep_contact(contact, format_time(self._clock()))
        return contact


def _data(contact: Contact) -> dict[str, Json]:
    told: dict[str, Json] = {"name": contact.name, "email": contact.email, "phone": contact.phone}
    return {**told, "locale": contact.locale} if contact.locale else told


def _checked(contact: Contact) -> Contact:
    phone = " ".join(contact.phone.split())
    if phone and not _PHONE.fullmatch(phone):
        raise PhoneInvalid(phone)
    if contact.locale and contact.locale not in LOCALES:
        raise LanguageInvalid(contact.locale)
    email = normalise_email(contact.email) if contact.email.strip() else ""
    return Contact(contact.id, clean_name(contact.name), email, phone, contact.locale)
