"""Files inside a mail, judged as if each had come by itself.

A mail is evidence as it came and cannot be mended by who received it: what its own door would refuse is told, marked,
and never taken out of the mail. A password is another matter: it stops the mail wherever in it it stands.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace

from documents import secrets_scan
from documents.inspection import inspect
from documents.limits import Limits
from documents.refusals import FileRefused, Refuse, hostile
from documents.wordtext import word_text

_NOT_TAKEN = frozenset({"type_not_allowed", "content_mismatch"})
"""Refusals for what a file is; all others are for what is in it."""
_TOLD_OUTSIDE = frozenset({"attachment_type", "attachment_refused", "text_cut", "word_clave"})
"""Warnings of a file inside that are the mail's too."""


def screen(files: Sequence[tuple[str, bytes]], limits: Limits) -> tuple[Mapping[int, str], frozenset[str]]:
    """By number from 0, the code with which a file would be refused by itself; and warnings of the mail.

    Args:
        files: safe name and bytes of each.
        limits: bounds of the work; a mail inside a mail may be half as deep.

    Raises:
        Refuse: ``secret_found`` (place ``attachment N``, from 1).
    """
    inner = replace(limits, mail_depth=limits.mail_depth // 2)
    codes: dict[int, str] = {}
    warnings: set[str] = set()
    for number, (name, data) in enumerate(files):
        code, told = _judged(name, data, number + 1, inner)
        warnings |= told
        if code:
            codes[number] = code
    return codes, frozenset(warnings)


def _judged(name: str, data: bytes, number: int, limits: Limits) -> tuple[str, frozenset[str]]:
    try:
        return "", frozenset(inspect(io.BytesIO(data), name=name, limits=limits).warnings) & _TOLD_OUTSIDE
    except FileRefused as refusal:
        if refusal.code == "secret_found":
            raise _secret(str(refusal.fields["word"]), number) from refusal
        if refusal.fields.get("found") == "docx":
            _refuse_word(data, number, limits)
        kind = "attachment_type" if refusal.code in _NOT_TAKEN else "attachment_refused"
        return refusal.code, frozenset({kind})


def _refuse_word(data: bytes, number: int, limits: Limits) -> None:
    """A document of Word is not taken by itself, but mails bring them: what it says is looked at all the same."""
    try:
        with hostile("docx"):
            text = word_text(io.BytesIO(data), limits)
    except Refuse:
        return  # it cannot be read: it is marked as not taken anyway
    finding = next((item for item in secrets_scan.scan(text) if item.blocks), None)
    if finding is not None:
        raise _secret(finding.word, number)


def _secret(word: str, number: int) -> Refuse:
    return Refuse("secret_found", word=word, place=f"attachment {number}")
