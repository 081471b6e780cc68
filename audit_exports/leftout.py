"""Cases the log had of the processes a package is about, and that the package does not name."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from audit_exports.codes import Code
from audit_exports.containers import printable
from audit_exports.heads import HeadsCheck
from audit_exports.record import Scope
from audit_exports.scope import prefixes_of
from auditing.model import Engagement
from evidence.findings import Finding

_NAMED = 20
"""How many of them a finding names."""


def left_out(
    heads: HeadsCheck, scope: Scope, engagement: Engagement | None, named: AbstractSet[str]
) -> Iterator[Finding]:
    """A finding for each process with cases beside ``named``: within a period or an engagement that is a notice."""
    bounded = bool(scope.start or scope.end or scope.engagement)
    for prefix in prefixes_of(scope, engagement.terms.processes if engagement is not None else ()):
        known = heads.series(prefix)
        left = sorted((known or frozenset()) - named)
        if known is None or not left:
            continue
        code = Code.POPULATION_OUTSIDE if bounded else Code.POPULATION_INCOMPLETE
        told = ", ".join(map(printable, left[:_NAMED])) + (", …" if len(left) > _NAMED else "")
        yield Finding(
            code, prefix or "casos", f"{len(known)} cases at {heads.size}", f"{len(left)} not named: {told}"
        )
