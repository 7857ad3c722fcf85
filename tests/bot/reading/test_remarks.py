"""Tesseract makes remarks while it reads ("Detected 40 diacritics"); a confined process must survive them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

from bot.domain.text import TextOrigin
from bot.reading.reader import read_pdf

LINES = ("Article 1 : Le syst\u00e8me de vid\u00e9oprotection est autoris\u00e9.", "Article 2 : Le registre est tenu \u00e0 jour.")


def dusty() -> bytes:
    """A scan with so much dust that Tesseract takes it for stray accents, and says so."""
    image = Image.new("L", (1240, 700), 255)
    pen = ImageDraw.Draw(image)
    for row in range(12):
        pen.text((120, 60 + 50 * row), LINES[row % 2], font=ImageFont.load_default(size=30), fill=0)
    random = Random(7)
    for _ in range(500):
        x, y = random.randrange(image.width), random.randrange(image.height)
        pen.ellipse((x, y, x + 3, y + 3), fill=90)
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG", quality=80)
    pdf = FPDF(format="A4")
    pdf.add_page()
    pdf.image(jpeg, x=0, y=20, w=210)
    return bytes(pdf.output())


@pytest.mark.usefixtures("with_ocr")
async def test_a_page_that_tesseract_remarks_on_is_read(saved: Callable[[bytes], Path]) -> None:
    reading = await read_pdf(saved(dusty()))
    [page] = reading.pages
    assert page.origin is TextOrigin.OCR
    assert "Article" in page.text
