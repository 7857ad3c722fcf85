"""Whole PDFs through the real reading process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from bot.app.demo.pdfs import ActSpec, RecueilSpec, build_recueil
from bot.domain.acts import Reading
from bot.domain.identity import text_digest
from bot.domain.publication import FileStatement
from bot.domain.text import TextOrigin
from bot.reading.model import ReadingLimits, Unreadable
from bot.reading.pages.additions import ATTACHED, DYNAMIC_FORM
from bot.reading.reader import read_pdf
from tests.bot.reading import hostile_pages, papers
from tests.bot.reading.attempts import kinds
from tests.bot.reading.hostile import beside
from tests.bot.reading.papers import BODY
from tests.standalone import build_standalone

Save = Callable[[bytes], Path]
WITHOUT_OCR = ReadingLimits(ocr=False)
TITLE = "Arrêté n° 26-2025-12 portant autorisation d'un traitement algorithmique des images"


def recueil(*, scanned: bool) -> bytes:
    acts = tuple(
        ActSpec(
            "Préfecture de la Drôme / Cabinet", f"26-2025-07-15-{number * 1111:05d}", TITLE, (BODY, BODY), scanned=scanned and number == 2
        )
        for number in (1, 2, 3)
    )
    return build_recueil(RecueilSpec("DRÔME", "26-2025-120", date(2025, 8, 1), acts))


def origins(reading: Reading) -> list[TextOrigin]:
    return [page.origin for act in reading.acts for page in act.pages]


async def test_a_recueil_with_text(saved: Save) -> None:
    reading = await read_pdf(saved(recueil(scanned=False)), WITHOUT_OCR)
    assert reading.complete
    assert reading.page_count == 11
    assert reading.cover.number == "26-2025-120"
    assert reading.cover.published == date(2025, 8, 1)
    assert [(act.id, act.first_page, act.last_page) for act in reading.acts] == [
        ("26-2025-07-15-01111", 3, 5),
        ("26-2025-07-15-02222", 6, 8),
        ("26-2025-07-15-03333", 9, 11),
    ]
    assert {act.title for act in reading.acts} == {TITLE}
    assert reading.acts[1].pages[1].text.split() == BODY.split()


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        (b"", FileStatement()),
        (
            b"/CreationDate (D:20260814101500+02'00') /ModDate (D:20260814) /Producer <FEFF00C900640069>",
            FileStatement("D:20260814101500+02'00'", "D:20260814", "Édi"),
        ),
        (b"/CreationDate (hier) /ModDate 12 /Producer (" + b"x" * 60_000 + b")", FileStatement("hier", "", "")),
        (b"/Producer (" + b"x" * 3_000 + b")", FileStatement("", "", "x" * 100)),
        (b"/CreationDate 9 0 R /Producer [(a)]", FileStatement()),
        (b"/Producer <FEFFD800>", FileStatement("", "", "\ufffd")),
    ],
    ids=["nothing", "as written", "rubbish", "long", "of another kind", "half a pair"],
)
async def test_what_a_file_states_of_itself_is_told_as_it_writes_it(saved: Save, info: bytes, expected: FileStatement) -> None:
    content = papers.pages_of([papers.text_content(BODY)], extra=[b"<< %s >>" % info]).replace(b"trailer\n<<", b"trailer\n<< /Info 4 0 R")
    assert (await read_pdf(saved(content), WITHOUT_OCR)).made == expected


def test_what_ended_the_program_is_read_with_lower_limits_of_which_none_is_too_low() -> None:
    usual = ReadingLimits(memory_bytes=1024**3, workers=2)
    lowered = usual.lowered()
    assert (lowered.memory_bytes, lowered.workers, lowered.max_pages) == (usual.memory_bytes // 2, 1, usual.max_pages)
    assert lowered.pages_per_worker < usual.pages_per_worker
    assert [ReadingLimits(memory_bytes=least).lowered().memory_bytes for least in (128, 300 * 1024**2)] == [128, 256 * 1024**2]


@pytest.mark.usefixtures("with_ocr")
@pytest.mark.parametrize("limits", [ReadingLimits(), ReadingLimits().lowered()])
async def test_scans_with_a_stamped_running_title_are_read_by_ocr(saved: Save, limits: ReadingLimits) -> None:
    reading = await read_pdf(saved(recueil(scanned=True)), limits)
    assert reading.complete
    assert reading.ocr_pages == (7, 8)
    scan = reading.acts[1].pages[1]
    assert scan.origin is TextOrigin.OCR
    assert "traitement algorithmique" in scan.text
    assert "26-2025-07-15" not in scan.text
    assert scan.text.count("26-2025-12") == 1


async def test_scans_without_ocr_are_unread_not_empty(saved: Save) -> None:
    reading = await read_pdf(saved(recueil(scanned=True)), WITHOUT_OCR)
    assert reading.unreadable_pages == (7, 8)
    assert not reading.complete
    assert (reading.acts[1].first_page, reading.acts[1].last_page) == (6, 8)


async def test_a_document_of_scans_without_ocr_is_a_reading_that_says_so(saved: Save) -> None:
    reading = await read_pdf(saved(build_standalone([BODY, BODY], scanned=True)), WITHOUT_OCR)
    assert reading.unreadable_pages == (1, 2)
    assert [(act.first_page, act.last_page) for act in reading.acts] == [(1, 2)]


@pytest.mark.usefixtures("with_ocr")
@pytest.mark.parametrize("table", [papers.private_map(), papers.lost_map(), papers.shifted_map(1), papers.shifted_map(7)])
async def test_a_broken_font_is_read_by_ocr(saved: Save, table: bytes) -> None:
    garbled = papers.pages_of([papers.stream(papers.text_content(BODY))], font=papers.FONT_WITH_MAP, extra=[table])
    reading = await read_pdf(saved(garbled))
    assert reading.ocr_pages == (1,)
    assert reading.acts[0].title == TITLE


@pytest.mark.parametrize("table", [papers.private_map(), papers.lost_map(), papers.shifted_map(1), papers.shifted_map(7)])
async def test_a_broken_font_without_ocr_is_unreadable(saved: Save, table: bytes) -> None:
    garbled = papers.pages_of([papers.stream(papers.text_content(BODY))], font=papers.FONT_WITH_MAP, extra=[table])
    assert (await read_pdf(saved(garbled), WITHOUT_OCR)).unreadable_pages == (1,)


async def test_a_font_without_letters_is_judged_by_its_words(saved: Save) -> None:
    font, encoding = papers.nameless_font()
    right = papers.pages_of([papers.stream(papers.text_content(BODY))], font=font, extra=[encoding])
    assert (await read_pdf(saved(right), WITHOUT_OCR)).acts[0].title == TITLE
    font, descendant = papers.mute_font()
    for text in (BODY, "Vu le code des transports et le code de la route"):
        wrong = papers.pages_of([papers.stream(papers.text_content(text))], font=font, extra=[descendant])
        assert (await read_pdf(saved(wrong), WITHOUT_OCR)).unreadable_pages == (1,)


async def test_a_small_image_in_a_form_is_no_scan(saved: Save) -> None:
    reading = await read_pdf(saved(papers.logo_in_a_form("Préfecture de la Drôme\nDécision")), WITHOUT_OCR)
    assert reading.complete


@pytest.mark.usefixtures("with_ocr")
async def test_a_page_that_is_turned_is_read_upright(saved: Save) -> None:
    reading = await read_pdf(saved(papers.sideways(build_standalone([BODY], scanned=True))))
    assert reading.ocr_pages == (1,)
    assert reading.acts[0].title == TITLE


async def test_letters_drawn_as_curves_are_not_a_blank_page(saved: Save) -> None:
    assert (await read_pdf(saved(papers.outlines(BODY)), WITHOUT_OCR)).unreadable_pages == (1,)


async def test_a_blank_page_is_blank(saved: Save) -> None:
    content = papers.stream(papers.text_content(BODY))
    reading = await read_pdf(saved(papers.pages_of([content, papers.stream(b"q Q"), content])), WITHOUT_OCR)
    assert origins(reading) == [TextOrigin.LAYER, TextOrigin.BLANK, TextOrigin.LAYER]
    assert reading.complete


async def test_an_image_that_cannot_be_drawn_is_not_a_blank_page(saved: Save) -> None:
    reading = await read_pdf(saved(papers.undrawable()), WITHOUT_OCR)
    assert reading.unreadable_pages == (1,)


@pytest.mark.parametrize("drawn", [True, False])
async def test_the_values_of_form_fields_are_text_beside_their_labels(saved: Save, drawn: bool) -> None:
    values = {(130, 300): "Die", (149, 300): "et Crest", (130, 280): "place de la Liberté"}
    reading = await read_pdf(saved(papers.form(values, drawn=drawn)), WITHOUT_OCR)
    assert reading.pages[0].text.split("fête.\n")[1] == "Commune :\tDie et Crest\nLieu :\tplace de la Liberté"


NOTE = "Annule l'article 2"


@pytest.mark.parametrize(
    ("content", "page", "lacks"),
    [
        (hostile_pages.annotated(b"FreeText", NOTE), [1], ()),
        (hostile_pages.annotated(b"FreeText", NOTE, drawn=False), [1], ()),
        (hostile_pages.annotated(b"Stamp", NOTE), [1], ()),
        (hostile_pages.annotated(b"FreeText", NOTE, flags=2), [], ()),
        (hostile_pages.annotated(b"Text", NOTE, drawn=False), [], ()),
        (hostile_pages.attachments(build_standalone([NOTE])), [3], (ATTACHED,)),
        (hostile_pages.attachments(build_standalone([NOTE])).replace(b"/Annots", b"/Others"), [3], ()),
        (hostile_pages.attachments(b"PK of an office program").replace(b"/Annots", b"/Others"), [], (ATTACHED,)),
        (hostile_pages.xfa(), [], (DYNAMIC_FORM,)),
        (build_standalone(["Please wait...\nIf this message is not eventually\nreplaced, your viewer may not"]), [], (DYNAMIC_FORM,)),
    ],
)
async def test_what_is_beside_the_contents_of_pages_is_read_or_lacks(
    saved: Save, content: bytes, page: list[int], lacks: tuple[str, ...]
) -> None:
    reading = await read_pdf(saved(content), WITHOUT_OCR)
    assert [each.number for each in reading.pages if NOTE in each.text] == page
    assert (reading.lacks, reading.complete, reading.damaged) == (lacks, not lacks, False)


@pytest.mark.usefixtures("with_ocr")
async def test_an_attached_scan_is_recognised(saved: Save) -> None:
    reading = await read_pdf(saved(hostile_pages.attachments(build_standalone([BODY], scanned=True))))
    assert (reading.ocr_pages, reading.acts[-1].title) == ((3,), TITLE)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (hostile_pages.layered(shown=False), "unreadable"),
        (hostile_pages.layered(shown=True), "read"),
        (beside(papers.stream(b"1 1 1 rg " + hostile_pages.TEXT)), "unreadable"),
        (beside(papers.stream(b"0 0 .4 rg 0 0 595 842 re f 1 1 1 rg " + papers.text_content(BODY * 2))), "text"),
        (beside(papers.stream(hostile_pages.TEXT.replace(b"14 TL", b"14 TL 3 Tr"))), "unreadable"),
        (beside(papers.stream(hostile_pages.TEXT + b" 1 1 1 rg 0 0 595 842 re f")), "unreadable"),
        (beside(papers.stream(hostile_pages.TEXT), box=b"/MediaBox [0 0 595 842] /CropBox [0 0 595 100]"), "unreadable"),
    ],
    ids=["layer off", "layer on", "white on white", "white on blue", "not drawn", "covered", "cropped"],
)
async def test_a_decree_that_nobody_can_see_is_not_read(saved: Save, content: bytes, expected: str) -> None:
    assert kinds(await read_pdf(saved(content), WITHOUT_OCR)) == f"{expected} read"


async def test_many_pages(saved: Save) -> None:
    reading = await read_pdf(saved(papers.pages_of([papers.stream(papers.text_content(BODY))] * 600)), WITHOUT_OCR)
    assert reading.page_count == 600
    assert reading.complete
    assert reading.acts[0].last_page == 600


async def test_a_pdf_whose_bytes_change_is_known_by_its_words(saved: Save) -> None:
    one = await read_pdf(saved(build_standalone([BODY], created=date(2025, 1, 1))), WITHOUT_OCR)
    other = await read_pdf(saved(build_standalone([BODY], created=date(2025, 1, 2))), WITHOUT_OCR)
    assert text_digest(one.acts[0].pages) == text_digest(other.acts[0].pages)


async def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="cannot be opened"):
        await read_pdf(tmp_path / "none.pdf", WITHOUT_OCR)


async def test_a_pdf_locked_against_printing_only_is_read(saved: Save) -> None:
    reading = await read_pdf(saved(papers.locked("")), WITHOUT_OCR)
    assert reading.acts[0].pages[0].text.strip() == "Vu le code"


async def test_too_many_pages(saved: Save) -> None:
    content = papers.pages_of([papers.stream(b"")] * 5)
    with pytest.raises(Unreadable, match="5 pages, more than the 4"):
        await read_pdf(saved(content), ReadingLimits(max_pages=4, ocr=False))


async def test_var_recueil_of_video_protection(real_recueils: Path) -> None:
    reading = await read_pdf(real_recueils / "var-2025-240-videoprotection.pdf")
    assert [(act.id, act.first_page, act.last_page) for act in reading.acts[:3]] == [
        ("83-2025-07-10-00001", 3, 8),
        ("83-2025-07-08-00007", 9, 15),
        ("83-2025-07-04-00010", 16, 20),
    ]
    # Under the third identifier are 31 decrees.
    assert [(act.id, act.part) for act in reading.acts[3:]] == [("83-2025-07-04-00010", part) for part in range(1, 32)]
    assert (reading.acts[3].first_page, reading.acts[-1].last_page) == (21, 111)
    assert reading.complete
    assert reading.ocr_pages == ()
    assert (reading.cover.number, reading.cover.authority, reading.cover.published) == ("83-2025-240", "83", date(2025, 7, 11))
    for act in reading.acts:
        assert act.id is not None
        assert not any(f"- {act.id} -" in page.text for page in act.pages)
        assert sum(act.id in page.text for page in act.pages) == (0 if act.part else 1)  # on its separator page
