"""An invented decree with invented names, and what a picture of it shows."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pypdfium2 as pdfium
from PIL import Image, ImageChops

from bot.delivery.picture.album import _SLATE
from bot.delivery.picture.wire import Drawn

TITLE = "portant autorisation de l'emploi d'un traitement algorithmique des images issues d'un système de vidéoprotection"
PERIOD = "du 19 avril 2031 à 14 heures au 22 avril 2031 à 6 heures"
PHRASES = (TITLE, PERIOD, "118 caméras")
NAMES = ("M. Camille EXEMPLE", "Mme Dominique d'Exemple-Test", "Jean EXEMPLE")
DECREE = f"""PRÉFECTURE DE POLICE
Arrêté n° 2031-00493
{TITLE} du 19 au 22 avril 2031

Le préfet de police,
Vu la loi n° 2023-380 du 19 mai 2023 relative aux jeux Olympiques et Paralympiques de 2024, notamment son article 10 ;
Vu la demande présentée le 2 avril 2031 par {NAMES[0]}, directeur de la sûreté de la SNCF ;
Vu l'avis de {NAMES[1]}, référente ;
Considérant que la commune, représentée par son maire {NAMES[2]}, accueille une manifestation exposée à des risques ;

ARRÊTE

Article 1er : Le service interne de sécurité de la SNCF est autorisé à mettre en oeuvre, {PERIOD}, un traitement algorithmique des images
issues de 118 caméras installées en gare de Lyon et en gare de Bercy.
Article 2 : Le présent arrêté peut faire l'objet d'un recours devant le tribunal administratif de Paris dans un délai de deux mois.

Fait à Paris, le 17 avril 2031
Pour le préfet de police et par délégation,
La directrice adjointe du cabinet
Dominique EXEMPLE

Ce recours peut être formé au moyen de l'application informatique Télérecours citoyens accessible par internet.
"""

BRIEF = f"""{TITLE}
{PERIOD}, 118 caméras
Vu la demande présentée par {NAMES[0]}, directeur de la sûreté ;
Fait à Paris, le 17 avril 2031
La directrice adjointe du cabinet
Dominique EXEMPLE
"""

Pixel = tuple[int, int, int]


def image_of(drawn: Drawn) -> Image.Image:
    image = Image.open(io.BytesIO(drawn.png))
    image.load()
    return image.convert("RGB")


def boxes_of(pdf: bytes, text: str, drawn: Drawn, page: int = 1) -> list[tuple[int, int, int, int]]:
    """Where a text of a page stands on its picture, line by line, as pdfium's own search tells."""
    with pdfium.PdfDocument(pdf) as document:
        sheet = document[page - 1]
        width, height = sheet.get_size()
        across, down = drawn.width / width, drawn.height / height
        textpage = sheet.get_textpage()
        found = textpage.search(text).get_next()
        assert found is not None, f"{text!r} is not on the page"
        boxes = []
        for index in range(textpage.count_rects(*found)):
            left, bottom, right, top = textpage.get_rect(index)
            boxes.append((round(left * across), round((height - top) * down), round(right * across), round((height - bottom) * down)))
        return boxes


def pixels_in(image: Image.Image, boxes: Sequence[tuple[int, int, int, int]]) -> list[Pixel]:
    parts = [image.crop(box).tobytes() for box in boxes]
    return [pixel for data in parts for pixel in zip(data[::3], data[1::3], data[2::3], strict=True)]


def yellow_pixels(image: Image.Image, boxes: Sequence[tuple[int, int, int, int]] | None = None) -> int:
    """How many there are in these boxes, or on the whole picture, which has millions."""
    parts = [image] if boxes is None else [image.crop(box) for box in boxes]
    return sum(_yellow(part) for part in parts)


def _yellow(image: Image.Image) -> int:
    red, green, blue = image.split()
    bright = ImageChops.darker(red.point([level > 200 for level in range(256)]), green.point([level > 180 for level in range(256)]))
    return ImageChops.darker(bright, blue.point([level < 120 for level in range(256)])).histogram()[1]


def is_slate(pixel: Pixel) -> bool:
    return pixel == _SLATE
