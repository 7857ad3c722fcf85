"""An answer in plain words, without its decrees: what every face says the same way. Pure."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bot.domain import Decree, Place
from bot.messages import Language, words_in
from bot.messages.cleaning import cut, inert
from bot.messages.moments import date_text
from bot.queries.answers import BadInput, DecreeList, NothingFound, Question, Topic, UnknownDecree, UnknownDepartment
from bot.queries.vocabulary import Vocabulary, vocabulary

_LONGEST_ECHO = 120
"""Characters of a question repeated in its answer."""


def title(answer: DecreeList, language: Language) -> str:
    """`Décrets concernant Drôme (26) — 12 décrets, page 2 sur 3`."""
    words = vocabulary(language)
    count = words.count_one if answer.total == 1 else words.count_many.format(n=answer.total)
    page = "" if answer.pages == 1 else ", " + words.page.format(page=answer.question.page, pages=answer.pages)
    return words.header.format(title=_subject(answer.question, answer.place, words), total=count + page)


def shortcoming(answer: NothingFound | UnknownDepartment | UnknownDecree | BadInput, language: Language) -> str:
    """Why there is no decree to show, never more than is known: what a bot has not recorded may well exist."""
    words = vocabulary(language)
    match answer:
        case NothingFound():
            return _nothing(answer, words, language)
        case UnknownDepartment():
            text = words.unknown_department.format(asked=_echo(answer.asked))
            names = ", ".join(_name(place) for place in answer.suggestions)
            return f"{text} {words.did_you_mean.format(names=names)}" if names else text
        case UnknownDecree():
            return words.unknown_decree.format(number=answer.number)
        case BadInput():
            return str(getattr(words, answer.fault.value))


def withdrawal(decree: Decree, place: Place, language: Language) -> str | None:
    """That a decree was withdrawn and when, by the clock of its place; None for one that stands."""
    if decree.withdrawn_at is None:
        return None
    day = decree.withdrawn_at.astimezone(ZoneInfo(place.time_zone)).date()
    return vocabulary(language).withdrawn.format(date=date_text(day, words_in(language).dates))


def _nothing(answer: NothingFound, words: Vocabulary, language: Language) -> str:
    if not answer.recorded:
        said = words.nothing_recorded
    elif answer.question.topic is Topic.DEPARTMENT:
        said = _about_place(words.nothing_department, answer.question, answer.place)
    elif answer.question.topic is Topic.IN_FORCE:
        said = _about_place(words.nothing_in_force_there if answer.place else words.nothing_in_force, answer.question, answer.place)
    elif answer.question.topic is Topic.SEARCH:
        said = words.nothing_search.format(words=_echo(answer.question.words))
    else:
        said = words.nothing_recent
    if not answer.watched:
        return f"{said} {words.unwatched}"
    since = "" if answer.since is None else words.since.format(date=date_text(answer.since.date(), words_in(language).dates))
    return " ".join(part for part in (said, since, words.nothing_warning) if part)


def _subject(question: Question, place: Place | None, words: Vocabulary) -> str:
    match question.topic:
        case Topic.RECENT:
            return words.recent
        case Topic.DEPARTMENT:
            return _about_place(words.department, question, place)
        case Topic.SEARCH:
            return words.search.format(words=_echo(question.words))
        case Topic.IN_FORCE:
            return _about_place(words.in_force_there if place else words.in_force, question, place)


def _about_place(template: str, question: Question, place: Place | None) -> str:
    name = question.words if place is None else place.department or place.name
    return template.format(name=name, code=question.words)


def _name(place: Place) -> str:
    return f"{place.department or place.name} ({place.code})"


def _echo(text: str) -> str:
    return cut(inert(text), _LONGEST_ECHO)
