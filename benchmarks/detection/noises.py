"""Damage to acts: to letters, as text layers, old fonts and OCR do it, and to how an act is laid out. Pure, but for chance."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from random import Random

from benchmarks.detection.labelled import Labelled, Printed
from bot.domain.acts import Outcome
from bot.domain.text import fold_words

Damage = Callable[[str, Random], str]

_APOSTROPHE = "['’]"
_LONG_WORD = re.compile(r"[a-zà-öø-ÿ]{8,}")
_CONFUSIONS = {"t": "l", "l": "1", "i": "l", "e": "c", "u": "v", "o": "0", "m": "n", "é": "e", "h": "b", "r": "n"}


def _with(*changes: tuple[str, str]) -> Damage:
    """What these patterns find, read as something else."""

    def damage(text: str, _: Random) -> str:
        for pattern, read in changes:
            text = re.sub(pattern, read, text)
        return text

    return damage


def _no_accents(text: str, _: Random) -> str:
    return "".join(character for character in unicodedata.normalize("NFD", text) if not unicodedata.combining(character))


def _spaced_capitals(text: str, _: Random) -> str:
    return re.sub(r"(?m)^([ \t]*)(ARR[EÊ]TE(?:NT)?)\b", lambda match: match[1] + " ".join(match[2]), text)


def _cut(cut: str, margin: int) -> Damage:
    """Three long words in ten, with this inside."""

    def damage(text: str, chance: Random) -> str:
        def change(match: re.Match[str]) -> str:
            word = match.group()
            if chance.random() > 0.3:
                return word
            position = chance.randrange(margin, len(word) - margin)
            return f"{word[:position]}{cut}{word[position:]}"

        return _LONG_WORD.sub(change, text)

    return damage


def _blanks(pattern: str, share: float, read: str) -> Damage:
    """This share of the blanks that a pattern finds, read as something else."""
    return lambda text, chance: re.sub(pattern, lambda _: read if chance.random() < share else " ", text)


def misread(text: str, chance: Random) -> str:
    """One letter in sixty (of those that are often confused) read as another."""
    return "".join(_CONFUSIONS[letter] if letter in _CONFUSIONS and chance.random() < 1 / 60 else letter for letter in text)


STEADY: Mapping[str, Damage] = {
    "squares": _with((_APOSTROPHE, "□")),
    "replacement characters": _with((_APOSTROPHE, "\ufffd")),
    "acute apostrophes": _with((_APOSTROPHE, "´")),
    "no apostrophes": _with((_APOSTROPHE, " ")),
    "no accents": _no_accents,
    # Accents as signs of their own, which some fonts give.
    "decomposed": lambda text, _: unicodedata.normalize("NFD", text),
    "capitals": lambda text, _: text.upper(),
    # As justified lines have.
    "double blanks": _with((" ", "  ")),
    # Two letters: `mise en ceuvre`.
    "ligatures": _with(("œ|oe", "ce")),
    "windows lines": _with(("\n", "\r\n")),
    # `n 2024-00493`.
    "no degree signs": _with((r"[°º]", "")),
    # A blank inside the numbers of decrees: `2024 -699`. Identifiers of acts are set by a machine and keep theirs.
    "spaced numbers": _with((r"(?<!\d)(?<!\d-)(\d{4})-(?=\d{2,6}(?![\d-]))", r"\1 -")),
    # The word that opens the articles, spaced out: `A R R Ê T E`.
    "spaced capitals": _spaced_capitals,
    # What engines make of French words and signs again and again.
    "usual misreadings": _with(
        (r"\bl(?=['’])", "I"), (r"\baoût\b", "aovt"), (r"\b1er\b", "1*"), (r"\b([Aa])rrêté", r"\1rrété"), (r"[œŒ]", "ce"), (r"\bII\b", "Il")
    ),
}
"""Damage that is the same whatever chance says."""

SEEDED: Mapping[str, Damage] = {
    # At a line end, as in justified text.
    "hyphenated": _cut("-\n", margin=2),
    # As bad text layers have.
    "split words": _cut(" ", margin=1),
    # As where columns were glued together.
    "glued words": _blanks(r"(?<=[a-zé]) (?=[a-zé])", 0.3, ""),
    "misread": misread,
    # As in a narrow column.
    "rewrapped": _blanks(" ", 0.15, "\n"),
}
"""Damage at random places."""


LayoutDamage = Callable[[Labelled, Random], Printed | None]

_FIRST_VISA = re.compile(r"^[ \t]*(?:vu|considerant|sur proposition|sur le rapport|arrete ?:?$|article|art\.)\b", re.MULTILINE)
_SERVICE = "Préfecture, Cabinet, Direction des sécurités"
_ANY_ID = re.compile(r"\d{2,3}-\d{4}-\d{2}-\d{2}-\d{5}")
_ACT_ID = "99-2026-05-04-00012"


def contents_only(act: Labelled, _: Random) -> Printed | None:
    """The title as the table of contents gives it, and a body that could not be read."""
    printed = act.printed
    return Printed(printed.title, ()) if printed.pages and _settled(act) and _tells(act, printed.title) else None


def no_title(act: Labelled, _: Random) -> Printed | None:
    """No table of contents: the act is known by its text alone."""
    printed = act.printed
    if not printed.title or not _settled(act) or not _tells(act, _heading(printed)):
        return None
    return Printed("", printed.pages)


def no_heading(act: Labelled, _: Random) -> Printed | None:
    """The body begins with its visas: the heading is in the table of contents only."""
    printed = act.printed
    heading = _heading(printed)
    if not heading.strip() or not _settled(act) or not _tells(act, printed.title):
        return None
    return Printed(printed.title, (printed.pages[0][len(heading) :], *printed.pages[1:]))


def running_titles(act: Labelled, _: Random) -> Printed | None:
    """The running title of the national template left above the text of every page."""
    printed = act.printed
    if not _is_bare(printed):
        return None
    pages = enumerate(printed.pages, start=3)
    return Printed(printed.title, tuple(f"{_SERVICE} - {_ACT_ID} - {printed.title} {number}\n{page}" for number, page in pages), _ACT_ID)


def separator_page(act: Labelled, _: Random) -> Printed | None:
    """The page before the act, with its service, identifier and title once more."""
    printed = act.printed
    if not _is_bare(printed):
        return None
    return Printed(printed.title, (f"{_SERVICE}\n{_ACT_ID}\n{_wrapped(printed.title, 60)}", *printed.pages), _ACT_ID)


def page_number_in_title(act: Labelled, _: Random) -> Printed | None:
    """An entry of the table of contents with the number of its page, inside its last words as where it takes two lines."""
    first, blank, last = act.printed.title.rpartition(" ")
    return Printed(f"{first} (7 pages) Page 14{blank}{last}", act.printed.pages) if blank else None


def page_breaks(act: Labelled, chance: Random) -> Printed | None:
    """The same lines on more pages."""
    pages = []
    for page in act.printed.pages:
        lines = page.split("\n")
        while len(lines) > 3:
            size = chance.randrange(3, min(20, len(lines)))
            pages.append("\n".join(lines[:size]))
            lines = lines[size:]
        pages.append("\n".join(lines))
    return Printed(act.printed.title, tuple(page for page in pages if page.strip()))


def interleaved(act: Labelled, chance: Random) -> Printed | None:
    """Two text layers one over the other: the lines of the heading stand several lines apart, between those of the body."""
    heading = _heading(act.printed)
    if not heading.strip():
        return None
    body = act.printed.pages[0][len(heading) :].split("\n")
    lines: list[str] = []
    for line in _wrapped(heading, 45).split("\n"):
        size = chance.randrange(1, 5)
        lines += [line, *body[:size]]
        body = body[size:]
    return Printed(act.printed.title, ("\n".join([*lines, *body]), *act.printed.pages[1:]))


def _heading(printed: Printed) -> str:
    """What stands above the first visa, recital or article; "" where there is none of them."""
    if not printed.pages:
        return ""
    page = printed.pages[0]
    # Folding may change lengths: the line is found by its number.
    found = _FIRST_VISA.search(fold_words(page))
    return "" if found is None else "".join(page.splitlines(keepends=True)[: fold_words(page).count("\n", 0, found.start())])


def _is_bare(printed: Printed) -> bool:
    """True for an act with a title and a body to which its identifier can be added: a text that has identifiers is a list of acts."""
    return bool(printed.title and printed.pages) and not any(_ANY_ID.search(page) for page in printed.pages)


def _settled(act: Labelled) -> bool:
    """Whether an act is uncertain hangs on all of its text: less of it is another question."""
    return act.outcome is not Outcome.UNCERTAIN


def _tells(act: Labelled, words: str) -> bool:
    """True where these words alone say that a decree is one on VSA."""
    said = fold_words(words)
    if act.outcome is not Outcome.DECREE:
        return bool(said.strip())
    return "algorithmi" in said and re.search(r"image|video|camera", said) is not None


def _wrapped(text: str, width: int) -> str:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


LAYOUTS: Mapping[str, LayoutDamage] = {
    "interleaved layers": interleaved,
    "contents only": contents_only,
    "title lost": no_title,
    "heading lost": no_heading,
    "running titles": running_titles,
    "separator page": separator_page,
    "page number in title": page_number_in_title,
    "page breaks": page_breaks,
}
