from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.acts import Act, Reading
from bot.domain.text import PageText, TextOrigin
from bot.reading.acts.cutting import assemble
from tests.bot.reading.papers import BODY

COVER = "DRÔME\nRECUEIL DES ACTES\nADMINISTRATIFS\nN°26-2025-120\nPUBLIÉ LE 1ER AOÛT 2025"
SERVICE = "Préfecture de la Drôme"


def act_id(number: int) -> str:
    return f"26-2025-07-15-{number * 1111:05d}"


def title(number: int) -> str:
    return f"Arrêté n° 26-2025-{number} portant mesure {'ABCDEFGHI'[number]}"


def stamp(number: int, page: int) -> str:
    return f"{SERVICE} - {act_id(number)} - {title(number)} {page}"


def recueil(lengths: Sequence[int], shift: int = 0) -> list[PageText]:
    """A recueil of acts 1, 2, … with so many pages each (separator included). `shift` moves the printed numbers."""
    texts = [COVER]
    entries, page = [f"Sommaire\n{SERVICE} / Cabinet"], 3
    for number, length in enumerate(lengths, start=1):
        entries.append(f"{act_id(number)} - {title(number)} ({length - 1} pages) Page {page + shift}")
        page += length
    texts.append("\n".join(entries) + "\n2")
    for number, length in enumerate(lengths, start=1):
        texts.append(f"{SERVICE}\n{act_id(number)}\n{title(number)}\n{stamp(number, len(texts) + 1 + shift)}")
        for _ in range(length - 1):
            texts.append(f"{BODY}\nacte {number}\n{stamp(number, len(texts) + 1 + shift)}")
    return [PageText(position, text) for position, text in enumerate(texts, start=1)]


def unread(pages: list[PageText], *numbers: int) -> list[PageText]:
    return [PageText(page.number, "", TextOrigin.UNREADABLE) if page.number in numbers else page for page in pages]


def pending(pages: list[PageText], *numbers: int, stamped: bool = False) -> list[PageText]:
    """These pages still to be recognised: nothing is known of them, or what is stamped on them."""
    return [
        PageText(page.number, page.text.splitlines()[-1] if stamped else "", TextOrigin.PENDING) if page.number in numbers else page
        for page in pages
    ]


def without_marks(pages: list[PageText]) -> list[PageText]:
    bare = [page.text.split(f"\n{SERVICE} - ")[0].replace(act_id(1), "").replace(act_id(2), "") for page in pages[2:]]
    return [*pages[:2], *(PageText(number, text) for number, text in enumerate(bare, start=3))]


def ranges(reading: Reading) -> list[tuple[str | None, int, int]]:
    return [(act.id, act.first_page, act.last_page) for act in reading.acts]


def assert_whole(acts: Sequence[Act], first: int, last: int) -> None:
    assert [page.number for act in acts for page in act.pages] == list(range(first, last + 1))
    for act in acts:
        assert [page.number for page in act.pages] == list(range(act.first_page, act.last_page + 1))


EXPECTED = [(act_id(1), 3, 5), (act_id(2), 6, 7), (act_id(3), 8, 11)]


def test_a_recueil_of_the_national_template() -> None:
    reading = assemble(recueil([3, 2, 4]))
    assert ranges(reading) == EXPECTED
    assert [act.title for act in reading.acts] == [title(1), title(2), title(3)]
    assert {act.service for act in reading.acts} == {f"{SERVICE} / Cabinet"}
    assert reading.cover.number == "26-2025-120"
    assert reading.complete
    assert reading.acts[0].pages[0].text == f"{SERVICE}\n{act_id(1)}\n{title(1)}"
    assert reading.acts[0].pages[1].text == f"{BODY}\nacte 1"


def with_text(number: int, change: Callable[[str], str]) -> list[PageText]:
    return [replace(page, text=change(page.text)) if page.number == number else page for page in recueil([3, 2, 4])]


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param(recueil([3, 2, 4], shift=7), id="printed numbers that are not those of the file"),
        pytest.param(unread(recueil([3, 2, 4]), 3, 4, 5, 6, 8, 9, 10, 11), id="all body pages unreadable but one"),
        pytest.param(pending(recueil([3, 2, 4], shift=7), *range(3, 12), stamped=True), id="shifted numbers, told by stamps"),
        pytest.param(with_text(9, lambda _: "un plan"), id="a page without running title"),
        pytest.param(with_text(2, lambda text: re.sub(rf"(?m)^{act_id(2)}.*\n", "", text)), id="an act that the table forgot"),
    ],
)
def test_the_acts_are_found_all_the_same(pages: list[PageText]) -> None:
    assert ranges(assemble(pages)) == EXPECTED


