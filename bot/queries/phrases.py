"""An answer in plain words, without its decrees: what every face says the same way. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from bot.detection import reason_words
from bot.domain.acts import Decree, Evidence, Place
from bot.domain.health import Status
from bot.domain.law.advice import legal_advice
from bot.messages import Language, MessageInput, decree_line, place_for, plain_decree, words_in
from bot.messages.cleaning import cut, inert
from bot.messages.words import data_file, date_text
from bot.queries.answers import Answer, BadInput, DecreeList, NothingFound, OneDecree, Question, Topic, UnknownDecree, UnknownDepartment
from bot.queries.state import DepartmentState, WatchState, authority_text, state_text
from bot.queries.vocabulary import EvidenceWords, Vocabulary, vocabulary

_LONGEST_ECHO = 120
"""Characters of a question repeated in its answer."""


def title(answer: DecreeList, language: Language) -> str:
    """Return `Décrets concernant Drôme (26) — 12 décrets, page 2 sur 3`."""
    words = vocabulary(language)
    count = words.count_one if answer.total == 1 else words.count_many.format(n=answer.total)
    page = "" if answer.pages == 1 else ", " + words.page.format(page=answer.question.page, pages=answer.pages)
    return words.header.format(title=_subject(answer.question, answer.places, words), total=count + page)


def shortcoming(
    answer: NothingFound | UnknownDepartment | UnknownDecree | BadInput, places: Mapping[str, Place], language: Language
) -> str:
    """Say why there is no decree to show, never more than is known: what a bot has not recorded may well exist."""
    words = vocabulary(language)
    match answer:
        case NothingFound():
            return _nothing(answer, places, words, language)
        case UnknownDepartment():
            text = words.unknown_department.format(asked=_echo(answer.asked))
            names = ", ".join(_name(place) for place in answer.suggestions)
            return f"{text} {words.did_you_mean.format(names=names)}" if names else text
        case UnknownDecree():
            return words.unknown_decree.format(number=_echo(answer.number))
        case BadInput():
            return str(getattr(words, answer.fault.value))


def withdrawal(decree: Decree, place: Place, language: Language) -> str | None:
    """Say that a decree was withdrawn and when, by the clock of its place; None for one that stands."""
    if decree.withdrawn_at is None:
        return None
    day = decree.withdrawn_at.astimezone(ZoneInfo(place.time_zone)).date()
    return vocabulary(language).withdrawn.format(date=date_text(day, words_in(language).dates))


def _nothing(answer: NothingFound, places: Mapping[str, Place], words: Vocabulary, language: Language) -> str:
    said = _nothing_there(answer, words) if answer.recorded else words.nothing_recorded
    if not answer.watched:
        return f"{said} {words.unwatched}"
    asked = words.ask.deciders.format(names=", ".join(inert(place_for(places, one.code).name) for one in answer.health))
    broken = (authority_text(one, places, language) for one in answer.health if one.status not in {Status.FINE, Status.LATE})
    since = "" if answer.since is None else words.since.format(date=date_text(answer.since.date(), words_in(language).dates))
    parts = (said, asked if len(answer.health) > 1 else "", *broken, since, words.nothing_warning)
    return " ".join(part for part in parts if part)


def _nothing_there(answer: NothingFound, words: Vocabulary) -> str:
    question, ask = answer.question, words.ask
    match question.topic:
        case Topic.DEPARTMENT:
            return _about(words.nothing_department, ask.nothing_departments, answer.places)
        case Topic.IN_FORCE if answer.places:
            return _about(words.nothing_in_force_there, ask.nothing_in_force_departments, answer.places)
        case Topic.IN_FORCE:
            return words.nothing_in_force
        case Topic.TODAY:
            return _about("", ask.nothing_today_there, answer.places) if answer.places else ask.nothing_today
        case Topic.SEARCH:
            return words.nothing_search.format(words=_echo(question.words))
        case Topic.RECENT | Topic.NUMBER:
            return words.nothing_recent


def _subject(question: Question, places: Sequence[Place], words: Vocabulary) -> str:
    match question.topic:
        case Topic.RECENT:
            return words.recent
        case Topic.DEPARTMENT:
            return _about(words.department, words.ask.departments, places)
        case Topic.SEARCH:
            return words.search.format(words=_echo(question.words))
        case Topic.IN_FORCE:
            return _about(words.in_force_there, words.ask.in_force_departments, places) if places else words.in_force
        case Topic.TODAY:
            return _about("", words.ask.today_there, places) if places else words.ask.today
        case Topic.NUMBER:
            return words.ask.numbered.format(number=_echo(question.words))


def _about(of_one: str, of_several: str, places: Sequence[Place]) -> str:
    """Fill in the template of one place, or of several, in which names stand bare."""
    if of_one and len(places) == 1:
        return of_one.format(name=places[0].department or places[0].name, code=places[0].code)
    return of_several.format(names=", ".join(_name(place) for place in places))


def _name(place: Place) -> str:
    return f"{place.department or place.name} ({place.code})"


def _echo(text: str) -> str:
    return cut(inert(text), _LONGEST_ECHO)


# An answer as plain text, for terminals and wherever markup cannot go. Pure.


def plain_answer(answer: Answer, places: Mapping[str, Place], language: Language = "fr") -> str:
    """Return a title and one line per decree, a decree in full, why there is none, or how the watch is; no newline at the end."""
    match answer:
        case DecreeList():
            lines = (decree_line(message_of(decree, places, answer.at, language)) for decree in answer.decrees)
            return "\n".join((title(answer, language), "", *lines))
        case OneDecree(decree=decree, at=at):
            message = message_of(decree, places, at, language)
            gone = withdrawal(decree, message.place, language)
            full = plain_decree(message, places)
            return full if gone is None else f"{gone}\n\n{full}"
        case WatchState() | DepartmentState():
            return state_text(answer, places, language)
        case _:
            return shortcoming(answer, places, language)


def message_of(decree: Decree, places: Mapping[str, Place], at: datetime, language: Language) -> MessageInput:
    """Return what the words of an answer on this decree are made from, with the law's part as at `at` (aware)."""
    place = place_for(places, decree.authority)
    return MessageInput(decree, place, at, language, legal_advice(decree, place, at))


