"""Scans on which a stamp or a signature covers words."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from bot.reading.pages.drawing import has_coloured_ink
from bot.reading.pages.recognition import RecognisedWord, find_data, find_ocr, unsure_of
from bot.reading.reader import read_pdf
from bot.reading.sandbox import child
from tests.bot.reading import stamps
from tests.bot.reading.papers import BODY
from tests.bot.reading.stamps import DECREES, told
from tests.standalone import build_standalone

Save = Callable[[bytes], Path]
# Each is made once in a process.
stamped = cache(stamps.stamped)


class ReadOnce:
    """An engine that reads each image once."""

    def __init__(self) -> None:
        found = find_ocr(find_data())
        assert found is not None
        self.read = cache(found.read)


@pytest.fixture(scope="module")
def engine(with_ocr: None) -> ReadOnce:
    return ReadOnce()


@pytest.mark.parametrize(
    ("scan", "expected"),
    [
        (lambda: build_standalone([BODY], scanned=True), False),
        (lambda: stamped(0, None, 0), False),  # a scan in colour of black words
        (lambda: stamped(0, "black", 0.9), False),
        (lambda: stamped(0, "blue", 0.6), True),
        (lambda: stamped(2, "red", 0.9, in_ink=True), True),
    ],
    ids=["grey", "no ink", "black", "stamp", "day"],
)
def test_whether_there_is_ink_in_colour(scan: Callable[[], bytes], expected: bool) -> None:
    with closing(pdfium.PdfDocument(scan())) as document, closing(document[0]) as page:
        assert has_coloured_ink(page) is expected


@pytest.mark.usefixtures("with_ocr")
async def test_what_stands_under_a_coloured_stamp_is_read(saved: Save) -> None:
    [page] = (await read_pdf(saved(stamped(0, "blue", 0.9)))).pages
    number, day, *_, office = DECREES[0]
    facts = told(page, None)
    assert (facts.number, facts.signed, facts.office) == (number, day, office)
    assert page.other


@pytest.mark.usefixtures("with_ocr")
async def test_a_day_that_is_stamped_in_colour_is_not_lost_and_sure_where_the_identifier_has_it_too(saved: Save) -> None:
    [page] = (await read_pdf(saved(stamped(2, "red", 0.9, in_ink=True)))).pages
    day = DECREES[2][1]
    assert told(page, None).signed == day
    assert told(page, f"83-{day.isoformat()}-00001").sure.signed == day


@pytest.mark.parametrize("fails", ["has_coloured_ink", "draw_in_black", "time"])
def test_a_page_that_cannot_be_drawn_without_its_ink_is_as_it_was_read(
    saved: Save, monkeypatch: pytest.MonkeyPatch, engine: ReadOnce, fails: str
) -> None:
    def fail(*_given: object) -> None:
        raise pdfium.PdfiumError("Failed to get image metadata.")

    if fails == "time":
        # All but nothing is left of what the page may take.
        monkeypatch.setattr("signal.getitimer", lambda _which: (1e-9, 0.0))
    else:
        monkeypatch.setattr(child, fails, fail)
    with closing(child.PdfDocument(saved(stamped(2, "red", 0.9, in_ink=True)), lambda: engine)) as document:
        page = document.recognise(1)
    assert told(page, None).signed == DECREES[2][1]
    assert page.other == ""


def test_which_words_the_engine_is_not_sure_of() -> None:
    def line(number: str, *words: tuple[str, float]) -> list[RecognisedWord]:
        return [RecognisedWord(text, ("1", "1", number), (0, 0, 0, 0), sure) for text, sure in words]

    words = [*line("1", ("n°", 95), ("202", 95), ("os", 46), ("portant", 90)), *line("2", ("2027", 96), ("(préfe+,", 40), ("le", 12))]
    words += line("3", ("-----", 30), ("article", 95))
    assert unsure_of(words) == {"202", "2027", "préfe"}
    assert unsure_of(line("1", ("Fait", 95), ("2026,", 75))) == frozenset()
