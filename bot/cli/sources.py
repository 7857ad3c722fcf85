"""`vigie sources`: the catalogue of authorities, and the tools to mend a source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Annotated

import typer

from bot.app.config.model import Settings
from bot.app.wiring import open_client
from bot.cli import source_walks
from bot.cli.context import DONE, PARTLY_DONE, AsJson, fail, run_to_end
from bot.cli.text_output import code_column, count, day_column, minute, show
from bot.cli.work import Code, Codes, chosen, load, opened, progress
from bot.domain.records import SourceState
from bot.ingest.backfill import Audit, audit
from bot.messages import printable
from bot.queries.json_shapes import Json, pick, plain
from sources.catalogue.authority import Authority, Source
from sources.crawl.history import NationalIndex, fetch_index
from sources.crawl.trail import Trail
from sources.model import FetchError

SHOWN = 20
"""Recueils shown of each authority, unless more are requested."""

_EACH = 3
"""Authorities that the index does not know up to which each has a line."""

Day = Annotated[datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Only what is dated since, as in 2025-01-31.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=0, help="Show at most so many recueils of each authority.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    sources = typer.Typer(help="Show and check the catalogue of authorities and their sources.", no_args_is_help=True)
    app.add_typer(sources, name="sources")

    @sources.command("list", epilog="Example:  vigie sources list --json")
    def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
        """List every authority with its routes, and those that are not covered with the reason."""
        _, authorities = load(ctx.obj)
        show([_authority_json(each) for each in authorities.values()], map(_list_line, authorities.values()), as_json=as_json)

    @sources.command("show", epilog="Example:  vigie sources show 26")
    def show_(ctx: typer.Context, code: Code, as_json: AsJson = False) -> None:
        """Show where one authority publishes, how its pages are read and why, and which pages a poll requests now."""
        settings, authorities = load(ctx.obj)
        [authority] = chosen([code], authorities)
        with opened(settings, read_only=True) as store:
            known = [(source, store.sources.get(source.key)) for source in authority.sources]
            numbers = Counter(recueil.source for recueil in store.recueils.of(authority.code))
        routes = [_source_json(source, state, numbers[source.key]) for source, state in known]
        document = {**_authority_json(authority), "time_zone": authority.time_zone, "sources": routes}
        show(document, _authority_lines(authority, known, numbers), as_json=as_json)

    source_walks.register(sources)

    @sources.command("audit", epilog="Example:  vigie sources audit 26 38 --since 2026-01-01")
    def audit_(ctx: typer.Context, codes: Codes = None, since: Day = None, limit: Limit = SHOWN, as_json: AsJson = False) -> None:
        """Compare what the bot saw with the national index of recueils, which is a week late. Nothing is written.

        Exit code 3 when something was never seen of an authority that is covered, 1 when there is no index to compare with.
        """
        settings, authorities = load(ctx.obj)
        picked = chosen(codes, authorities)
        with progress("fetching the national index of recueils", quiet=as_json):
            index = run_to_end(_index(settings, authorities))
        if isinstance(index, str):
            fail(index)
        with progress("comparing", quiet=as_json):
            audits = _audits(settings, picked, index, None if since is None else since.date())
        show(_audit_json(index, audits, limit), _audit_lines(index, audits, limit), as_json=as_json)
        raise typer.Exit(PARTLY_DONE if any(each.is_gap for each in audits) else DONE)


# Authorities. Plain text: a table drawn for the width of a terminal would break in a pipe or a narrow window.


def _list_line(authority: Authority) -> str:
    state = f"not covered: {authority.not_covered}" if authority.not_covered else f"[{', '.join(map(_route, authority.sources))}]"
    return f"{authority.code:<7}{authority.name}  {state}"


def _route(source: Source) -> str:
    marks = [word for word, holds in (("unverified", source.unverified), ("browser", source.browser is not None)) if holds]
    return f"{source.route} ({', '.join(marks)})" if marks else source.route


def _authority_lines(authority: Authority, known: list[tuple[Source, SourceState]], recueils: Counter[str]) -> Iterator[str]:
    """Describe one authority and its sources, with what is remembered of each and how many recueils were found by it."""
    yield f"{authority.code}  {authority.name}  ({authority.time_zone})"
    if authority.not_covered:
        yield f"  not covered: {authority.not_covered}"
    for source, state in known:
        yield ""
        yield f"  {source.route}: {source.root}"
        for label, text in (*_described(source), *_remembered(state, recueils[source.key])):
            yield f"    {label:<12}{printable(text)}"


def _described(source: Source) -> Iterator[tuple[str, str]]:
    yield "way", source_walks.way_of(source)
    for label, patterns in (("follow", source.follow), ("ignore", source.ignore), ("only", source.only)):
        if patterns:
            yield label, "   ".join(patterns)
    if source.browser is not None:
        yield "browser", f"needed: the site serves nothing to a plain client (waits for {source.browser.wait_for})"
    if source.unverified:
        yield "unverified", "its pages were never seen: the general rule must find its way"
    for note in source.notes:
        yield "note", note
    yield "evidence", f"{source.evidence} (checked on {source.checked.isoformat()})"


def _remembered(state: SourceState, recueils: int) -> Iterator[tuple[str, str]]:
    if state.last_ok_at is None and not state.failures:
        yield "polls", "never polled"
        return
    yield "polls", f"last success {minute(state.last_ok_at)}, next {minute(state.next_check_at)}; {count(recueils, 'recueil')} known"
    if state.failures:
        polls = "1 failed poll" if state.failures == 1 else f"{state.failures} failed polls in a row"
        yield "failing", f"{polls}: {state.error or 'no cause recorded'}"
    if state.moved_to:
        yield "moved", f"the root is now {state.moved_to}"
    trail = Trail.from_json(state.trail)
    if trail is not None:
        yield "walked", minute(trail.walked_at)
        for page in trail.pages:
            yield "requests", page.url


def _authority_json(authority: Authority) -> Json:
    """Return one authority as `vigie sources list` has it. `not_covered` is null where it has routes."""
    return {
        **pick(authority, "code", "name", "department"),
        "covered": authority.not_covered is None,
        "not_covered": authority.not_covered,
        "routes": [source.route for source in authority.sources],
        "sources": [
            {**pick(source, "route", "root", "reader", "unverified"), "browser": source.browser is not None} for source in authority.sources
        ],
    }


def _source_json(source: Source, state: SourceState, recueils: int) -> Json:
    """Return one source: the catalogue's description, and what was remembered of it."""
    trail = Trail.from_json(state.trail)
    return {
        **pick(source, "route", "reader", "root", "navigation", "listing", "order", "follow", "ignore", "only", "unverified"),
        "browser": source.browser and pick(source.browser, "wait_for", "script_hosts"),
        **pick(source, "notes", "evidence", "checked"),
        "recueils": recueils,
        **pick(state, "last_ok_at", "next_check_at", "failures", "error", "moved_to"),
        "walked_at": trail and plain(trail.walked_at),
        "polled": [page.url for page in trail.pages] if trail else [],
    }


