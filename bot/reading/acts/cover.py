"""Reads the cover of a recueil, and tells it from a decree: number, department and date. Pure."""

from __future__ import annotations

import re
from datetime import date

from bot.domain.acts import Cover
from bot.domain.text import fold_words

_TITLE = re.compile(r"RECUEIL\s+DES\s*ACTES\s*ADMINISTRATIFS|(?m:^\s*Recueil\s+(?:normal|sp[ée]cial|des\s*actes)\b)")
_HEAD = 1500
"""Characters of a first page in which a cover names itself; further down a decree only says where it is published."""
# A stamp on annexes begins like a visa: "Vu pour être annexé à l'arrêté".
_VISA = re.compile(r"(?m)^[^\w\n]*(?:VU|Vu)\b(?!\s+pour\b)")
_MONTHS = ("janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre", "decembre")
# An accented letter may come out as one odd character or none (`PUBLI? LE`), hence the loose middle.
_DAY = r"(?P<day>\d{1,2})(?:\s?er)?\s+(?P<month>[^\W\d_]+)\s+(?P<year>\d{4})"
_FIGURES = r"(?P<d>\d{1,2})[/.](?P<m>\d{1,2})[/.](?P<y>\d{4})"
_PUBLISHED = re.compile(rf"(?i)\b(?:PUBLI\S{{0,2}}\s+LE|[EÉ]DITION\s+DU|DU)\s+(?:{_DAY}|{_FIGURES})")
_AGAIN = r"(?:[ -]?(?P<again>bis|ter|quater)\b)?"
_COVER_NUMBER = re.compile(
    r"(?i)\bN\s?\S?\s{0,2}(?P<number>D?(?P<code>\d{2,3}|2[AB]|R\d{2}|[A-Z]{3})\s?[-–]\s?\d{4}\s?[-–]\s?\d{1,4}(?:-\d{1,3}){0,2})"
    + _AGAIN
    + r"(?!\w)"
)
_OTHER_NUMBER = re.compile(
    r"(?i)\b(?:Recueil\s+(?:normal|sp[ée]cial)\s+(?:n\s?\S\s?)?|N\s?[^\w\s]\s?(?:sp[ée]cial\s+)?)"
    r"(?P<number>\d{1,4}[.-]\d{4}|(?:19|20)\d\d\s?[-–/.]\s?\d{1,4}(?![\d-])|\d{1,4}(?=[ ]+du\s))" + _AGAIN
)
_BESIDE = 120
"""Characters around what a cover calls itself that hold a number of another form: further down, a table may give those of acts."""


def first_visa(text: str) -> int | None:
    """Return where the visas begin (`Vu le code …`), which decrees alone have; None where there are none."""
    found = _VISA.search(text)
    return found.start() if found else None


def is_cover(text: str) -> bool:
    """Return whether this first page is the cover of a recueil, not a decree that mentions one; a decree may begin on it, below."""
    title, visa = _TITLE.search(text[:_HEAD]), first_visa(text[:_HEAD])
    # Visas name the recueil in which a delegation was published, now and then at the beginning of a line.
    return title is not None and (visa is None or title.start() < visa)


def read_cover(text: str) -> Cover:
    """Return the number, department and date of the cover; every field is None when the page is no cover. National template:
    `N°83-2025-240`, `N°13-2024-166 ter`, `N°93-2024-12-20`, `PUBLIÉ LE 11 JUILLET 2025`. Others: `Recueil spécial 211.2025 - édition du
    19/08/2025`, `N°2024-421`, `N°153 DU 20 DÉCEMBRE 2024`."""
    if not is_cover(text):
        return Cover()
    head, title = text[:_HEAD], _TITLE.search(text)
    beside = head[max(title.start() - _BESIDE, 0) : title.end() + _BESIDE] if title is not None else ""
    found = _COVER_NUMBER.search(head)
    code = found["code"].upper() if found is not None else None
    found = found or _OTHER_NUMBER.search(re.split(r"(?i)sommaire|arr[êe]t[ée]", beside)[0])
    if found is None:
        return Cover(published=_published(head))
    number = re.sub(r"\s?[-–]\s?", "-", found["number"].upper()) + (f" {found['again'].lower()}" if found["again"] else "")
    return Cover(authority=code, number=number, published=_published(head))


def _published(head: str) -> date | None:
    for found in _PUBLISHED.finditer(head):
        try:
            if found["y"]:
                return date(int(found["y"]), int(found["m"]), int(found["d"]))
            return date(int(found["year"]), _MONTHS.index(fold_words(found["month"])) + 1, int(found["day"]))
        except ValueError:
            # A month or a date no calendar has (an OCR slip): another mention may be right.
            continue
    return None
