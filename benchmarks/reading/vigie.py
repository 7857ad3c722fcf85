"""Vigie reading one file as the running bot does: `python -m benchmarks.reading.vigie FILE OUTPUT`.

The clock starts when everything is imported, as in a bot that runs, and before the reading process is started.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from bot.domain.records import Recueil, RecueilState
from bot.ingest.judging import concerned, early_result, read_result
from bot.reading.model import ActComplete, ReadingDone
from bot.reading.reader import stream_pdf

_NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


async def read(path: Path) -> dict[str, Any]:
    """Read and judge one file; what it took, what was found, and when a decree was first known. Raises Unreadable."""
    alerts: list[float] = []
    recueil = _recueil(path)
    before, start = _cpu(), perf_counter()
    async with aclosing(stream_pdf(path, is_concerned=concerned)) as events:
        async for event in events:
            match event:
                case ActComplete(part):
                    # In a thread, as the bot does: the workers go on meanwhile.
                    if await asyncio.to_thread(early_result, recueil, part, next_try_at=_NOW) is not None:
                        alerts.append(perf_counter() - start)
                case ReadingDone(reading):
                    seconds, cpu = perf_counter() - start, _cpu() - before
                    if read_result(recueil, reading, next_try_at=None).decrees:
                        alerts.append(perf_counter() - start)
                    pages = [page.text for page in reading.pages]
                    return {"seconds": seconds, "cpu": cpu, "alert": alerts[0] if alerts else None, "pages": pages}
    raise AssertionError("the last event is ReadingDone")


def _recueil(path: Path) -> Recueil:
    """The file as the bot has it in its records when it reads it."""
    return Recueil(
        id=1,
        authority="99",
        source="99:national",
        url=path.as_uri(),
        title=path.stem,
        published=None,
        is_detail=False,
        state=RecueilState.WAITING,
        attempts=0,
        next_try_at=None,
        error=None,
        number=None,
        digest=None,
    )


def _cpu() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in spent)


def _peak() -> int:
    """The bytes of this process at most, or of the largest that it waited for. (`ru_maxrss` of itself may be that of who started it.)"""
    own = next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return max(int(own), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) * 1024


def main(path: str, output: str) -> None:
    """Read one file and write what came of it."""
    figures = asyncio.run(read(Path(path)))
    Path(output).write_text(json.dumps({**figures, "whole_cpu": _cpu(), "peak": _peak()}), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
