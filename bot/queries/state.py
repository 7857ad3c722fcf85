"""How the watch itself is: an answer for people, without addresses or internals. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.domain.acts import Place
from bot.domain.health import AuthorityHealth, Overview, Status
from bot.messages import Language, place_for, words_in
from bot.messages.cleaning import inert
from bot.messages.words import date_text
from bot.queries.departments import place_label
from bot.queries.vocabulary import StateWords, vocabulary

_NAMES = 20
"""Prefectures named of one sort: with their dates they must fit in one message, however many there are."""
_FEW = 3
"""Prefectures of which each has a line of its own below a list of decrees."""


@dataclass(frozen=True, slots=True)
class WatchState:
    """How everything is."""

    overview: Overview


@dataclass(frozen=True, slots=True)
class DepartmentState:
    """How the authorities of one department are (in Paris there are two)."""

    authorities: tuple[AuthorityHealth, ...]


def state_text(answer: WatchState | DepartmentState, places: Mapping[str, Place], language: Language) -> str:
    """Return the answer in plain words, one line a sort of prefecture, or one line a prefecture."""
    words = vocabulary(language).state
    match answer:
        case WatchState():
            return "\n".join(_everything(answer.overview, places, words, language))
        case DepartmentState():
            return "\n".join(authority_text(authority, places, language) for authority in answer.authorities)


def authority_text(authority: AuthorityHealth, places: Mapping[str, Place], language: Language) -> str:
    """Return how one authority is read, on one line, with the day of its last recueil."""
    return _one(authority, place_for(places, authority.code), vocabulary(language).state, language)


def unread_lines(health: Sequence[AuthorityHealth], places: Mapping[str, Place], language: Language) -> list[str]:
    """Return what of these authorities is not read, or in part only: a line each, a line a sort where they are many; none where all is
    read."""
    unread = [one for one in health if one.status not in {Status.FINE, Status.LATE}]
    if len(unread) <= _FEW:
        return [authority_text(one, places, language) for one in unread]
    return list(_sorts(unread, places, vocabulary(language).state, language))


def _everything(overview: Overview, places: Mapping[str, Place], words: StateWords, language: Language) -> list[str]:
    counts = Counter(one.status for one in overview.authorities)
    watched = sum(counts[status] for status in (Status.FINE, Status.LATE, Status.PARTLY, Status.FAILING, Status.UNPOLLED))
    lines = [words.head.format(watched=watched, working=counts[Status.FINE])]
    if overview.asleep_since is not None:
        lines.append(words.asleep.format(date=date_text(overview.asleep_since.date(), words_in(language).dates)))
    # Which ones are not watched is the choice of who runs it, and may be nearly all.
    lines += _sorts([one for one in overview.authorities if one.status is not Status.UNWATCHED], places, words, language)
    if len(lines) > 1:
        lines.append(words.warning)
    return [*lines, words.hint]


def _sorts(authorities: Sequence[AuthorityHealth], places: Mapping[str, Place], words: StateWords, language: Language) -> Iterator[str]:
    """Yield a line for each sort of them but those that are read as they should be."""
    for template, statuses in (
        (words.failing, {Status.FAILING}),
        (words.partly, {Status.PARTLY}),
        (words.late, {Status.LATE}),
        (words.never_polled, {Status.UNPOLLED}),
        (words.not_covered, {Status.NOT_COVERED, Status.UNWATCHED}),
    ):
        if of_sort := [one for one in authorities if one.status in statuses]:
            yield template.format(names=_named(of_sort, places, words, language))


def _named(authorities: Sequence[AuthorityHealth], places: Mapping[str, Place], words: StateWords, language: Language) -> str:
    names = []
    for authority in authorities[:_NAMES]:
        place = place_for(places, authority.code)
        name = inert(place.name if place.territory else place_label(place))
        since = _since(authority, place)
        names.append(name if since is None else words.since.format(name=name, date=date_text(since, words_in(language).dates)))
    more = len(authorities) - len(names)
    return ", ".join(names) + (f" {words.and_more.format(n=more)}" if more else "")


def _one(authority: AuthorityHealth, place: Place, words: StateWords, language: Language) -> str:
    name = inert(place.name)
    dates = words_in(language).dates
    last = "" if authority.last_published is None else " " + words.last.format(date=date_text(authority.last_published, dates))
    match authority.status:
        case Status.FINE:
            return words.one_fine.format(name=name) + last
        case Status.LATE:
            return words.one_late.format(name=name) + last
        case Status.PARTLY:
            return words.one_partly.format(name=name, cause=_cause(authority, words)) + last
        case Status.FAILING:
            return _failing(authority, place, words, language) + last
        case Status.UNPOLLED | Status.NOT_COVERED | Status.UNWATCHED:
            return _never_read(words)[authority.status].format(name=name)


def _never_read(words: StateWords) -> Mapping[Status, str]:
    return {
        Status.UNPOLLED: words.one_never_polled,
        Status.NOT_COVERED: words.one_not_covered,
        Status.UNWATCHED: words.one_not_watched,
    }


def _failing(authority: AuthorityHealth, place: Place, words: StateWords, language: Language) -> str:
    told = {"name": inert(place.name), "cause": _cause(authority, words)}
    since = _since(authority, place)
    if since is None:
        return words.one_failing_always.format(**told)
    return words.one_failing.format(date=date_text(since, words_in(language).dates), **told)


def _cause(authority: AuthorityHealth, words: StateWords) -> str:
    cause = authority.main.cause if authority.main else None
    return words.causes.get(cause.value, "") if cause else ""


def _since(authority: AuthorityHealth, place: Place) -> date | None:
    since: datetime | None = authority.main.since if authority.main else None
    return None if since is None else since.astimezone(ZoneInfo(place.time_zone)).date()
