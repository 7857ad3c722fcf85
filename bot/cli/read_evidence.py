"""The phrases that a verdict rests on, a line each, and why an act is for a person to see. Pure: values in, lines out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.cli.read_pages import shortened
from bot.detection import reason_words
from bot.domain import Evidence

_ABOUT = {
    "support": "supports",
    "against": "speaks against it",
    "contradiction": "contradicts the title",
    "sign": "sign",
    "doubt": "in doubt",
    "unreadable": "could not be read",
    "outside_window": "dated when no text allowed it",
    "other_decree": "another decree in the same act",
}
_LONGEST = 300


def evidence_lines(evidence: Iterable[Evidence], *, decides: bool) -> Iterator[str]:
    """`p. 6  title  decides: algorithmic processing of images « … »`: page, part of the act, what for, cue if it met one, phrase.

    `decides` says that the act is a decree. A reason told in the head line, whose phrase is quoted anyway, has no line of its own.
    """
    known = tuple(evidence)
    quoted = {(quote.page, quote.text) for quote in known if quote.about == "verdict"}
    shown = [quote for quote in known if quote.about != "doubt" or (quote.page, quote.text) not in quoted]
    wheres = [quote.where.value.replace("_", " ") if quote.where is not None else "" for quote in shown]
    pages = [f"p. {quote.page}" for quote in shown]
    widest, longest = max(map(len, wheres), default=0), max(map(len, pages), default=0)
    for quote, page, where in zip(shown, pages, wheres, strict=True):
        about = ("decides" if decides else "speaks of it") if quote.about == "verdict" else _ABOUT.get(quote.about, quote.about)
        place = f"{page:<{longest}}  {where:<{widest}}" if widest else page
        cue = f" {_told(quote.cue)}" if quote.cue else ""
        yield f"{place}  {about}:{cue} « {shortened(quote.text, _LONGEST)} »"


def reason(evidence: Iterable[Evidence]) -> str | None:
    """Why a person must look, in words; None where the evidence does not tell."""
    return next((words for quote in evidence if (words := reason_words(quote.cue)) is not None), None)


def _told(cue: str) -> str:
    return reason_words(cue) or cue
