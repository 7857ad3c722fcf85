"""What the first page of a recueil says of it. Pure."""

from __future__ import annotations

import re
from datetime import date

from bot.domain import Cover
from bot.domain.folding import fold_words
from bot.reading.acts.headings import first_visa

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre", "decembre"), start=1
    )
}
# An accented letter may come out as one odd character or none (`PUBLI? LE`), hence the loose middle.
_DATE = r"(?P<day>\d{1,2})(?:\s?er)?\s+(?P<month>[^\W\d_]+)\s+(?P<year>\d{4})"
_FIGURES = r"(?P<d>\d{1,2})[/.](?P<m>\d{1,2})[/.](?P<y>\d{4})"
_PUBLISHED = re.compile(rf"(?i)\b(?:PUBLI\S{{0,2}}\s+LE|[EÉ]DITION\s+DU|DU)\s+(?:{_DATE}|{_FIGURES})")
_TITLE = re.compile(r"RECUEIL\s+DES\s*ACTES\s*ADMINISTRATIFS|(?m:^\s*Recueil\s+(?:normal|sp[ée]cial|des\s*actes)\b)")
_NUMBER = re.compile(r"(?i)\bN\s?\S?\s{0,2}((?:\d{2,3}|2[AB]|R\d{2}|[A-Z]{3})-\d{4}-\d{1,4})\b")
_OTHER_NUMBER = re.compile(r"(?i)\bRecueil\s+(?:normal|sp[ée]cial)\s+(?:n\s?\S\s?)?(\d{1,4}[.-]\d{4})")
_HEAD = 1500
"""Characters of a first page in which a cover names itself; further down a decree only says where it is published."""


def is_cover(text: str) -> bool:
    """True when this first page is the cover of a recueil, not a decree that mentions one; a decree may begin on it, below."""
    title, visa = _TITLE.search(text[:_HEAD]), first_visa(text[:_HEAD])
    # Visas name the recueil in which a delegation was published, now and then at the beginning of a line.
    return title is not None and (visa is None or title.start() < visa)


def read_cover(text: str) -> Cover:
    """The number, department and date of the cover; every field None when this first page is not a cover.

    National template: `N°83-2025-240`, `PUBLIÉ LE 11 JUILLET 2025`. Alpes-Maritimes: `Recueil spécial 211.2025 - édition du 19/08/2025`.
    """
    if not is_cover(text):
        return Cover()
    head = text[:_HEAD]
    number = _NUMBER.search(head)
    if number:
        code = number[1].upper()
        return Cover(authority=code.split("-", 1)[0], number=code, published=_published(head))
    other = _OTHER_NUMBER.search(head)
    return Cover(number=other[1] if other else None, published=_published(head))


def _published(head: str) -> date | None:
    for found in _PUBLISHED.finditer(head):
        try:
            if found["y"]:
                return date(int(found["y"]), int(found["m"]), int(found["d"]))
            month = _MONTHS.get(fold_words(found["month"]))
            if month:
                return date(int(found["year"]), month, int(found["day"]))
        except ValueError:
            # A date no calendar has (an OCR slip): another mention may be right.
            continue
    return None
