"""Pages drawn by the real process: what is highlighted, what is covered, in what size."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image, ImageChops

from bot.delivery.picture import child
from bot.delivery.picture.album import draw
from bot.delivery.picture.child import placed_words
from bot.delivery.picture.wire import Draw, Drawing, Drawn, NoPicture, NoPictureReason
from bot.reading.pages.recognition import EngineKind, OcrFailed, Raster, TesseractCommand, find_data, find_ocr
from bot.reading.sandbox.process import StartOrder
from bot.reading.sandbox.worker import Worker
from tests.bot.delivery.picture.papers import (
    BRIEF,
    DECREE,
    NAMES,
    PERIOD,
    PHRASES,
    TITLE,
    boxes_of,
    image_of,
    is_slate,
    pixels_in,
    yellow_pixels,
)
from tests.bot.reading import papers
from tests.standalone import build_standalone

Save = Callable[[bytes], Path]


async def test_telling_phrases_are_highlighted_where_they_stand(saved: Save) -> None:
    pdf = build_standalone([DECREE])
    drawn = await draw(saved(pdf), 1, (*PHRASES, "sans rapport avec cette page"))
    image = image_of(drawn)
    assert drawn.found == (0, 1, 2)
    for phrase in ("portant autorisation", "118 caméras"):
        boxes = boxes_of(pdf, phrase, drawn)
        marked = pixels_in(image, boxes)
        assert yellow_pixels(image, boxes) > len(marked) / 2
        assert any(max(pixel) < 60 for pixel in marked), "black letters stay black"
    assert yellow_pixels(image, boxes_of(pdf, "Le préfet de police", drawn)) == 0


async def test_names_and_signatures_are_covered_whole(saved: Save) -> None:
    pdf = build_standalone([DECREE])
    drawn = await draw(saved(pdf), 1, PHRASES)
    image = image_of(drawn)
    for name in (*NAMES, "Dominique EXEMPLE\n".strip(), "La directrice adjointe du cabinet"):
        assert all(map(is_slate, pixels_in(image, boxes_of(pdf, name, drawn)))), name
    for shown in ("représentée par son maire", "Fait à Paris, le 17 avril 2031", "Ce recours peut être formé", "directeur de la sûreté"):
        assert not any(map(is_slate, pixels_in(image, boxes_of(pdf, shown, drawn)))), shown
    assert drawn.covered == 4


async def test_a_name_is_covered_even_inside_a_phrase(saved: Save) -> None:
    pdf = build_standalone([DECREE])
    drawn = await draw(saved(pdf), 1, (f"Vu l'avis de {NAMES[1]}, référente",))
    assert drawn.found == (0,)
    assert all(map(is_slate, pixels_in(image_of(drawn), boxes_of(pdf, NAMES[1], drawn))))


@pytest.mark.usefixtures("with_ocr")
async def test_a_scan_is_read_and_treated_alike(saved: Save) -> None:
    text = read_again(await scan_drawn(saved(build_standalone([DECREE], scanned=True))))
    for name in ("Camille", "Dominique", "Exemple", "EXEMPLE"):
        assert name not in text
    assert "Fait à Paris" in text
    assert "118 caméras" in text


@pytest.mark.usefixtures("with_ocr")
async def test_a_scan_is_shown_upright(saved: Save) -> None:
    # Recognised up to four times each: of few lines.
    pdf = build_standalone([BRIEF], scanned=True)
    upright = await scan_drawn(saved(pdf))
    for turn in (90, 180, 270):
        turned = await scan_drawn(saved(turned_by(turn, pdf)))
        # A name that is not covered, or a page that is not upright, differs by far more; the edge of a cover by less.
        assert turned.size == upright.size
        assert not any(ImageChops.difference(roughly(turned), roughly(upright)).histogram()[100:]), turn


async def scan_drawn(path: Path) -> Image.Image:
    drawn = await draw(path, 1, PHRASES)
    image = image_of(drawn)
    assert drawn.found == (0, 1, 2)
    assert image.width < image.height
    assert yellow_pixels(image) > 20_000
    return image


def turned_by(degrees: int, pdf: bytes) -> bytes:
    with pdfium.PdfDocument(pdf) as document:
        document[0].set_rotation(degrees)
        out = io.BytesIO()
        document.save(out)
    return out.getvalue()


def roughly(image: Image.Image) -> Image.Image:
    """A third of a line of text for each pixel."""
    return image.convert("L").reduce(8)


def read_again(image: Image.Image) -> str:
    """What anybody's own recognition makes of the picture."""
    engine = find_ocr(find_data())
    assert engine is not None
    grey = image.convert("L")
    return engine.read(Raster(grey.tobytes(), grey.width, grey.height, grey.width, 150)).text


