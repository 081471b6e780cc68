"""What a mail is asked for with: the value that processes, signatures and pages hand to the outbox.

Nothing is sent here and nothing is worded here: a request names a template and what fills it. It has no place for the
secret of a link.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from evidence.canonical import Json, canonical_bytes
from evidence.ports import Errand

MAIL = "mail"
"""The kind of errand that is a mail."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a mail goes to; ``name`` may be empty.

    An ``address`` that begins with ``post:`` or ``actor:`` names who holds a post, or an actor, when the mail is sent.
    ``locale`` is the language they chose (``es``, ``en``), ``""`` where none is known; a request does not carry it.
    """

    address: str
    name: str = ""
    locale: str = ""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes with a mail: name, media type, hex SHA-256 and size of its bytes.

    ``blob`` is where a sealed file lies (`evidence.entry.BlobRef.as_json`); empty for one whose bytes wait with the
    mail in the outbox.
    """

    name: str
    media: str
    sha256: str
    size: int
    blob: Mapping[str, Json] = field(default_factory=dict)

    def as_json(self) -> dict[str, Json]:
        """The member of a request's ``files``."""
        return {
            "name": self.name,
            "media": self.media,
            "sha256": self.sha256,
            "size": self.size,
            "blob": dict(self.blob),
        }


@dataclass(frozen=True, slots=True)
class MailRequest:
    """A mail to be sent.

    ``template`` names a folder of ``templates/email``, ``context`` what it is filled with: texts, harmless or not, for
    they are cleaned and escaped where they are used; a value whose name ends in ``_en`` stands in for the one without
    in an English mail. ``key`` makes asking twice the same as asking once. ``case`` and ``step`` say what the mail
    belongs to. ``locale`` is ``es`` or ``en``; ``""``: the language of whom it goes to, as known when it is sent.
    ``secrets`` are the names, and only the names, of values that no store may hold in the clear; they travel beside the
    request, sealed (`notifications.desk`). ``record`` is what to record once the mail has gone: the
    step whose evidence it is, and by whom; empty where the mail is only noted in its case. ``files`` go with it.
    """

    template: str
    to: tuple[Addressee, ...]
    context: Mapping[str, str]
    key: str
    case: str = ""
    step: str = ""
    locale: str = ""
    record: Mapping[str, Json] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    files: tuple[Attached, ...] = ()

    def body(self) -> bytes:
        """The request as the body of an errand: canonical JSON, the key apart."""
        files: dict[str, Json] = {"files": [item.as_json() for item in self.files]} if self.files else {}
        return canonical_bytes(
            {
                **files,
                "template": self.template,
                "to": [{"address": item.address, "name": item.name} for item in self.to],
                "context": dict(self.context),
                "case": self.case,
                "step": self.step,
                "locale": self.locale,
                "record": dict(self.record),
                "secrets": list(self.secrets),
            }
        )

    def errand(self) -> Errand:
        """For a composition: queued in the very transaction that writes the entries it belongs to."""
        return Errand(MAIL, self.key, self.body())

    @classmethod
    def of(cls, key: str, body: bytes) -> MailRequest:
        """The inverse of `body`."""
        found = json.loads(body)
        return cls(
            template=found["template"],
            to=tuple(Addressee(item["address"], item["name"]) for item in found["to"]),
            context=found["context"],
            key=key,
            case=found["case"],
            step=found["step"],
            locale=found["locale"],
            record=found["record"],
            secrets=tuple(found["secrets"]),
            files=tuple(Attached(**item) for item in found.get("files", [])),
        )
