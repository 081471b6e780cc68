"""Every refusal has words, every kind of trouble its status, in Spanish and in English."""

from __future__ import annotations

import ast
import errno
import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from audit_exports import builder
from auditing.errors import CODES
from documents.agent_list import LIST_CODES
from documents.refusals import REFUSAL_FIELDS, WARNING_CODES, FileRefused
from documents.request_form import ERROR_CODES
from documents.row_sheets import ROW_CODES
from evidence import ports
from evidence.entry import MalformedEntry
from identity.accounts import IdentityError, Role
from identity.passwords import PasswordRefused
from identity.recertdesk import ReviewRefused
from tests.fakes.installation import Installation
from web import messages
from web.api.words import API, FORM_PROBLEMS, TITLES
from web.errors import answer_for, house_answer
from web.messages import Message
from web.peoplemessages import PEOPLE
from web.wiring import HouseError, WrongLog
from workflows import errors as refusals
from workflows.closing import TimersIncomplete
from workflows.errors import REFUSAL_CODES

WEB = Path(messages.__file__).parent
TABLES: tuple[Mapping[str, Message], ...] = (
    messages.CASES,
    messages.FILES,
    PEOPLE,
    messages.EXPORTS,
    messages.AUDIT,
    messages.HOUSE,
    API,
)


def _base(code: str) -> str:
    return code.partition(":")[0]


def test_every_refusal_of_a_case_has_words_and_no_words_are_left_over() -> None:
    """The table and the closed list of codes are the same."""
    assert {_base(code) for code in messages.CASES} == set(REFUSAL_CODES)


def test_every_refusal_and_warning_of_a_file_has_words() -> None:
    """The same for files."""
    assert set(messages.FILES) == set(REFUSAL_FIELDS)
    assert set(messages.WARNINGS) == set(WARNING_CODES)


def test_every_problem_of_a_field_or_row_has_words() -> None:
    """Typed fields and rows of the request sheet."""
    readers = set(ERROR_CODES) | set(ROW_CODES) | set(LIST_CODES)
    assert set(messages.FIELD_PROBLEMS) == set(refusals.FIELD_PROBLEMS) | readers


def test_every_role_has_a_name() -> None:
    """As people say it."""
    assert set(messages.ROLES) == {str(role) for role in Role} | {"system"}


def _identity_codes(base: type[IdentityError]) -> set[str]:
    found = set()
    for kind in base.__subclasses__():
        if kind not in {PasswordRefused, ReviewRefused}:
            found.add(kind.code)
        found |= _identity_codes(kind)
    return found


def test_every_refusal_of_a_person_has_words() -> None:
    """Codes of classes, and those a new password is refused with."""
    judging = (WEB.parent / "identity" / "passwords.py", WEB / "pages" / "session.py")
    source = "".join(path.read_text(encoding="utf-8") for path in judging)
    passwords = set(re.findall(r'PasswordRefused\("(\w+)"\)', source))
    assert len(passwords) == 5
    sources = (WEB.parent / "identity" / "recertdesk.py", WEB / "commands" / "reviews.py")
    reviews = "".join(path.read_text(encoding="utf-8") for path in sources)
    reviewing = set(re.findall(r'ReviewRefused\("(\w+)"\)', reviews))
    assert len(reviewing) == 12
    assert set(PEOPLE) == _identity_codes(IdentityError) | passwords | reviewing


