"""Which engine the reading processes will find, as seen from their parent, which never lets it read anything."""

from __future__ import annotations

import os
from enum import Enum
from functools import lru_cache

from bot.reading.pages.ocr import InProcess, find_ocr


class EngineKind(Enum):
    """How an engine runs: inside the reading process, or as a program of its own that this process must be allowed to start."""

    LIBRARY = "library"
    COMMAND = "command"


def engine_kind() -> EngineKind | None:
    """The kind of engine of this machine, None where there is none. Loads the engine the first time (some 50 ms)."""
    prefix = os.environ.get("TESSDATA_PREFIX")
    kind = _kind(prefix)
    if kind is None:
        # It may be installed while the bot runs.
        _kind.cache_clear()
    return kind


@lru_cache(maxsize=1)
def _kind(_prefix: str | None) -> EngineKind | None:
    engine = find_ocr()
    if engine is None:
        return None
    return EngineKind.LIBRARY if isinstance(engine, InProcess) else EngineKind.COMMAND
