"""Why a letter is not written, or not sealed."""

from __future__ import annotations

from workflows.refusal import Refusal


class LetterNotOffered(Refusal):
    """``step``: no letter of ours is evidence of it."""

    code = "letter_not_offered"


class LetterIncomplete(Refusal):
    """``why`` (``director``, or ``step``), ``step``: the case does not say yet what the letter must."""

    code = "letter_incomplete"


class LetterUnfit(Refusal):
    """``field``, ``why`` (``long``, ``characters``, ``glyph``, ``secret``), ``value``: something no letter may hold."""

    code = "letter_unfit"


class LetterChanged(Refusal):
    """``step``: what was shown is not what would be sealed, or no longer what the case says."""

    code = "letter_changed"