# The phrases on which the facts of a decree rest, in plain words. Pure.

_LONGEST = 300
"""Characters of one phrase."""


def evidence_text(decree: Decree, language: Language = "fr") -> str:
    """Return a heading and one line per phrase, in the order in which they were found: its page, where on it, what it supports, the sign
    that it met; what would be the same line is said once. No newline at the end.
    """
    words = vocabulary(language).evidence
    if not decree.evidence:
        return words.none
    return "\n".join((words.head, *dict.fromkeys(f"  {_line(item, words, language)}" for item in decree.evidence)))


def _line(item: Evidence, words: EvidenceWords, language: Language) -> str:
    about = words.about.get(item.about, inert(item.about))
    if item.cue:
        about = words.met.format(about=about, cue=inert(cue_words(item.cue, language)))
    told = {"page": item.page, "about": about, "text": cut(inert(item.text), _LONGEST)}
    if item.where is None:
        return words.line.format(**told)
    return words.placed.format(where=words.where.get(item.where.value, item.where.value), **told)


# What the signs that a verdict rests on are called, and why an act is left to a person. Pure.


def cue_words(cue: str, language: Language) -> str:
    """Return a sign or a reason by its name (`Evidence.cue`), in words; as it is where there are none, as for a text of law."""
    if language == "fr":
        return _french().get(cue.replace(" ", "_"), cue)
    return reason_words(cue) or cue


def doubt_words(evidence: Iterable[Evidence], language: Language) -> str | None:
    """Return why a person must look; None where the evidence does not tell."""
    return next((cue_words(quote.cue, language) for quote in evidence if quote.cue and reason_words(quote.cue) is not None), None)


@cache
def _french() -> Mapping[str, str]:
    return data_file("bot.queries", "words", "cues_fr.toml")
