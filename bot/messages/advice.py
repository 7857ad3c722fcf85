"""What a reader can do about a decree, in words: a paragraph for posts, a page of lines for whoever asks for one decree.

Always information to verify, with its source and the day of the text in which that was read, never legal advice.
What it rests on comes in as `LegalAdvice`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Annotated

from bot.domain.law import LegalAdvice, Standing
from bot.messages.cleaning import cut, inert
from bot.messages.lines import FactLine, PostPart
from bot.messages.words import Table, Words, data_file, date_text, for_each

_MARK = "⚖️ "
_URGENT = frozenset({Standing.UPCOMING, Standing.IN_FORCE, Standing.OVER, Standing.ENDED, Standing.IN_DOUBT})
"""Standings of which something is said about an urgent application. What only changes or refuses has no period of its own."""

_HOW_URGENT = frozenset({Standing.UPCOMING, Standing.IN_FORCE, Standing.UNKNOWN, Standing.IN_DOUBT})


def no_recourse_line(words: Words) -> Iterator[FactLine]:
    """Return what stands in place of the advice on a decree that allows nothing: who reads it has nothing to contest there, and the time of
    whoever was refused runs from another day (the notification)."""
    yield FactLine(PostPart.RECOURSE, "", (words.recourse.nothing,))


def recourse_line(legal_advice: LegalAdvice, today: date, words: Words) -> Iterator[FactLine]:
    """Return one paragraph: last day, court, urgent application, source. Its brief form is for where room is scarce."""
    said, passed = words.recourse, _passed(legal_advice, today)
    at_least = _at_least(legal_advice, today, words)
    sentences = [*_limit(legal_advice, words, at_least, passed=passed)]
    if not passed:
        sentences += _two_courts(legal_advice, words)
        sentences += _urgency(legal_advice, words)
    sentences.append(said.source.format(rule=rules().articles["limit"], **_sources(words)))
    yield FactLine(PostPart.RECOURSE, "", (_MARK + " ".join(sentences),), brief=_brief(legal_advice, words, at_least, passed=passed))


@dataclass(frozen=True, slots=True)
class AdviceParts:
    """What one can do, in sentences: until when, before which court, who, and with which urgent applications.

    `stage` says what is left to suspend. `who` and `traps` are None where they would mislead: after the last day, and without one.
    """

    limit: str
    court: str
    who: str | None
    stage: str | None
    urgent: tuple[str, ...]
    traps: str | None
    sources: str


def advice_lines(legal_advice: LegalAdvice, today: date, words: Words) -> tuple[str, ...]:
    """Return what one can do, in full: a heading, then a line each on the last day, the court, urgency, traps and sources."""
    parts = advice_parts(legal_advice, today, words)
    said = (words.advice.heading, parts.limit, parts.court, parts.who, parts.stage, *parts.urgent, parts.traps, parts.sources)
    return tuple(line for line in said if line is not None)


def advice_parts(legal_advice: LegalAdvice, today: date, words: Words) -> AdviceParts:
    """Return what one can do, part by part.

    `today` is the day at the authority's place: a last day that has passed is told as such. Nothing is said of the decree itself.
    """
    said, passed, sources = words.advice, _passed(legal_advice, today), _sources(words)
    at_least = _at_least(legal_advice, today, words)
    if at_least is not None:
        until = said.limit_at_least.format(day=at_least, **sources)
    elif legal_advice.last_day is None:
        until = said.limit_unknown.format(**sources)
    else:
        limit = said.limit_passed if passed else said.limit
        until = limit.format(day=date_text(legal_advice.last_day, words.dates), **sources)
    urgent: tuple[str, ...] = ()
    if legal_advice.standing in _HOW_URGENT:
        urgent = (said.liberty.format(**sources),)
        urgent = urgent if passed else (said.suspension.format(**sources), *urgent)
    return AdviceParts(
        limit=until,
        court=_court(legal_advice, words),
        who=None if passed else said.who,
        stage={**_by_standing(words), Standing.UNKNOWN: said.unknown}.get(legal_advice.standing),
        urgent=urgent,
        traps=None if legal_advice.last_day is None else said.traps.format(**sources),
        sources=said.sources.format(**sources),
    )


def _passed(legal_advice: LegalAdvice, today: date) -> bool:
    return legal_advice.last_day is not None and today > legal_advice.last_day


def _at_least(legal_advice: LegalAdvice, today: date, words: Words) -> str | None:
    """Return the day until which it can be contested in any case, where the last one is not known and that one has not passed."""
    day = legal_advice.at_least
    if legal_advice.last_day is not None or day is None or today > day:
        return None
    return date_text(day, words.dates)


def _limit(legal_advice: LegalAdvice, words: Words, at_least: str | None, *, passed: bool) -> Iterator[str]:
    said, court = words.recourse, court_text(legal_advice.court.name, words)
    if at_least is not None:
        yield said.limit_at_least.format(day=at_least, court=court)
        return
    if legal_advice.last_day is None:
        yield said.limit_unknown.format(court=court)
        return
    day = date_text(legal_advice.last_day, words.dates)
    if passed:
        yield said.limit_passed.format(day=day)
    elif legal_advice.standing is Standing.OVER:
        yield said.over.format(day=day, court=court)
    else:
        yield said.limit.format(day=day, court=court)


def _two_courts(legal_advice: LegalAdvice, words: Words) -> Iterator[str]:
    if legal_advice.court.differs:
        yield words.recourse.differs.format(court=court_text(legal_advice.court.by_seat, words))


def _urgency(legal_advice: LegalAdvice, words: Words) -> Iterator[str]:
    # That of what is over is part of the sentence on the last day, where that is known.
    if legal_advice.standing in _URGENT and not (legal_advice.standing is Standing.OVER and legal_advice.last_day is not None):
        yield _by_standing(words)[legal_advice.standing]


def _by_standing(words: Words) -> dict[Standing, str]:
    said = words.recourse
    return {
        Standing.UPCOMING: said.urgent,
        Standing.IN_FORCE: said.urgent,
        Standing.OVER: said.no_longer,
        Standing.ENDED: said.ended,
        Standing.IN_DOUBT: said.in_doubt,
    }


def _brief(legal_advice: LegalAdvice, words: Words, at_least: str | None, *, passed: bool) -> str:
    said, court = words.recourse, legal_advice.court
    named = dict.fromkeys(name for name in (court.name, court.by_seat) if name)
    courts = said.two_courts.join(short_court(name, words) for name in named) or said.no_court
    urgency = _brief_urgency(legal_advice.standing, words)
    if at_least is not None:
        return said.brief_at_least.format(day=at_least, court=courts, urgency=urgency)
    if legal_advice.last_day is None:
        return said.brief_unknown.format(court=courts, urgency=urgency)
    day = date_text(legal_advice.last_day, words.dates)
    return said.brief_passed.format(day=day) if passed else said.brief.format(day=day, court=courts, urgency=urgency)


def _brief_urgency(standing: Standing, words: Words) -> str:
    """Return what can be said of it in few words; nothing where it is in doubt."""
    if standing in {Standing.UPCOMING, Standing.IN_FORCE}:
        return words.recourse.brief_possible
    return words.recourse.brief_useless if standing in {Standing.OVER, Standing.ENDED} else ""


def _court(legal_advice: LegalAdvice, words: Words) -> str:
    said, court, sources = words.advice, legal_advice.court, _sources(words)
    named, seat = court_text(court.named, words), court_text(court.by_seat, words)
    if court.differs:
        return said.court_differs.format(named=named, seat=seat, **sources)
    if court.named and court.by_seat:
        return said.court_both.format(court=seat, **sources)
    if court.named:
        return said.court_named.format(court=named, **sources)
    if court.by_seat:
        return said.court_seat.format(court=seat, **sources)
    return said.court_unknown.format(**sources)


def _sources(words: Words) -> dict[str, str]:
    """Return the articles by name, each with its code, and the days on which they were read."""
    known = rules()
    dates: dict[str, date] = {"version": known.version, "courts_checked": known.courts_checked}
    return {**_cited(words.advice.article), **{name: date_text(day, words.dates) for name, day in dates.items()}}


@cache
def _cited(form: str) -> dict[str, str]:
    known = rules()
    return {f"art_{name}": form.format(code=known.code, article=article) for name, article in known.articles.items()}


# Names of administrative courts, as sentences and small spaces need them.

_FULL = "tribunal administratif"
"""How every court of the list begins, whatever the language: names of courts are not translated."""

_LONGEST = 80


def court_text(name: str | None, words: Words) -> str:
    """Return `tribunal administratif de Paris`; words for "the administrative court" where none is known."""
    said = _said(name)
    if not said:
        return words.recourse.no_court
    rest = _after(said)
    return said if rest is None else _FULL + rest


def short_court(name: str | None, words: Words) -> str:
    """Return `TA de Paris`."""
    said = _said(name)
    rest = _after(said)
    return court_text(name, words) if rest is None else words.recourse.short_court.format(rest=rest)


def _said(name: str | None) -> str:
    return cut(inert(name or "").replace("'", "’"), _LONGEST)


def _after(said: str) -> str | None:
    return said[len(_FULL) :] if said.casefold().startswith(_FULL) else None


# Which articles messages cite, and when they were read: data of `rules.toml`.


class Rules(Table):
    """`version` is the day of the consolidated copy in which the articles, each by what it settles, were read; `courts_checked` that of the
    table of courts."""

    code: str
    version: date
    courts_checked: date
    articles: Annotated[Mapping[str, str], for_each(("limit", "court", "suspension", "liberty", "distance", "lawyer", "filing"))]


@cache
def rules() -> Rules:
    """Return the rules, read once from their packaged file."""
    return Rules.model_validate(data_file("bot.messages", "rules.toml"))
