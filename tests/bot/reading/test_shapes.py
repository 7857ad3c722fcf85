"""PDFs in the shapes that prefectures give them, through the real reading process: which acts, and no page lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest
from fpdf import FPDF

from bot.app.demo.pdfs import ActSpec, RecueilSpec, build_recueil
from bot.domain.acts import Reading
from bot.domain.text import PageText, TextOrigin
from bot.reading.acts.cutting import assemble
from bot.reading.model import ReadingLimits
from bot.reading.reader import read_pdf
from tests.bot.reading.papers import BODY, turned
from tests.bot.reading.test_acts import ranges

Save = Callable[[bytes], Path]
WITHOUT_OCR = ReadingLimits(ocr=False)
SERVICE = "Préfecture de la Drôme / Cabinet"
LONG = (
    "Arrêté préfectoral n° 26-2025-77 portant autorisation d'un traitement algorithmique des images - manifestations sportives -"
    " du 12 au 14 juillet 2025 sur le territoire des communes de Valence, Romans-sur-Isère, Bourg-lès-Valence et Montélimar à l'occasion"
    " du passage du Tour de France cycliste, de la fête nationale et des feux d'artifice dans le département de la Drôme"
)


def act(number: int, title: str | None = None, pages: Sequence[str] = (BODY, BODY)) -> ActSpec:
    """Real identifiers follow each other."""
    return ActSpec(SERVICE, f"26-2025-07-15-{number:05}", title or f"Arrêté n° {number} portant mesure", tuple(pages))


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


async def test_annexes_that_lie_on_their_side(saved: Save) -> None:
    reading = await read_pdf(saved(turned(recueil(act(1), act(2)), 90, [5, 8])), WITHOUT_OCR)
    assert (ranges(reading), left_out(reading)) == ([(ids(1)[0], 3, 5), (ids(2)[0], 6, 8)], [1, 2])
    assert "la fête." in reading.acts[0].pages[2].text
    assert ids(1)[0] not in reading.acts[0].pages[2].text
    alone = await read_pdf(saved(drawn(BODY, "Annexe : plan du périmètre", "Annexe 2 : liste", landscape=[2, 3])), WITHOUT_OCR)
    assert (ranges(alone), alone.complete) == ([(None, 1, 3)], True)


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
