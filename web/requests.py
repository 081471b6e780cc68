"""Uploads are written where they will wait, not in the system's temporary directory: a full disk shows at once."""

from __future__ import annotations

import tempfile
from typing import IO

from flask import Request, current_app

from web.wiring import HouseHolder


class StagingRequest(Request):
    """A request whose uploaded files are spooled into the installation's staging directory."""

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002 - the signature is Werkzeug's
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
        content_length: int | None = None,  # noqa: ARG002
    ) -> IO[bytes]:
        holder: HouseHolder = current_app.extensions["constancia"]
        incoming = holder.settings.staging / "incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        # Closed, and thereby removed, by Werkzeug at the end of the request or by whoever takes the file over.
        return tempfile.NamedTemporaryFile(dir=incoming, prefix="in-", suffix=".part")
