"""Repairs the text of a page, judges it (good enough, or to be read with OCR?), and joins it with what OCR read. Pure.

The rules were measured on real recueils.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from bot.domain.text import fold_letters

ACT_ID = r"(?:\d{2,3}|2[AB]|R\d{2}|[A-Z]{3})-\d{4}-\d{2}-\d{2}-\d{3,5}"
DASH = r"[-–—]"
MARK = re.compile(rf"(?P<dash>\s{DASH})\s+(?P<id>{ACT_ID})\s*{DASH}\s*")
"""What the running title of the national template holds, see `bot.reading.acts.titles`."""
_LONG_STAMP = 1200
"""Real titles have up to 1,000 characters."""
LITTLE_TEXT = 600
"""Characters, those of the running title aside, below which a page that shows an image may be a scan on which that title is stamped."""
HALF_A_PAGE = 1500
"""Characters below which a page of text has room for a scan that was pasted on it."""
NO_TEXT = 20
"""Characters below which a page has no text of its own: a page number at most."""
MUCH_IMAGE = 0.35
SOME_IMAGE = 0.02
MUCH_INK = 0.01
"""Share of the page darkened by something that is neither text nor background, above which that something may be letters."""
PASTED_INK = 0.02
"""Ink besides the text above which an image shows more than it says: a pasted scan has 0.04, a scan with its own text over it 0.0001."""
SOME_INK = 0.0002
"""Below this, a page without text is blank: the dust on a scan is less, and so is a page number; ten letters are more."""
TOO_MUCH_GARBAGE = 0.02
SOME_GARBAGE = 0.01
ENOUGH_TO_JUDGE = 200
"""Letters from which the absence of any French word means something."""
HARDLY_FRENCH = 0.02
FRENCH_ENOUGH = 0.25
"""Share of common words that 98 pages in 100 of real recueils reach, tables included; the old OCR of a scan often does not."""
TOO_ODD = 0.08
"""Marks of a poor OCR per word: good layers have 0.03 at most, addresses and codes included."""
_SAMPLE = 1500

# A font without a usable ToUnicode table comes out as glyph names (`/12 /3 □ /7`), as U+FFFD, or in the private use area.
_GLYPH_NAMES = re.compile(r"(?:(?:/g?\d{1,4}|\(cid:\d+\)|[□\ufffd])\s*){4,}")
_LETTERS_LOST = re.compile(r"[\ufffd\x00-\x08\x0e-\x1f\x7f-\x9f]|(?<=[^\s])[\ue000-\uf8ff]|[\ue000-\uf8ff](?=\S)")
# Quick and wider than the two above: most pages hold none of these.
_SUSPECT = re.compile(r"(?<!\d)/g?\d{1,4}\s*/|[□\ufffd\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff]|\(cid:")

_COMMON_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a à au aux article arrêté arrête arrete avec ce cette dans de des du dû d en est et il l la là le les ou où par pour"
        " préfet prefet préfète prefete préfecture prefecture que qui sa se ses son sur un une vu",
    )
)
_WORD = re.compile(r"[^\W\d_]+")
_ODD = re.compile(r"[a-zà-ÿ][A-ZÀ-Þ]|[A-Za-zÀ-ÿ]\d[A-Za-zÀ-ÿ]|[|\\<>{}~^¢£¥§]")


class Layer(Enum):
    """What a text layer is worth. `SHORT`: right, but the page may show much more than it says (a scan under a stamped running title)."""

    GOOD = "good"
    SHORT = "short"
    DOUBTFUL = "doubtful"
    GARBLED = "garbled"


@dataclass(frozen=True, slots=True)
class PageInk:
    """What the page shows besides its text, each as a share (0 to 1).

    `coverage`: of the page under images. `ink`: of the page darkened by anything but recognised text (letters drawn as curves, glyphs whose
    code says nothing). `lost`: of its glyphs whose code says nothing.
    """

    coverage: float = 0.0
    ink: float = 0.0
    lost: float = 0.0


def is_convincing(text: str) -> bool:
    """Return whether the words alone show a layer that is right and whole, so that nothing else of the page need be looked at.

    Unless images take much of it and the text is less than `HALF_A_PAGE`: a scan may have been pasted on it.
    """
    return own_length(text) >= LITTLE_TEXT and not garbage_ratio(text) and french_share(text) >= FRENCH_ENOUGH and oddity(text) <= TOO_ODD


def judge(text: str, shown: PageInk) -> Layer:
    """Return what the layer is worth. "Skip the pages that have text" would miss every scan that carries the stamped running title."""
    length = len(text.strip())
    # A font that does not say which letters it draws is guessed at: often rightly, which only the words can tell.
    if shown.lost > TOO_MUCH_GARBAGE and not clearly_french(text):
        return Layer.GARBLED
    if length < NO_TEXT:
        return Layer.SHORT if shown.coverage > SOME_IMAGE or shown.ink > SOME_INK else Layer.GOOD
    garbage = garbage_ratio(text)
    if garbage > TOO_MUCH_GARBAGE:
        return Layer.GARBLED
    own = own_length(text)
    if own < LITTLE_TEXT and (shown.coverage > MUCH_IMAGE or shown.ink > MUCH_INK):
        return Layer.SHORT
    if garbage > SOME_GARBAGE or not reads_as_french(text) or (shown.lost > SOME_GARBAGE and not clearly_french(text)):
        return Layer.DOUBTFUL
    # The text that a scanner's software once put under its image.
    poor = french_share(text) < FRENCH_ENOUGH or oddity(text) > TOO_ODD
    pasted = own < HALF_A_PAGE and shown.ink > PASTED_INK
    return Layer.DOUBTFUL if shown.coverage > MUCH_IMAGE and length >= LITTLE_TEXT and (poor or pasted) else Layer.GOOD


def own_length(text: str) -> int:
    """Return how many characters a page has besides the title that is stamped on it.

    Where that title ends is not known from one page: as much as a long one takes is not counted, from its identifier on.
    """
    length = len(text.strip())
    stamp = next(reversed(list(MARK.finditer(text))), None)
    return length if stamp is None else max(stamp.start(), length - _LONG_STAMP)


def garbage_ratio(text: str) -> float:
    """Return the share (0 to 1) of visible characters that are glyph numbers or lost letters. A lone bullet or a `l□article` is not one."""
    if not _SUSPECT.search(text):
        return 0.0
    visible = _visible(text)
    names = sum(_visible(run[0]) for run in _GLYPH_NAMES.finditer(text))
    rest = _GLYPH_NAMES.sub(" ", text)
    return (names + len(_LETTERS_LOST.findall(rest))) / visible if visible else 0.0


def french_words(text: str) -> int:
    """Return how many of the commonest words of French administrative writing are met, repetitions counted."""
    return sum(map(_COMMON_WORDS.__contains__, _words(text)))


def french_share(text: str) -> float:
    """Return the share (0 to 1) of words that are among the commonest of French administrative writing."""
    words = _words(text)
    return sum(map(_COMMON_WORDS.__contains__, words)) / len(words) if words else 0.0


def oddity(text: str) -> float:
    """Return how often, per word of a sample, letters stand together that no word has (`aut0risation`, `|e`): marks of a poor OCR."""
    sample = text[:_SAMPLE]
    return len(_ODD.findall(sample)) / len(sample.split()) if sample.strip() else 0.0


def reads_as_french(text: str) -> bool:
    """Return False when there is enough text to judge and hardly any common French word in it (wrong letters, or a table of names)."""
    words = _words(text)
    if sum(map(len, words)) < ENOUGH_TO_JUDGE:
        return True
    return sum(map(_COMMON_WORDS.__contains__, words)) / len(words) >= HARDLY_FRENCH


def clearly_french(text: str) -> bool:
    """Return whether there are sentences enough that the text can only be right, however its fonts were made."""
    words = _words(text)
    return len(words) >= 20 and sum(map(_COMMON_WORDS.__contains__, words)) / len(words) >= 0.15


def merit(text: str) -> float:
    """To compare two readings of one page: how much French is in it, less what only a bad reading holds."""
    return french_words(text) * (1 - min(1.0, garbage_ratio(text) + oddity(text)))


def _visible(text: str) -> int:
    return len("".join(text.split()))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


# The text as a reader sees it: what fonts and exports put in place of letters, put right.

# LibreOffice exports its "ti" and "tt" ligatures under these two letters, which no French word holds.
_LETTERS = {"Ɵ": "ti", "Ʃ": "tt", "\u00ad": "", "\u200b": "", "\u200c": "", "\u200d": "", "\u2060": "", "\ufeff": "", "\x00": ""}
# Compatibility forms are opened one by one: a whole NFKC would also flatten `n°`-like signs and superscripts into other words.
_LETTERS |= {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB50)}
_TO_OPEN = re.compile("[" + "".join(_LETTERS) + "]")
# pdfium puts U+0002 (or the noncharacter U+FFFE) for "hyphen at the end of a line" and drops the line break.
_LINE_HYPHEN = re.compile("[\x02\ufffe]\n?")
# Covers and tables of contents made before mid-2024 show a box for each apostrophe (`l□emploi`).
_BOX_FOR_APOSTROPHE = re.compile(r"(?<=[^\W\d_])□(?=[^\W\d_])")


# A font whose encoding is lost is read in that of Adobe (ISO 32000-1, annex D): of French these letters come out as others.
_STANDARD = str.maketrans({"Ø": "é", "Ł": "è", "Œ": "ê", "ß": "û", "ø": "ù", "˚": "Ê", "¨": "È"})
_OTHER_ENCODING = re.compile(r"(?<=[a-zà-ÿ])[ØŁŒ]|[ØŁŒ](?=[a-zà-ÿ])")
_ENOUGH_OF_IT = 3
"""So many of its letters in words, and no `é`: a text in it, not the name of a Danish town."""


def repair(text: str) -> str:
    """Put a text right: ligatures opened, soft hyphens gone, boxes back to apostrophes, line breaks kept (always `\\n`)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _TO_OPEN.sub(lambda found: _LETTERS[found[0]], text)
    if "□" in text:
        text = _BOX_FOR_APOSTROPHE.sub("'", text)
    text = _LINE_HYPHEN.sub("-\n", text)
    if "Ø" in text and "é" not in text and len(_OTHER_ENCODING.findall(text)) >= _ENOUGH_OF_IT:
        text = text.translate(_STANDARD)
    return unicodedata.normalize("NFC", text)


