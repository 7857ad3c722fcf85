"""The pages of a file so far: each once, in order, and nothing believed that was not asked for."""

from __future__ import annotations

import pytest

from bot.domain.text import PageText, TextOrigin
from bot.reading.model import ReadingLimits, Unreadable
from bot.reading.sandbox.process import Failed, FileOpened, NotUnderstood, encode
from bot.reading.sandbox.worker import PageBuffer

PENDING = TextOrigin.PENDING


def opened(count: int, *known: PageText) -> PageBuffer:
    buffer = PageBuffer(ReadingLimits(), known)
    buffer.open(encode(FileOpened(count)))
    return buffer


def test_known_pages_take_their_place_and_those_that_were_not_read_do_not() -> None:
    known = [
        PageText(1, "un"),
        PageText(3, "trois", TextOrigin.OCR),
        PageText(4, "", TextOrigin.UNREADABLE),
        PageText(9, "au-delà"),
    ]
    buffer = opened(4, *known)
    assert buffer.next_page == 2
    buffer.survey(encode(PageText(2, "deux")))
    assert buffer.next_page == 4
    assert not buffer.surveyed()
    assert buffer.give_up_unsurveyed() == (4,)
    assert [page.text for page in buffer.pages] == ["un", "deux", "trois", ""]


@pytest.mark.parametrize(
    "page",
    [PageText(2, "une autre", TextOrigin.OCR), PageText(1, "", PENDING)],
)
def test_a_page_that_was_not_asked_for_is_not_believed(page: PageText) -> None:
    buffer = opened(2)
    buffer.survey(encode(PageText(1, "", PENDING)))
    buffer.survey(encode(PageText(2, "deux")))
    with pytest.raises(NotUnderstood):
        buffer.recognise(encode(page), 1)
    assert buffer.pages[1].text == "deux"


def test_a_page_is_recognised_once() -> None:
    buffer = opened(1)
    buffer.survey(encode(PageText(1, "un")))
    with pytest.raises(NotUnderstood, match="not to be recognised"):
        buffer.recognise(encode(PageText(1, "autre chose", TextOrigin.OCR)), 1)


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (FileOpened(0), "no page"),
        (FileOpened(5001), "5001 pages, more than the 5000 allowed"),
        (Failed("verrouillé\n\x1b[31m"), "verrouillé  "),
    ],
)
def test_files_that_are_not_read(first: FileOpened | Failed, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        PageBuffer(ReadingLimits()).open(encode(first))


def test_the_number_of_pages_does_not_change() -> None:
    buffer = opened(2)
    with pytest.raises(NotUnderstood):
        buffer.open(encode(FileOpened(3)))
    with pytest.raises(NotUnderstood):
        buffer.open(encode(PageText(1, "un")))
