"""Time stamps of RFC 3161 for signatures, asked of the configured authority through a transport that is handed in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from asn1crypto import tsp  # type: ignore[import-untyped]  # publishes no types
from pyhanko.sign.timestamps import TimeStamper

_log = logging.getLogger(__name__)

QUERY_MEDIA = "application/timestamp-query"
REPLY_MEDIA = "application/timestamp-reply"


class Answered(Protocol):
    """What an HTTP server said: status, media type without parameters, body."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def media(self) -> str:
        """The media type."""
        ...

    @property
    def body(self) -> bytes:
        """The content."""
        ...


Send = Callable[[str, bytes, str], Answered]
"""From address, body and media type to the answer; raises `NoAnswer` where there is none."""


class NoAnswer(Exception):
    """The network gave nothing that can be used; try again later."""


@dataclass(frozen=True, slots=True)
class StampSource:
    """Authorities that stamp signatures, asked in their order until one answers, and how they are spoken to."""

    urls: tuple[str, ...]
    send: Send

    def stamper(self) -> TimeStamper:
        """A fresh asker: pyHanko's keep what they were answered."""
        return _Asker(self)


class _Asker(TimeStamper):
    def __init__(self, source: StampSource) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # pyHanko types parts of itself
        self._source = source

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Ask once. Raises `NoAnswer` for whatever is not a reply."""
        return await asyncio.to_thread(self._ask, req.dump())

    def _ask(self, query: bytes) -> tsp.TimeStampResp:
        *first, last = self._source.urls
        for url in first:
            try:
                return self._ask_one(url, query)
            except NoAnswer as error:
                _log.warning("time stamp: %s; asking the next authority", error)
        return self._ask_one(last, query)

    def _ask_one(self, url: str, query: bytes) -> tsp.TimeStampResp:
        answer = self._source.send(url, query, QUERY_MEDIA)
        if answer.status != 200 or answer.media != REPLY_MEDIA:
            raise NoAnswer(f"answered {answer.status} {answer.media}")
        try:
            reply = tsp.TimeStampResp.load(answer.body, strict=True)
            _belongs(reply, tsp.TimeStampReq.load(query))
        except (ValueError, TypeError, KeyError) as error:
            raise NoAnswer(f"answered with something else than a time stamp: {error}") from error
        return reply


def _belongs(reply: tsp.TimeStampResp, query: tsp.TimeStampReq) -> None:
    """Whether a reply is to this query: pyHanko stumbles over another nonce, and would embed a stamp of other bytes."""
    if reply["status"]["status"].native not in {"granted", "granted_with_mods"}:
        raise ValueError(f"not granted: {reply['status']['status'].native}")
    info = reply["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
    if info["nonce"].native != query["nonce"].native:
        raise ValueError("another nonce")
    if info["message_imprint"].native != query["message_imprint"].native:
        raise ValueError("other bytes")
