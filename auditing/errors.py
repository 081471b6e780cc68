"""What the auditors' room refuses: a code and fields, no prose."""

from __future__ import annotations

from evidence.canonical import Json

MORE_CODES = (
    "engagement_unknown engagement_over not_an_auditor not_a_keeper not_the_owner auditor_unfit terms_invalid "
    "mask_internal text_missing text_long text_secret population_unknown population_empty out_of_scope sample_unknown "
    "sample_size "
    "seed_invalid reason_missing not_in_population not_in_sample attribute_unknown result_unknown note_missing "
    "finding_unknown finding_state severity_unknown item_unknown item_state entry_unknown no_downloads no_files "
    "no_whole_cases invite_internal invitation_dead"
)
CODES = frozenset(MORE_CODES.split())


class AuditRefused(Exception):
    """An act of the auditors' room that is not possible; nothing was written. ``code`` is one of `CODES`."""

    def __init__(self, code: str, **fields: Json) -> None:
        if code not in CODES:
            raise ValueError(f"unknown code {code!r}")
        super().__init__(f"{code} {fields}" if fields else code)
        self.code = code
        self.fields = fields
