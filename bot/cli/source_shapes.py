"""The JSON that `vigie sources` prints. Keys are a contract: add, never rename."""

from __future__ import annotations

from datetime import date

from bot.cli.json_output import Json
from bot.domain.records import SourceState
from bot.ingest.health import cause_of
from sources.catalogue.authority import Authority, Source
from sources.crawl.crawler import Crawl
from sources.crawl.explain import PageTold
from sources.crawl.trail import Trail
from sources.model import CrawlFailed, ListingEntry


def authority_json(authority: Authority) -> Json:
    """One line of `vigie sources list`. `not_covered` is null where the authority has routes."""
    return {
        "code": authority.code,
        "name": authority.name,
        "department": authority.department,
        "covered": authority.not_covered is None,
        "not_covered": authority.not_covered,
        "routes": [source.route for source in authority.sources],
        "sources": [
            {
                "route": source.route,
                "root": source.root,
                "reader": source.reader,
                "unverified": source.unverified,
                "browser": source.browser is not None,
            }
            for source in authority.sources
        ],
    }


def source_json(source: Source, state: SourceState, recueils: int) -> Json:
    """One source: the catalogue's description, and what was remembered of it. Instants are ISO 8601 in UTC."""
    trail = Trail.from_json(state.trail)
    return {
        "route": source.route,
        "reader": source.reader,
        "root": source.root,
        "navigation": list(source.navigation),
        "listing": source.listing,
        "order": source.order,
        "follow": list(source.follow),
        "ignore": list(source.ignore),
        "only": list(source.only),
        "unverified": source.unverified,
        "browser": source.browser and {"wait_for": source.browser.wait_for, "script_hosts": list(source.browser.script_hosts)},
        "notes": list(source.notes),
        "evidence": source.evidence,
        "checked": source.checked.isoformat(),
        "recueils": recueils,
        "last_ok_at": state.last_ok_at and state.last_ok_at.isoformat(),
        "next_check_at": state.next_check_at and state.next_check_at.isoformat(),
        "failures": state.failures,
        "error": state.error,
        "moved_to": state.moved_to,
        "walked_at": trail and trail.walked_at.isoformat(),
        "polled": [page.url for page in trail.pages] if trail else [],
    }


def check_json(source: Source, today: date, told: tuple[PageTold, ...], outcome: Crawl | CrawlFailed) -> Json:
    """What `vigie sources check` found. `ok` is what the exit code says; `polled` are the pages a poll asks from now on."""
    crawl = outcome if isinstance(outcome, Crawl) else None
    cause = outcome.cause if isinstance(outcome, CrawlFailed) else next(iter(outcome.unread), None)
    return {
        "code": source.authority,
        "route": source.route,
        "today": today.isoformat(),
        "ok": cause is None,
        "error": None if cause is None else str(cause),
        "cause": None if cause is None else cause_of(cause).value,
        "requests": outcome.requests,
        "pages": [_page_json(page) for page in told],
        "listed": [listed_json(entry) for entry in crawl.listed] if crawl else [],
        "polled": [page.url for page in crawl.trail.pages] if crawl else [],
        "moved_to": crawl and crawl.moved_to,
    }


def listed_json(entry: ListingEntry) -> Json:
    """One entry of a listing."""
    published = None if entry.published is None else entry.published.isoformat()
    return {"url": entry.url, "title": entry.title, "published": published, "is_detail": entry.is_detail}


def _page_json(page: PageTold) -> Json:
    return {
        "asked": page.asked,
        "url": page.url,
        "error": page.error and str(page.error),
        "documents": page.documents,
        "details": page.details,
        "entries": len(page.entries),
        "ignored": [listed_json(entry) for entry in page.ignored],
        "ways": [{"url": way.url, "text": way.text, "followed": way.followed, "reason": way.reason.value} for way in page.ways],
        "is_paged": page.is_paged,
    }
