"""The picture of a decree: its telling page, with the telling lines highlighted and persons' names covered, and what it shows in words.

The page is drawn in a confined process, as files are read in: it hands over grey pixels, of which this side makes the PNG.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.picture.album import Album
    from bot.picture.alt import alt_text
    from bot.picture.choice import Choice, choose
    from bot.picture.drawing import draw
    from bot.picture.model import Drawing, Drawn, NoPicture, Picture, Why

__all__ = ["Album", "Choice", "Drawing", "Drawn", "NoPicture", "Picture", "Why", "alt_text", "choose", "draw"]

_PLACES = {
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
}


def __getattr__(name: str) -> Any:
    """Import on first use: a drawing process imports one module of this package, and would wait for all of them."""
    from importlib import import_module  # noqa: PLC0415 - as above

    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = found
    return found
