"""PDFs in the shapes that prefectures give them, through the real reading process: which acts, and no page lost."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from fpdf import FPDF

from bot.app.demo.pdfs import ActSpec, RecueilSpec, build_recueil
from bot.domain.acts import Reading
from bot.domain.text import PageText, TextOrigin
from bot.reading.acts.cutting import assemble
from bot.reading.model import ReadingLimits
from bot.reading.reader import read_pdf
from tests.bot.reading.papers import BODY
from tests.standalone import build_standalone

Save = Callable[[bytes], Path]
WITHOUT_OCR = ReadingLimits(ocr=False)
SERVICE = "Préfecture de la Drôme / Cabinet"
COVER_OF_06 = "PRÉFECTURE DES ALPES-MARITIMES\nRECUEIL DES ACTES ADMINISTRATIFS\nRecueil spécial 318.2025 - édition du 14/12/2025"
LETTERHEAD = "=m\nE 3\nPREFET\nDU  VAR\nLiberté\nEgalité\nFraternité\nCabinet du Préfet\nDirection des sécurités\nToulon, le 5 août 2025\n"
LONG = (
    "Arrêté préfectoral n° 26-2025-77 portant autorisation d'un traitement algorithmique des images - manifestations sportives -"
    " du 12 au 14 juillet 2025 sur le territoire des communes de Valence, Romans-sur-Isère, Bourg-lès-Valence et Montélimar à l'occasion"
    " du passage du Tour de France cycliste, de la fête nationale et des feux d'artifice dans le département de la Drôme"
)


def act(number: int, title: str | None = None, pages: Sequence[str] = (BODY, BODY), *, scanned: bool = False) -> ActSpec:
    """Real identifiers follow each other."""
    return ActSpec(SERVICE, f"26-2025-07-15-{number:05}", title or f"Arrêté n° {number} portant mesure", tuple(pages), scanned=scanned)


def recueil(*acts: ActSpec) -> bytes:
    return build_recueil(RecueilSpec("DRÔME", "26-2025-120", date(2025, 8, 1), acts))


def drawn(*pages: str, landscape: Sequence[int] = ()) -> bytes:
    """Pages of plain text; those in `landscape` lie on their side."""
    pdf = FPDF(format="A4")
    pdf.core_fonts_encoding = "windows-1252"
    pdf.set_font("Helvetica", size=9)
    for number, text in enumerate(pages, 1):
        pdf.add_page(orientation="L" if number in landscape else "P")
        pdf.multi_cell(0, 4.5, text, align="L")
    return bytes(pdf.output())


def edited(content: bytes, *, without: Sequence[int] = (), turned: Sequence[int] = ()) -> bytes:
    """A PDF without some of its pages, or with some of them turned a quarter."""
    with pdfium.PdfDocument(content) as document:
        for number in turned:
            document[number - 1].set_rotation(90)
        for number in sorted(without, reverse=True):
            del document[number - 1]
        out = io.BytesIO()
        document.save(out)
    return out.getvalue()


def ranges(reading: Reading) -> list[tuple[str | None, int, int]]:
    return [(act.id, act.first_page, act.last_page) for act in reading.acts]


def left_out(reading: Reading) -> list[int]:
    """The pages in no act; each other is in one act only."""
    numbers = [page.number for act in reading.acts for page in act.pages]
    assert len(numbers) == len(set(numbers))
    return sorted(set(range(1, reading.page_count + 1)) - set(numbers))


def ids(*numbers: int) -> list[str]:
    return [f"26-2025-07-15-{number:05}" for number in numbers]


async def test_identifiers_of_three_figures(saved: Save) -> None:
    acts = [ActSpec(SERVICE, f"26-2019-05-02-{number:03}", f"Arrêté n° {number}", (BODY,)) for number in (1, 2, 3)]
    reading = await read_pdf(saved(recueil(*acts)), WITHOUT_OCR)
    assert ranges(reading) == [("26-2019-05-02-001", 3, 4), ("26-2019-05-02-002", 5, 6), ("26-2019-05-02-003", 7, 8)]
    assert left_out(reading) == [1, 2]


async def test_services_with_a_prefix_and_titles_that_say_little(saved: Save) -> None:
    title = "Arrêté 20240170 du 29.01.2024 autorisation captation d'images"
    acts = (
        ActSpec("63_Pref_Préfecture du Puy-de-Dôme / 63_Pref_Cabinet", "63-2024-01-29-00003", title, (BODY, BODY)),
        ActSpec("63_DDT_Direction départementale des territoires", "63-2024-01-29-00004", "Arrêté 20240171", (BODY,)),
    )
    reading = await read_pdf(saved(build_recueil(RecueilSpec("PUY-DE-DÔME", "63-2024-015", date(2024, 1, 30), acts))), WITHOUT_OCR)
    assert ranges(reading) == [("63-2024-01-29-00003", 3, 5), ("63-2024-01-29-00004", 6, 7)]
    assert reading.acts[0].title == title
    assert all("63_" not in page.text for act in reading.acts for page in act.pages[1:])


@pytest.mark.parametrize("title", [LONG, "Avis - CDAC - Valence - 12 mai 2025"])
async def test_titles_on_several_lines_and_with_dashes(saved: Save, title: str) -> None:
    reading = await read_pdf(saved(recueil(act(1, title), act(2))), WITHOUT_OCR)
    assert ranges(reading) == [(ids(1)[0], 3, 5), (ids(2)[0], 6, 8)]
    assert reading.acts[0].title == title
    assert {page.text.split()[-1] for act in reading.acts for page in act.pages[1:]} == {"fête."}


async def test_a_table_of_contents_of_many_pages(saved: Save) -> None:
    acts = [act(number, f"{LONG[:190]} {number}", (BODY,)) for number in range(1, 61)]
    reading = await read_pdf(saved(recueil(*acts)), WITHOUT_OCR)
    assert left_out(reading) == [1, 2, 3, 4, 5]
    assert [act.id for act in reading.acts] == ids(*range(1, 61))
    assert {act.last_page - act.first_page for act in reading.acts} == {1}


async def test_one_act_only(saved: Save) -> None:
    reading = await read_pdf(saved(recueil(act(1, pages=(BODY,)))), WITHOUT_OCR)
    assert (ranges(reading), left_out(reading)) == ([(ids(1)[0], 3, 4)], [1, 2])


@pytest.mark.parametrize(
    ("without", "expected", "outside"),
    [
        ([2], [(2, 4), (5, 7), (8, 10)], [1]),  # no table of contents
        ([1, 2], [(1, 3), (4, 6), (7, 9)], []),  # nor cover
        ([3, 6, 9], [(3, 4), (5, 6), (7, 8)], [1, 2]),  # no separator pages, hence other numbers than the printed ones
        ([1], [(2, 4), (5, 7), (8, 10)], [1]),  # no cover, numbers shifted by one
    ],
)
async def test_pages_that_are_missing(saved: Save, without: list[int], expected: list[tuple[int, int]], outside: list[int]) -> None:
    reading = await read_pdf(saved(edited(recueil(act(1), act(2), act(3)), without=without)), WITHOUT_OCR)
    assert ranges(reading) == [(one, *pages) for one, pages in zip(ids(1, 2, 3), expected, strict=True)]
    assert left_out(reading) == outside


async def test_annexes_that_lie_on_their_side(saved: Save) -> None:
    reading = await read_pdf(saved(edited(recueil(act(1), act(2)), turned=[5, 8])), WITHOUT_OCR)
    assert (ranges(reading), left_out(reading)) == ([(ids(1)[0], 3, 5), (ids(2)[0], 6, 8)], [1, 2])
    assert "la fête." in reading.acts[0].pages[2].text
    assert ids(1)[0] not in reading.acts[0].pages[2].text
    alone = await read_pdf(saved(drawn(BODY, "Annexe : plan du périmètre", "Annexe 2 : liste", landscape=[2, 3])), WITHOUT_OCR)
    assert (ranges(alone), alone.complete) == ([(None, 1, 3)], True)


async def test_scanned_acts_among_others(saved: Save, with_ocr: None) -> None:
    reading = await read_pdf(saved(recueil(act(1), act(2, scanned=True), act(3))))
    assert (ranges(reading), left_out(reading)) == ([(ids(1)[0], 3, 5), (ids(2)[0], 6, 8), (ids(3)[0], 9, 11)], [1, 2])
    assert (reading.ocr_pages, reading.complete) == ((7, 8), True)
    assert "traitement algorithmique" in reading.acts[1].pages[1].text


async def test_a_scanned_decree_alone(saved: Save, with_ocr: None) -> None:
    reading = await read_pdf(saved(build_standalone((BODY, BODY), scanned=True)))
    assert (ranges(reading), reading.ocr_pages) == ([(None, 1, 2)], (1, 2))
    assert "traitement algorithmique" in reading.acts[0].title


async def test_a_long_decree_alone_under_its_letterhead(saved: Save) -> None:
    following = [f"Article {number} : suite.\nPage {number}" for number in range(2, 13)]
    reading = await read_pdf(saved(build_standalone((LETTERHEAD + BODY, *following))), WITHOUT_OCR)
    assert ranges(reading) == [(None, 1, 12)]
    assert reading.acts[0].title == "Arrêté n° 26-2025-12 portant autorisation d'un traitement algorithmique des images"


async def test_the_template_of_the_alpes_maritimes(saved: Save) -> None:
    """A table of contents without page numbers, and pages numbered at their foot: none of them belongs to the table."""
    table = "SOMMAIRE\nCabinet\n- AP 20251856 du 12/12/2025 autorisant\nun traitement\n- AP 20251857 du 12/12/2025 portant fin"
    second = BODY.replace("26-2025-12", "20251857")
    pages = (COVER_OF_06, table, f"{BODY}\nPage 1", "Article 2 : suite\nPage 2", f"{second}\nPage 1", "Page 2", "un plan")
    reading = await read_pdf(saved(drawn(*pages)), WITHOUT_OCR)
    assert ranges(reading) == [(None, 3, 4), (None, 5, 7)]
    assert left_out(reading) == [1, 2]
    assert [act.title.split(" portant")[0] for act in reading.acts] == ["Arrêté n° 26-2025-12", "Arrêté n° 20251857"]
    without_table = await read_pdf(saved(drawn(COVER_OF_06, BODY, "suite", second)), WITHOUT_OCR)
    assert ranges(without_table) == [(None, 2, 3), (None, 4, 4)]


async def test_the_template_of_the_hauts_de_seine(saved: Save) -> None:
    """A table of four columns, read number and date first; it runs over a second page."""
    cover = "RECUEIL DES ACTES ADMINISTRATIFS\nRAA spécial Préfecture de Police\nN° 12 du 3 mai 2024\nSOMMAIRE\nArrêté Date Intitulé Page"
    row = "2024-00{n}\n02.05.2024\nArrêté autorisant la captation d'images\n{page}\n"
    rows = [row.format(n=n, page=n) for n in range(10, 20)]
    second = BODY.replace("26-2025-12", "2024-00011")
    reading = await read_pdf(saved(drawn(cover + "".join(rows[:5]), "".join(rows[5:]), BODY, "suite", second)), WITHOUT_OCR)
    assert left_out(reading) == [1, 2]
    assert [(act.first_page, act.last_page) for act in reading.acts] == [(3, 4), (5, 5)]


async def test_many_decrees_under_one_identifier(saved: Save) -> None:
    decree = (
        "ARRÊTÉ PRÉFECTORAL\nportant autorisation d'un système\nCommune de {town}\nLe préfet,\nVu le code ;\nARRÊTE\nArticle 1er : oui."
    )
    end = "Article 2 : exécution.\nFait à Valence, le 3 mai 2025"
    bodies = [text for town in ("Die", "Crest") for text in (decree.format(town=town), end)]
    bulk = act(1, "Deux arrêtés de vidéoprotection", bodies)
    reading = await read_pdf(saved(recueil(bulk, act(2))), WITHOUT_OCR)
    assert [(act.part, act.first_page, act.last_page) for act in reading.acts] == [(0, 3, 3), (1, 4, 5), (2, 6, 7), (None, 8, 10)]
    assert [act.id for act in reading.acts] == ids(1, 1, 1, 2)
    assert [act.title.split()[-1] for act in reading.acts[1:3]] == ["Die", "Crest"]
    assert left_out(reading) == [1, 2]


async def test_a_part_without_cover_and_a_table_without_acts(saved: Save) -> None:
    both = recueil(act(1), act(2))
    second = await read_pdf(saved(edited(both, without=[1, 2, 3, 4])), WITHOUT_OCR)
    assert (ranges(second), left_out(second)) == ([(ids(1)[0], 1, 1), (ids(2)[0], 2, 4)], [])
    table = await read_pdf(saved(edited(both, without=range(3, 9))), WITHOUT_OCR)
    assert (ranges(table), table.complete) == ([(ids(1)[0], 2, 2), (ids(2)[0], 2, 2)], True)


def test_neighbours_are_not_misreadings_of_each_other() -> None:
    """The second page of the table of contents is lost: only the first act is announced, and the others differ from it by one figure."""

    def stamped(number: int, page: int) -> str:
        return f"{SERVICE.split(' / ', maxsplit=1)[0]} - {ids(number)[0]} - Arrêté n° {number} {page}"

    texts = ["RECUEIL DES ACTES\nADMINISTRATIFS\nN°26-2025-120", f"Sommaire\n{SERVICE}\n{ids(1)[0]} - Arrêté n° 1 (1 page) Page 4\n2", ""]
    for number in (1, 2, 3):
        texts.append(f"Préfecture\n{ids(number)[0]}\nArrêté n° {number}\n{stamped(number, len(texts) + 1)}")
        texts.append(f"{BODY}\n{stamped(number, len(texts) + 1)}")
    pages = [PageText(n, text, TextOrigin.LAYER if text else TextOrigin.UNREADABLE) for n, text in enumerate(texts, 1)]
    assert ranges(assemble(pages)) == [(ids(1)[0], 4, 5), (ids(2)[0], 6, 7), (ids(3)[0], 8, 9)]
    # Nor are they when the table is whole but has forgotten one.
    forgotten = [*pages[:2], PageText(3, f"{ids(3)[0]} - Arrêté n° 3 (1 page) Page 8"), *pages[3:]]
    assert ranges(assemble(forgotten)) == [(ids(1)[0], 4, 5), (ids(2)[0], 6, 7), (ids(3)[0], 8, 9)]


def test_a_page_full_of_running_titles_takes_no_time() -> None:
    """Twenty thousand on one page took a second and a half, for each such page. No words are lost for it."""
    text = f"\nService - {ids(1)[0]} - titre" * 20_000
    reading = assemble([PageText(1, text)])
    assert ranges(reading) == [(ids(1)[0], 1, 1)]
    assert reading.acts[0].pages[0].text.count(ids(1)[0]) > 10_000