@pytest.mark.parametrize("page", range(3, 12))
def test_one_unreadable_page_moves_no_act(page: int) -> None:
    reading = assemble(unread(recueil([3, 2, 4]), page))
    assert ranges(reading) == EXPECTED
    assert reading.unreadable_pages == (page,)
    assert not reading.complete


def test_unreadable_table_of_contents() -> None:
    reading = assemble(unread(recueil([3, 2, 4]), 2))
    assert ranges(reading) == EXPECTED
    assert [act.title for act in reading.acts] == [title(1), title(2), title(3)]
    assert [act.service for act in reading.acts] == [SERVICE] * 3


def test_running_titles_only() -> None:
    pages = recueil([3, 2, 4])[3:5]
    reading = assemble([PageText(1, pages[0].text), PageText(2, pages[1].text)])
    assert ranges(reading) == [(act_id(1), 1, 2)]
    assert reading.acts[0].title == title(1)


def test_table_of_contents_only() -> None:
    reading = assemble(without_marks(recueil([3, 2])))
    assert ranges(reading) == EXPECTED[:2]


def test_an_older_act_quoted_with_its_running_title_makes_no_act() -> None:
    pages = recueil([3, 2, 4])
    quoted = f"{SERVICE} - 26-2019-01-02-00007 - Arrêté ancien 12\n"
    pages[3] = PageText(4, quoted + pages[3].text)
    pages[9] = PageText(10, BODY + quoted)
    reading = assemble(pages)
    assert ranges(reading) == EXPECTED
    assert "Arrêté ancien" in reading.acts[0].pages[1].text


def test_a_half_read_table_of_contents_does_not_hide_acts() -> None:
    pages = recueil([3, 2, 4])
    head, tail = pages[1].text.split(f"\n{act_id(3)}")
    texts = [pages[0].text, head + "\n2", f"{act_id(3)}{tail}", *(page.text for page in pages[2:])]
    split = [PageText(number, text) for number, text in enumerate(texts, start=1)]
    # The second page of the table is lost, and so is the separator of the act it announced.
    reading = assemble(unread(split, 3, 9))
    assert [act.id for act in reading.acts] == [act_id(1), act_id(2), act_id(3)]
    assert (reading.acts[2].first_page, reading.acts[2].last_page) == (10, 12)


def test_the_last_running_title_of_a_page_is_its_own() -> None:
    pages = unread(recueil([3, 2, 4]), 2, 6)
    pages[6] = PageText(7, f"{stamp(1, 4)}\n{pages[6].text}")
    assert (act_id(2), 7, 7) in ranges(assemble(pages))


def test_an_act_that_quotes_one_of_its_neighbours_at_length() -> None:
    pages = recueil([5, 2, 3])
    for index in (3, 4, 5, 6):
        pages[index] = PageText(pages[index].number, pages[index].text + f"\n{stamp(3, 99)}")
    assert ranges(assemble(pages)) == [(act_id(1), 3, 7), (act_id(2), 8, 9), (act_id(3), 10, 12)]


def test_shifted_numbers_without_any_separator() -> None:
    reading = assemble(unread(recueil([3, 2, 4], shift=7), 3, 6, 8))
    for number, act in enumerate(reading.acts, start=1):
        assert act.id == act_id(number)
        assert {page.text.splitlines()[-1] for page in act.pages if page.text} == {f"acte {number}"}


def test_shifted_numbers_place_an_act_of_which_nothing_could_be_read() -> None:
    reading = assemble(unread(recueil([3, 2, 4], shift=7), 3, 6, 7, 8))
    assert [act.id for act in reading.acts] == [act_id(1), act_id(2), act_id(3)]
    assert reading.acts[1].first_page in (6, 7)


