"""Implements `vigie status` without `--alive`: what fails, and what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from typing import NoReturn

import typer

from bot.app.inventory import LEAST_FREE, cannot_record, least_room
from bot.cli import status as command
from bot.cli.context import DONE, PARTLY_DONE, show
from bot.cli.output import code_column, count, minute, source_columns
from bot.cli.status import Found
from bot.domain.health import AuthorityHealth, Cause, DestinationHealth, Overview, SourceHealth, Status, nobody_answers
from bot.domain.posts import DestinationTrouble
from bot.domain.records import HeldRecueil, RecueilState
from bot.domain.shape import Json, pick, plain
from bot.ingest.reading_job import MOST_UNFINISHED
from bot.messages.words import clean
from bot.operators.alerts import PostTrouble
from bot.operators.text import alert_words, short_list
from bot.storage.chats import FollowerCounts
from bot.storage.reading_queue import QueueState, ReadingQueue
from bot.storage.store import Store
from sources.catalogue.authority import Authority

Counts = dict[str, dict[RecueilState, int]]


def register(app: typer.Typer) -> None:
    """Add the command to the program, with all that it can do."""
    command.register(app, report=report)


def report(found: Found, store: Store, every: bool, as_json: bool) -> NoReturn:
    """Show the state of sources and destinations, and end the program."""
    settings, authorities, picked = found.settings, found.authorities, found.picked
    counts, held = store.recueils.counts(), store.recueils.held(MOST_UNFINISHED, picked)
    followers = replace(store.follows.counts(), in_trouble=len(store.posts.in_trouble()))
    queue = ReadingQueue(store.database).state() if settings.reading.engine != "local" else None
    overview = replace(found.overview, authorities=tuple(one for one in found.overview.authorities if one.code in picked))
    free, folder = least_room(settings)
    full = f"{free:,} MB free at {folder}" if free < LEAST_FREE else None
    closed = cannot_record(settings)
    is_ok = overview.ok and full is None and closed is None and not (queue is not None and queue.is_unattended)
    document = {
        **_overview_json(overview, authorities, counts),
        "ok": is_ok,
        **found.alive_json,
        "running": found.working and asdict(found.working),
        "followers": asdict(followers),
        "queue": queue and asdict(queue),
        "ended_program": [pick(one, "authority", "url", "unfinished", "next_try_at") for one in held],
        "disk_full": full,
    }
    who = f"Running: {found.working}" if found.working is not None else "No process works on this database just now"
    scarce = f"DISK ALMOST FULL: {full}, and the bot wants {LEAST_FREE}"
    disk = [f"NOTHING CAN BE RECORDED: {closed}"] if closed else [scarce] if full else []
    about = (
        *disk,
        who,
        *held_lines(held),
        *follower_lines(followers),
        *queue_lines(queue),
    )
    show(document, (*status_lines(overview, authorities, counts, every=every), "", *about), as_json=as_json)
    raise typer.Exit(DONE if is_ok else PARTLY_DONE)


def follower_lines(counts: FollowerCounts) -> Iterator[str]:
    """Yield how many chats follow something, nothing where none does. Numbers only."""
    if counts.chats:
        away = f"{counts.paused} paused, {counts.blocked} blocked"
        yield f"Followers: {counts.chats} chats follow {counts.follows} places or subjects; {away}"
    if counts.in_trouble:
        yield f"Followers: {count(counts.in_trouble, 'post')} refused or in doubt: vigie outbox list --chats"


def held_lines(held: Sequence[HeldRecueil]) -> Iterator[str]:
    """Yield the files that ended their reader, and when each is retried."""
    for one in held:
        tried = f"{one.unfinished} readings came to nothing, and ended the program; tried again, alone, at {minute(one.next_try_at)}"
        yield f"Waits: {clean(one.url)}: {tried}"


def queue_lines(queue: QueueState | None) -> Iterator[str]:
    """Yield what workers have to read; nothing where no queue was used."""
    if queue is None:
        return
    there = "NO WORKER IS THERE (vigie worker)" if queue.is_unattended else count(queue.workers, "worker")
    yield f"Read by workers: {there}; {count(queue.waiting, 'PDF')} queued, {queue.reading} being read"


def _overview_json(overview: Overview, authorities: dict[str, Authority], counts: Counts) -> Json:
    """Return the state of every authority and destination."""
    found: Json = plain(overview)
    for one in found["authorities"]:
        numbers = counts.get(one["code"], {})
        given_up, incomplete = numbers.get(RecueilState.FAILED, 0), numbers.get(RecueilState.INCOMPLETE, 0)
        one |= {"name": authorities[one["code"]].name, "given_up": given_up, "incomplete": incomplete}
    number_of = {status.value: overview.counts.get(status, 0) for status in Status}
    return {**found, "stalled_since": plain(overview.stalled_since), "counts": number_of}


# What `vigie status` says, as plain lines: nothing is drawn for the width of a terminal. Pure.

_EACH = 3
"""Sources with one thing wrong up to which each is shown by itself."""

_WORDS = {
    Status.OK: "fine",
    Status.LATE: "late",
    Status.PARTLY: "read in part",
    Status.FAILING: "failing",
    Status.UNPOLLED: "never polled",
    Status.NOT_COVERED: "not covered",
    Status.UNWATCHED: "not watched",
}


def status_lines(
    overview: Overview, authorities: Mapping[str, Authority], counts: Mapping[str, Mapping[RecueilState, int]], *, every: bool
) -> Iterator[str]:
    """Yield counts, then failures with advice, then notes. Sources with one trouble are grouped; `every` lists each source."""
    yield from _summary(overview)
    yield from _section("Destinations", [line for one in overview.destinations if one.trouble for line in _destination(one)])
    for title, status in (("Failing", Status.FAILING), ("Late", Status.LATE)):
        yield from _section(title, list(_troubles([one for one in overview.sources if one.status is status], overview, every=every)))
    moved = [line for source in overview.sources if source.moved_to and source.status is not Status.FAILING for line in _moved(source)]
    yield from _section("Moved", moved)
    never = [source.key for source in overview.sources if source.status is Status.UNPOLLED]
    yield from _section("Never polled", [short_list(never, "and {n} more")] if never else [])
    yield from _section("Not covered", list(_not_covered(overview, authorities, every=every)))
    yield from _section("Recueils that were not read", [*_tried(overview), *_given_up(overview, counts)])
    if every:
        yield from _section("Every source", [_source(source) for source in overview.sources])


def _summary(overview: Overview) -> Iterator[str]:
    number = len(overview.authorities)
    counted = ", ".join(f"{overview.counts[status]} {_WORDS[status]}" for status in Status if overview.counts.get(status))
    yield f"{number} {'authority' if number == 1 else 'authorities'}: {counted}"
    last = max((source.last_ok_at for source in overview.sources if source.last_ok_at), default=None)
    if last is not None:
        yield f"Last successful poll: {minute(last)}"
    elif overview.sources and all(source.status is Status.UNPOLLED for source in overview.sources):
        yield "Nothing was polled yet: start the bot with  vigie run"
    elif overview.sources:
        yield "No poll has succeeded yet"
    if nobody_answers([source.cause for source in overview.sources]):
        yield "NO SITE ANSWERS: is this machine connected to the network?"
    if overview.polled_in_future is not None:
        yield f"CLOCK SET BACK: the last good poll is of {minute(overview.polled_in_future)}. A running bot repairs it:  vigie run"
    if overview.stalled_since is not None:
        yield f"THE BOT DOES NOT SEEM TO RUN: most sources have been due since {minute(overview.stalled_since)}. Start it with  vigie run"


DESTINATION_TROUBLES = {
    DestinationTrouble.REFUSED: ("takes nothing", PostTrouble.CLOSED),
    DestinationTrouble.UNREACHABLE: ("does not answer", PostTrouble.UNREACHABLE),
    DestinationTrouble.LATE: ("its posts have waited for long", PostTrouble.LATE),
    DestinationTrouble.RIGHTS: ("takes posts, but its rights are not as they must be", PostTrouble.RIGHTS),
    DestinationTrouble.NEEDS_PERSON: ("some of its posts need a decision", PostTrouble.REFUSED),
}


def _destination(one: DestinationHealth) -> Iterator[str]:
    what, trouble = DESTINATION_TROUBLES[one.trouble or DestinationTrouble.NEEDS_PERSON]
    yield f"{one.name}: {what}" + (f": {clean(one.detail)}" if one.detail else "")
    wait = "post waits" if one.waiting == 1 else "posts wait"
    posts = [f"{one.waiting} {wait}, the oldest since {minute(one.oldest)}"] if one.waiting else []
    posts += [f"{one.in_doubt} to be decided by a person (vigie outbox list)"] if one.in_doubt else []
    yield "    " + "; ".join([f"since {minute(one.since)}", *posts])
    yield f"    → {alert_words('en').posts.troubles[trouble].todo}"


def _section(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield title
        yield from lines


def _troubles(sources: Sequence[SourceHealth], overview: Overview, *, every: bool) -> Iterator[str]:
    alike: defaultdict[Cause, list[SourceHealth]] = defaultdict(list)
    for source in sources:
        alike[source.cause or Cause.UNEXPECTED].append(source)
    for cause, them in alike.items():
        if every or len(them) <= _EACH:
            yield from (line for source in them for line in _trouble(source, overview))
        else:
            yield from _crowd(cause, them)


def _crowd(cause: Cause, sources: Sequence[SourceHealth]) -> Iterator[str]:
    words = alert_words("en").causes[cause]
    yield f"{len(sources)} sources: {words.what}"
    yield f"    {short_list([source.key for source in sources], 'and {n} more')}  (--all tells of each)"
    since = min((source.since for source in sources if source.since), default=None)
    if since is not None and cause is not Cause.LATE:
        yield f"    the first of them since {minute(since)}"
    example = next((source for source in sources if source.detail), None)
    if example is not None and cause is not Cause.LATE:
        yield f"    such as {example.key}: {clean(example.detail or '')}"
    yield f"    → {words.todo}"


def _trouble(source: SourceHealth, overview: Overview) -> Iterator[str]:
    words = alert_words("en").causes[source.cause or Cause.UNEXPECTED]
    authority = next(one for one in overview.authorities if one.code == source.authority)
    yield f"{source_columns(source.key)}{words.what}{_aside(source, authority)}"
    if source.status is Status.LATE:
        yield f"    last recueil {_day(source)}, usually every {_days(source.usual_gap)}, hardly ever more than {_days(source.late_after)}"
    else:
        since = "" if source.since is None else f"since {minute(source.since)}, "
        polls = "1 failed poll" if source.failures == 1 else f"{source.failures} failed polls in a row"
        what = _recueils(source) if source.cause is Cause.FILES else polls
        yield f"    {since}{what}; last success {minute(source.last_ok_at)}"
        if source.detail:
            yield f"    {clean(source.detail)}"
    yield f"    → {words.todo}"


def _aside(source: SourceHealth, authority: AuthorityHealth) -> str:
    if authority.status is source.status:
        return ""
    if authority.status is Status.PARTLY:
        return f" (another route of {authority.code} works, but what is published here may be nowhere else)"
    return f" (another route of {authority.code} is {_WORDS[authority.status]})"


def _moved(source: SourceHealth) -> Iterator[str]:
    words = alert_words("en").causes[Cause.RELOCATED]
    yield f"{source_columns(source.key)}{words.what}: {clean(source.moved_to or '')}"
    yield f"    → {words.todo}"


def _not_covered(overview: Overview, authorities: Mapping[str, Authority], *, every: bool) -> Iterator[str]:
    them = [one for one in overview.authorities if one.status is Status.NOT_COVERED]
    if len(them) > _EACH and not every:
        yield f"{', '.join(one.code for one in them)}  (vigie sources list tells why)"
        return
    for one in them:
        reason = f": {clean(one.not_covered)}" if one.not_covered else ""
        yield f"{code_column(one.code)}{authorities[one.code].name}{reason}"


def _tried(overview: Overview) -> Iterator[str]:
    """Describe sources not failing yet with unread recueils."""
    for source in overview.sources:
        if source.unread and source.cause is not Cause.FILES:
            yield f"{source_columns(source.key)}{_recueils(source)}"


def _given_up(overview: Overview, counts: Mapping[str, Mapping[RecueilState, int]]) -> Iterator[str]:
    shown = {one.code for one in overview.authorities if one.status is not Status.UNWATCHED}
    for code, number in counts.items():
        counted = [
            f"{number[state]} {words}"
            for state, words in ((RecueilState.FAILED, "given up"), (RecueilState.INCOMPLETE, "read in part"))
            if number.get(state)
        ]
        if counted and code in shown:
            yield f"{code_column(code)}{', '.join(counted)}"


def _recueils(source: SourceHealth) -> str:
    number = "1 recueil" if source.unread == 1 else f"{source.unread} recueils"
    return f"{number} tried in vain since the last that could be read"


def _source(source: SourceHealth) -> str:
    rhythm = "" if source.usual_gap is None else f", usually every {_days(source.usual_gap)}"
    last = f"last success {minute(source.last_ok_at)}, last recueil {_day(source)}{rhythm}"
    return f"{source_columns(source.key)}{_WORDS[source.status]:<13} {last}"


def _day(source: SourceHealth) -> str:
    return "unknown" if source.last_published is None else source.last_published.isoformat()


def _days(span: timedelta | None) -> str:
    number = 0.0 if span is None else span / timedelta(days=1)
    return "day" if number == 1 else f"{number:.1f} days".replace(".0 ", " ")