def test_every_code_the_house_raises_has_words_and_every_word_is_used() -> None:
    """Codes are gathered from the source: `HouseError("…")`, `house_answer("…")`, `_always("…")`, `abort(…, "…")`.

    What storage refuses of backups and moves becomes the house's word by its code: `MovingRefused("…")`.
    """
    used = set()
    for path in (*WEB.rglob("*.py"), *(WEB.parent / "storage" / "moving").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in {"HouseError", "house_answer", "_always", "abort", "MovingRefused"}:
                used |= {item.value for item in ast.walk(node) if isinstance(item, ast.Constant)}
    texts = {code for code in used if isinstance(code, str)}
    raised = {node for node in texts if re.fullmatch(r"[a-z_]+", node)}
    by_status = {"bad_request", "login_required", "forbidden", "not_found", "method_not_allowed", "too_large"}
    limits = {"draft_files", "draft_bytes"}
    assert set(messages.HOUSE) <= raised | by_status | limits
    for code in raised & set(messages.HOUSE):
        assert house_answer(code).message


def test_every_code_of_the_api_has_words_and_every_word_is_used() -> None:
    """Codes are gathered from the source: `ApiRefused("…")`, and what `web.api.checking` finds; titles by status."""
    refused, flawed = set(), set()
    for path in (WEB / "api").glob("*.py"):
        source = path.read_text(encoding="utf-8")
        refused |= set(re.findall(r'ApiRefused\(\s*"(\w+)"', source))
        flawed |= set(re.findall(r'(?:Flaw|bad)\([^"]*(?:f?"[^"]*"[^"]*)?, "(\w+)"', source))
        flawed |= set(re.findall(r'Unreadable\("(\w+)"', source))
    assert set(API) == refused
    assert flawed <= set(FORM_PROBLEMS)
    assert {message.status for table in TABLES for message in table.values()} <= set(TITLES)


def test_exports_have_words_for_each_of_their_refusals() -> None:
    """The four codes its class names."""
    codes = set(re.findall(r"``(\w+)``", builder.ExportRefused.__doc__ or ""))
    assert set(messages.EXPORTS) == codes - {"code"}


@pytest.mark.parametrize("table", TABLES)
def test_each_says_what_happened_and_what_to_do(table: Mapping[str, Message]) -> None:
    """Both sentences, the first of them ended, and a status of the right kind."""
    for code, message in table.items():
        assert message.text.endswith((".", "%(problems)s")), code
        assert message.advice.endswith((".", "%(options)s.", ")")), code
        assert 400 <= message.status < 600, code


@pytest.mark.parametrize("code", sorted(REFUSAL_CODES))
def test_a_refusal_without_its_fields_still_speaks(code: str) -> None:
    """A dash stands where a field is missing; no placeholder is ever shown."""
    kind = REFUSAL_CODES[code]
    error = refusals.FieldInvalid(()) if kind is refusals.FieldInvalid else kind()
    answer = answer_for(error)
    assert answer is not None
    assert answer.code == code
    assert "%(" not in answer.message + answer.advice
    assert answer.status < 500 or code == "unknown_definition"


@pytest.mark.parametrize("code", sorted(REFUSAL_FIELDS))
def test_a_refused_file_is_named_in_its_message(code: str) -> None:
    """With every field filled in."""
    fields = dict.fromkeys(REFUSAL_FIELDS[code], 3_000_000)
    answer = answer_for(FileRefused(code, "carta ñ.pdf", fields))
    assert answer is not None
    assert answer.code == f"file_{code}"
    assert "«carta ñ.pdf»" in answer.message
    assert "%(" not in answer.message + answer.advice
    if code == "too_large":
        assert "3.0 MB" in answer.message


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ports.StoreUnavailable("database: gone"), 503, "unavailable"),
        (ports.StoreSlow("the object store does not answer in time"), 503, "store_slow"),
        (ports.StoreBusy("256 writers wait already"), 503, "store_busy"),
        (ports.StoreUnavailable("database: database or disk is full"), 507, "disk_full"),
        (ports.StoreUnavailable("database: disk I/O error SQLITE_IOERR_SHMSIZE"), 507, "disk_full"),
        (ports.StoreUnavailable("database: no such table: log_entry"), 503, "not_migrated"),
        (ports.StoreUnavailable('database: relation "draft" does not exist'), 503, "not_migrated"),
        (WrongLog("other"), 503, "wrong_log"),
        (ports.StoreError("bucket without lock"), 503, "store_unfit"),
        (ports.AppendConflict("five"), 503, "conflict"),
        (ports.IdempotencyMismatch("k"), 409, "request_reused"),
        (ports.ReferenceTaken("dsn", "X1", "MA-001-2026-000001"), 409, "duplicate_reference"),
        (ports.BlobMissing("sha256/ab/abcd"), 500, "blob_missing"),
        (ports.BlobMissing("tile/0/7"), 500, "ledger_damaged"),
        (ports.BlobCorrupt("sha256/ab/abcd", "a", "b"), 500, "blob_corrupt"),
        (ports.BlobCorrupt("MA-001-2026-000001/3", "a", "b"), 500, "ledger_damaged"),
        (ports.GuardEmpty(9, 9, "lost"), 503, "guard_empty"),
        (TimersIncomplete((), [("MA-001-2026-000001", "odd")]), 500, "timers_incomplete"),
        (ports.RolledBack(5, 3, "behind"), 503, "rolled_back"),
        (MalformedEntry("seq", "odd"), 500, "ledger_damaged"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), 507, "disk_full"),
        (OSError(errno.EIO, os.strerror(errno.EIO)), 503, "unavailable"),
        (HouseError("busy"), 503, "busy"),
    ],
)
def test_three_kinds_of_trouble_are_never_mixed(error: Exception, status: int, code: str) -> None:
    """Refusals below 500, unavailability 503 or 507, integrity 500."""
    answer = answer_for(error)
    assert answer is not None
    assert (answer.status, answer.code) == (status, code)


