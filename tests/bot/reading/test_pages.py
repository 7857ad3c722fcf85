"""One page at a time: what the survey says of it at once, and what recognising it then gives."""

from __future__ import annotations

import io
import random
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

from bot.domain.text import PageText, TextOrigin, fold_letters
from bot.reading.pages import drawing
from bot.reading.pages.recognition import HALF_A_PAGE, LITTLE_TEXT, Ocr, OcrFailed, Raster, Recognised, find_data, find_ocr
from bot.reading.sandbox import child
from bot.reading.sandbox.child import PdfDocument
from tests.bot.reading import papers
from tests.bot.reading.layouts import prose
from tests.bot.reading.papers import BODY
from tests.bot.reading.test_quality import OLD_OCR
from tests.examples import by_day
from tests.standalone import build_standalone

Save = Callable[[bytes], Path]
STAMP = "Préfecture de la Drôme - 26-2025-07-07-00017 - Arrêté n° 26-2025-12 portant autorisation 12"


class Fixed:
    """An engine that always reads the same, and counts."""

    def __init__(self, answer: Recognised | OcrFailed) -> None:
        self.answer = answer
        self.readings = 0

    def read(self, image: Raster) -> Recognised:
        assert image.data
        self.readings += 1
        if isinstance(self.answer, OcrFailed):
            raise self.answer
        return self.answer


def never() -> Ocr | None:
    pytest.fail("no page of this test needs an engine")


def opened(content: bytes, save: Save, ocr: Callable[[], Ocr | None] = never) -> PdfDocument:
    return PdfDocument(save(content), ocr)


def survey(content: bytes, save: Save) -> PageText:
    return opened(content, save).survey(1)


def sheet() -> FPDF:
    pdf = FPDF(unit="pt", format="A4")
    pdf.core_fonts_encoding = "windows-1252"
    pdf.set_auto_page_break(False)
    pdf.set_font("Helvetica", size=10)
    pdf.add_page()
    return pdf


def write(pdf: FPDF, left: float, top: float, lines: Sequence[str], leading: float = 13) -> None:
    for row, line in enumerate(lines):
        if line:
            pdf.text(left, top + leading * row, line)


def scanned(image: Image.Image, *, stamp: str = "", hidden: str = "") -> bytes:
    """A page that is this image, with a visible stamp at its foot and a text that nobody sees over it."""
    pdf = FPDF(unit="pt", format=(float(image.width), float(image.height)))
    pdf.core_fonts_encoding = "windows-1252"
    pdf.set_auto_page_break(False)
    pdf.set_font("Helvetica", size=20)
    pdf.add_page()
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG", quality=70)
    pdf.image(jpeg, x=0, y=0, w=pdf.w, h=pdf.h)
    lines = stamp.splitlines()
    write(pdf, 60, pdf.h - 16 - 24 * len(lines), lines, leading=24)
    with pdf.local_context(text_mode="INVISIBLE"):
        write(pdf, 60, 100, hidden.splitlines(), leading=28)
    return bytes(pdf.output())


def picture(text: str, turned: int = 0) -> Image.Image:
    """The page of this text as a scanner sees it, lying turned by so many degrees (anticlockwise)."""
    with pdfium.PdfDocument(build_standalone([text])) as document:
        image: Image.Image = document[0].render(scale=150 / 72, grayscale=True).to_pil()
    return image.rotate(turned, expand=True)


def two_columns() -> tuple[bytes, list[list[str]]]:
    columns = [textwrap.wrap(prose(random.Random(number), 300), 46)[:40] for number in (1, 2)]
    pdf = sheet()
    write(pdf, 60, 60, ["RÈGLEMENT DE LA VOIRIE DÉPARTEMENTALE APPLICABLE SUR TOUT LE TERRITOIRE DE LA DRÔME"])
    for row, lines in enumerate(zip(*columns, strict=True)):
        for left, line in zip((60, 310), lines, strict=True):
            write(pdf, left, 100 + 13 * row, [line])
    write(pdf, 60, 800, [STAMP])
    return bytes(pdf.output()), columns


