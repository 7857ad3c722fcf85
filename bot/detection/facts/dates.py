"""French dates and hours as decrees print them, OCR and all. Pure; impossible dates are no dates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time

_MONTHS = {
    "janvier": 1, "fevrier": 2, "mars": 3, "avril": 4, "mai": 5, "juin": 6, "juillet": 7, "aout": 8, "aovt": 8, "aofit": 8,
    "septembre": 9, "octobre": 10, "novembre": 11, "decembre": 12,
}  # fmt: skip
# As date stamps print them: "27 NOV. 2026".
_SHORT_MONTHS = {
    "janv": 1, "jan": 1, "fevr": 2, "fev": 2, "avr": 4, "juil": 7, "sept": 9, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip

_ONES = ("", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf")
# "dix-sept décembre deux mille vingt-six", as solemn decrees are dated. The first of a month is in figures or "premier".
_WORDS = {
    **{word: number for number, word in enumerate(_ONES) if number > 1},
    "dix": 10, "onze": 11, "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15, "seize": 16,
    "dix sept": 17, "dix huit": 18, "dix neuf": 19,
    "vingt": 20, "vingt et un": 21, **{f"vingt {word}": 20 + number for number, word in enumerate(_ONES) if number > 1},
    "trente": 30, "trente et un": 31,
}  # fmt: skip
_HOURS = {"zero": 0, "une": 1, "vingt et une": 21, **{word: number for word, number in _WORDS.items() if number < 24}}
_MINUTES = {"quinze": 15, "et quart": 15, "trente": 30, "et demie": 30, "quarante cinq": 45}


def _any_of(words: Iterable[str]) -> str:
    """Words as a pattern, the longest first, with hyphens or without."""
    return "|".join(word.replace(" ", r"[\s-]+") for word in sorted(words, key=len, reverse=True))


_IN_WORDS = _any_of(_WORDS)
_CLOCK_IN_WORDS = rf"(?:{_any_of(_HOURS)})\s+heures?(?:\s+(?:{_any_of(_MINUTES)})\b)?"

WEEKDAY = r"(?:(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\s*)?"
DAY = r"(?:1\s?er|1\s?[*°º]\w?|[il]\s?er|premier|[0-3]?\d|[0-3]\s\d)"
MONTH = rf"(?:{'|'.join(_MONTHS)}|(?:{'|'.join(_SHORT_MONTHS)})(?![a-z])\.?)"
YEAR = rf"(?:20\d\d|2\s0\s\d\s\d|(?:l'an\s+)?deux[\s-]+mil(?:le)?[\s-]+(?:{_IN_WORDS}))"
_NUMERIC = r"(?:[0-3]?\d[/.][01]?\d[/.]20\d\d)"
HOUR = rf"(?:(?:[0-2]?\d)\s?(?:heures?|h|:)\s?(?:[0-5]\d)?|minuit|midi|{_CLOCK_IN_WORDS})"

_DAY_OF_MONTH = rf"(?:{DAY}\s*|(?:{_IN_WORDS})\s+){MONTH}"

LONG_DATE = rf"{WEEKDAY}{_DAY_OF_MONTH}\s*{YEAR}"
ANY_DATE = rf"(?:{LONG_DATE}|{WEEKDAY}{_NUMERIC})"
# In a range the first date often leaves out its year, and even its month.
PARTIAL_DATE = rf"(?:{ANY_DATE}|{WEEKDAY}(?:{_DAY_OF_MONTH}|{DAY}))"

_PARTS = re.compile(rf"{WEEKDAY}(?:(?P<day>{DAY})|(?P<words>{_IN_WORDS})(?=\s+{MONTH}))(?:\s*(?P<month>{MONTH}))?(?:\s*(?P<year>{YEAR}))?")
_NUMBERS = re.compile(rf"{WEEKDAY}(?P<day>[0-3]?\d)[/.](?P<month>[01]?\d)[/.](?P<year>20\d\d)")
_CLOCK = re.compile(r"(?P<hours>[0-2]?\d)\s?(?:heures?|h|:)\s?(?P<minutes>[0-5]\d)?")


@dataclass(frozen=True, slots=True)
class Partial:
    """A date that may leave out its month and year."""

    day: int
    month: int | None
    year: int | None

    def complete(self, month: int | None = None, year: int | None = None) -> date | None:
        """Return the date, with what is missing taken from the arguments; None if still incomplete or impossible."""
        month = self.month or month
        year = self.year or year
        if month is None or year is None:
            return None
        try:
            return date(year, month, self.day)
        except ValueError:
            return None


def partial(text: str) -> Partial | None:
    """Read a folded text that is a date, whole or not (`1er juin`, `19`, `12/12/2025`)."""
    numbers = _NUMBERS.fullmatch(text)
    if numbers is not None:
        return Partial(int(numbers["day"]), int(numbers["month"]), int(numbers["year"]))
    parts = _PARTS.fullmatch(text)
    if parts is None:
        return None
    return Partial(
        _in_words(parts["words"]) if parts["words"] else _day(parts["day"]),
        _month(parts["month"]) if parts["month"] else None,
        _year(parts["year"]) if parts["year"] else None,
    )


def full(text: str) -> date | None:
    """Read a folded text that is a whole date; None if it is not one, or impossible."""
    found = partial(text)
    return found.complete() if found is not None else None


def clock(text: str, *, closing: bool) -> time | None:
    """Read an hour. Midnight ends a day when `closing` (23:59, as does 24h00) and begins it otherwise; None where it is impossible."""
    if text in {"minuit", "midi"}:
        return time(12) if text == "midi" else (time(23, 59) if closing else time(0))
    match = _CLOCK.fullmatch(text)
    if match is None:
        return _clock_in_words(text)
    hours, minutes = int(match["hours"]), int(match["minutes"] or 0)
    if hours == 24 and minutes == 0:
        return time(23, 59) if closing else None
    return time(hours, minutes) if hours < 24 else None


def _clock_in_words(text: str) -> time | None:
    """Read an hour in letters ("dix-huit heures trente")."""
    hours, told, minutes = re.sub(r"[\s-]+", " ", text).partition(" heure")
    if not told or hours not in _HOURS:
        return None
    return time(_HOURS[hours], _MINUTES.get(minutes.removeprefix("s").strip(), 0))


def _month(text: str) -> int:
    name = text.rstrip(".")
    return _MONTHS.get(name) or _SHORT_MONTHS[name]


def _day(text: str) -> int:
    digits = re.sub(r"\s", "", text)
    if not digits[0].isdigit() or re.match(r"1(?:er|[*°º])", digits):
        return 1
    return int(digits)


def _year(text: str) -> int:
    words = re.split(r"mil(?:le)?[\s-]+", text)
    return 2000 + _in_words(words[1]) if len(words) > 1 else int(re.sub(r"\s", "", text))


def _in_words(text: str) -> int:
    return _WORDS[re.sub(r"[\s-]+", " ", text)]
