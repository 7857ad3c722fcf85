"""The lines between the reading process and its parent: one JSON object a line, one line a page, so that a crash loses one page only.

The child is fed with hostile files: its lines are checked here like any input from outside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.model import PageText, TextOrigin

MOST_LINE_BYTES = 8 * 1024 * 1024
"""Longer than any page the child may send (500,000 characters, at most 12 bytes each once escaped)."""


@dataclass(frozen=True, slots=True)
class Opened:
    """First line: the file is a PDF of so many pages."""

    page_count: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Only line: the file cannot be read at all, and why."""

    reason: str


class NotUnderstood(Exception):
    """A line that the child cannot have meant to send."""


def encode(message: Opened | Failed | PageText) -> bytes:
    """One message as one line of ASCII."""
    fields: dict[str, Any]
    match message:
        case Opened():
            fields = {"pages": message.page_count}
        case Failed():
            fields = {"error": message.reason}
        case _:
            fields = {"page": message.number, "text": message.text, "origin": message.origin.value}
    return json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def decode(line: bytes) -> Opened | Failed | PageText:
    """The message of one line. Raises NotUnderstood."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise NotUnderstood("a line that is not JSON") from error
    match fields:
        case {"pages": int(count)} if count >= 0 and not isinstance(count, bool):
            return Opened(count)
        case {"error": str(reason)}:
            return Failed(reason)
        case {"page": int(number), "text": str(text), "origin": str(origin)}:
            return _page(number, text, origin)
    raise NotUnderstood("a line of an unknown kind")


def _page(number: int, text: str, origin: str) -> PageText:
    try:
        # Lone surrogates are legal in JSON and in no file or database.
        return PageText(number, text.encode("utf-8", "replace").decode("utf-8"), TextOrigin(origin))
    except ValueError as error:
        raise NotUnderstood("a page of an unknown origin") from error


@dataclass(frozen=True, slots=True)
class Order:
    """What the child is asked to do. `memory_bytes` and `cpu_seconds` are limits it sets on itself before opening the file."""

    path: str
    first_page: int
    memory_bytes: int
    cpu_seconds: int
    ocr: bool

    def argument(self) -> str:
        """As one command-line argument."""
        fields = {"path": self.path, "first": self.first_page, "memory": self.memory_bytes, "cpu": self.cpu_seconds, "ocr": self.ocr}
        return json.dumps(fields, ensure_ascii=True)

    @classmethod
    def parse(cls, argument: str) -> Order:
        """The inverse of `argument`. Raises KeyError or ValueError on anything else."""
        fields: Mapping[str, Any] = json.loads(argument)
        return cls(str(fields["path"]), int(fields["first"]), int(fields["memory"]), int(fields["cpu"]), bool(fields["ocr"]))
