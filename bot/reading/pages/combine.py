"""One text out of a page's text layer and its OCR: neither is lost, and what both hold is there once. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.folding import fold_letters
from bot.reading.pages.quality import TOO_MUCH_GARBAGE, Layer, garbage_ratio, merit

_ALIKE = 80.0
_MOST_STAMPED_LINES = 12


def combine(layer: str, worth: Layer, recognised: str) -> tuple[str, str]:
    """The text of the page, and its other text where neither can be trusted alone (else empty).

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
    """The bounds of `lines` without those at the bottom, else at the top, that read like the whole of `layer`.

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
