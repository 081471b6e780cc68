"""What may be wrong with one typed value, or with one cell of a sheet: a closed list of codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from evidence.canonical import Json


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field: ``problem`` is a code of `FIELD_PROBLEMS`.

    ``row`` is the line of a spreadsheet (0: a typed field); ``found`` and ``expected`` are short texts, or empty.
    """

    field: str
    problem: str
    row: int = 0
    found: str = ""
    expected: str = ""

    def as_json(self) -> dict[str, Json]:
        """The five members by name."""
        return dict(asdict(self))


FIELD_PROBLEMS: Mapping[str, str] = {
    "one_of": "of the fields in `expected` one must be filled",
    "not_answering": "nobody of that id answers for the zone now; those who do are in `expected`",
    "lapsed": "the validity ended before `expected`, the day of recording",
    "required": "the field is empty",
    "unknown": "the process knows no such field",
    "not_an_option": "the value is none of the options in `expected`",
    "too_long": "the text is longer than `expected` characters",
    "date_malformed": "not a date written yyyy-mm-dd",
    "moment_malformed": "not a date and hour written yyyy-mm-ddThh:mm",
    "number_malformed": "not a whole number",
    "tick_malformed": "neither yes nor no",
    "agent_key_malformed": "not letters and digits alone, or not 2 to 20 of them",
    "phone_malformed": "not 10 to 15 digits",
    "computed": "the rule gives `expected`",
    "within_hours": "the contact came within the hours; there is nothing to queue",
    "not_computable": "the rule lacks the value of `expected`",
    "malformed": "the value does not have the form its kind asks for (identifier, folio)",
    "rfc_malformed": "not four letters, a date and three characters",
    "rfc_company": "12 characters: the RFC of a company",
    "rfc_generic": "one of the generic RFC, which identify nobody",
    "rfc_bad_date": "the six digits are no date",
    "email_malformed": "not an address",
    "hid_unknown": "the sheet has a key (`found`) that the campaign does not",
    "hid_changed": "the key of this row was `expected`, the sheet says `found`",
    "hid_missing": "the sheet lacks the row of key `expected`; ``row`` is the campaign's",
    "hid_elsewhere": "the row of this key belongs to another area (`expected`)",
    "hid_conflict": "the extract says two things of this key: `found` and `expected`",
    "word_unknown": "the value is none of those in `expected`",
    "differs": "the spreadsheet says `found`, the case says `expected`",
    "absent": "the spreadsheet has no row for the RFC in `expected`",
    "secret": "the text announces a password (`found` is the announcing word), which is never stored",
    "not_declared": "somebody must declare that the image shows no passwords",
    "in_future": "the date lies in the future",
    "repeated": "the list has the item more than once",
    "too_many": "the list has more items than `expected`",
    "files_too_large": "the files together take more than `expected`",
    "list_too_long": "all items together take more than `expected` bytes of the entry",
    "outside_table": "the table of business days covers only `expected`",
    "ends_before": "the item's last day lies before its first",
    "personal": "a name that stays in the entry for ever must not tell who somebody is",
    "listed_twice": "the list has the same agent in row `expected` already",
    "no_such_case": "no other case here has the folio in `found`",
    "open_case": "the agent has an open case",
    "routed_before": "the agent was refused and sent elsewhere before",
    "day_outside": "a day of another period than the control's, which is `expected`",
    "control_characters": "the text holds characters that cannot be shown",
}
"""Codes of `FieldProblem` and what each says. Problems found by the spreadsheet reader keep the reader's own codes."""