def test_a_full_disk_is_seen_through_its_causes() -> None:
    """Wherever in the chain the operating system said so."""
    try:
        try:
            raise OSError(errno.ENOSPC, "full")
        except OSError as cause:
            raise ports.StoreUnavailable("object not kept") from cause
    except ports.StoreUnavailable as error:
        answer = answer_for(error)
    assert answer is not None
    assert answer.code == "disk_full"


def test_a_fault_of_ours_is_in_no_table() -> None:
    """It becomes an incident, never a refusal."""
    assert answer_for(KeyError("x")) is None
    assert answer_for(ValueError("x")) is None


def test_variants_tell_what_happened() -> None:
    """The step somebody else recorded, the correction that came first, the date in the future."""
    for error, words in (
        (refusals.StepNotOpen(step="5", status="hecho", seq=7, actor="u-1", at=""), "entrada 7"),
        (refusals.StepNotOpen(step="5", status="bloqueado", seq=0, actor="", at=""), "no está abierto"),
        (refusals.NotSupersedable(seq=3, why="superseded", by=9), "por la 9"),
        (refusals.DateNotCredible(occurred_at="x", problem="future"), "futuro"),
        (refusals.GuardUnmet(step="10", unmet=[{"step": "9", "name": "Carta firmada"}]), "9 Carta firmada"),
    ):
        answer = answer_for(error)
        assert answer is not None
        assert words in answer.message


def test_scripts_get_json_and_people_a_page_in_their_language(place: Installation) -> None:
    """The same refusal as an object, as a Spanish page, and as an English one."""
    browser = place.client()
    error = browser.get_json("/casos/MA-001-2026-999999").get_json()["error"]
    assert error["code"] == "unknown_case"
    page = browser.get("/casos/MA-001-2026-999999")
    assert page.status_code == 404
    assert "No existe el caso MA-001-2026-999999." in page.text
    assert '<html lang="es' in page.text
    browser.post_form("/idioma", {"idioma": "en"})
    page = browser.get("/casos/MA-001-2026-999999")
    assert '<html lang="en' in page.text
    assert "No existe" not in page.text


def test_hostile_text_in_a_refusal_is_escaped(place: Installation) -> None:
    """A folio that is markup is shown as text."""
    page = place.client().get("/casos/%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in page.text
    assert page.status_code == 404


def test_the_auditors_room_has_words_for_each_of_its_refusals() -> None:
    """The table and the closed list of codes are the same."""
    assert set(messages.AUDIT) == CODES
