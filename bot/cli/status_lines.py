"""What `vigie status` says, as plain lines: nothing is drawn for the width of a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from bot.alerts import alert_words, short_list
from bot.health import AuthorityHealth, Cause, Overview, SourceHealth, Status
from bot.messages import printable
from bot.storage.rows import RecueilState
from sources import Authority

_WORDS = {
    Status.FINE: "fine",
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
    """Counts first, then what does not work, with what can be done; then what should be known. `every` adds a line for each source."""
    yield from _summary(overview, counts)
    for title, status in (("Failing", Status.FAILING), ("Late", Status.LATE)):
        yield from _section(title, [line for source in overview.sources if source.status is status for line in _trouble(source, overview)])
    moved = [line for source in overview.sources if source.moved_to and source.status is not Status.FAILING for line in _moved(source)]
    yield from _section("Moved", moved)
    never = [source.key for source in overview.sources if source.status is Status.UNPOLLED]
    yield from _section("Never polled", [short_list(never, "and {n} more")] if never else [])
    yield from _section("Not covered", [_not_covered(one, authorities) for one in overview.authorities if one.status is Status.NOT_COVERED])
    shown = {one.code for one in overview.authorities if one.status is not Status.UNWATCHED}
    yield from _section("Recueils that were not read", [line for code, of in counts.items() if code in shown for line in _unread(code, of)])
    if every:
        yield from _section("Every source", [_source(source) for source in overview.sources])


def _summary(overview: Overview, counts: Mapping[str, Mapping[RecueilState, int]]) -> Iterator[str]:
    number = len(overview.authorities)
    told = ", ".join(f"{overview.counts[status]} {_WORDS[status]}" for status in Status if overview.counts.get(status))
    yield f"{number} {'authority' if number == 1 else 'authorities'}: {told}"
    last = max((source.last_ok_at for source in overview.sources if source.last_ok_at), default=None)
    if last is not None:
        yield f"Last successful poll: {_minute(last)}"
    elif overview.sources and not counts:
        yield "Nothing was polled yet: start the bot with  vigie run"
    if overview.asleep_since is not None:
        yield f"THE BOT DOES NOT SEEM TO RUN: most sources have been due since {_minute(overview.asleep_since)}. Start it with  vigie run"


def _section(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield title
        yield from lines


def _trouble(source: SourceHealth, overview: Overview) -> Iterator[str]:
    words = alert_words("en").causes[source.cause or Cause.UNEXPECTED]
    authority = next(one for one in overview.authorities if one.code == source.authority)
    aside = "" if authority.status is source.status else f" (another route of {authority.code} is {_WORDS[authority.status]})"
    yield f"{_start(source.key)}{words.what}{aside}"
    if source.status is Status.LATE:
        yield f"    last recueil {_day(source)}, usually every {_days(source.usual_gap)}, hardly ever more than {_days(source.late_after)}"
    else:
        since = "" if source.since is None else f"since {_minute(source.since)}, "
        polls = "1 failed poll" if source.failures == 1 else f"{source.failures} failed polls in a row"
        yield f"    {since}{polls}; last success {_minute(source.last_ok_at)}"
        if source.detail:
            yield f"    {printable(source.detail)}"
    yield f"    → {words.todo}"


def _moved(source: SourceHealth) -> Iterator[str]:
    words = alert_words("en").causes[Cause.RELOCATED]
    yield f"{_start(source.key)}{words.what}: {printable(source.moved_to or '')}"
    yield f"    → {words.todo}"


def _not_covered(authority: AuthorityHealth, authorities: Mapping[str, Authority]) -> str:
    reason = f": {printable(authority.not_covered)}" if authority.not_covered else ""
    return f"{authority.code:<6}{authorities[authority.code].name}{reason}"


def _unread(code: str, counts: Mapping[RecueilState, int]) -> Iterator[str]:
    told = [
        f"{counts[state]} {words}"
        for state, words in ((RecueilState.FAILED, "given up"), (RecueilState.INCOMPLETE, "read in part"))
        if counts.get(state)
    ]
    if told:
        yield f"{code:<6}{', '.join(told)}"


def _source(source: SourceHealth) -> str:
    rhythm = "" if source.usual_gap is None else f", usually every {_days(source.usual_gap)}"
    return (
        f"{_start(source.key)}{_WORDS[source.status]:<13} last success {_minute(source.last_ok_at)}, last recueil {_day(source)}{rhythm}"
    ).rstrip()


def _start(key: str) -> str:
    code, _, route = key.partition(":")
    return f"{code:<6}{route:<9} "


def _day(source: SourceHealth) -> str:
    return "unknown" if source.last_published is None else source.last_published.isoformat()


def _days(span: timedelta | None) -> str:
    number = 0.0 if span is None else span / timedelta(days=1)
    return "day" if number == 1 else f"{number:.1f} days".replace(".0 ", " ")


def _minute(instant: datetime | None) -> str:
    return "never" if instant is None else f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
