"""Finding passwords before they are sealed, in typed text and in text taken out of files.

The rule is small on purpose: a word that announces a secret, ``:`` or ``=``, and a token that could be one. «clave»
alone only warns, because a *clave de agente* is a name. Findings never hold the secret, only where it stands. What a
token may be without alarming anybody is `documents.secret_words`; labels in one cell and values in another are
`documents.secret_cells`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from documents.secret_cells import LabelledCells
from documents.secret_words import LABEL, WEAK, WORD, could_be_secret, is_mixed

_ANNOUNCED = re.compile(  # every repetition is bounded: the text is a stranger's
    rf"(?<![^\W_]){WORD}(?P<rest>(?:[^\S\n]{{1,4}}[^\W\d_]{{1,15}}){{0,5}}(?:[^\S\n]{{0,4}}\([^)\n]{{0,40}}\))?)"
    r"(?:[^\S\n]{0,4}\n)?[^\S\n]{0,4}"
    r"(?:(?P<sign>[:=]{1,3}>?|->|[\u2192\u21d2])|(?P<copula>(?<=\s)(?:es|sera|será|fue|is)(?=\s)))"
    r"(?P<gap>[^\S\n]{0,40}(?:\n[^\S\n]{0,40}){0,2})"
    r"(?P<filler>(?:(?:es|será|sera|is|nuev[ao]|temporal|siguiente)[^\S\n]{1,4}){0,2})"
    r"(?P<token>\S{1,200})(?P<after>[^\S\n]{1,4}[^\W\d_]{1,15})?",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"(?<![0-9A-Za-z_])(?:constancia_[0-9A-Za-z]{46}|whsec_[0-9A-Za-z+/]{40,90}=?)(?![0-9A-Za-z])"
)
"""Tokens of our own API and secrets of webhooks: they announce themselves, and no paper of a case has one."""
_NEGATION = re.compile(r"\b(no|se|sin|nunca|ni)\b", re.IGNORECASE)
_ANY_WORD = re.compile(WORD, re.IGNORECASE)
_BREAKS = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]+"
)
_LOOK_ALIKE = str.maketrans("асеіорѕԁԛѡАВСЕІКМНОРТЅοαιρνΑΒΕΙΚΜΝΟΡΤ", "aceiopsdqwABCEIKMHOPTSoaipvABEIKMNOPT")
"""Cyrillic and Greek letters that look like Latin ones."""
_LEAST_DIFFERENT = 3
_NEAR_WORDS = 2
"""Words between the announcement and its sign up to which any token counts; further off it must look like a secret."""


@dataclass(frozen=True, slots=True)
class SecretFinding:
    """A place that looks like a secret: the announcing word (lower case), its offset, and whether it stops the file.

    ``offset`` counts the characters that can be seen, in their compatibility form (NFKC).
    """

    word: str
    offset: int
    blocks: bool


def scan(text: str, *, between: str = "\t", drawn: bool = False) -> Iterator[SecretFinding]:
    """Every announced secret in a text, in order; then those in its cells; then every token of ours.

    ``between`` parts the cells of a line, ``""`` where there are none. Masked values (``****``, ``____``, «[testado]»,
    «se entrega aparte») and prose pass. A token on a later line, after «es», or after many words counts only when it
    mixes letters with digits or signs, so that a heading followed by prose is no finding. Of a text that was ``drawn``
    and read by a program every token must, and have three different characters: dots of a mask are read as letters.
    """
    seen = _seen(text)
    if _ANY_WORD.search(seen):
        for match in _ANNOUNCED.finditer(seen):
            if _is_secret(match) and (not drawn or _is_clear(match["token"])):
                yield _finding(match["word"], match.start())
        if between and between in seen:
            yield from _in_cells(seen, between)
    for match in _TOKEN.finditer(seen):
        yield SecretFinding("token", match.start(), blocks=True)


def announces(cell: str) -> str:
    """The announcing word when a cell's whole text is a label such as «Contraseña» or «NIP:», else ``""``.

    Spreadsheets put the secret into the next cell instead of after a colon.
    """
    match = LABEL.fullmatch(_seen(cell).strip())
    return match["word"].lower() if match and match["word"].lower() != "clave" else ""


def _finding(word: str, offset: int) -> SecretFinding:
    return SecretFinding(word.lower(), offset, blocks=word.lower() != "clave")


def _is_secret(match: re.Match[str]) -> bool:
    token = match["token"].strip("\"'«»“”,;")
    after = (match["after"] or "") if token == match["token"] else ""
    if _NEGATION.search(match["rest"]) or not could_be_secret(token, after):
        return False
    plain = match["sign"] and "\n" not in match["gap"] and not match["filler"]
    near = len(match["rest"].partition("(")[0].split()) <= _NEAR_WORDS
    return bool(plain and near and match["word"].lower() not in WEAK) or is_mixed(token)


def _is_clear(token: str) -> bool:
    return is_mixed(token) and len(set(token.lower())) >= _LEAST_DIFFERENT


def _in_cells(seen: str, between: str) -> Iterator[SecretFinding]:
    """Labels in one cell with their values beside or below, as pasted lists and tables of mails have them."""
    cells, offset = LabelledCells(announces), 0
    for line in seen.split("\n"):
        for _column, word, value in cells.row([cell.strip().strip('"') for cell in line.split(between)]):
            if could_be_secret(value.split()[0], " ".join(value.split()[1:2])):
                yield _finding(word, offset)
        offset += len(line) + 1


def _seen(text: str) -> str:
    """The text as a reader sees it: one form of each letter, and without characters of no width that split a word."""
    if text.isascii() and "\r" not in text:
        return text
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).translate(_LOOK_ALIKE)
    return _BREAKS.sub("\n", plain)
