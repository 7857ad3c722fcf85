"""How pages were read, and their text, for people. Pure: values in, lines out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from bot.cli.columns import count
from bot.cli.read_words import METHODS
from bot.domain import PageText, TextOrigin
from bot.messages import printable


def text_lines(pages: Iterable[PageText]) -> Iterator[str]:
    """The text of pages as it was read, running titles included, each page under a line that says how it was read."""
    for page in pages:
        yield f"--- page {page.number} ({how(page)}) ---"
        yield from map(_visible, page.text.splitlines())


def how(page: PageText) -> str:
    """`ocr, 91 %, 0.42 s`: the method, the confidence of the engine, the time."""
    sure = "" if page.confidence is None else f", {page.confidence} %"
    took = f", {page.seconds:.2f} s" if page.seconds >= 0.005 else ""
    doubt = ", in doubt" if page.other else ""
    damaged = ", damaged" if page.damaged else ""
    return f"{METHODS[page.origin]}{sure}{took}{doubt}{damaged}"


def method_lines(pages: Sequence[PageText]) -> Iterator[str]:
    """How every page was read. Pages in a row of which there is nothing else to say share a line."""
    for _, run in groupby(enumerate(pages), key=_alike):
        together = [page for _, page in run]
        first, last = together[0], together[-1]
        if len(together) == 1:
            yield f"p. {first.number}: {how(first)}, {count(len(first.text), 'character')}"
            if first.other:
                kept = "the text layer" if first.origin is TextOrigin.OCR else "what OCR made of it"
                yield f"    neither of its two texts can be trusted alone; kept beside it, {kept}: « {shortened(first.other)} »"
        else:
            seconds = sum(page.seconds for page in together)
            characters = sum(len(page.text) for page in together)
            yield f"p. {first.number}-{last.number}: {METHODS[first.origin]}, {seconds:.2f} s, {count(characters, 'character')}"


def page_ranges(pages: Iterable[int]) -> str:
    """`3-5, 9` for 3, 4, 5, 9."""
    runs: list[list[int]] = []
    for page in sorted(pages):
        if runs and page == runs[-1][-1] + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def shortened(text: str, longest: int = 160) -> str:
    """One line of visible text, cut."""
    line = printable(text)
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def _alike(entry: tuple[int, PageText]) -> tuple[TextOrigin, int]:
    index, page = entry
    # One of which there is more to say stands alone.
    alone = page.confidence is not None or page.other
    return page.origin, index if alone else -1


def _visible(line: str) -> str:
    """A line as it is, without what moves a cursor or turns the direction of writing: a PDF must not write to a terminal."""
    return "".join(character for character in line if character == "\t" or unicodedata.category(character) not in {"Cc", "Cf", "Cs"})
