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


def test_pages_come_in_order_and_are_counted() -> None:
    buffer = opened(3)
    for page in (PageText(1, "un"), PageText(2, "", PENDING), PageText(3, "", TextOrigin.BLANK)):
        assert buffer.survey(encode(page)) == page
    assert buffer.surveyed()
    assert (buffer.pending, buffer.to_recognise) == (1, 1)
    buffer.recognise(encode(PageText(2, "deux", TextOrigin.OCR)), 2)
    assert (buffer.pending, buffer.to_recognise) == (0, 1)
    assert [page.text for page in buffer.pages] == ["un", "deux", ""]


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


def test_what_is_given_up_is_unreadable() -> None:
    buffer = opened(4)
    buffer.survey(encode(PageText(1, "", PENDING)))
    assert buffer.give_up_unsurveyed() == (2, 3, 4)
    assert buffer.give_up_pending() == (1,)
    assert {page.origin for page in buffer.pages} == {TextOrigin.UNREADABLE}
    assert buffer.pending == 0
    assert not buffer.any_read()


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
