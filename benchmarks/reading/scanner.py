"""A page as a scanner leaves it: a 200 dpi grey JPEG, a little askew, clean or hard to read."""

from __future__ import annotations

import io
from random import Random
from statistics import NormalDist
from typing import Any

import pypdfium2 as pdfium
from PIL import Image, ImageChops, ImageDraw, ImageFilter

DPI = 200
_MOST_ASKEW = 0.7
_QUALITY = 70
_BLUR = 0.9
_NOISE_SIGMA = 12.0
_SPECKS = 40
# Ink is no longer black, nor paper white.
_DARKEST, _LIGHTEST = 78, 214
_LOW_CONTRAST = [round(_DARKEST + level * (_LIGHTEST - _DARKEST) / 255) for level in range(256)]
# Even bytes become normal ones, so that the noise is the same on every machine (Pillow's own cannot be seeded).
_NORMAL = bytes(max(0, min(255, round(128 + _NOISE_SIGMA * NormalDist().inv_cdf((byte + 0.5) / 256)))) for byte in range(256))


def scan(pdf: bytes, random: Random, *, hard: frozenset[int]) -> list[bytes]:
    """Every page of a PDF as a JPEG; those whose index is in `hard` are blurred, pale, noisy and specked."""
    document = pdfium.PdfDocument(pdf)
    try:
        return [_one(document[index], random, hard=index in hard) for index in range(len(document))]
    finally:
        document.close()


def _one(page: Any, random: Random, *, hard: bool) -> bytes:
    drawn: Image.Image = page.render(scale=DPI / 72, grayscale=True).to_pil()
    angle = random.uniform(-_MOST_ASKEW, _MOST_ASKEW)
    image = drawn.rotate(angle, Image.Resampling.BICUBIC, fillcolor=255)
    if hard:
        image = _specked(image.filter(ImageFilter.GaussianBlur(_BLUR)).point(_LOW_CONTRAST), random)
        noise = Image.frombytes("L", image.size, random.randbytes(image.width * image.height).translate(_NORMAL))
        image = ImageChops.add(image, noise, offset=-128)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_QUALITY, dpi=(DPI, DPI))
    return out.getvalue()


def _specked(image: Image.Image, random: Random) -> Image.Image:
    pen = ImageDraw.Draw(image)
    for _ in range(_SPECKS):
        x, y, size = random.randrange(image.width), random.randrange(image.height), random.randint(0, 2)
        pen.ellipse((x, y, x + size, y + size), fill=random.randint(60, 150))
    return image