def test_a_tab_parts_cells_and_nothing_else_does(saved: Save) -> None:
    pdf = sheet()
    prose_lines = ["des communes du Robert,  du François et du Marin,", "à  l'occasion du Nice", "Jazz Fest,  du 3 au 5 mars :"]
    rows = [("Site", "Caméras", "Type"), ("place Foch", "4", "fixe"), ("Bastille", "12", "dôme")]
    items = [("-", "la place Foch ;"), ("2.1", "la rue Haute ;"), ("Vu", "le code")]
    write(pdf, 60, 60, prose_lines)
    for top, lefts, lines in ((120, (60, 260, 380), rows), (180, (60, 110), items)):
        for row, line in enumerate(lines):
            for left, piece in zip(lefts, line, strict=True):
                write(pdf, left, top + 13 * row, [piece])
    # A justified line of two words.
    write(pdf, 60, 240, ["relatifs"])
    write(pdf, 160, 240, ["aux"])
    expected = [*(" ".join(line.split()) for line in prose_lines), *map("\t".join, rows), *map(" ".join, items), "relatifs aux"]
    assert survey(bytes(pdf.output()), saved).text.splitlines() == expected


def test_two_columns_drawn_line_by_line(saved: Save) -> None:
    content, columns = two_columns()
    page = survey(content, saved)
    lines = page.text.splitlines()
    assert lines[1:-1] == [line for column in columns for line in column]
    assert lines[0].startswith("RÈGLEMENT")
    assert lines[-1] == STAMP
    assert page.origin is TextOrigin.LAYER
    assert 0 < page.seconds < 10


def test_pieces_drawn_in_any_order(saved: Save) -> None:
    lines = textwrap.wrap(prose(random.Random(3), 300), 80)[:30]
    places = list(enumerate(lines))
    random.Random(4).shuffle(places)
    pdf = sheet()
    for row, line in places:
        write(pdf, 60, 60 + 13 * row, [line])
    assert survey(bytes(pdf.output()), saved).text.splitlines() == lines


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_a_text_that_runs_along_any_side(saved: Save, angle: int, rotation: int) -> None:
    sentences = BODY.split("\n\n")[1].splitlines()[:4]
    rows = [("Valence", "26000", "Place de la Liberté"), ("Romans", "26100", "Gare routière"), ("Die", "26150", "Halle")]
    pdf = sheet()
    with pdf.rotation(angle, 297, 421):
        write(pdf, 60, 250, sentences)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                write(pdf, 60 + 120 * column, 330 + 13 * number, [cell])
    write(pdf, 60, 825, [STAMP])
    page = survey(papers.turned(bytes(pdf.output()), rotation), saved)
    assert page.text.splitlines() == [*sentences, *map("\t".join, rows), STAMP]


def test_a_scan_is_pending_with_its_stamp_then_recognised(saved: Save) -> None:
    engine = Fixed(Recognised(BODY, 93))
    document = opened(scanned(picture(BODY), stamp=STAMP), saved, lambda: engine)
    assert document.survey(1) == PageText(1, STAMP, TextOrigin.PENDING)
    assert engine.readings == 0
    page = document.recognise(1)
    assert page == PageText(1, BODY.rstrip("\n") + "\n" + STAMP, TextOrigin.OCR, confidence=93)
    assert page.seconds > 0


def test_a_scan_under_a_very_long_running_title_is_no_page_of_text(saved: Save) -> None:
    stamp = STAMP.removesuffix("12") + "dans les lieux de la commune pour la sécurité des personnes et des biens " * 9 + "12"
    document = opened(scanned(picture(BODY), stamp=textwrap.fill(stamp, 110)), saved, lambda: Fixed(Recognised(BODY, 93)))
    layer = document.survey(1)
    assert len(layer.text) > LITTLE_TEXT
    assert layer.origin is TextOrigin.PENDING
    page = document.recognise(1)
    assert page.origin is TextOrigin.OCR
    assert fold_letters(BODY) in fold_letters(page.text)


@pytest.mark.parametrize("engine", [None, Fixed(OcrFailed("out of memory"))])
def test_a_scan_that_cannot_be_recognised_is_unreadable(saved: Save, engine: Ocr | None) -> None:
    document = opened(scanned(picture(BODY), stamp=STAMP), saved, lambda: engine)
    assert document.recognise(1) == PageText(1, "", TextOrigin.UNREADABLE)


