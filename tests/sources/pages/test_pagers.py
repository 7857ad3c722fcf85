"""Pagers that number their pages. Those by offset are tested with the national platform."""

from __future__ import annotations

from bs4 import BeautifulSoup

from sources.pages.links import Pager, by_page_number

LIST = "https://www.test.gouv.fr/arretes"


def read(*hrefs: str, url: str = LIST) -> Pager:
    soup = BeautifulSoup("".join(f'<a href="{href}">x</a>' for href in hrefs), "lxml")
    return by_page_number(soup.find_all("a"), url)


def test_the_first_page_needs_no_number() -> None:
    first = read("?page=1", "?page=2")
    assert (first.current, first.previous, first.next, first.last) == (0, None, f"{LIST}?page=1", f"{LIST}?page=2")
    assert read(LIST, "?page=2", url=f"{LIST}?page=1").previous == LIST
    assert read("?page=1", url=f"{LIST}?page=2").pages == ((1, f"{LIST}?page=1"), (2, f"{LIST}?page=2"))


def test_pages_are_in_the_order_of_their_numbers() -> None:
    middle = read("?page=10", "?page=2", "?page=9", url=f"{LIST}?page=3")
    assert (middle.previous, middle.next, middle.last) == (f"{LIST}?page=2", f"{LIST}?page=9", f"{LIST}?page=10")


def test_other_pages_have_no_part_in_it() -> None:
    assert read("/autres?page=1", "https://www.autre.gouv.fr/arretes?page=1", "?page=", "?page=suivante", "?paged=3", LIST, "#") == Pager()


def test_several_lists_on_one_page() -> None:
    assert read("?titre=&amp;page=0,1", "?titre=&amp;page=0%2C2").pages == (
        (0, LIST),
        (1, f"{LIST}?titre=&page=0,1"),
        (2, f"{LIST}?titre=&page=0%2C2"),
    )


def test_a_number_without_end_is_one_page() -> None:
    assert len(read(f"?page={'9' * 3000}").pages) == 2
