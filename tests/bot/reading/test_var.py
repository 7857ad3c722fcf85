"""Every act of real recueils, against their own tables of contents read in another way."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path

import pypdfium2
import pytest

from bot.domain.acts import Act
from bot.domain.text import PageText, TextOrigin
from bot.reading.acts.cutting import assemble
from bot.reading.pages.recognition import repair
from tests.bot.reading.conftest import SHARED
from tests.bot.reading.var_texts import Announced, announced, front_of, pages_of, text_of, words

TEXTS = sorted((SHARED / "texts" / "var-2025").glob("*.txt"))
PDFS = sorted((SHARED / "raa").glob("*.pdf"))
ONE_ACT = {"raa-83-2025-180": "a text of glyph numbers", "raa-83-2025-None": "a decree alone, scanned"}

pytestmark = pytest.mark.skipif(not TEXTS or not PDFS, reason="the recorded recueils (../shared/data) are not on this machine")


def pdf_pages(path: Path) -> list[PageText]:
    with pypdfium2.PdfDocument(path) as pdf:
        return [PageText(number, repair(page.get_textpage().get_text_bounded())) for number, page in enumerate(pdf, 1)]


@cache
def pages_and_table(path: Path) -> tuple[list[PageText], list[Announced]]:
    if path.suffix == ".txt":
        text = text_of(path)
        return pages_of(text), announced(front_of(text))
    pages = pdf_pages(path)
    return pages, announced(front_of("\n".join(page.text for page in pages)))


def whole(acts: Sequence[Act]) -> list[list[Act]]:
    """The acts under each identifier, in order."""
    return [list(group) for _, group in groupby(acts, key=lambda act: act.id)]


@pytest.mark.parametrize("path", [*(one for one in TEXTS if one.stem not in ONE_ACT), *PDFS], ids=lambda path: path.stem)
def test_every_act_with_its_pages_and_its_title(path: Path) -> None:
    pages, table = pages_and_table(path)
    assert table
    assert table[-1].pages[1] == len(pages)
    reading = assemble(pages)
    groups = whole(reading.acts)
    assert [(group[0].id, (group[0].first_page, group[-1].last_page)) for group in groups] == [(one.id, one.pages) for one in table]
    assert [words(group[0].title) for group in groups] == [words(one.title) for one in table]
    numbers = [page.number for act in reading.acts for page in act.pages]
    assert numbers == list(range(table[0].page, len(pages) + 1))
    for act in reading.acts:
        assert act.service is not None
        assert not re.search(r"\d{2}-\d{4}-\d{2}-\d{2}-\d{5}| - $|\bPage \d+$", act.title)
        assert not act.title.startswith(act.service.split(" / ")[0])
        assert not any(f"- {act.id} -" in " ".join(page.text.split()) for page in act.pages)
        assert act.id is not None
        assert sum(act.id in page.text for page in act.pages) == (0 if act.part else 1)  # on its separator page


@pytest.mark.parametrize("path", [one for one in TEXTS if one.stem in ONE_ACT], ids=lambda path: path.stem)
def test_a_document_without_identifiers_is_one_act(path: Path) -> None:
    (act,) = assemble([PageText(1, repair(text_of(path)))]).acts
    assert (act.id, act.part) == (None, None)


@pytest.mark.parametrize(
    ("stem", "decrees", "pages_before"),
    [("raa-83-2025-010", 164, 18), ("raa-83-2025-045", 91, 10), ("var-2025-240-videoprotection", 31, 5)],
)
def test_bulk_acts(stem: str, decrees: int, pages_before: int) -> None:
    (path,) = (one for one in [*TEXTS, *PDFS] if one.stem == stem)
    pages, _ = pages_and_table(path)
    front, *parts = [act for act in assemble(pages).acts if act.part is not None]
    assert (front.part, len(front.pages)) == (0, pages_before)
    assert [act.part for act in parts] == list(range(1, decrees + 1))
    for act in parts:
        assert act.id == front.id
        assert re.match(r"ARR[ÊE]T[ÉE] PR[ÉE]FECTORAL (?:portant|d'|actant|abrog)", act.title), act.part
        text = "\n".join(page.text for page in act.pages)
        assert len(re.findall(r"(?i)fait\s+à\s+toulon", text)) == 1, act.part
        assert 2 <= len(act.pages) <= 6


def stamped(page: PageText) -> PageText:
    """A page as it is before it is recognised: what the software stamped on a scan."""
    mark = re.search(r"[^\n]{0,100}\s-\s\d{2}-\d{4}-\d{2}-\d{2}-\d{5}\s-\s[\s\S]*\Z", page.text)
    return PageText(page.number, mark[0] if mark else "", TextOrigin.PENDING)


def bare(page: PageText) -> PageText:
    return PageText(page.number, "", TextOrigin.PENDING)


@pytest.mark.parametrize("waiting", [stamped, bare])
@pytest.mark.parametrize("path", [*(one for one in TEXTS if one.stem not in ONE_ACT), *PDFS], ids=lambda path: path.stem)
def test_every_act_is_placed_before_its_pages_are_read(path: Path, waiting: Callable[[PageText], PageText]) -> None:
    pages, table = pages_and_table(path)
    first = table[0].page
    acts = assemble([page if page.number < first else waiting(page) for page in pages]).acts
    assert [(act.id, (act.first_page, act.last_page)) for act in acts] == [(one.id, one.pages) for one in table]
    assert [words(act.title) for act in acts] == [words(one.title) for one in table]


@pytest.mark.parametrize("path", [*(one for one in TEXTS if one.stem not in ONE_ACT), *PDFS], ids=lambda path: path.stem)
def test_every_act_is_found_without_a_table_that_can_be_read(path: Path) -> None:
    pages, table = pages_and_table(path)
    lost = [PageText(page.number, "", TextOrigin.UNREADABLE) if 1 < page.number < table[0].page else page for page in pages]
    groups = whole(assemble(lost).acts)
    assert [(group[0].id, (group[0].first_page, group[-1].last_page)) for group in groups] == [(one.id, one.pages) for one in table]
    # And separator pages lost: the table and the stamps of the other pages tell.
    openings = {one.page for one in table if one.length}
    lost = [PageText(page.number, "", TextOrigin.UNREADABLE) if page.number in openings else page for page in pages]
    groups = whole(assemble(lost).acts)
    assert [(group[0].id, (group[0].first_page, group[-1].last_page)) for group in groups] == [(one.id, one.pages) for one in table]


def test_no_other_act_is_cut() -> None:
    for path in [*TEXTS, *PDFS]:
        cut = {act.id for act in assemble(pages_and_table(path)[0]).acts if act.part is not None} if path.stem not in ONE_ACT else set()
        assert len(cut) == (1 if path.stem in {"raa-83-2025-010", "raa-83-2025-045", "var-2025-240-videoprotection"} else 0), path.stem
