"""Texts as they are stored: compressed. French text shrinks to a third or less, and a year of recueils is some billions of characters."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Dialect, LargeBinary, TypeDecorator

from bot.domain import PageText, TextOrigin

_READ = frozenset({TextOrigin.LAYER, TextOrigin.OCR, TextOrigin.BLANK})


class Damaged(ValueError):
    """Stored bytes that cannot be unpacked."""


class PackedText(TypeDecorator[str]):
    """A text, as the zlib stream of its UTF-8 bytes."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Compress."""
        return None if value is None else pack_text(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Decompress. Raises Damaged."""
        return None if value is None else unpack_text(value)


def pack_text(text: str) -> bytes:
    """The zlib stream of a text that `codec.clean` gave."""
    return zlib.compress(text.encode())


def unpack_text(packed: bytes) -> str:
    """The inverse of `pack_text`. Raises Damaged."""
    try:
        return zlib.decompress(packed).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise Damaged(f"a stored text cannot be unpacked: {error}") from None


def pack_pages(pages: Iterable[PageText]) -> bytes:
    """Those of the pages that could be read, as the zlib stream of a JSON list; the others are still to be read, and left out."""
    kept = [_to_json(page) for page in pages if page.origin in _READ]
    # In ASCII: a broken PDF may give half of a surrogate pair, which UTF-8 cannot hold.
    return zlib.compress(json.dumps(kept, separators=(",", ":")).encode("ascii"))


def unpack_pages(packed: bytes) -> tuple[PageText, ...]:
    """The inverse of `pack_pages`, by number. Raises Damaged."""
    try:
        pages = [_from_json(each) for each in json.loads(zlib.decompress(packed))]
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"stored pages cannot be unpacked: {error}") from None
    return tuple(sorted(pages, key=lambda page: page.number))


def _to_json(page: PageText) -> dict[str, Any]:
    values = {
        "number": page.number, "text": page.text, "origin": page.origin.value, "other": page.other, "confidence": page.confidence,
        "damaged": page.damaged or None,
    }  # fmt: skip
    return {key: value for key, value in values.items() if value not in ("", None)}


def _from_json(stored: dict[str, Any]) -> PageText:
    return PageText(
        stored["number"],
        stored.get("text", ""),
        TextOrigin(stored["origin"]),
        stored.get("other", ""),
        stored.get("confidence"),
        damaged=stored.get("damaged", False),
    )
