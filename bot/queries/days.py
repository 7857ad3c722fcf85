"""Which days a sentence means: `le 5 décembre`, `samedi`, `ce week-end`, `tomorrow`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_MONTHS = ["janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre", "decembre"]
_MONTHS_EN = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
_WEEKDAYS = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
_WEEKDAYS_EN = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_NUMBER_OF = {name: number for names in (_MONTHS, _MONTHS_EN) for number, name in enumerate(names, start=1)}
_DAY_OF = {name: number for names in (_WEEKDAYS, _WEEKDAYS_EN) for number, name in enumerate(names)}
_MONTH = rf"(?P<month>{'|'.join(_NUMBER_OF)})"
_WEEKDAY = rf"(?P<weekday>{'|'.join(_DAY_OF)})"
_FORMS = (
    re.compile(r"\b(?:le |on )?(?P<iso>20\d\d \d\d \d\d)\b"),
    re.compile(r"\b(?:le |on )?(?P<day>\d{1,2}) (?P<number>\d{1,2}) (?P<year>20\d\d)\b"),
    re.compile(rf"\b(?:(?:le|on|the) )?(?:{_WEEKDAY} )?(?P<day>\d{{1,2}})(?:er|st|nd|rd|th)? (?:of )?{_MONTH}(?: (?P<year>20\d\d))?\b"),
    re.compile(rf"\b(?:on )?{_MONTH} (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: (?P<year>20\d\d))?\b"),
    re.compile(r"\b(?P<relative>apres demain|demain|tomorrow)\b"),
    re.compile(r"\b(?P<weekend>(?:(?:ce|le|this|the|on) )?week ?end)(?: (?:prochain|qui vient))?\b"),
    re.compile(r"\b(?P<week>cette semaine|this week)\b"),
    re.compile(rf"\b(?:(?:le|ce|on|this|next) )?{_WEEKDAY}(?: (?:prochain|soir|matin))?\b"),
)
_AHEAD = {"demain": 1, "tomorrow": 1, "apres demain": 2}
_LONGEST_AGO = timedelta(days=183)


@dataclass(frozen=True, slots=True)
class Days:
    """Holds days, the first and the last, and the place that is asked about with them: `c26198`, departments, or empty."""

    first: date
    last: date
    place: str = ""

    def __str__(self) -> str:
        """Return the words of a question about them."""
        return f"{self.first},{self.last},{self.place}"

    @classmethod
    def read(cls, words: str) -> Days:
        """Return the inverse of `str`. Raises ValueError on anything else."""
        first, last, place = words.split(",", 2)
        return cls(date.fromisoformat(first), date.fromisoformat(last), place)


def days_in(folded: str, today: date) -> tuple[Days | None, str]:
    """Return the days that folded words name, and the words without them."""
    for form in _FORMS:
        for found in form.finditer(folded):
            days = _days(found.groupdict(), today)
            if days is not None:
                return days, " ".join((folded[: found.start()] + " " + folded[found.end() :]).split())
    return None, folded


def _days(named: dict[str, str | None], today: date) -> Days | None:
    try:
        if (iso := named.get("iso")) is not None:
            day = date.fromisoformat(iso.replace(" ", "-"))
        elif (month := named.get("month") or named.get("number")) is not None:
            day = _nearest(int(named["day"] or 0), _NUMBER_OF.get(month) or int(month), named["year"], today)
        elif named.get("weekend") is not None:
            saturday = today + timedelta(days=max(5 - today.weekday(), 0))
            return Days(saturday, saturday + timedelta(days=6 - saturday.weekday()))
        elif named.get("week") is not None:
            return Days(today, today + timedelta(days=6 - today.weekday()))
        elif (relative := named.get("relative")) is not None:
            day = today + timedelta(days=_AHEAD[relative])
        else:
            day = today + timedelta(days=(_DAY_OF[named["weekday"] or ""] - today.weekday()) % 7)
    except ValueError:
        return None
    return Days(day, day)


def _nearest(day: int, month: int, year: str | None, today: date) -> date:
    """Return the day of this year, of the next one where it is long past. Raises ValueError for a day that the month has not."""
    if year is not None:
        return date(int(year), month, day)
    this = date(today.year, month, day)
    return this if this >= today - _LONGEST_AGO else date(today.year + 1, month, day)
