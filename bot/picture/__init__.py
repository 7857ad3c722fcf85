"""The picture of a decree: its telling page, with the telling lines highlighted and persons' names covered, and what it shows in words.

The page is drawn in a confined process, as files are read in: it hands over grey pixels, of which this side makes the PNG.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.lazily import face

if TYPE_CHECKING:
    from bot.picture.album import Album
    from bot.picture.alt import alt_text
    from bot.picture.choice import Choice, choose
    from bot.picture.drawing import draw
    from bot.picture.model import Drawing, Drawn, NoPicture, Picture, Why

__all__ = ["Album", "Choice", "Drawing", "Drawn", "NoPicture", "Picture", "Why", "alt_text", "choose", "draw"]

if not TYPE_CHECKING:  # a type checker knows what there is, and what there is not
    __getattr__ = face(
        __name__,
        {
            "Album": "album",
            "Choice": "choice",
            "Drawing": "model",
            "Drawn": "model",
            "NoPicture": "model",
            "Picture": "model",
            "Why": "model",
            "alt_text": "alt",
            "choose": "choice",
            "draw": "drawing",
        },
    )
