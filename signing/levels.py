"""How much a signature says of who gave it: computed from facts, shown everywhere, never claimed beyond that."""

from __future__ import annotations

from collections.abc import Mapping

LINK, CODE, KEY, EFIRMA = "N1", "N2", "N3", "N4"
FACTORS: Mapping[str, str] = {"code": CODE, "totp": CODE, "passkey": KEY, "efirma": EFIRMA}
"""What each factor beside the link amounts to: out of band, a key of one's own, the tax authority's certificate."""

ASKABLE = ("", "code", "totp", "passkey")
"""Second factors that can be asked for: none, a code by telephone or better, a device of one's own or better, a key."""
OWN = frozenset({"totp", "passkey"})
"""Those that the signatory must have enrolled before."""
_ENOUGH: Mapping[str, frozenset[str]] = {
    "code": frozenset(FACTORS),
    "totp": frozenset(FACTORS) - {"code"},
}


def level_of(factor: str) -> str:
    """The level of an act by what was verified beside the link (``""``: nothing)."""
    return FACTORS.get(factor, LINK)


def satisfies(verified: str, wanted: str) -> bool:
    """Whether what a visit verified is at least what a request asks for."""
    if not wanted:
        return True
    return verified in _ENOUGH.get(wanted, frozenset({wanted}))