# What the national index has and the bot never saw.


async def _index(settings: Settings, authorities: dict[str, Authority]) -> NationalIndex | str:
    async with open_client(settings, authorities) as client:
        try:
            return await fetch_index(client)
        except FetchError as error:
            return str(error)


def _audits(settings: Settings, picked: Sequence[Authority], index: NationalIndex, since: date | None) -> list[Audit]:
    with opened(settings, read_only=True) as store:
        polled = {state.key for state in store.sources.all() if state.baseline_at is not None}
        return [
            audit(
                authority,
                index.of(authority.code),
                store.recueils.of(authority.code),
                since,
                is_polled=any(source.key in polled for source in authority.sources),
            )
            for authority in picked
        ]


def _audit_lines(index: NationalIndex, audits: Sequence[Audit], limit: int) -> Iterator[str]:
    yield f"national index of {index.resource.modified:%Y-%m-%d}: {len(index)} recueils of {len(index.entries)} departments"
    if index.bad_rows:
        first = index.bad_rows[0]
        yield f"  {len(index.bad_rows)} rows could not be used, the first of them line {first.line}: {first.reason}"
    unknown = [each for each in audits if each.share is None and each.authority.not_covered is None]
    if len(unknown) > _EACH:
        yield f"nothing in the index: {', '.join(each.authority.code for each in unknown)}"
        audits = [each for each in audits if each not in unknown]
    for each in audits:
        yield f"{code_column(each.authority.code)}{_audit_state(each)}"
        if each.is_gap:
            yield from (f"    {day_column(entry.published)}  {printable(entry.title)}  {entry.url}" for entry in each.missing[:limit])
            if len(each.missing) > limit:
                yield f"    and {len(each.missing) - limit} more (--limit)"


def _audit_state(each: Audit) -> str:
    if each.authority.not_covered is not None:
        return f"not covered, {each.indexed} in the index: {each.authority.not_covered}"
    if each.share is None:
        return "nothing in the index"
    never = "" if each.is_polled else ", never polled"
    # Rounded down: 100 % is when nothing is missing.
    return f"{each.seen} of {each.indexed} seen ({int(each.share * 100)} %){never}"


def _audit_json(index: NationalIndex, audits: Sequence[Audit], limit: int) -> Json:
    """Return the comparison. `share` is from 0 to 1, null where the index has nothing; `missing` counts all, `never_seen` has `limit` of
    them at most.
    """
    return {
        "index": {
            **pick(index.resource, "url", "modified"),
            "recueils": len(index),
            "unusable_rows": [pick(row, "line", "reason") for row in index.bad_rows],
        },
        "authorities": [
            {
                "code": each.authority.code,
                "covered": each.authority.not_covered is None,
                "not_covered": each.authority.not_covered,
                "polled": each.is_polled,
                **pick(each, "indexed", "seen", "share"),
                "missing": len(each.missing),
                "never_seen": [pick(entry, "title", "url", "published") for entry in each.missing[:limit]],
            }
            for each in audits
        ],
    }
