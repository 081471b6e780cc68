"""What must answer before the house is ready to work."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from flask import current_app

from evidence.ports import StoreError, StoreSlow
from web.errors import answer_for
from web.jobs import Steward
from web.wiring import House, HouseError, current_house

Part = Mapping[str, bool | str]
_CAN_WAIT = ("steward.", "objects")
_CANNOT_WAIT = "steward.publish"
"""Duties of the steward can wait while people go on recording; only what is not signed cannot.

An object store that hangs is every worker's: who takes them out of service for it takes reading away too.
"""


def readiness() -> dict[str, Part]:
    """Each part with ``ok`` and, where it is not, the code of what is wrong."""
    try:
        house = current_house()
    except HouseError as error:
        return {"house": {"ok": False, "code": error.code}}
    checks: dict[str, Callable[[House], object]] = {
        "database": lambda found: found.ledger.tree_size(),
        "guard": lambda found: found.guard.last(),
        "key": lambda found: found.key.name,
        "case_keys": lambda found: found.case_keys.check(),
        "staging": _staging,
        "objects": _objects,
    }
    parts = {name: _probe(check, house) for name, check in checks.items()}
    steward = current_app.extensions.get("constancia.steward")
    if isinstance(steward, Steward):
        parts |= {f"steward.{name}": part for name, part in steward.status().items()}
    return parts


def needed(troubled: Collection[str]) -> bool:
    """Whether one of the parts in trouble is one that no request should be sent here without."""
    return any(name == _CANNOT_WAIT or not name.startswith(_CAN_WAIT) for name in troubled)


def _staging(house: House) -> None:
    house.settings.staging.mkdir(parents=True, exist_ok=True)


def _objects(house: House) -> None:
    """Never waits for the store: what is known of it is told, and where that is old it is asked beside."""
    if not house.blobs.answers():
        raise StoreSlow("the object store does not answer in time")


def _probe(check: Callable[[House], object], house: House) -> Part:
    try:
        check(house)
    except (StoreError, HouseError, OSError) as error:
        answer = answer_for(error)
        return {"ok": False, "code": answer.code if answer else type(error).__name__}
    return {"ok": True}
