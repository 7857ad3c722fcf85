"""What maps and charts show, in words: the alt text of their pictures, and the answer where there are none. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.domain.acts import Place
from bot.messages import Language, place_for, telegram_length, words_in
from bot.messages.cleaning import inert
from bot.messages.words import date_text
from bot.queries.departments import place_label
from bot.queries.figures import Coverage, DepartmentFigures, Figures, FiguresAnswer, View
from bot.queries.vocabulary import FiguresWords, vocabulary

_LONGEST = 1024
"""UTF-16 units of a caption (Bot API, `sendPhoto`)."""
_NAMES = 20
"""Departments or authorities that are named of one sort at most, fewer where the caption would be too long."""


def figures_text(answer: FiguresAnswer, places: Mapping[str, Place], language: Language) -> str:
    """Return what the picture of these figures shows, at most 1,024 UTF-16 units long."""
    texts = (_text(answer, places, language, most) for most in range(_NAMES, 0, -1))
    return next(text for text in texts if telegram_length(text) <= _LONGEST)


def authority_name(code: str, places: Mapping[str, Place]) -> str:
    """Return `Drôme (26)`, `Préfecture de police`."""
    return inert(place_label(place_for(places, code)))


def _text(answer: FiguresAnswer, places: Mapping[str, Place], language: Language, most: int) -> str:
    words = vocabulary(language).figures
    if answer.view is View.MAP:
        return "\n".join(_map(answer.figures, words, language, most))
    return "\n".join(_chart(answer.figures, places, words, language, most))


def _map(figures: Figures, words: FiguresWords, language: Language, most: int) -> Iterator[str]:
    yield words.map_head.format(date=date_text(figures.day, words_in(language).dates), count=figures.in_force)
    there = sorted((one for one in figures.departments if one.in_force), key=lambda one: (-one.in_force, one.code))
    counted = [words.counted.format(name=_label(one), count=one.in_force) for one in there]
    yield words.map_there.format(names=_named(counted, words, most)) if counted else words.map_none
    if figures.doubtful:
        yield words.map_doubtful.format(count=figures.doubtful)
    if figures.stalled:
        yield words.stalled
    for coverage, template in ((Coverage.UNREAD, words.map_unread), (Coverage.NOT_COVERED, words.map_not_covered)):
        if names := [_label(one) for one in figures.having(coverage)]:
            yield template.format(names=_named(names, words, most))
    yield words.caution


def _chart(figures: Figures, places: Mapping[str, Place], words: FiguresWords, language: Language, most: int) -> Iterator[str]:
    yield words.chart_head.format(date=date_text(figures.months[0][0], words_in(language).dates), count=figures.in_months)
    months = (words.counted.format(name=f"{words.months[month.month - 1]} {month.year}", count=count) for month, count in figures.months)
    yield words.chart_months.format(names=", ".join(months))
    if figures.authorities:
        counted = [words.counted.format(name=authority_name(code, places), count=count) for code, count in figures.authorities]
        yield words.chart_authorities.format(names=_named(counted, words, most))
    if figures.since is not None:
        yield words.chart_since.format(date=date_text(figures.since, words_in(language).dates))
    if figures.stalled:
        yield words.stalled
    yield words.chart_caution


def _label(department: DepartmentFigures) -> str:
    return f"{department.name} ({department.code})"


def _named(names: Sequence[str], words: FiguresWords, most: int) -> str:
    more = len(names) - most
    return ", ".join((*names[:most], *([words.and_more.format(n=more)] if more > 0 else [])))
