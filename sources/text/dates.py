"""French dates and months in titles, addresses and file names. Pure functions; accents, case and common OCR slips do not matter.

Years have four digits and lie in 2000-2099: two-digit years are too easily a number of something else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date

_FOLDED = str.maketrans(
    {"œ": "oe", "æ": "ae", "’": "'", "‘": "'", "º": "°", "–": "-", "—": "-", "\u00a0": " ", "\u202f": " ", "\u00ad": ""}
)


def fold(text: str) -> str:
    """Lower case, no accents, plain quotes, dashes and spaces: two spellings of a French word become one."""
    if text.isascii():  # as most addresses and titles are: there is nothing to fold in them
        return text.lower()
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
_YEAR = r"(?P<year>2[0o]\d\d)(?!\d)"
# "1er", and what OCR makes of it; an I or l read for a 1; then blanks, or the separators of a file name.
_DAY = r"(?<![a-z\d])(?P<day>[1il][\s]?er|1cr|[0-3il]?[\dil])(?:[\s._-]*)"
_WRITTEN = re.compile(rf"{_DAY}{MONTH_NAME}[\s._-]*{_YEAR}")
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
