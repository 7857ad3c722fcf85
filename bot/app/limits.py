"""What reading one PDF may take, as configured. Apart from `app`: a command that only reads a file needs nothing else of it."""

from __future__ import annotations

from bot.app.config import Settings
from bot.reading.limits import Limits

_MEBIBYTE = 1024 * 1024


def read_limits(settings: Settings) -> Limits:
    """What reading one PDF may take."""
    reading = settings.reading
    usual = Limits()
    return Limits(
        seconds=reading.timeout_seconds,
        memory_bytes=reading.memory_megabytes * _MEBIBYTE,
        max_pages=reading.max_pages,
        ocr=reading.ocr,
        workers=reading.ocr_processes or usual.workers,
    )
