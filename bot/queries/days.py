"""Which days a sentence means: `le 5 décembre`, `du 21 au 23 août`, `samedi`, `ce week-end`, `en mai`, `tomorrow`. Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

MONTHS = ["janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre", "decembre"]
_MONTHS_EN = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
_WEEKDAYS = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
_WEEKDAYS_EN = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_NUMBER_OF = {name: number for names in (MONTHS, _MONTHS_EN) for number, name in enumerate(names, start=1)}
_DAY_OF = {name: number for names in (_WEEKDAYS, _WEEKDAYS_EN) for number, name in enumerate(names)}
_NAMES = "|".join(_NUMBER_OF)
_MONTH = rf"(?P<month>{_NAMES})"
_ORDINAL = "(?:er|st|nd|rd|th)?"
_WEEKDAY = rf"(?P<weekday>{'|'.join(_DAY_OF)})"
_RELATIVE: Mapping[str, Callable[[int], tuple[int, int]]] = {
    **dict.fromkeys(("soir", "cette nuit", "cet apres midi", "tonight", "this evening"), lambda _: (0, 0)),
    **dict.fromkeys(("hier", "yesterday"), lambda _: (-1, -1)),
    **dict.fromkeys(("demain", "tomorrow"), lambda _: (1, 1)),
    "apres demain": lambda _: (2, 2),
    **dict.fromkeys(("weekend", "week end"), lambda weekday: (max(5 - weekday, 0), 6 - weekday)),
    **dict.fromkeys(("cette semaine", "this week"), lambda weekday: (0, 6 - weekday)),
    **dict.fromkeys(("semaine prochaine", "next week"), lambda weekday: (7 - weekday, 13 - weekday)),
}
"""Days from today until the first and the last of what is named, by the day of the week."""
_FORMS = (
    re.compile(r"\b(?:le |on )?(?P<iso>20\d\d \d\d \d\d)\b"),
    re.compile(r"\b(?:le |on )?(?P<day>\d{1,2}) (?P<number>\d{1,2}) (?P<year>20\d\d)\b"),
    re.compile(
        rf"\b(?:du|from) (?P<since>\d{{1,2}}){_ORDINAL}(?: (?P<since_month>{_NAMES}))? (?:au|to) "
        rf"(?P<day>\d{{1,2}}){_ORDINAL} {_MONTH}(?: (?P<year>20\d\d))?\b"
    ),
    re.compile(rf"\b(?:(?:le|on|the) )?(?:{_WEEKDAY} )?(?P<day>\d{{1,2}}){_ORDINAL} (?:of )?{_MONTH}(?: (?P<year>20\d\d))?\b"),
    re.compile(rf"\b(?:on )?{_MONTH} (?:the )?(?P<day>\d{{1,2}}){_ORDINAL}(?: (?P<year>20\d\d))?\b"),
    re.compile(rf"\b(?:en|in|au mois d[e']?) (?P<whole_month>{_NAMES})(?: (?P<year>20\d\d))?\b"),
    re.compile(rf"\b(?:(?:ce|le|la|this|the|on) )?(?P<relative>{'|'.join(_RELATIVE)})(?: (?:prochain|qui vient))?\b"),
    re.compile(rf"\b(?:(?:le|ce|on|this|next) )?{_WEEKDAY}(?: (?:prochain|soir|matin))?\b"),
)
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
    first = None
    try:
        if (iso := named.get("iso")) is not None:
            day = date.fromisoformat(iso.replace(" ", "-"))
        elif (month := named.get("month") or named.get("number")) is not None:
            day = _nearest(int(named["day"] or 0), _NUMBER_OF.get(month) or int(month), named["year"], today)
            if (since := named.get("since")) is not None:
                first = day.replace(day=int(since), month=_NUMBER_OF.get(named["since_month"] or "", day.month))
                first = first if first <= day else first.replace(year=day.year - 1)
        elif (month := named.get("whole_month")) is not None:
            first = _nearest(1, _NUMBER_OF[month], named["year"], today)
            day = first.replace(day=monthrange(first.year, first.month)[1])
        elif (relative := named.get("relative")) is not None:
            first, day = (today + timedelta(days=ahead) for ahead in _RELATIVE[relative](today.weekday()))
        else:
            day = today + timedelta(days=(_DAY_OF[named["weekday"] or ""] - today.weekday()) % 7)
    except ValueError:
        return None
    return Days(first or day, day)


def _nearest(day: int, month: int, year: str | None, today: date) -> date:
    """Return the day of this year, of the next one where it is long past. Raises ValueError for a day that the month has not."""
    if year is not None:
        return date(int(year), month, day)
    this = date(today.year, month, day)
    return this if this >= today - _LONGEST_AGO else date(today.year + 1, month, day)