# One text out of a page's text layer and its OCR: neither is lost, and what both hold is there once.

_ALIKE = 80.0
_MOST_STAMPED_LINES = 12


def combine(layer: str, worth: Layer, recognised: str) -> tuple[str, str]:
    """Return the text of the page, and its other text where neither can be trusted alone (else empty).

    A garbled layer gives way. A doubtful one is kept beside the OCR, the better of the two first. A right one (a stamped running title, a
    header) takes the place of the OCR lines that repeat it, because its letters are exact, and comes last, as stamps do.
    """
    if not recognised.strip():
        return layer, ""
    if not layer.strip():
        return recognised, ""
    if worth is Layer.GARBLED and (garbage_ratio(layer) > TOO_MUCH_GARBAGE or merit(recognised) > merit(layer)):
        return recognised, ""
    if worth in (Layer.GARBLED, Layer.DOUBTFUL):
        first, second = (recognised, layer) if merit(recognised) > merit(layer) else (layer, recognised)
        return first, "" if fold_letters(first) == fold_letters(second) else second
    lines = recognised.splitlines()
    start, end = _repeated(lines, layer)
    return "\n".join([*lines[start:end], layer.strip("\n")]).strip("\n"), ""


def _repeated(lines: Sequence[str], layer: str) -> tuple[int, int]:
    """Return the bounds of `lines` without those at the bottom, else at the top, that read like the whole of `layer`.

    Only there: further inside, the document may rightly say what its running title says.
    """
    stamped = fold_letters(layer)
    most = min(len(lines), _MOST_STAMPED_LINES)
    bottom = {count: _alike(lines[-count:], stamped) for count in range(1, most + 1)}
    top = {count: _alike(lines[:count], stamped) for count in range(1, most + 1)}
    for found, bounds in ((bottom, lambda n: (0, len(lines) - n)), (top, lambda n: (n, len(lines)))):
        best = max(found, key=found.__getitem__, default=0)
        if best and found[best] >= _ALIKE:
            return bounds(best)
    return 0, len(lines)


def _alike(lines: Sequence[str], stamped: str) -> float:
    from rapidfuzz import fuzz  # noqa: PLC0415 - 10 ms that a PDF without scans does not owe

    return float(fuzz.ratio(fold_letters("".join(lines)), stamped))
