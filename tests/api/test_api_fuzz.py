"""schemathesis walks the API from its own document: no 5xx, no undocumented answer, nothing wrong accepted.

A short run is in `make test`; `make fuzz` sets ``CONSTANCIA_FUZZ`` to more examples for each operation and mode.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from evidence.verify import verify_ledger
from identity.accounts import Role
from tests.api.conftest import PERSON
from tests.api.test_api_cases import multipart, opened
from tests.fakes.calling import System
from tests.fakes.installation import Installation
from tests.fakes.papers import eml
from web.api import following
from web.api.registering import GROUPS
from web.inception import settle

EXAMPLES = int(os.environ.get("CONSTANCIA_FUZZ", "4"))
_SLOW = {"start_export"}
"""What begins long work: a few times is enough."""
_NOT_OURS = {
    # Refused by the process and not by the form is a 422 or 409, as documented: the schema cannot know steps and roles.
    "positive_data_acceptance",
    # No bound of time, under whatever load the machine has.
    "max_response_time",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, System, str]]:
    """An installation with one case that has a file, and a system with every scope."""
    place = Installation(tmp_path_factory.mktemp("fuzz") / "data")
    object.__setattr__(place.settings, "api_rate", 1_000_000)
    system = System.of(place, Role.SUPERVISOR)
    folio = opened(System.of(place), dict(PERSON))
    answer = multipart(System.of(place), f"/cases/{folio}/steps/2", {}, ("archivo", "c.eml", eml()))
    assert answer.status_code == 201, answer.text
    settle(place.house)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(following, "_waiting", threading.BoundedSemaphore(1))
        with following._waiting:  # nobody may wait: answers come at once
            yield place, system, folio
    place.close()


OPERATIONS = [operation for group in GROUPS for operation in group.operations]


@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: str(mode.value)
)
@pytest.mark.parametrize("name", [operation.id for operation in OPERATIONS])
def test_every_answer_to_whatever_comes_is_documented(
    desk: tuple[Installation, System, str], name: str, mode: GenerationMode
) -> None:
    """Well-formed and ill-formed requests, half of them about a case that is there."""
    place, system, folio = desk
    load_all_checks()
    checks = [check for check in CHECKS.get_all() if _name(check) not in _NOT_OURS]
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", place.app)
    operation = schema.find_operation_by_id(name)
    known = {"folio": folio, "process": "MA-001", "step": "2", "seq": "1", "number": "0"}
    examples = 1 if name in _SLOW else EXAMPLES

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize="CONSTANCIA_FUZZ" not in os.environ,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
    def ask(case: Case, real: bool) -> None:
        if real and mode is GenerationMode.POSITIVE:
            _place(case, known)
        case.call_and_validate(headers={"Authorization": f"Bearer {system.text}"}, checks=checks)

    ask()


def test_what_was_asked_left_a_log_that_verifies(desk: tuple[Installation, System, str]) -> None:
    """Whatever the walk managed to seal is whole: chains, tree, files."""
    place = desk[0]
    settle(place.house)
    report = verify_ledger(place.house.ledger, place.house.blobs, keys=[place.house.vkey], full=True)
    assert (str(report.verdict), report.findings) == ("valid", ())


def _name(check: Any) -> str:
    return str(getattr(check, "__name__", type(check).__name__))


def _place(case: Case, known: Mapping[str, str]) -> None:
    """What is there instead of what was made up."""
    case.path_parameters = {
        name: known.get(name, value) for name, value in (case.path_parameters or {}).items()
    }
