"""Codes of an authenticator application: RFC 6238 with SHA-1, six digits and thirty seconds, as all of them speak."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

ISSUER = "Constancia"
STEP_SECONDS = 30
WINDOW = 1
"""Steps before and after the present one that are accepted: clocks differ (RFC 6238, section 5.2)."""


@dataclass(frozen=True, slots=True)
class Match:
    """``step``: the time step to be used up, 0 for none; ``used``: the code was right, and was used before."""

    step: int = 0
    used: bool = False


def new_secret() -> str:
    """A secret of 160 bits, in base32 (RFC 4226, section 4)."""
    import pyotp  # noqa: PLC0415 - only when it is used

    return pyotp.random_base32(32)


def address_of(secret: str, name: str) -> str:
    """The ``otpauth:`` address that the application reads from the picture."""
    import pyotp  # noqa: PLC0415 - only when it is used

    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def picture_of(address: str) -> str:
    """The address as QR code: an SVG in a ``data:`` address, dark on white whatever the page's colours."""
    import segno  # noqa: PLC0415 - only when it is used

    made = segno.make(address, error="m", micro=False)
    return str(made.svg_data_uri(scale=4, border=4, dark="#000", light="#fff"))


def match(secret: str, code: str, at: datetime, after: int) -> Match:
    """Which step a typed code is of, among those accepted at a moment and not used up (``after`` was the last)."""
    import pyotp  # noqa: PLC0415 - only when it is used

    digits = "".join(sign for sign in code if sign.isascii() and sign.isdigit())
    machine, present = pyotp.TOTP(secret), int(at.timestamp()) // STEP_SECONDS
    steps = range(present - WINDOW, present + WINDOW + 1)
    right = [step for step in steps if hmac.compare_digest(machine.generate_otp(step), digits)]
    fresh = [step for step in right if step > after]
    return Match(fresh[0] if fresh else 0, bool(right) and not fresh)
