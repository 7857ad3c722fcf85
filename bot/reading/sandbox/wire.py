"""Encodes and checks the lines between a reading process and its parent: JSON objects, one line a page, so a crash loses one page only.

The child is fed with hostile files: its lines are checked here like any input from outside.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bot.domain.text import MOST_UNSURE, PageText, TextOrigin

MOST_LINE_BYTES = 16 * 1024 * 1024
"""Longer than any page the child may send (two texts of 500,000 characters, at most 12 bytes each once escaped)."""
_UNFIT = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]")
"""Controls, which databases and feeds refuse, and what turns the direction of the text that follows, so that it shows as another."""


@dataclass(frozen=True, slots=True)
class FileOpened:
    """First line: the file is a PDF of so many pages. `salvaged` as in `Reading`."""

    page_count: int
    salvaged: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """Only line: the file cannot be read at all, and why."""

    reason: str


class NotUnderstood(Exception):
    """A line that a reading process never sends."""


def encode(message: FileOpened | Failed | PageText) -> bytes:
    """Return one message as one line of ASCII."""
    fields: dict[str, Any]
    match message:
        case FileOpened():
            fields = {"pages": message.page_count, "salvaged": message.salvaged}
        case Failed():
            fields = {"error": message.reason}
        case _:
            fields = _page_fields(message)
    return json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def decode(line: bytes) -> FileOpened | Failed | PageText:
    """Return the message of one line. Raises NotUnderstood."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise NotUnderstood("a line that is not JSON") from error
    match fields:
        case {"pages": int(count)} if count >= 0 and not isinstance(count, bool):
            return FileOpened(count, salvaged=fields.get("salvaged") is True)
        case {"error": str(reason)}:
            return Failed(reason)
        case {"page": int(number), "text": str(text), "origin": str(origin), "other": str(other)}:
            return _page(number, text, origin, other, fields)
    raise NotUnderstood("a line of an unknown kind")


def _page_fields(page: PageText) -> dict[str, Any]:
    return {
        "page": page.number,
        "text": page.text,
        "origin": page.origin.value,
        "other": page.other,
        "confidence": page.confidence,
        "seconds": round(page.seconds, 4),
        "damaged": page.damaged,
        "unsure": sorted(page.unsure),
    }


def _page(number: int, text: str, origin: str, other: str, fields: Mapping[str, Any]) -> PageText:
    confidence, seconds = fields.get("confidence"), fields.get("seconds")
    if not (confidence is None or (type(confidence) is int and 0 <= confidence <= 100)):
        raise NotUnderstood("a page of an impossible confidence")
    if not (isinstance(seconds, int | float) and 0 <= seconds < 1e6):
        raise NotUnderstood("a page of an impossible duration")
    words = fields.get("unsure", [])
    if not (isinstance(words, list) and len(words) <= MOST_UNSURE and all(isinstance(word, str) for word in words)):
        raise NotUnderstood("a page of impossible words")
    try:
        damaged, unsure = fields.get("damaged") is True, frozenset(map(_storable, words))
        return PageText(number, _storable(text), TextOrigin(origin), _storable(other), confidence, float(seconds), damaged, unsure)
    except ValueError as error:
        raise NotUnderstood("a page of an unknown origin") from error


def _storable(text: str) -> str:
    # Lone surrogates are legal in JSON and in no file or database; no text of a decree holds the others.
    return _UNFIT.sub("", text.encode("utf-8", "replace").decode("utf-8"))


def printable(text: str) -> str:
    """Return a text from outside, fit for one line of a log."""
    return "".join(c if c.isprintable() else " " for c in text)[:300]


@dataclass(frozen=True, slots=True)
class StartOrder:
    """How a reading process is started: the file, and the limits it sets on itself before opening it.

    `page_seconds`: processor time for opening the file, and for each page; 0 for no such limit. `ocr`: it may look for an engine.
    `commands`: it may run programs, as the `tesseract` command needs. `trusting`: neither the number of pages that the file gives nor its
    streams are checked.
    """

    path: str
    memory_bytes: int
    cpu_seconds: int
    page_seconds: float = 0.0
    ocr: bool = False
    commands: bool = False
    trusting: bool = False

    def argument(self) -> str:
        """Return it as one command-line argument."""
        return json.dumps(asdict(self), ensure_ascii=True)

    @classmethod
    def parse(cls, argument: str) -> StartOrder:
        """Return the inverse of `argument`. Raises KeyError or ValueError on anything else."""
        fields: Mapping[str, Any] = json.loads(argument)
        flags = {name: bool(fields[name]) for name in ("ocr", "commands", "trusting")}
        return cls(str(fields["path"]), int(fields["memory_bytes"]), int(fields["cpu_seconds"]), float(fields["page_seconds"]), **flags)


@dataclass(frozen=True, slots=True)
class TextLayerOrder:
    """Order: report what the text layer holds, of every page from `first` on but those that are `known`, one line each in order."""

    first: int = 1
    known: frozenset[int] = frozenset()

    def line(self) -> bytes:
        """Return it as one line of JSON."""
        return json.dumps({"survey": self.first, "known": sorted(self.known)}).encode("ascii") + b"\n"


@dataclass(frozen=True, slots=True)
class RecogniseOrder:
    """Order: recognise the text of one page; one line."""

    page: int

    def line(self) -> bytes:
        """Return it as one line of JSON."""
        return json.dumps({"recognise": self.page}).encode("ascii") + b"\n"


def parse_order(line: bytes) -> TextLayerOrder | RecogniseOrder:
    """Return the inverse of `line`. Raises ValueError on anything else."""
    match json.loads(line):
        case {"survey": int(first), "known": list(known)}:
            return TextLayerOrder(first, frozenset(map(int, known)))
        case {"recognise": int(page)}:
            return RecogniseOrder(page)
    raise ValueError("not an order")