def test_a_scan_that_carries_a_good_ocr_is_not_read_again(saved: Save) -> None:
    document = opened(scanned(picture(BODY), hidden=BODY * 5), saved)
    assert document.survey(1).origin is TextOrigin.LAYER
    assert document.recognise(1).text.split() == (BODY * 5).split()


def test_a_poor_old_ocr_is_kept_beside_the_new_one(saved: Save) -> None:
    engine = Fixed(Recognised(BODY * 3, 93))
    document = opened(scanned(picture(BODY), hidden=OLD_OCR), saved, lambda: engine)
    assert document.survey(1).origin is TextOrigin.PENDING
    page = document.recognise(1)
    assert (page.text, page.origin, page.confidence) == (BODY * 3, TextOrigin.OCR, 93)
    assert page.other.split() == OLD_OCR.split()


@pytest.mark.parametrize(
    ("engine", "other"),
    [(None, ""), (Fixed(OcrFailed("no")), ""), (Fixed(Recognised("Xqzv wbrt", 90)), "Xqzv wbrt")],
)
def test_a_poor_old_ocr_is_better_than_nothing(saved: Save, engine: Ocr | None, other: str) -> None:
    page = opened(scanned(picture(BODY), hidden=OLD_OCR), saved, lambda: engine).recognise(1)
    assert page.text.split() == OLD_OCR.split()
    assert (page.origin, page.other) == (TextOrigin.LAYER, other)


@pytest.mark.parametrize("stamp", ["", STAMP])
def test_a_text_over_a_blank_sheet_that_was_scanned_is_not_what_is_seen(saved: Save, stamp: str) -> None:
    blank = Image.new("L", (1240, 1754), 235)
    page = opened(scanned(blank, stamp=stamp, hidden=BODY * 5), saved, lambda: Fixed(Recognised(stamp, 90 if stamp else 0))).recognise(1)
    assert (page.text, page.origin) == (stamp, TextOrigin.OCR if stamp else TextOrigin.UNREADABLE)


@pytest.mark.parametrize("stamp", ["", STAMP])
def test_a_blank_sheet_that_was_scanned_is_not_recognised(saved: Save, stamp: str) -> None:
    noise = Image.effect_noise((1240, 1754), 6).point(lambda level: min(255, level + 100))
    document = opened(scanned(noise, stamp=stamp), saved)
    assert document.survey(1) == PageText(1, stamp, TextOrigin.PENDING)
    assert document.recognise(1) == PageText(1, stamp, TextOrigin.LAYER if stamp else TextOrigin.BLANK)


