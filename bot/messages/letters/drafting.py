"""A decree -> a draft of a letter. Pure: the day is an argument. Never signed, never sent, no fact that the decree does not give."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from zoneinfo import ZoneInfo

from bot.domain import Decree, Kind, LegalAdvice, Place, Recourse, Standing
from bot.messages import words_in
from bot.messages.letters.known import facts_list, french_date, pieces
from bot.messages.letters.words import letter_words, template
from bot.messages.moments import days_text

_AGAINST = frozenset({Kind.AUTHORISATION, Kind.RENEWAL, Kind.MODIFICATION})


class LetterKind(StrEnum):
    """The letters there are.

    `CADA`: a request for the documents of a decree, with the referral to the Commission d'accès aux documents administratifs in case of
    refusal (CRPA, articles L. 311-1 and R. 343-1). `GRACIEUX`: a request to the authority itself to withdraw its decree (CRPA, article
    L. 411-2).
    """

    CADA = "cada"
    GRACIEUX = "gracieux"


class NoSuchLetter(ValueError):
    """A recours gracieux is drafted against what allows surveillance only, not against a refusal or the end of an authorisation."""


def draft(letter: LetterKind, decree: Decree, place: Place, now: datetime, legal_advice: LegalAdvice) -> str:
    """Draft it in French, a line a paragraph, with a newline at the end. What the decree does not say is a blank in [brackets].

    `place` is that of the authority that took the decree, `legal_advice` what is told of it at `now` (aware). Raises NoSuchLetter.
    """
    if letter is LetterKind.GRACIEUX and decree.kind not in _AGAINST:
        raise NoSuchLetter(f"no {letter.value} letter against a decree of kind {decree.kind.value}")
    today = now.astimezone(ZoneInfo(place.time_zone)).date()
    filled = pieces(decree, place, legal_advice)
    limit = letter_words().limit
    dates = {"published": filled["published"], "last_day": "" if legal_advice.last_day is None else french_date(legal_advice.last_day)}
    passed = legal_advice.last_day is not None and legal_advice.last_day < today
    text = template(letter.value).format_map(
        {
            **filled,
            "warnings": "\n".join(_warnings(letter, decree, legal_advice, passed=passed)).format_map(dates),
            "sources": "\n".join(_sources(letter)),
            "remedy_limit": _of_three(
                limit.remedy, limit.remedy_passed, limit.remedy_unknown, legal_advice.last_day, passed=passed
            ).format_map(dates),
            "limit_line": (limit.unknown_line if legal_advice.last_day is None else limit.line).format_map(dates),
            "in_time": _of_three(limit.in_time, limit.passed, limit.unknown, legal_advice.last_day, passed=passed).format_map(dates),
            "documents": _documents(decree, filled),
            "facts": facts_list(decree, filled),
            "grounds": _grounds(legal_advice, filled),
        }
    )
    return _without_gaps(text)


def _of_three(open_: str, passed_: str, unknown: str, last_day: date | None, *, passed: bool) -> str:
    if last_day is None:
        return unknown
    return passed_ if passed else open_


def _warnings(letter: LetterKind, decree: Decree, legal_advice: LegalAdvice, *, passed: bool) -> Iterator[str]:
    words = letter_words().warnings
    gracieux = letter is LetterKind.GRACIEUX
    if passed and gracieux:
        yield words.passed
    if legal_advice.standing is Standing.ENDED:
        yield words.ended
    if legal_advice.standing is Standing.IN_DOUBT:
        yield words.in_doubt
    if legal_advice.standing is Standing.SUSPENDED:
        yield words.suspended
    if any(change.kind is Kind.MODIFICATION for change in decree.changed_by):
        yield words.modified
    if gracieux and legal_advice.recourse is Recourse.OVER and not passed:
        yield words.over
    if gracieux and legal_advice.court.differs:
        yield words.differs


def _sources(letter: LetterKind) -> Iterator[str]:
    """Return what was read in the text of the codes, by the day of the copy, then all that was not."""
    words = letter_words()
    mine = [source for source in words.sources if letter.value in source.letters]
    read = sorted((source.read, source.text) for source in mine if source.read is not None)
    for day, texts in groupby(read, key=lambda item: item[0]):
        yield words.source_words.read.format(date=french_date(day), text=" ; ".join(text for _, text in texts))
    yield words.source_words.unread.format(texts=" ; ".join(source.text for source in mine if source.read is None))


def _documents(decree: Decree, filled: dict[str, str]) -> str:
    wanted = [one.text for one in letter_words().documents if not (one.applied and decree.kind is Kind.REFUSAL)]
    last = len(wanted)
    return "\n".join(f"{n}. {text.format_map(filled)}{'.' if n == last else ' ;'}" for n, text in enumerate(wanted, 1))


def _grounds(legal_advice: LegalAdvice, filled: dict[str, str]) -> str:
    words = letter_words()
    late = (
        ""
        if legal_advice.late is None
        else words.labels.one_day
        if legal_advice.late == 1
        else words.labels.days.format(n=legal_advice.late)
    )
    outside = days_text(legal_advice.outside, words_in("fr")) or words.labels.that_day
    told = [ground.text for ground in words.grounds if ground.flag is None or ground.flag in legal_advice.flags]
    return "\n\n".join(f"{n}. {text.format_map({**filled, 'late': late, 'outside': outside})}" for n, text in enumerate(told, 1))


def _without_gaps(text: str) -> str:
    """Leave no more than one empty line in a row, where a field had nothing to say."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines).rstrip("\n") + "\n"
