"""Decrees name officials, agents and shop owners. None of them belongs in a post or in a log."""

from __future__ import annotations

import re
from collections.abc import Iterator

_CIVILITY = (
    r"\b(?:M\.|MM\.|M(?=\s+[A-ZÉ][a-zéè]+\s+[A-ZÉÈ]{2})|Mme\.?|Mmes|Mlle|Mr\.?"
    r"|Monsieur|Madame|Mademoiselle|Messieurs|Mesdames|Maître|Dr\.?|(?:MONSIEUR|MADAME)(?!\s+L(?:[EA]\b|['’])))"
)
_WORD = r"(?:[A-ZÀ-ÖØ-Þ](?:\.|[\w'’\-]*)|\[NOM\])"
_PARTICLE = r"(?:(?:de|du|des|la|le|van|von|ben|el)\s+|d['’])"
_FIRST_NAME = r"[A-ZÀ-ÖØ-Þ](?:\.|[a-zà-öø-ÿ]+)(?:-[A-ZÀ-ÖØ-Þ](?:\.|[a-zà-öø-ÿ]+))?"
_SURNAME = r"[A-ZÀ-ÖØ-Þ]{2,}(?:[ \-'’][A-ZÀ-ÖØ-Þ]{2,})*"
_OFFICE = (
    r"(?:maire|adjointe?|gérante?|présidente?|directeur|directrice|exploitante?|dirigeante?|propriétaire|représentante?"
    r"|(?:sous-)?préf[eè]te?|commissaire)"
)
_RANK = r"(?:commandante?|colonel(?:le)?|capitaine|lieutenante?|major|générale?)"
_CAPITAL_WORD = r"(?!(?:DE|DU|DES|ET|EST|SONT|OU|AU|AUX|À|A|LE|LA|LES|EN|PAR)\b)[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ'’\-]+"

# Where a group `name` stands, only that goes; the function before it stays. Street names ("rue du Commandant…") have no
# article before the rank, or begin it with a capital.
_PERSONS = re.compile(
    rf"(?P<titled>{_CIVILITY}\s*(?:[dD]['’])?{_WORD}(?:\s+{_PARTICLE}*{_WORD}){{0,4}})"
    rf"|(?<!du )(?<!des )\b(?:{_OFFICE}|(?:Le|La) {_OFFICE}|l[ea] {_RANK}),?\s+(?P<held>{_FIRST_NAME}\s+{_PARTICLE}*{_SURNAME})"
    rf"|\b(?:maire|gérante?),?\s+(?P<alone>[A-ZÀ-ÖØ-Þ]{{4,}}(?:-[A-ZÀ-ÖØ-Þ]+)*)\b"
    rf"|\bpar\s+(?P<holding>{_FIRST_NAME}\s+{_PARTICLE}*{_WORD}(?:\s+{_WORD})?)(?=,\s+(?:l[ea]\s+)?{_OFFICE}\b)"
    rf"|\b(?:MAIRE|GÉRANTE?|GERANTE?|PRÉSIDENTE?|PRESIDENTE?),?\s+(?P<capitals>{_CAPITAL_WORD}\s+{_CAPITAL_WORD})"
)

_ELLIPSIS = "[…]"
_REACH = 80
"""Characters around an excerpt in which a name that crosses its edge is looked for."""


def without_names(text: str) -> str:
    """Return the text with every person's name ("M. Name", "son maire Name") replaced by an ellipsis.

    "Monsieur le préfet" names a function and stays.
    """
    return excerpt(text, 0, len(text))


def excerpt(text: str, start: int, end: int) -> str:
    """`text[start:end]` without persons' names, even where it begins or ends inside one."""
    parts: list[str] = []
    last = start
    for first, stop in _names(text, max(start - _REACH, 0), min(end + _REACH, len(text))):
        if stop <= start or first >= end:
            continue
        parts += [text[last : max(first, last)], _ELLIPSIS]
        last = max(min(stop, end), last)
    return "".join([*parts, text[last:end]])


def spans_of_names(text: str) -> tuple[tuple[int, int], ...]:
    """Return where each person's name that would be replaced stands in the text: its first character, and the one after its last."""
    return tuple(_names(text, 0, len(text)))


def _names(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    position = start
    while (match := _PERSONS.search(text, position, end)) is not None:
        yield match.span(match.lastgroup or 0)
        position = match.end()
