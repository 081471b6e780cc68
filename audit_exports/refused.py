"""Why an export was not made."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.findings import Finding, Verdict, verdict_of


class ExportRefused(Exception):
    """No package was made.

    ``code`` is ``scope``, ``checkpoint_unknown``, ``nothing_in_scope``, ``engagement`` or ``integrity``.
    """

    def __init__(self, code: str, detail: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.findings = tuple(findings)


def refuse(subject: str, findings: Sequence[Finding]) -> None:
    """Refuse when findings make what they are about anything but valid."""
    if verdict_of(findings) is not Verdict.VALID:
        raise ExportRefused("integrity", subject, findings)
