"""Run `vigie demo`: the real bot against a replay of three prefecture sites on this machine."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TextIO

from bot.app.config.model import DatabaseSettings, HttpSettings, Settings, WatchSettings
from bot.app.demo.replay import Replay
from bot.app.demo.scenario import scenario
from bot.app.inventory import utc_now
from bot.app.wiring import Parts, assemble
from bot.ingest.ingestor import IngestResult
from bot.ingest.poller import SourceReport
from bot.reading.pages.recognition import ocr_available
from sources.catalogue.authority import Authority

Pages = Callable[[Settings], Awaitable[None]]
"""Serves the pages over the store of these settings, until somebody ends it."""

CODES = ("26", "06", "02")


async def play(authorities: Mapping[str, Authority], out: TextIO, pages: Pages | None = None) -> bool:
    """Serve the sites, run two rounds of the bot, show everything on `out`, then serve the `pages` of what was found. True when all went as
    a demo should."""
    watched = {code: authorities[code] for code in CODES}
    today = utc_now().astimezone().date()
    with tempfile.TemporaryDirectory(prefix="vigie-demo-") as folder, Replay(scenario(today)) as replay:
        settings = demo_settings(replay, Path(folder, "demo.db"))
        _say(out, f"Three prefecture sites are being replayed on this machine: {', '.join(entry.name for entry in watched.values())}.")
        if not ocr_available():
            _say(
                out, "OCR is off here (French data for Tesseract is missing): the scanned recueil of the Alpes-Maritimes will stay unread."
            )
        _say(out, "Vigie looks at them for the first time, and posts what it finds to this terminal:\n")
        async with assemble(settings, authorities, watched=CODES, console=out) as parts:
            started = utc_now()
            reports, ingested = await _round(parts, watched)
            delivered = await parts.deliverer.deliver_due()
            _summary(out, reports, ingested, len(delivered), started)
            _say(out, "\nA second round, as the bot does every few minutes:")
            again, more = await _round(parts, watched)
            delivered = await parts.deliverer.deliver_due()
            requests = sum(report.requests for report in again)
            _say(out, f"  {requests} page requests, {len(more.decrees)} new decrees, {len(delivered)} posts: each decree is posted once.")
            if pages is not None:
                await pages(settings)
    return all(report.ok for report in (*reports, *again))


def demo_settings(replay: Replay, database: Path) -> Settings:
    """Return the defaults, but for where the sites are, and without the pause between requests that real sites deserve."""
    return Settings(
        http=HttpSettings(interval_seconds=0, origins=replay.origins),
        watch=WatchSettings(authorities=CODES),
        database=DatabaseSettings(url=f"sqlite:///{database}"),
    )


async def _round(parts: Parts, watched: Mapping[str, Authority]) -> tuple[list[SourceReport], IngestResult]:
    sources = [source for authority in watched.values() for source in authority.sources]
    results = await asyncio.gather(*(parts.poller.poll(source) for source in sources))
    reports = {report.source.key: report for report, _ in results}
    ingested = IngestResult()
    for _, found in results:
        ingested += found
    # On a slow machine a scan goes on in the background: what it gives belongs to the round.
    for late in await parts.poller.finish():
        ingested += late.ingested
        source = parts.poller.source_of(late.recueil)
        if source is not None:
            reports[source.key] = reports[source.key].reading(late.ingested, {late.recueil.url})
    return list(reports.values()), ingested


def _summary(out: TextIO, reports: list[SourceReport], ingested: IngestResult, posts: int, started: datetime) -> None:
    seconds = (utc_now() - started).total_seconds()
    _say(out, f"\nDone in {seconds:.1f} s: {len(ingested.decrees)} decrees found, {posts} posts.")
    for report in reports:
        state = "ok" if report.ok else f"FAILED: {report.error}"
        counts = f"{len(report.listed)} recueils listed, {report.new} read, {report.requests} page requests"
        _say(out, f"  {report.source.authority}  {counts}: {state}")
        for url in report.incomplete:
            _say(out, f"      read in part only: {url}")


def _say(out: TextIO, text: str) -> None:
    out.write(text + "\n")
    out.flush()
