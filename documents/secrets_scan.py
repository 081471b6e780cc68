"""Finding passwords before they are sealed, in typed text and in text taken out of files.

The rule is small on purpose: a word that announces a secret, ``:`` or ``=``, and a token. «clave» alone only warns,
because a *clave de agente* is a name and not a secret. Findings never hold the secret, only where it stands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_WORD = r"(?P<word>contrase[ñn]a|contrasena|password|passwd|passcode|pwd|nip|pin|clave)"
_ANNOUNCED = re.compile(  # every repetition is bounded: the text is a stranger's
    rf"(?<![^\W_]){_WORD}(?P<rest>(?:[^\S\n]{{1,4}}[^\W\d_]{{1,15}}){{0,2}}(?:[^\S\n]{{0,4}}\([^)\n]{{0,40}}\))?)"
    r"[^\S\n]{0,4}[:=][^\S\n]{0,40}(?P<break>\r?\n[^\S\n]{0,40})?(?P<token>\S{1,200})",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"(?<![0-9A-Za-z_])(?:constancia_[0-9A-Za-z]{46}|whsec_[0-9A-Za-z+/]{40,90}=?)(?![0-9A-Za-z])"
)
"""Tokens of our own API and secrets of webhooks: they announce themselves, and no paper of a case has one."""
_NEGATION = re.compile(r"\b(no|se|sin|nunca|ni)\b", re.IGNORECASE)
_MASK = re.compile(r"[*•●·xX_#\-–—.…█▇■]+\Z")
_CENSORED = re.compile(
    r"[\[(<]?(testad[oa]|ocult[oa]|omitid[oa]|eliminad[oa]|redactad[oa]|redacted|hidden|none|ningun[oa]|n/a|no|se|"
    r"pendiente|null)\b",
    re.IGNORECASE,
)
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]+"
)
_LETTER_AND_OTHER = re.compile(r"(?=.*[^\W\d_])(?=.*[\d!@#$%&*+?])")


@dataclass(frozen=True, slots=True)
class SecretFinding:
    """A place that looks like a secret: the announcing word (lower case), its offset, and whether it stops the file.

    ``offset`` counts the characters that can be seen, accents composed.
    """

    word: str
    offset: int
    blocks: bool


def scan(text: str) -> Iterator[SecretFinding]:
    """Every announced secret in a text, in order; then every token of ours.

    Masked values (``****``, ``____``, «[testado]», «se entrega aparte») pass. A token on the next line counts only
    when it mixes letters with digits or signs, so that a heading followed by prose is no finding.
    """
    seen = _seen(text)
    for match in _ANNOUNCED.finditer(seen):
        token = match["token"].strip("\"'«»“”,;")
        if (
            _NEGATION.search(match["rest"])
            or _harmless(token)
            or (match["break"] and not _LETTER_AND_OTHER.search(token))
        ):
            continue
        word = match["word"].lower()
        yield SecretFinding(word, match.start(), blocks=word != "clave")
    for match in _TOKEN.finditer(seen):
        yield SecretFinding("token", match.start(), blocks=True)


def announces(cell: str) -> str:
    """The announcing word when a cell's whole text is a label such as «Contraseña» or «NIP:», else ``""``.

    Spreadsheets put the secret into the next cell instead of after a colon.
    """
    match = re.fullmatch(rf"\W*{_WORD}(?:[^\S\n]+[^\W\d_]+)?\W*", _seen(cell).strip(), re.IGNORECASE)
    return match["word"].lower() if match and match["word"].lower() != "clave" else ""


def _seen(text: str) -> str:
    """The text as a reader sees it: accents composed, and without characters of no width that would split a word."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFC", text))


def _harmless(token: str) -> bool:
    return not token or bool(_MASK.match(token)) or bool(_CENSORED.match(token))
