"""The JSON of `vigie poll` and `vigie check`. Keys are a contract: add, never rename; docs/json.md tells of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from bot.cli.json_output import decrees_json
from bot.cli.shapes import Json, destination_json, posts_json, uncertain_json
from bot.domain import Place

if TYPE_CHECKING:
    from bot.delivery import Delivered
    from bot.ingest.health import DestinationHealth
    from bot.ingest.results import Harvest, SourceReport


def round_json(
    reports: Iterable[SourceReport],
    harvest: Harvest,
    delivered: Iterable[Delivered],
    delivery: Iterable[DestinationHealth],
    places: Mapping[str, Place],
    now: datetime,
) -> Json:
    """What `vigie poll` and `vigie check` print. `requests` counts HTTP requests for pages, not PDFs."""
    return {
        "sources": [source_json(report) for report in reports],
        "decrees": decrees_json(harvest.decrees, places, now),
        "uncertain": [uncertain_json(act) for act in harvest.uncertain],
        "posts": posts_json(delivered),
        "destinations": [destination_json(destination) for destination in delivery],
    }


def source_json(report: SourceReport) -> Json:
    """One source in one round. `new` counts the recueils taken up for reading; `incomplete` were read in part, `unread` not at all, and
    `unfinished` are still being read by the bot to which the round was handed."""
    return {
        "code": report.source.authority,
        "route": report.source.route,
        "ok": report.ok,
        "error": report.error,
        "cause": None if report.cause is None else report.cause.value,
        "requests": report.requests,
        "unchanged": report.unchanged,
        "listed": [
            {"url": entry.url, "title": entry.title, "published": None if entry.published is None else entry.published.isoformat()}
            for entry in report.listed
        ],
        "new": report.new,
        "incomplete": list(report.incomplete),
        "unread": [{"url": item.url, "error": item.error} for item in report.unread],
        "unfinished": list(report.unfinished),
    }
