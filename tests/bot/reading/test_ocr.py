from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from bot.domain.text import fold_letters
from bot.reading.pages.drawing import draw
from bot.reading.pages.recognition import (
    InProcess,
    Ocr,
    OcrFailed,
    Raster,
    Recognised,
    TesseractCommand,
    find_data,
    find_ocr,
    in_lines,
    recognise,
    words_of,
)
from tests.bot.reading.papers import BODY
from tests.standalone import build_standalone


class Scripted:
    """An engine that gives the answers of a script."""

    def __init__(self, *answers: Recognised | OcrFailed) -> None:
        self.answers = list(answers)
        self.seen: list[tuple[int, int]] = []

    def read(self, image: Raster) -> Recognised:
        self.seen.append((image.dpi, image.stride))
        answer = self.answers.pop(0)
        if isinstance(answer, OcrFailed):
            raise answer
        return answer


def blank(dpi: int, turn: int) -> Raster:
    """A page so small that its stride can tell how it was turned."""
    return Raster(b"\xff", 1, 1, turn, dpi)


LONG = "some words that were read on the page"


@pytest.mark.parametrize(
    ("answers", "kept", "seen"),
    [
        ([Recognised("sure", 85)], "sure", [(150, 0)]),
        ([Recognised("poor", 84), Recognised("better", 90)], "better", [(150, 0), (220, 0)]),
        ([Recognised("poor", 84), Recognised("worse", 60)], "poor", [(150, 0), (220, 0)]),
        ([Recognised("poor", 84), OcrFailed("out of memory")], "poor", [(150, 0), (220, 0)]),
        ([Recognised("a whole page", 70), Recognised("I", 96)], "a whole page", [(150, 0), (220, 0)]),
        ([Recognised(" ", 0)], " ", [(150, 0)]),
        # Upside down.
        ([Recognised(LONG, 41), Recognised(LONG + "!", 95)], LONG + "!", [(150, 0), (150, 180)]),
        # Upside down and hard to read.
        ([Recognised(LONG, 41), Recognised(LONG + "!", 70), Recognised(LONG + "!!", 88)], LONG + "!!", [(150, 0), (150, 180), (220, 180)]),
        # On its side, which the engine did not see.
        ([Recognised(LONG, 41), Recognised(LONG, 30), Recognised(LONG + "!", 95)], LONG + "!", [(150, 0), (150, 180), (150, 90)]),
        # A map: it has no side that reads better, and is given up after four looks.
        (
            [Recognised(LONG, 50), Recognised(LONG, 30), Recognised("N", 99), Recognised(LONG + "!", 52)],
            LONG + "!",
            [(150, 0), (150, 180), (150, 90), (220, 0)],
        ),
        # A photograph: a few marks taken for letters say nothing.
        ([Recognised("i . ,", 30), Recognised("i .", 20)], "i . ,", [(150, 0), (220, 0)]),
    ],
)
def test_another_look_when_unsure_and_another_way_up_when_hardly_a_word_is_sure(
    answers: Sequence[Recognised | OcrFailed], kept: str, seen: list[tuple[int, int]]
) -> None:
    engine = Scripted(*answers)
    assert recognise(engine, blank).text == kept
    assert engine.seen == seen


def test_a_failed_first_look_is_told() -> None:
    with pytest.raises(OcrFailed):
        recognise(Scripted(OcrFailed("no")), blank)


def test_where_the_french_data_is_looked_for(tmp_path: Path) -> None:
    (tmp_path / "tessdata").mkdir()
    (tmp_path / "tessdata" / "fra.traineddata").write_bytes(b"data")
    assert find_data({"TESSDATA_PREFIX": str(tmp_path)}) == tmp_path / "tessdata"
    assert find_data({"TESSDATA_PREFIX": str(tmp_path / "tessdata")}) == tmp_path / "tessdata"


def test_data_that_is_no_data_gives_no_engine_in_process(tmp_path: Path) -> None:
    (tmp_path / "fra.traineddata").write_bytes(b"data")
    engine = find_ocr(tmp_path)
    assert not isinstance(engine, InProcess)


def test_the_table_of_the_command_becomes_lines() -> None:
    header = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"
    rows = ["1\t1\t0\t0\t0\t0\t0\t0\t9\t9\t-1\t", *(f"5\t1\t{b}\t{p}\t{n}\t1\t0\t0\t9\t9\t{c}\t{w}" for b, p, n, c, w in [
        (1, 1, 1, 90, "Vu"), (1, 1, 1, 80.5, '"code"'), (1, 1, 2, 96, "suite"), (2, 1, 1, 94, "Article"),
    ])]  # fmt: skip
    read = in_lines(words_of(header + "\n".join(rows)))
    assert read.text == 'Vu "code"\nsuite\n\nArticle\n'
    assert read.confidence == 90
    assert in_lines(words_of(header)) == Recognised("", 0)


def scanned() -> Raster:
    with pdfium.PdfDocument(build_standalone([BODY], scanned=True)) as document:
        return draw(document[0], 150)


def engines() -> list[Ocr]:
    data = find_data({})
    command = shutil.which("tesseract")
    if data is None:
        return []
    return [InProcess(data), *([TesseractCommand(command, data)] if command else [])]


@pytest.mark.usefixtures("with_ocr")
def test_every_engine_reads_the_same_page() -> None:
    image = scanned()
    found = engines()
    assert found
    for engine in found:
        read = engine.read(image)
        assert read.confidence >= 85
        assert fold_letters("portant autorisation d'un traitement algorithmique des images") in fold_letters(read.text)
        assert "\n" in read.text.strip()


@pytest.mark.usefixtures("with_ocr")
def test_the_command_needs_nothing_but_the_data(tmp_path: Path) -> None:
    """A folder of one's own, with a better `fra.traineddata` in it, has none of Tesseract's configuration files."""
    command, data = shutil.which("tesseract"), find_data({})
    if command is None or data is None:
        pytest.skip("no tesseract command on this machine")
    (tmp_path / "fra.traineddata").symlink_to(data / "fra.traineddata")
    image = scanned()
    assert TesseractCommand(command, tmp_path).read(image) == TesseractCommand(command, data).read(image)


@pytest.mark.usefixtures("with_ocr")
def test_a_command_that_fails_is_told(tmp_path: Path) -> None:
    command = shutil.which("tesseract")
    if command is None:
        pytest.skip("no tesseract command on this machine")
    with pytest.raises(OcrFailed, match="status"):
        TesseractCommand(command, tmp_path).read(blank(150, 1))
