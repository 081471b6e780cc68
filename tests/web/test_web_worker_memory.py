"""What a worker of the server keeps for good is not searched for garbage again and again."""

from __future__ import annotations

import gc

import pytest

from tests.fakes.installation import Installation
from web import logs
from web.server import Server
from web.wiring import HouseHolder


def test_what_a_worker_has_loaded_is_frozen(place: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once its application stands, a full collection reads only what came afterwards."""
    monkeypatch.setattr(logs, "configure", lambda: None)
    before = gc.get_freeze_count()
    try:
        app = Server(place.settings, {"threads": 4}, works=False).load()
        assert gc.get_freeze_count() > before + 10_000
    finally:
        gc.unfreeze()
    holder = app.extensions["constancia"]
    assert isinstance(holder, HouseHolder)
    holder.open().close()