def test_identifiers_misread_by_ocr() -> None:
    pages = recueil([3, 2, 4])
    pages[6] = PageText(7, pages[6].text.replace(act_id(2), act_id(2)[:-1] + "8"), TextOrigin.OCR)
    reading = assemble(pages)
    assert ranges(reading) == EXPECTED
    assert reading.ocr_pages == (7,)
    assert SERVICE not in reading.acts[1].pages[1].text


def test_an_act_announced_beyond_the_end_is_still_told() -> None:
    reading = assemble(recueil([3, 2, 4, 2])[:7])
    assert [act.title for act in reading.acts] == [title(1), title(2), title(3), title(4)]
    assert ranges(reading)[:2] == EXPECTED[:2]
    assert [(act.pages[0].text, act.pages[0].origin) for act in reading.acts[2:]] == [("", TextOrigin.UNREADABLE)] * 2


def test_blank_pages_before_the_first_act_do_not_move_it() -> None:
    pages = recueil([3, 2, 4])
    texts = [pages[0].text, pages[1].text, "", *(page.text for page in pages[2:])]
    reading = assemble([PageText(n, text, TextOrigin.LAYER if text else TextOrigin.BLANK) for n, text in enumerate(texts, start=1)])
    assert ranges(reading) == [(act, first + 1, last + 1) for act, first, last in EXPECTED]


def test_a_decree_alone_is_one_act() -> None:
    reading = assemble([PageText(1, BODY), PageText(2, BODY), PageText(3, "annexe")])
    assert ranges(reading) == [(None, 1, 3)]
    assert reading.acts[0].title == "Arrêté n° 26-2025-12 portant autorisation d'un traitement algorithmique des images"
    assert reading.cover.number is None


@pytest.mark.parametrize(
    "first",
    [
        BODY.replace(
            "Vu la loi", "Vu l'arrêté portant délégation, publié au\nRecueil des actes administratifs n° 26-2025-033 ;\nVu la loi"
        ),
        f"RECUEIL DES ACTES ADMINISTRATIFS\nSpécial n° 26-2025-101\n{BODY}",
        f"RECUEIL DES ACTES ADMINISTRATIFS\nSpécial n° 26-2025-101\nSommaire\n- Arrêté n° 26-2025-12 portant autorisation\n{BODY}",
        f"Sommaire\nArrêté n° 26-2025-12\n\n{BODY}",
        "RECUEIL DES ACTES ADMINISTRATIFS\nSpécial\nVu le code de la sécurité intérieure ;\nARRÊTE",
    ],
)
def test_a_first_page_that_holds_the_beginning_of_a_decree_is_never_put_aside(first: str) -> None:
    reading = assemble([PageText(1, first), PageText(2, "Article 2\nFait à Valence")])
    assert ranges(reading) == [(None, 1, 2)]
    assert reading.acts[0].pages[0].text == first


def test_another_template_is_cut_at_its_headings() -> None:
    cover = "RECUEIL DES ACTES ADMINISTRATIFS\nRecueil spécial 318-2025 édition du 14/12/2025\nSOMMAIRE\n- AP 2025 autorisant"
    second = BODY.replace("26-2025-12", "26-2025-13").replace("portant autorisation d'un", "portant fin du")
    reading = assemble([PageText(n, text) for n, text in enumerate([cover, BODY, "annexe", second, "Vu\nARRÊTE\nsuite"], start=1)])
    assert ranges(reading) == [(None, 2, 3), (None, 4, 5)]
    assert reading.acts[1].title == "Arrêté n° 26-2025-13 portant fin du traitement algorithmique des images"


def test_another_template_without_any_heading_is_one_act() -> None:
    reading = assemble([PageText(1, "RECUEIL DES ACTES ADMINISTRATIFS\nSpécial"), PageText(2, "un avis"), PageText(3, "une suite")])
    assert ranges(reading) == [(None, 2, 3)]
    assert reading.acts[0].title == "un avis"


def test_documents_without_words_lose_no_page() -> None:
    nothing = [PageText(n, "", TextOrigin.UNREADABLE) for n in (1, 2)]
    reading = assemble(nothing)
    assert ranges(reading) == [(None, 1, 2)]
    assert reading.unreadable_pages == (1, 2)
    assert assemble([]).acts == ()


def test_pages_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="in order"):
        assemble([PageText(2, "a"), PageText(1, "b")])


