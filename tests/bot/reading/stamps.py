"""Scans of decrees on which stamps and a signature cover number, day and office."""

from __future__ import annotations

import io
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from math import cos, pi, sin
from random import Random

import pypdfium2 as pdfium
from fpdf import FPDF
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from bot.app.demo.pdfs import add_page, lines_by_page, new_pdf
from bot.domain.acts import Facts, Outcome
from bot.domain.text import PageText
from bot.ingest.judging import decree_of, judge_reading
from bot.reading.acts.cutting import assemble

DPI = 200
_NOISE = bytes(118 + level // 13 for level in range(256))
INKS = {"blue": (40, 60, 170), "violet": (110, 50, 150), "red": (200, 40, 50), "black": (25, 25, 25)}
STRENGTHS = (0.6, 0.9)
DECREES = (
    ("2026-431", date(2026, 5, 2), "2 mai 2026", "Toulon", "le sous-préfet, directeur de cabinet", "Le sous-préfet, directeur de cabinet"),
    ("BSI-2026-118", date(2026, 10, 17), "17 octobre 2026", "Nîmes", "Le préfet du Gard", "Le préfet du Gard"),
    ("2027-0017", date(2027, 1, 8), "8 janvier 2027", "Valence", "la directrice de cabinet", "La directrice de cabinet"),
    ("2026-BSP-OP-117", date(2026, 8, 21), "21 août 2026", "Marseille", "Le secrétaire général", "Le secrétaire général"),
    ("2026-00931", date(2026, 6, 13), "13 juin 2026", "Paris", "Le préfet de police", "Le préfet de police"),
)
TEXT = """Arrêté n° {number} portant autorisation de l'emploi d'un traitement algorithmique des images issues d'un système de \
vidéoprotection

Vu la loi n° 2023-380 du 19 mai 2023, notamment son article 10 ;
Vu la demande présentée par la SNCF ;
ARRÊTE
Article 1er - La SNCF est autorisée à mettre en œuvre un traitement algorithmique des images issues d'un système de \
vidéoprotection dans la gare du Nord et la gare de l'Est, du 3 au 6 mai 2028, à l'occasion du festival des Moulins.
Article 2 - Le logiciel utilisé est Cityvision, de la société Wintics. Il traite les images de 42 caméras.
Article 3 - Le directeur de cabinet et le commandant de la gendarmerie sont chargés de l'exécution du présent arrêté.

{blank}Fait à {town}, le {day}

{blank}{office},
"""
Box = tuple[float, float, float, float]


def stamped(decree: int, ink: str | None, strength: float, *, in_ink: bool = False) -> bytes:
    """Return a scan of a decree in colour, under stamps and a signature of this ink; `in_ink`: nothing but its day is of it."""
    random = Random(f"{decree} {ink} {strength} {in_ink}")
    image, boxes = _printed(decree)
    marks = Image.new("RGB", image.size, "white")
    if ink is not None and in_ink:
        left, top, right, bottom = boxes["day"]
        ImageDraw.Draw(image).rectangle((left - 4, top - 4, right + 4, bottom + 4), fill="white")
        ImageDraw.Draw(marks).text((left, top - 2), DECREES[decree][2].upper(), fill=INKS[ink], font=ImageFont.load_default(30))
    elif ink is not None:
        for name in ("number", "day", "office"):
            left, top, right, bottom = boxes[name]
            centre = (left + right) / 2 + random.uniform(-60, 60), (top + bottom) / 2 + random.uniform(-40, 40)
            drawn = _signature(INKS[ink], random) if name == "office" else _stamp(INKS[ink])
            turned = drawn.rotate(random.uniform(-35, 35), Image.Resampling.BICUBIC, expand=True, fillcolor="white")
            layer = Image.new("RGB", image.size, "white")
            layer.paste(turned, (int(centre[0] - turned.width / 2), int(centre[1] - turned.height / 2)))
            marks = ImageChops.multiply(marks, layer)
    inked = ImageChops.multiply(image, Image.blend(Image.new("RGB", image.size, "white"), marks, strength))
    return _scanned(inked, random)


def _printed(decree: int) -> tuple[Image.Image, dict[str, Box]]:
    number, _, day, town, office, _ = DECREES[decree]
    pdf = new_pdf(datetime(2026, 1, 1, tzinfo=UTC))
    [lines] = lines_by_page(pdf, [TEXT.format(number=number, day=day, town=town, office=office, blank="\N{NO-BREAK SPACE}" * 50)])
    add_page(pdf, lines)
    with closing(pdfium.PdfDocument(bytes(pdf.output()))) as document, closing(document[0]) as page, closing(page.get_textpage()) as text:
        scale, height = DPI / 72, page.get_height()

        def box(words: str) -> Box:
            first, count = text.search(words, match_case=True).get_next()
            left, bottom, _, top = text.get_charbox(first)
            right = text.get_charbox(first + count - 1)[2]
            return left * scale, (height - top) * scale, right * scale, (height - bottom) * scale

        boxes = {"number": box(number), "day": box(day), "office": box(office)}
        return page.render(scale=scale).to_pil().convert("RGB"), boxes


def _stamp(ink: tuple[int, int, int]) -> Image.Image:
    """A round one: two rings with words between them, and a seated figure of lines."""
    size = 300
    image, font = Image.new("RGB", (size, size), "white"), ImageFont.load_default(22)
    pen, words = ImageDraw.Draw(image), "PREFECTURE * REPUBLIQUE * "
    pen.ellipse((4, 4, size - 4, size - 4), outline=ink, width=7)
    pen.ellipse((42, 42, size - 42, size - 42), outline=ink, width=4)
    for place, letter in enumerate(words):
        angle = 2 * pi * place / len(words)
        pen.text((size / 2 + 127 * sin(angle), size / 2 - 127 * cos(angle)), letter, fill=ink, font=font, anchor="mm")
    pen.ellipse((132, 84, 168, 120), fill=ink)
    for place in range(-3, 4):
        pen.line((size / 2 + 8 * place, 125, size / 2 + 16 * place, 210), fill=ink, width=4)
    return image


def _signature(ink: tuple[int, int, int], random: Random) -> Image.Image:
    image = Image.new("RGB", (420, 220), "white")
    turns, phase = random.uniform(4, 7), random.uniform(0, pi)
    points = [(20 + 380 * step / 300, 110 + 95 * sin(turns * 2 * pi * step / 300 + phase) * cos(step / 70)) for step in range(301)]
    ImageDraw.Draw(image).line(points, fill=ink, width=5, joint="curve")
    return image


def _scanned(image: Image.Image, random: Random) -> bytes:
    """As a scanner leaves it: askew, neither white nor black, with noise, as a JPEG."""
    turned = image.rotate(random.uniform(-0.6, 0.6), Image.Resampling.BICUBIC, fillcolor="white").filter(ImageFilter.GaussianBlur(0.6))
    faded = turned.point([round(28 + level * (246 - 28) / 255) for level in range(256)] * 3)
    noise = Image.frombytes("L", image.size, random.randbytes(image.width * image.height).translate(_NOISE))
    jpeg = io.BytesIO()
    ImageChops.add(faded, Image.merge("RGB", (noise,) * 3), offset=-128).save(jpeg, "JPEG", quality=75)
    pdf = FPDF(format="A4")
    pdf.add_page()
    pdf.image(jpeg, x=0, y=0, w=210, h=297)
    return bytes(pdf.output())


def told(page: PageText, act_id: str | None) -> Facts:
    """The facts of the decree on this page as they are told, in an act with this identifier or with none."""
    reading = assemble((page,))
    reading = replace(reading, acts=tuple(replace(act, id=act_id) for act in reading.acts))
    found = (item for item in judge_reading(reading) if item.verdict.outcome is Outcome.DECREE)
    return next((decree_of("83", "https://example.org/", None, item).facts for item in found), Facts())
