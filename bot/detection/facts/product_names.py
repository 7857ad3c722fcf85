"""Names of products and companies as printed: a few words that begin with a capital or a digit, never a person's."""

from __future__ import annotations

import re

from bot.detection.text.document import Document
from bot.detection.text.found import Found
from bot.detection.text.privacy import without_names

# As printed: capitals or digits begin each word. A product may be "Regard Sûr", a company "XXII Group" or "Orange Business".
_OTHER = (
    "Vu|Article|ARTICLE|Art|ART|Considérant|Monsieur|Madame|M|MM|Mme|Le|La|Les|L|À|Et|Fait|Pour|Sur|Titre|TITRE|Chapitre|CHAPITRE|Annexe|ANNEXE"
    "|Direction|Préfecture|Il|Elle|Ce|Cette"
)
_WORD = rf"(?!(?:{_OTHER})\b|[LIlD]['’])[A-ZÀ-ÖØ-Þ0-9][\w&’'.+-]*"
# A name may go on in the next line, and not in the next paragraph or item.
_NAME = re.compile(rf"{_WORD}(?:(?:[^\S\n]+|[^\S\n]*\n(?![^\S\n]*\n))(?:{_WORD}|&)){{0,3}}")
_FORM = re.compile(r"[\s,]+(?:SASU?|S\.A\.S\.?|SA|S\.A\.|SARL|S\.A\.R\.L\.?|EURL|SCOP|SCIC|SE|SNC)$")

_LONGEST = 60
"""Characters of a name."""


def name_at(document: Document, start: int, limit: int) -> Found[str] | None:
    """The name right at `start` of the folded text, without its legal form ("SAS"), None where there is none or it is a person's."""
    first, last = document.folded.span(start, min(start + _LONGEST, limit))
    match = _NAME.match(document.source[first:last])
    if match is None:
        return None
    printed = re.split(r"\.(?:\s|$)", match.group())[0].rstrip(".'’")
    value = _FORM.sub("", " ".join(printed.split()))
    if len(value) < 2 or value.isdigit() or not impersonal(value):
        return None
    return Found(value, start, start + len(printed))


def impersonal(name: str) -> bool:
    """True for a name in which no person's is recognised."""
    return without_names(name) == name