@pytest.mark.parametrize("stamped", [True, False])
@pytest.mark.parametrize("waiting", [(4, 5), (3, 6, 8), (7,), tuple(range(3, 12)), (2,), (3,), (11,), (4, 7, 9, 10, 11)])
def test_acts_come_out_before_their_pages_are_read(waiting: tuple[int, ...], *, stamped: bool) -> None:
    reading = assemble(pending(recueil([3, 2, 4]), *waiting, stamped=stamped))
    assert reading.pending_pages == waiting
    assert not reading.complete
    assert ranges(reading) == EXPECTED
    assert [act.title for act in reading.acts] == [title(1), title(2), title(3)]


@pytest.mark.parametrize(
    "cover",
    [
        PageText(1, "", TextOrigin.UNREADABLE),
        PageText(1, "", TextOrigin.PENDING),
        PageText(1, "", TextOrigin.BLANK),
        PageText(1, "La lettre de la préfecture\nMai 2025"),
    ],
)
def test_a_table_of_contents_belongs_to_no_act_even_behind_a_cover_that_tells_nothing(cover: PageText) -> None:
    """Else the first act would be announced for what the title of another says."""
    pages = [cover, *recueil([2, 3])[1:]]
    assert ranges(assemble(pages)) == [(act_id(1), 3, 4), (act_id(2), 5, 7)]
    blank = [cover, PageText(2, "", TextOrigin.BLANK), *(replace(page, number=page.number + 1) for page in pages[1:])]
    assert ranges(assemble(blank)) == [(act_id(1), 4, 5), (act_id(2), 6, 8)]


def test_the_table_of_a_report_announces_no_act() -> None:
    pages = [PageText(1, "Rapport sur les images"), PageText(2, "Sommaire\nLe contexte\nLes caméras"), PageText(3, "Le contexte")]
    assert ranges(assemble(pages)) == [(None, 1, 3)]


def test_a_scanned_table_of_contents_and_a_cover_are_waited_for() -> None:
    before = assemble(pending(recueil([3, 2, 4]), 1, 2, 3, 6, 8))
    assert [act.id for act in before.acts] == [act_id(1), act_id(2), act_id(3)]
    after = assemble(recueil([3, 2, 4]))
    assert ranges(after) == EXPECTED
    nothing = assemble(pending(recueil([3, 2, 4]), *range(1, 12)))
    assert ranges(nothing) == [(None, 1, 11)]


def test_a_pending_page_keeps_no_running_title_and_loses_no_second_text() -> None:
    pages = recueil([3, 2, 4])
    pages[3] = PageText(4, "texte", TextOrigin.OCR, other=pages[3].text, confidence=61)
    page = assemble(pages).acts[0].pages[1]
    assert (page.other, page.confidence) == (f"{BODY}\nacte 1", 61)
    waiting = assemble(pending(recueil([3, 2, 4]), 4, stamped=True)).acts[0].pages[1]
    assert (waiting.text, waiting.origin) == ("", TextOrigin.PENDING)


@given(lengths=st.lists(st.integers(1, 4), min_size=1, max_size=8), data=st.data(), stamped=st.booleans())
def test_every_act_is_placed_whatever_is_still_to_be_read(lengths: list[int], data: st.DataObject, *, stamped: bool) -> None:
    pages = recueil(lengths)
    body = range(3, len(pages) + 1)
    waiting = data.draw(st.sets(st.sampled_from(body)))
    early = assemble(pending(pages, *waiting, stamped=stamped))
    assert_whole(early.acts, 3, len(pages))
    assert ranges(early) == ranges(assemble(pages))


@given(lengths=st.lists(st.integers(1, 4), min_size=1, max_size=8), data=st.data(), shift=st.integers(0, 3))
def test_no_page_is_lost_and_none_is_shared(lengths: list[int], data: st.DataObject, shift: int) -> None:
    pages = recueil(lengths, shift)
    body = range(3, len(pages) + 1)
    lost = data.draw(st.sets(st.sampled_from(body), max_size=len(body) - 1))
    reading = assemble(unread(pages, *lost))
    if shift == 0:
        assert_whole(reading.acts, 3, len(pages))
        assert [act.id for act in reading.acts] == [act_id(number) for number in range(1, len(lengths) + 1)]
    covered = {page.number for act in reading.acts for page in act.pages}
    assert covered >= {number for number in body if number not in lost}
