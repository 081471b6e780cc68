"""What must answer before the house is ready to work."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import current_app

from evidence.ports import StoreError
from web.errors import answer_for
from web.jobs import Steward
from web.wiring import House, HouseError, current_house

Part = Mapping[str, bool | str]


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
        "staging": _staging,
    }
    parts = {name: _probe(check, house) for name, check in checks.items()}
    steward = current_app.extensions.get("constancia.steward")
    if isinstance(steward, Steward):
        parts |= {f"steward.{name}": part for name, part in steward.status().items()}
    return parts


def _staging(house: House) -> None:
    house.settings.staging.mkdir(parents=True, exist_ok=True)


def _probe(check: Callable[[House], object], house: House) -> Part:
    try:
        check(house)
    except (StoreError, HouseError, OSError) as error:
        answer = answer_for(error)
        return {"ok": False, "code": answer.code if answer else type(error).__name__}
    return {"ok": True}