def test_a_faint_scan_is_not_blank(saved: Save) -> None:
    faint = picture(BODY).point(lambda level: 217 + level * 33 // 255)
    assert opened(scanned(faint), saved, lambda: Fixed(Recognised(BODY, 93))).recognise(1).origin is TextOrigin.OCR


@pytest.mark.parametrize("stamp", ["", STAMP])
def test_a_scan_of_a_page_of_text_is_drawn_once(saved: Save, monkeypatch: pytest.MonkeyPatch, stamp: str) -> None:
    """The drawing that is recognised shows well enough that the page is not blank."""
    drawn: list[tuple[int, int]] = []

    def counted(page: pdfium.PdfPage, dpi: int, turn: int) -> Raster:
        drawn.append((dpi, turn))
        return drawing.draw(page, dpi, turn)

    monkeypatch.setattr(child, "draw", counted)
    monkeypatch.setattr(child, "ink", lambda *_: pytest.fail("drawn a second time"))
    engine = Fixed(Recognised(BODY, 93))
    page = opened(scanned(picture(BODY * 3), stamp=stamp), saved, lambda: engine).recognise(1)
    assert (page.origin, engine.readings, drawn) == (TextOrigin.OCR, 1, [(150, 0)])


def test_the_letters_of_a_stamp_are_no_ink_of_the_scan_below_it(saved: Save) -> None:
    stamp = textwrap.fill("M" * 40 + " autorisation de la mise en œuvre" * 15, 70)
    assert len(stamp) < LITTLE_TEXT
    document = opened(scanned(Image.new("L", (1240, 1754), 235), stamp=stamp), saved)
    page = document.recognise(1)
    assert (page.origin, page.text) == (TextOrigin.LAYER, stamp)


@pytest.mark.parametrize("stamp", ["", STAMP])
def test_dust_is_no_text_and_one_short_faint_line_is(saved: Save, stamp: str) -> None:
    dusty, line = Image.new("L", (1654, 2339), 245), Image.new("L", (1654, 2339), 245)
    chance = random.Random(7)
    for _ in range(40):
        x, y = chance.randrange(1650), chance.randrange(2330)
        dusty.paste(60, (x, y, x + chance.choice((1, 2, 3)), y + chance.choice((1, 2, 3))))
    ImageDraw.Draw(line).text((200, 300), "Vu le code", font=ImageFont.load_default(31), fill=120)
    assert opened(scanned(dusty, stamp=stamp), saved).recognise(1).origin is (TextOrigin.LAYER if stamp else TextOrigin.BLANK)
    engine = Fixed(Recognised("Vu le code", 90))
    page = opened(scanned(line, stamp=stamp), saved, lambda: engine).recognise(1)
    assert (page.origin, "Vu le code" in page.text, engine.readings) == (TextOrigin.OCR, True, 1)


@pytest.mark.parametrize("pasted", [True, False])
def test_a_scan_pasted_under_half_a_page_of_text_is_read_too(saved: Save, pasted: bool) -> None:
    lines = textwrap.wrap(prose(random.Random(5), 220), 90)[:12]
    pdf = sheet()
    image = picture(BODY * 2) if pasted else Image.new("L", (1240, 1754), 235)
    pdf.image(image, x=30, y=280, w=540, h=540)
    write(pdf, 60, 60, lines)
    engine = Fixed(Recognised("\n".join([*lines, BODY]), 90))
    document = opened(bytes(pdf.output()), saved, lambda: engine)
    assert LITTLE_TEXT <= len("\n".join(lines)) < HALF_A_PAGE
    assert document.survey(1).origin is TextOrigin.PENDING
    page = document.recognise(1)
    assert (page.origin, engine.readings) == ((TextOrigin.OCR, 1) if pasted else (TextOrigin.LAYER, 0))
    assert ("2023-380" in page.text) == pasted
    assert all(line in page.text for line in lines)


def test_garbage_is_never_shown_as_text(saved: Save) -> None:
    garbled = papers.pages_of([papers.stream(papers.text_content(BODY))], font=papers.FONT_WITH_MAP, extra=[papers.private_map()])
    document = opened(garbled, saved, lambda: Fixed(Recognised(BODY, 90)))
    assert document.survey(1) == PageText(1, "", TextOrigin.PENDING)
    assert document.recognise(1) == PageText(1, BODY, TextOrigin.OCR, confidence=90)


def test_garbage_in_which_the_engine_sees_nothing_is_unreadable(saved: Save) -> None:
    garbled = papers.pages_of([papers.stream(papers.text_content(BODY))], font=papers.FONT_WITH_MAP, extra=[papers.lost_map()])
    assert opened(garbled, saved, lambda: Fixed(Recognised(" ", 0))).recognise(1) == PageText(1, "", TextOrigin.UNREADABLE)


def test_the_engine_is_looked_for_once(saved: Save) -> None:
    sought: list[None] = []
    document = opened(build_standalone([BODY, BODY], scanned=True), saved, lambda: sought.append(None))
    assert [document.recognise(number).origin for number in (1, 2)] == [TextOrigin.UNREADABLE] * 2
    assert len(sought) == 1


@pytest.mark.usefixtures("with_ocr")
@pytest.mark.parametrize("turned", by_day([90, 180], 1))
def test_a_scan_that_lies_the_wrong_way_is_read(saved: Save, turned: int) -> None:
    page = opened(scanned(picture(BODY, turned)), saved, lambda: find_ocr(find_data())).recognise(1)
    assert page.origin is TextOrigin.OCR
    assert page.confidence is not None
    assert page.confidence >= 85
    assert fold_letters("portant autorisation d'un traitement algorithmique des images") in fold_letters(page.text)
