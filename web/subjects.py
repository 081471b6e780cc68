"""Everything the house knows of one person, to answer them (access, the first of the ARCO rights).

All chains of the log are read, every payload of them, and what stands beside the log. What is about somebody else as
well is not handed over whole: of a case that is the person's (its opening names them) all is taken, of any other only
the values that name them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from documents.identifiers import fold, normalise_email, normalise_rfc
from evidence.canonical import Json
from evidence.entry import BlobRef, SealedEntry
from evidence.ports import Reference
from identity.accounts import IdentityError
from web.views.entries import field_words
from web.views.lens import Lens, role_name
from web.views.subjects import source_word
from web.wiring import House
from workflows.casefile import CaseView, entry_files
from workflows.keeping import ERASED, MARK
from workflows.texts import free_hits

_LEAST_RFC, _LEAST_NAME = 12, 5
_SENTENCE = 300
"""Above so many characters a text holds a name only where its words stand together."""

_MOST_TEXTS = 500


class PersonUnclear(IdentityError):
    """Too little to find a person by: nothing, or what half the house would match."""

    code = "person_unclear"


@dataclass(frozen=True, slots=True)
class Person:
    """Whom to look for; each member may be empty, not all."""

    name: str = ""
    rfc: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing known of the person. ``source`` is a code (`web.views.subjects`); ``seq`` 0: not an entry."""

    source: str
    folio: str
    seq: int
    at: str
    what: str
    value: str


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A sealed file of a case that is the person's."""

    folio: str
    seq: int
    number: int
    name: str
    ref: BlobRef


@dataclass
class Dossier:
    """All that was found. ``actors`` are the opaque ids of the person's account and contact."""

    findings: list[Finding] = field(default_factory=list)
    files: list[FoundFile] = field(default_factory=list)
    actors: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)
    mentioned: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """How much, for the log: numbers and nothing else."""
        return {
            "cases": len(self.own),
            "mentions": len(self.mentioned),
            "findings": len(self.findings),
            "files": len(self.files),
        }


class Matcher:
    """Whether a text names the person: by RFC or address wherever they stand, by name where its words do.

    Raises:
        PersonUnclear: nothing that could tell the person from others.
    """

    def __init__(self, person: Person) -> None:
        rfc, email = normalise_rfc(person.rfc), normalise_email(person.email)
        self._words = fold(person.name).split()
        if (rfc and len(rfc) < _LEAST_RFC) or (email and "@" not in email):
            raise PersonUnclear
        if person.name.strip() and (len(self._words) < 2 or len(fold(person.name)) < _LEAST_NAME):
            raise PersonUnclear
        if not (rfc or email or self._words):
            raise PersonUnclear
        keys = [re.escape(fold(item)) for item in (rfc, email) if item]
        self._keys = re.compile(rf"(?<![\w.+-])(?:{'|'.join(keys)})(?![\w-]|\.\w)") if keys else None
        self._phrase = re.compile(rf"(?<!\w){' '.join(map(re.escape, self._words))}(?!\w)")
        self._each = [re.compile(rf"(?<!\w){re.escape(word)}(?!\w)") for word in self._words]
        self.email = email
        self.rfc = [rfc] if rfc else []

    def maybe(self, text: str) -> bool:
        """Whether a whole document could name the person: never says no where one of its texts does."""
        folded = fold(text)
        if self._keys is not None and self._keys.search(folded):
            return True
        return bool(self._each) and all(word.search(folded) for word in self._each)

    def names(self, text: str) -> bool:
        """Whether one text names the person."""
        folded = fold(text)
        if self._keys is not None and self._keys.search(folded):
            return True
        if not self._each:
            return False
        if len(folded) > _SENTENCE:
            return bool(self._phrase.search(folded))
        return all(word.search(folded) for word in self._each)

    def called(self, name: str, email: str) -> bool:
        """Whether an account or contact is the person's."""
        return bool((self.email and fold(email) == fold(self.email)) or (self._words and self.names(name)))

    @property
    def words(self) -> list[str]:
        """The name's words."""
        return self._words


def dossier_of(house: House, person: Person, eyes: Lens) -> Dossier:
    """Find everything. Raises `PersonUnclear`, and the stores' unavailability."""
    matcher, found = Matcher(person), Dossier()
    _people(house, matcher, found, eyes)
    for folio in sorted(_chains(house, matcher, found)):
        view = house.cases.view(folio, answerable=True)
        own_case = _named(view.entries[0], matcher)
        (found.own if own_case else found.mentioned).append(folio)
        found.findings += _of_case(view, matcher, eyes, whole=own_case)
        if own_case:
            found.files += _files(view)
    _texts(house, matcher, found)
    _beside(house, matcher, found)
    return found


