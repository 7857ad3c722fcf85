"""French dates, months and periods in titles, addresses and file names. Pure functions; accents, case and common OCR slips do not matter.

Years have four digits and lie in 2000-2099: two-digit years are too easily a number of something else.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from urllib.parse import unquote, urlsplit

_FOLDED = str.maketrans(
    {"œ": "oe", "æ": "ae", "’": "'", "‘": "'", "º": "°", "–": "-", "—": "-", "\u00a0": " ", "\u202f": " ", "\u00ad": ""}
)


_REMEMBERED = 500
"""Characters. What is longer is folded anew each time: a hostile page has one text of megabytes, a site has its menu on every page."""


def fold(text: str) -> str:
    """Lower case, no accents, plain quotes, dashes and spaces: two spellings of a French word become one."""
    if text.isascii():  # as most addresses and titles are: there is nothing to fold in them
        return text.lower()
    return (_folded if len(text) <= _REMEMBERED else _folded.__wrapped__)(text)


@lru_cache(maxsize=2048)
def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.lower().translate(_FOLDED))
    return "".join(character for character in decomposed if not unicodedata.combining(character)).lower().translate(_FOLDED)


# A replacement character stands where a wrong encoding lost an accented letter; the longer name comes first.
_MONTHS = (
    r"janvier|janv",
    r"f[e\ufffd]vrier|fevr",
    r"mars",
    r"avril|avr",
    r"mai",
    r"juin",
    r"juillet|juil",
    r"ao[u\ufffd]t|aoat",
    r"septembre|sept",
    r"octobre|oct",
    r"novembre|nov",
    r"d[e\ufffd]cembre|dec",
)
MONTH_NAME = "(?:" + "|".join(f"(?P<m{number}>{names})" for number, names in enumerate(_MONTHS, 1)) + r")(?![a-z])"
"""A pattern for one month name in folded text, with its number as the group that matched (`m1` to `m12`)."""

_ANY_MONTH = "(?:" + "|".join(_MONTHS) + r")(?![a-z])"
_YEAR_OF_DATE = r"(?P<year>2[0o]\d\d)(?!\d)"
# "1er", and what OCR makes of it; an I or l read for a 1; then blanks, or the separators of a file name.
_DAY = r"(?<![a-z\d])(?P<day>[1il][\s]?er|1cr|[0-3il]?[\dil])(?:[\s._-]*)"
_WRITTEN = re.compile(rf"{_DAY}{MONTH_NAME}[\s._-]*{_YEAR_OF_DATE}")
_SHORT_YEAR = re.compile(rf"{_DAY}{MONTH_NAME}[\s._-]*(?P<year>[1-9]\d)(?!\d)")
_WITHOUT_YEAR = re.compile(
    rf"\b(?:du|le|au|et|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)[\s._-]+{_DAY}{MONTH_NAME}(?![\s._-]*(?:\d|{_ANY_MONTH}))"
)
_NUMERIC = (
    # 14/08/2026, 20.08.2026, 14-08-2026, 14_08_2026; not the middle of 26-2026-264 nor the head of 12-05-2026-123.
    re.compile(r"(?<!\d)(?P<day>\d{1,2})(?P<mark>[./_-])(?P<month>\d{1,2})(?P=mark)(?P<year>20\d\d)(?!\d)(?![./_-]\d{3})"),
    # 2026-08-21; not the tail of 39-2026-08-12, which is a number.
    re.compile(r"(?<!\d)(?<!\d[./-])(?P<year>20\d\d)(?P<mark>[./_-])(?P<month>\d\d)(?P=mark)(?P<day>\d\d)(?!\d)(?![./_-]\d{3})"),
    # RAA_92_20260820
    re.compile(r"(?<!\d)(?P<year>20\d\d)(?P<month>\d\d)(?P<day>\d\d)(?!\d)"),
)
# "RAA SPECIAL N° 15_AOUT 2026" is bulletin 15 of August, not the 15th.
_NUMBER_SIGN = re.compile(r"(?:\bn|\bno|\bnum|\bnumero)[°\s._-]*$")
_NUMBER_SIGN_REACH = 12


def find_date(text: str, *, year: int | None = None, short_years: bool = False) -> date | None:
    """Return the first complete date written in `text`, None when there is none.

    Reads `1er août 2025`, `14/08/2026`, `2026-08-21-N207`, `RAA_92_20260820`, `20.08.2026`, `d-aout` slugs, OCR slips. With `year`, a day
    and month introduced by a word (`du 3 mai`) count too, when no complete date is found; so does, with `short_years`, a written month with
    a year of two digits (`1er_mars_25`), for texts that are known to write them.
    """
    folded = fold(text)
    complete = sorted(_complete_dates(folded), key=lambda found: found[0])
    if complete:
        return complete[0][1]
    if short_years and (short := next(_short_dates(folded), None)):
        return short
    if year is None:
        return None
    for match in _WITHOUT_YEAR.finditer(folded):
        found = _safe_date(year, month_number(match), _day(match["day"]))
        if found:
            return found
    return None


def month_number(match: re.Match[str]) -> int:
    """Return which month a match of a pattern built with `MONTH_NAME` is about, 1 to 12."""
    return next(number for number in range(1, 13) if match[f"m{number}"] is not None)


def _complete_dates(folded: str) -> Iterator[tuple[int, date]]:
    for match in _WRITTEN.finditer(folded):
        found = _safe_date(int(match["year"].replace("o", "0")), month_number(match), _day(match["day"]))
        if found and not _is_numbered(match, folded):
            yield match.start(), found
    for pattern in _NUMERIC:
        for match in pattern.finditer(folded):
            found = _safe_date(int(match["year"]), int(match["month"]), int(match["day"]))
            if found:
                yield match.start(), found


def _short_dates(folded: str) -> Iterator[date]:
    for match in _SHORT_YEAR.finditer(folded):
        found = _safe_date(2000 + int(match["year"]), month_number(match), _day(match["day"]))
        if found and not _is_numbered(match, folded):
            yield found


def _is_numbered(match: re.Match[str], folded: str) -> bool:
    """Return whether what looks like a day is the number of a bulletin."""
    return _NUMBER_SIGN.search(folded[max(0, match.start() - _NUMBER_SIGN_REACH) : match.start()]) is not None


def _day(written: str) -> int:
    if written.endswith(("er", "cr")):
        return 1
    return int(written.replace("i", "1").replace("l", "1"))


def _safe_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


# What stretch of time a label stands for: `Aout-2026`, `RAA-du-mois-d-aout-2026`, `2026-de-aout-a-decembre`, `3eme-trimestre`.
#
# A label is the last segment of an address or the text of its link. What names one bulletin (`RAA-special-46-2026-084`) is no period.

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
        """Return whether no month narrows it."""
        return (self.first_month, self.last_month) == (1, 12)

    @property
    def year(self) -> int | None:
        """Return the only year it lies in, None where it names none or several."""
        return self.first_year if self.first_year == self.last_year else None

    @property
    def is_open(self) -> bool:
        """Return whether it has a beginning and no end: "depuis 2015"."""
        return self.last_year == _NO_END

    def bounds(self, year: int | None = None) -> tuple[date, date] | None:
        """First and last day. `year` stands in where the label wrote none; None when no year is known."""
        first, last = self.first_year or year, self.last_year or year
        if first is None or last is None:
            return None
        return date(first, self.first_month, 1), date(last, self.last_month, calendar.monthrange(last, self.last_month)[1])


@dataclass(frozen=True, slots=True)
class Label:
    """Holds what a label says. A bulletin has a number or a day in its name: something is left once year and months are taken out."""

    period: Period | None
    is_bulletin: bool


def read_label(text: str) -> Label:
    """Classify one slug or link text."""
    return (_label if len(text) <= _REMEMBERED else _label.__wrapped__)(text)


@lru_cache(maxsize=2048)
def _label(text: str) -> Label:
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

    A year the segment lacks is searched in the text, then in the segments above (`/RAA-2026/Aout`).
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
    """Return `JUILLET-DECEMBRE` as written; a slip backwards within a year means both ends."""
    if first_year == last_year and first > last:
        return last, first
    return first, last
