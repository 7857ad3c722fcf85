"""Is the text layer of a page good enough, or must the page be read with OCR? Pure rules, measured on real recueils."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from rapidfuzz import fuzz

from bot.reading.folding import fold

LITTLE_TEXT = 600
"""Characters below which a page that shows an image may be a scan with a stamped running title."""
NO_TEXT = 20
"""Characters below which a page has no text of its own: a page number at most."""
MUCH_IMAGE = 0.35
SOME_IMAGE = 0.02
MUCH_INK = 0.01
"""Share of the page darkened by something that is neither text nor background, above which that something may be letters."""
SOME_INK = 0.0004
"""Below this, a page without text is blank: a speck of dust on a scan is less."""
TOO_MUCH_GARBAGE = 0.02
ENOUGH_TO_JUDGE = 200
"""Letters from which the absence of any French word means something."""
_ALIKE = 80.0
_MOST_STAMPED_LINES = 12

# LibreOffice exports its "ti" and "tt" ligatures under these two letters, which no French word holds.
_LIGATURES = str.maketrans({"Ɵ": "ti", "Ʃ": "tt", "\u00ad": "", "\u200b": "", "\ufeff": "", "\x00": ""})
# pdfium puts U+0002 (or the noncharacter U+FFFE) for "hyphen at the end of a line" and drops the line break.
_LINE_HYPHEN = re.compile("[\x02\ufffe]\n?")

# Covers and tables of contents made before mid-2024 show a box for each apostrophe (`l□emploi`).
_BOX_FOR_APOSTROPHE = re.compile(r"(?<=[^\W\d_])□(?=[^\W\d_])")

# A font without a usable ToUnicode table comes out as glyph names (`/12 /3 □ /7`), as U+FFFD, or in the private use area.
_GLYPH_NAMES = re.compile(r"(?:(?:/g?\d{1,4}|\(cid:\d+\)|[□\ufffd])\s*){4,}")
_LETTERS_LOST = re.compile(r"[\ufffd\x00-\x08\x0e-\x1f\x7f-\x9f]|(?<=[^\s])[\ue000-\uf8ff]|[\ue000-\uf8ff](?=\S)")

_COMMON_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a au aux article arrete avec ce cette dans de des du d en est et il l la le les ou par pour prefet prefete prefecture que qui sa"
        " se ses son sur un une vu",
    )
)
_WORD = re.compile(r"[^\W\d_]+")


def repair(text: str) -> str:
    """The text as a reader sees it: ligatures opened, soft hyphens gone, boxes back to apostrophes, line breaks kept (always `\\n`)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_LIGATURES)
    text = _BOX_FOR_APOSTROPHE.sub("'", text)
    text = _LINE_HYPHEN.sub("-\n", text)
    # Compatibility forms are opened one by one: a whole NFKC would also flatten `n°`-like signs and superscripts into other words.
    text = "".join(unicodedata.normalize("NFKC", c) if "\ufb00" <= c <= "\ufb4f" else c for c in text)
    return unicodedata.normalize("NFC", text)


def garbage_ratio(text: str) -> float:
    """The share (0 to 1) of visible characters that are glyph numbers or lost letters. A lone bullet or a `l□article` is not one."""
    visible = len(re.sub(r"\s+", "", text))
    if not visible:
        return 0.0
    names = sum(len(re.sub(r"\s+", "", run[0])) for run in _GLYPH_NAMES.finditer(text))
    rest = _GLYPH_NAMES.sub(" ", text)
    return (names + len(_LETTERS_LOST.findall(rest))) / visible


def french_words(text: str) -> int:
    """How many of the commonest words of French administrative writing are met, repetitions counted."""
    return sum(word in _COMMON_WORDS for word in _words(text))


def reads_as_french(text: str) -> bool:
    """False when there is enough text to judge and hardly any common French word in it (wrong letters, or a table of names)."""
    words = list(_words(text))
    if sum(map(len, words)) < ENOUGH_TO_JUDGE:
        return True
    return sum(word in _COMMON_WORDS for word in words) / len(words) >= 0.02


def clearly_french(text: str) -> bool:
    """True when there are sentences enough that the text can only be right, however its fonts were made."""
    words = list(_words(text))
    return len(words) >= 20 and sum(word in _COMMON_WORDS for word in words) / len(words) >= 0.15


def is_garbled(text: str) -> bool:
    """True when the text layer is not what the page shows: it is to be replaced, not completed."""
    return garbage_ratio(text) > TOO_MUCH_GARBAGE or not reads_as_french(text)


def needs_ocr(text: str, coverage: float, ink: float = 0.0) -> bool:
    """Must this page be read with OCR? `coverage` is the share (0 to 1) of the page under images.

    `ink` is the share of the page darkened by anything but recognised text: letters drawn as curves, or glyphs whose code says
    nothing, show up there only. "Skip the pages that have text" would miss every scan that carries the stamped running title.
    """
    length = len(text.strip())
    if length < NO_TEXT and (coverage > SOME_IMAGE or ink > SOME_INK):
        return True
    if length < LITTLE_TEXT and (coverage > MUCH_IMAGE or ink > MUCH_INK):
        return True
    return is_garbled(text)


def combine(layer: str, recognised: str) -> str:
    """One text out of a page's text layer and its OCR: neither is lost, and what both hold is there once.

    A garbled layer gives way to an OCR that reads better. A good one (a stamped running title, a header) takes the place of the OCR lines
    that repeat it, because its letters are exact, and comes last, as stamps do.
    """
    if not recognised.strip():
        return layer
    if not layer.strip():
        return recognised
    if is_garbled(layer):
        better = french_words(recognised) > french_words(layer) or garbage_ratio(layer) > TOO_MUCH_GARBAGE
        return recognised if better else layer
    lines = recognised.splitlines()
    first, last = _repeated(lines, layer)
    return "\n".join([*lines[first:last], layer.strip("\n")]).strip("\n")


def _repeated(lines: Sequence[str], layer: str) -> tuple[int, int]:
    """The bounds of `lines` without those at the bottom, else at the top, that read like the whole of `layer`.

    Only there: further inside, the document may rightly say what its running title says.
    """
    stamped = fold(layer)
    most = min(len(lines), _MOST_STAMPED_LINES)
    bottom = {count: _alike(lines[-count:], stamped) for count in range(1, most + 1)}
    top = {count: _alike(lines[:count], stamped) for count in range(1, most + 1)}
    for found, bounds in ((bottom, lambda n: (0, len(lines) - n)), (top, lambda n: (n, len(lines)))):
        best = max(found, key=found.__getitem__, default=0)
        if best and found[best] >= _ALIKE:
            return bounds(best)
    return 0, len(lines)


def _alike(lines: Sequence[str], stamped: str) -> float:
    return float(fuzz.ratio(fold("".join(lines)), stamped))


def _words(text: str) -> Iterator[str]:
    return (fold(word[0]) for word in _WORD.finditer(text))
