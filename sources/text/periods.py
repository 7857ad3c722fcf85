"""What stretch of time a label stands for: `Aout-2026`, `RAA-du-mois-d-aout-2026`, `2026-de-aout-a-decembre`, `3eme-trimestre`.

A label is the last segment of an address or the text of its link. What names one bulletin (`RAA-special-46-2026-084`) is no period.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote, urlsplit

from sources.text.dates import MONTH_NAME, fold, month_number

_MONTH = re.compile(rf"(?<![a-z]){MONTH_NAME}")
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
# Slugs carry accidents, seen on real sites: "-20252" for 2025, "2026-2" for the second slice of a year.
_YEAR_ACCIDENT = re.compile(r"(?<!\d)(20\d\d)(?:\d|\s?[-_]\s?\d)$")
_SLICE = re.compile(r"(?<!\d)20\d\d[-_]\d$")
_PART_OF_YEAR = re.compile(r"(?<!\d)([1-4])\s?(?:er|ere|e|eme|nd|nde)?[\s_-]+(trimestre|semestre)")
_MONTHS_IN_PART = {"trimestre": 3, "semestre": 6}
# "9.-Aout": the rank of a card, which is not always the number of the month. "08-AOUT": only where it is.
_RANK = re.compile(r"^\d{1,2}\s?\.[\s_-]*(?=[a-z])")
_MONTH_NUMBER = re.compile(rf"^(?P<number>\d{{1,2}})[\s_-]*(?={MONTH_NAME})")
_STRAY_DIGIT = re.compile(rf"(?<![a-z])({MONTH_NAME})\d(?!\d)")
# "RAA2", "Recueil-des-actes-administratifs-2": a page made anew beside the old one, no bulletin. "RAA-2" is one.
_SECOND_PAGE = re.compile(r"(?<![a-z])(administratifs?(?:[\s_-]raa)?(?=[\s_-]?[2-9]$)|raa(?=[2-9]$))[\s_-]?[2-9]$")
# "Recueils à partir du 28 avril 2015" is open to this day.
_OPEN_END = re.compile(r"(?<![a-z])(?:depuis|a[\s_-]partir[\s_-]d[eu])(?![a-z])")
_RECUEIL = re.compile(r"(?<![a-z])(?:recueils?|raa|administratifs?)(?![a-z])")
_NO_END = 2099


@dataclass(frozen=True, slots=True)
class Period:
    """Whole months, `first_month` to `last_month` (1 to 12), of the years `first_year` to `last_year`; no year: the parent page's."""

    first_year: int | None
    last_year: int | None
    first_month: int = 1
    last_month: int = 12

    @property
    def is_whole_year(self) -> bool:
        """Whether no month narrows it."""
        return (self.first_month, self.last_month) == (1, 12)

    @property
    def is_open(self) -> bool:
        """Whether it has a beginning and no end: "depuis 2015"."""
        return self.last_year == _NO_END

    def bounds(self, year: int | None = None) -> tuple[date, date] | None:
        """First and last day. `year` stands in where the label wrote none; None when no year is known."""
        first, last = self.first_year or year, self.last_year or year
        if first is None or last is None:
            return None
        return date(first, self.first_month, 1), date(last, self.last_month, calendar.monthrange(last, self.last_month)[1])


@dataclass(frozen=True, slots=True)
class Label:
    """What a label says. A bulletin has a number or a day in its name: something is left once year and months are taken out."""

    period: Period | None
    is_bulletin: bool


def read_label(text: str) -> Label:
    """Classify one slug or link text."""
    rest = fold(text).strip()
    rest = _RANK.sub("", rest)
    if (numbered := _MONTH_NUMBER.match(rest)) and int(numbered["number"]) == month_number(numbered):
        rest = rest[numbered.end("number") :]
    rest = _STRAY_DIGIT.sub(lambda match: match[1], rest)
    rest = _YEAR_ACCIDENT.sub(lambda match: match[1], rest)
    rest = _SECOND_PAGE.sub(lambda match: match[1], rest)
    years = [int(year) for year in _YEAR.findall(rest)]
    parts = list(_PART_OF_YEAR.finditer(rest))
    months = [month_number(match) for match in _MONTH.finditer(rest)]
    if years and _OPEN_END.search(rest) and _RECUEIL.search(rest):
        return Label(Period(min(years), _NO_END), is_bulletin=False)
    leftover = _YEAR.sub(" ", _PART_OF_YEAR.sub(" ", rest))
    if re.search(r"\d", leftover):
        return Label(None, is_bulletin=True)
    first_year, last_year = (min(years), max(years)) if years else (None, None)
    if months:
        return Label(Period(first_year, last_year, *_in_order(months[0], months[-1], first_year, last_year)), is_bulletin=False)
    if parts:
        length = _MONTHS_IN_PART[parts[0][2]]
        rank = min(int(parts[0][1]), 12 // length)
        return Label(Period(first_year, last_year, (rank - 1) * length + 1, rank * length), is_bulletin=False)
    if years:
        return Label(Period(first_year, last_year), is_bulletin=False)
    return Label(None, is_bulletin=False)


def is_slice(url: str) -> bool:
    """Return whether an address names one of several slices of a year, cut by volume: `2026-2`. Another may open on any day."""
    return _SLICE.search(urlsplit(url).path.rstrip("/")) is not None


def label_of(url: str, text: str) -> Label:
    """Classify a link. Its own segment comes first ("Année 2021" may lead to `Annee-2022`), then its text.

    A year the segment lacks is looked for in the text, then in the segments above (`/RAA-2026/Aout`).
    """
    segments = [unquote(segment) for segment in urlsplit(url).path.split("/") if segment]
    own = read_label(segments[-1]) if segments else Label(None, is_bulletin=False)
    shown = read_label(text)
    if own.period is None:
        return own if own.is_bulletin else _with_year_above(shown, segments)
    if shown.period is not None and own.period.is_whole_year and shown.period.first_year == own.period.first_year:
        return shown
    if own.period.first_year is None and shown.period is not None and shown.period.first_year is not None:
        dated = Period(shown.period.first_year, shown.period.last_year, own.period.first_month, own.period.last_month)
        return Label(dated, is_bulletin=False)
    return _with_year_above(own, segments)


def _with_year_above(label: Label, segments: list[str]) -> Label:
    if label.period is None or label.period.first_year is not None:
        return label
    for segment in reversed(segments[:-1]):
        above = read_label(segment).period
        if above is not None and above.first_year is not None and not above.is_open:
            years = (above.first_year, above.last_year)
            return Label(Period(*years, label.period.first_month, label.period.last_month), is_bulletin=False)
    return label


def _in_order(first: int, last: int, first_year: int | None, last_year: int | None) -> tuple[int, int]:
    """`JUILLET-DECEMBRE` as written; a slip backwards within a year means both ends."""
    if first_year == last_year and first > last:
        return last, first
    return first, last