def _people(house: House, matcher: Matcher, found: Dossier, eyes: Lens) -> None:
    """The person's account and contact, as the directory has them now."""
    for user in house.accounts.everyone(house.clock()):
        if matcher.called(user.name, user.email):
            found.actors.append(user.id)
            roles = ", ".join(role_name(str(role)) for role in sorted(user.roles))
            told = (("id", user.id), ("name", user.name), ("email", user.email), ("roles", roles))
            found.findings += [Finding("account", "", 0, "", what, value) for what, value in told if value]
    for contact in house.directory.contacts():
        if matcher.called(contact.name, contact.email):
            found.actors.append(contact.id)
            told = (
                ("id", contact.id),
                ("name", contact.name),
                ("email", contact.email),
                ("phone", contact.phone),
            )
            found.findings += [Finding("contact", "", 0, "", what, value) for what, value in told if value]
    for holder in house.directory.everyone(house.clock()):
        if holder.actor in found.actors:
            found.findings.append(Finding("post", "", 0, holder.since, holder.post, eyes.who(holder.actor)))


def _chains(house: House, matcher: Matcher, found: Dossier) -> set[str]:
    """Read the whole log: the cases whose payloads name the person; what other chains say is noted at once."""
    named: set[str] = set()
    acted: dict[str, int] = {}
    for sealed in _every(house):
        case = sealed.entry.case
        if sealed.entry.actor in found.actors:
            acted[case] = acted.get(case, 0) + 1
        if sealed.payload_bytes is None or not matcher.maybe(sealed.payload_bytes.decode()):
            continue
        if ":" not in case:
            named.add(case)
            continue
        source = "audit" if case.startswith("audit:") else "system"
        found.findings += [
            Finding(source, case, sealed.entry.seq, sealed.entry.at, what, text)
            for what, text in _strings(dict(sealed.payload()))
            if matcher.names(text)
        ]
    found.findings += [
        Finding("acted", case, 0, "", "entries", str(count)) for case, count in sorted(acted.items())
    ]
    return named


def _every(house: House) -> Iterator[SealedEntry]:
    yield from house.ledger.entries()
    yield from house.ledger.unsequenced()


def _named(sealed: SealedEntry, matcher: Matcher) -> bool:
    return any(matcher.names(text) for _what, text in _strings(dict(sealed.payload())))


def _of_case(view: CaseView, matcher: Matcher, eyes: Lens, *, whole: bool) -> Iterator[Finding]:
    """What an entry's payload says, fields and options called as its form called them."""
    source = "case" if whole else "mention"
    for sealed in view.entries:
        entry = sealed.entry
        labels, options = field_words(sealed, view.definition, eyes)
        for what, text in _strings(dict(sealed.payload())):
            if text and (whole or matcher.names(text)):
                name = what.removeprefix("data.")
                said = options.get((name, text), text)
                yield Finding(source, entry.case, entry.seq, entry.at, labels.get(name, what), said)


def _files(view: CaseView) -> Iterator[FoundFile]:
    for sealed in view.entries:
        if sealed.payload_bytes is None:
            continue
        names = [str(item.get("name", "")) for item in entry_files(sealed)]
        for number, (ref, name) in enumerate(zip(sealed.entry.objects, names, strict=True)):
            if (
                view.withheld.file(sealed.entry.seq, ref.sha256) is not None
            ):  # nobody is given it, whoever asks
                continue
            yield FoundFile(sealed.entry.case, sealed.entry.seq, number, name, ref)


def _texts(house: House, matcher: Matcher, found: Dossier) -> None:
    """Files elsewhere whose text holds the words of the name, or the address: told, not handed over."""
    seen: set[tuple[str, int, int]] = set()
    asked = (matcher.words, [word for word in re.split(r"\W+", matcher.email) if word], matcher.rfc)
    for words in asked:
        for hit in free_hits(house.index, house.texts.search(words, _MOST_TEXTS)) if words else ():
            place = (hit.folio, hit.seq, hit.object)
            if place in seen or hit.folio in found.own or _gone(house, hit.folio):
                continue
            seen.add(place)
            passage = "".join(piece for piece, _hit in hit.passage)
            found.findings.append(
                Finding("text", hit.folio, hit.seq, "", f"archivo {hit.object + 1}", passage)
            )


def _gone(house: House, folio: str) -> bool:
    """Whether the case was erased: what an index still says of it is no answer any more."""
    return Reference(MARK, ERASED) in house.index.references(folio)


def _beside(house: House, matcher: Matcher, found: Dossier) -> None:
    """Mails, requests and drafts that name the person."""
    for row in house.subject_rows.rows():
        for what, text in row.texts:
            if not matcher.maybe(text):
                continue
            told = [value for _path, value in _strings(_read(text)) if matcher.names(value)]
            found.findings += [Finding(row.source, row.folio, 0, row.at, what, value) for value in told]


def _read(text: str) -> Json:
    """A column's JSON, or the text itself."""
    try:
        value: Json = json.loads(text)
    except ValueError:
        return text
    return value


def _strings(value: Json, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a value with where it stands."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _strings(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _strings(item, f"{path}[{number}]")


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """The findings as lists show them: by kind, then by case and entry."""
    return sorted(findings, key=lambda item: (source_word(item.source).place, item.folio, item.seq))
