"""Telegram's HTML as its server reads it: strict, with its error texts. Written from the Bot API's description, not from the bot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

_ENTITY_OF = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-spoiler": "spoiler",
}
_TAG = re.compile(r"<(/?)([a-zA-Z0-9-]+)((?:\s+[a-z-]+=\"[^\"<>]*\")*)\s*>")
_TAG_NAME = re.compile(r"[\s>]")
_REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")
_HREF = re.compile(r"href=\"([^\"]*)\"")


class CannotParse(ValueError):
    """What the server says after `Bad Request: can't parse entities: `."""


@dataclass(frozen=True)
class Parsed:
    text: str
    entities: tuple[dict[str, Any], ...]


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def parse(source: str) -> Parsed:
    """The visible text and its entities (offsets in UTF-16 units). Raises CannotParse."""
    text: list[str] = []
    length = 0
    stack: list[tuple[str, int, str]] = []
    entities: list[dict[str, Any]] = []
    position = 0
    while position < len(source):
        if source[position] != "<":
            end = source.find("<", position)
            chunk = source[position:] if end < 0 else source[position:end]
            visible = _REFERENCE.sub(lambda match: unescape(match.group()), chunk)
            text.append(visible)
            length += utf16(visible)
            position += len(chunk)
            continue
        offset = len(source[:position].encode())
        match = _TAG.match(source, position)
        if match is None:
            raise CannotParse(f'Unsupported start tag "{_TAG_NAME.split(source[position + 1 :], maxsplit=1)[0]}" at byte offset {offset}')
        closing, name, attributes = match.groups()
        name = name.lower()
        if not closing:
            if name not in _ENTITY_OF:
                raise CannotParse(f'Unsupported start tag "{name}" at byte offset {offset}')
            href = _HREF.search(attributes)
            stack.append((name, length, unescape(href.group(1)) if href else ""))
        else:
            if not stack:
                raise CannotParse(f"Unexpected end tag at byte offset {offset}")
            opened, start, url = stack.pop()
            if opened != name:
                raise CannotParse(f'Unmatched end tag at byte offset {offset}, expected "</{opened}>", found "</{name}>"')
            if length > start:
                entity = {"type": _ENTITY_OF[name], "offset": start, "length": length - start}
                entities.append({**entity, "url": url} if name == "a" else entity)
        position = match.end()
    if stack:
        raise CannotParse(f'Can\'t find end tag corresponding to start tag "{stack[-1][0]}"')
    return Parsed("".join(text), tuple(sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))))