async def test_a_scan_that_nobody_looked_through_is_not_shown(saved: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.delivery.picture.album.engine_kind", lambda: None)
    with pytest.raises(NoPicture) as none:
        await draw(saved(build_standalone([DECREE], scanned=True)), 1, PHRASES)
    assert none.value.why is NoPictureReason.UNREAD


async def test_the_same_page_gives_the_same_bytes(saved: Save) -> None:
    path = saved(build_standalone([DECREE]))
    assert await draw(path, 1, PHRASES) == await draw(path, 1, PHRASES)


@pytest.mark.parametrize(
    ("format_", "sides"),
    [
        ((595, 842), (1280, 1810)),
        ((842, 595), (1280, 904)),
        ((2384, 3370), (1280, 1810)),
        ((200, 280), (556, 778)),
        ((300, 2400), (226, 1810)),
    ],
)
async def test_sizes(saved: Save, format_: tuple[int, int], sides: tuple[int, int]) -> None:
    drawn = await draw(saved(paper(*format_)), 1)
    assert (drawn.width, drawn.height) == image_of(drawn).size
    assert all(abs(side - expected) <= 2 for side, expected in zip((drawn.width, drawn.height), sides, strict=True))


@pytest.mark.parametrize("format_", [(14_000, 100), (100, 14_000), (20, 20), (3, 900)])
async def test_shapes_that_no_platform_takes(saved: Save, format_: tuple[int, int]) -> None:
    with pytest.raises(NoPicture) as none:
        await draw(saved(paper(*format_)), 1)
    assert none.value.why is NoPictureReason.SHAPE


def paper(width: int, height: int) -> bytes:
    pdf = papers.pages_of([papers.stream(papers.text_content(papers.BODY, size=8).replace(b"60 780", b"1 %d" % (height // 2)))])
    return pdf.replace(b"[0 0 595 842]", (b"[0 0 %d %d]" % (width, height)).ljust(13))


async def test_the_page_that_is_asked_for(saved: Save) -> None:
    pdf = build_standalone(["Une autre page", DECREE])
    drawn = await draw(saved(pdf), 2, (TITLE,))
    assert drawn.found == (0,)
    assert yellow_pixels(image_of(drawn), boxes_of(pdf, "portant autorisation", drawn, page=2)) > 0


async def test_a_phrase_that_runs_on_to_the_next_page_is_highlighted_as_far_as_it_goes(saved: Save) -> None:
    pdf = build_standalone([DECREE])
    drawn = await draw(saved(pdf), 1, (f"{PERIOD}, un traitement algorithmique des sons et des odeurs, ou de ce qui vient ensuite",))
    assert drawn.found == (0,)


async def test_form_fields_are_shown(saved: Save) -> None:
    drawn = await draw(saved(papers.form({(130, 300): "place du marché"})), 1, ("place du marché",))
    assert drawn.found == (0,)


@pytest.mark.parametrize("page", [0, 2, -1, 10**6])
async def test_pages_that_are_not_there(saved: Save, page: int) -> None:
    with pytest.raises(NoPicture) as none:
        await draw(saved(build_standalone([DECREE])), page)
    assert none.value.why is NoPictureReason.NO_SUCH_PAGE


@pytest.mark.parametrize("most", [1_000_000, 60_000])
async def test_a_file_is_as_large_as_allowed_where_fewer_greys_do_it(saved: Save, most: int) -> None:
    drawn = await draw(saved(build_standalone([DECREE])), 1, PHRASES, Drawing(most_bytes=most))
    assert len(drawn.png) <= most
    assert yellow_pixels(image_of(drawn)) > 0


def test_a_page_with_more_text_than_any_is_not_shown(saved: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "MOST_CHARACTERS", 100)
    with pytest.raises(NoPicture) as none:
        child.draw_page(saved(build_standalone([DECREE])), Draw(1, (), 1280, 1810), lambda: None)
    assert none.value.why is NoPictureReason.TOO_MUCH_TEXT


def test_drawn_pictures_do_not_show_their_bytes() -> None:
    assert "png" not in repr(Drawn(b"x", 1, 1, (), 0))


@pytest.mark.usefixtures("with_ocr")
async def test_only_a_page_that_must_be_recognised_is_given_to_a_process_that_may_start_programs(
    saved: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[StartOrder] = []
    start = Worker.start

    async def noted(one: StartOrder, module: str) -> Worker:
        started.append(one)
        return await start(one, module)

    monkeypatch.setattr("bot.delivery.picture.album.engine_kind", lambda: EngineKind.COMMAND)
    monkeypatch.setattr(Worker, "start", noted)
    await draw(saved(build_standalone([DECREE])), 1, PHRASES)
    assert [(one.data, one.commands) for one in started] == [(None, False)]
    drawn = await draw(saved(build_standalone([DECREE], scanned=True)), 1, PHRASES)
    assert [(one.data, one.commands) for one in started[1:]] == [(None, False), (find_data(), True)]
    assert drawn.found == (0, 1, 2)


def test_the_words_of_the_command_are_read_like_those_of_the_library(tmp_path: Path) -> None:
    command = tmp_path / "tesseract"
    row = "5\\t1\\t1\\t1\\t1\\t1\\t100\\t50\\t60\\t20\\t90\\tArrêté\\n"
    command.write_text(f"#!/bin/sh\ncat > /dev/null\nprintf 'level\\n{row}'\n", encoding="utf-8")
    command.chmod(0o700)
    engine = TesseractCommand(str(command), tmp_path)
    image = Raster(bytes(4), 2, 2, 2, 150)
    assert placed_words(engine.words(image), 1).boxes == ((100, 50, 160, 70),) * 6
    command.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    with pytest.raises(OcrFailed):
        engine.words(image)
