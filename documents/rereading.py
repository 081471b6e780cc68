"""A file that was just recognised is not recognised a second time: a page reads it when it comes and when it is sealed.

The same bytes under the same name within the same limits are the same answer. It is kept by the bytes' digest, in this
process only, for the next time it is asked for and no longer; what nobody asks for again goes when others come.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import BinaryIO

from documents.antivirus import Scanner
from documents.inspection import Inspection
from documents.isolation import SeparateReader
from documents.limits import DEFAULT_LIMITS, Limits
from documents.names import safe_name
from documents.ocr import PictureProgram

MOST = 64
"""Answers kept: what sixteen people who each bring some files wait for."""

Asked = tuple[str, str, Limits | None]


class OnceReader(SeparateReader):
    """`SeparateReader` that gives an inspection out twice, and reads once. Thread-safe."""

    def __init__(
        self,
        limits: Limits = DEFAULT_LIMITS,
        *,
        at_once: int = 0,
        scanner: Scanner | None = None,
        pictures: PictureProgram | None = None,
    ) -> None:
        super().__init__(limits, at_once=at_once, scanner=scanner, pictures=pictures)
        self._kept: OrderedDict[Asked, Inspection] = OrderedDict()
        self._lock = threading.Lock()

    def inspect(self, stream: BinaryIO, *, name: str, limits: Limits | None = None) -> Inspection:
        """See `SeparateReader.inspect`. A refusal is not kept: who asks again is told again."""
        stream.seek(0)
        asked = (hashlib.file_digest(stream, "sha256").hexdigest(), safe_name(name), limits)  # type: ignore[arg-type]
        stream.seek(0)
        with self._lock:
            kept = self._kept.pop(asked, None)
        if kept is not None:
            return kept
        found = super().inspect(stream, name=name, limits=limits)
        with self._lock:
            self._kept[asked] = found
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return found
