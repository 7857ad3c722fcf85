"""`vigie sources show`: what is known of one authority, from the catalogue and from the polls so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer

from bot.cli.context import Context, chosen, fail_of_storage
from bot.cli.source_shapes import authority_json, source_json
from bot.cli.text_output import print_json
from bot.domain.records import SourceState
from bot.messages import printable
from bot.storage.errors import StorageError
from bot.storage.store import open_store
from sources.catalogue.authority import Authority, Source
from sources.crawl.trail import Trail

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_ORDERS = {
    "newest-first": "the newest on the first page",
    "oldest-first": "the newest on the last page",
    "one-page": "all on one page",
    "unknown": "order not known",
}


def register(sources: typer.Typer) -> None:
    """Add the command to `vigie sources`."""

    @sources.command(epilog="Example:  vigie sources show 26")
    def show(ctx: typer.Context, code: Annotated[str, typer.Argument(help="Department code.")], as_json: AsJson = False) -> None:
        """Show where one authority publishes, how its pages are read and why, and which pages a poll asks now."""
        context: Context = ctx.obj
        settings, authorities = context.load(logs="warning")
        [authority] = chosen([code], authorities)
        try:
            with open_store(settings.database.url, read_only=True) as store:
                states = [store.sources.get(source.key) for source in authority.sources]
                numbers = Counter(recueil.source for recueil in store.recueils.of(authority.code))
        except StorageError as error:
            fail_of_storage(error)
        known = list(zip(authority.sources, states, strict=True))
        if as_json:
            routes = [source_json(source, state, numbers[source.key]) for source, state in known]
            print_json({**authority_json(authority), "time_zone": authority.time_zone, "sources": routes})
            return
        for line in authority_lines(authority, known, numbers):
            typer.echo(line)


def authority_lines(authority: Authority, known: list[tuple[Source, SourceState]], recueils: Counter[str]) -> Iterator[str]:
    """One authority and its sources, with what is remembered of each and how many recueils were found by it."""
    yield f"{authority.code}  {authority.name}  ({authority.time_zone})"
    if authority.not_covered:
        yield f"  not covered: {authority.not_covered}"
    for source, state in known:
        yield ""
        yield f"  {source.route}: {source.root}"
        for label, text in (*_described(source), *_remembered(state, recueils[source.key])):
            yield f"    {label:<12}{printable(text)}"


def way_of(source: Source) -> str:
    """How the list is reached and what it is, in the words of the catalogue."""
    way = " > ".join((*source.navigation, source.listing))
    return f"{source.reader} reader: {way}, {_ORDERS[source.order]}"


def _described(source: Source) -> Iterator[tuple[str, str]]:
    yield "way", way_of(source)
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
    number = "1 recueil" if recueils == 1 else f"{recueils} recueils"
    yield "polls", f"last success {_minute(state.last_ok_at)}, next {_minute(state.next_check_at)}; {number} known"
    if state.failures:
        polls = "1 failed poll" if state.failures == 1 else f"{state.failures} failed polls in a row"
        yield "failing", f"{polls}: {state.error or 'no cause recorded'}"
    if state.moved_to:
        yield "moved", f"the root is now {state.moved_to}"
    trail = Trail.from_json(state.trail)
    if trail is not None:
        yield "walked", _minute(trail.walked_at)
        for page in trail.pages:
            yield "asks", page.url


def _minute(instant: datetime | None) -> str:
    return "never" if instant is None else f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
