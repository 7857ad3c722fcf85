"""What goes between a drawing process and its parent: one order, one line that answers it, and the pixels.

The process is fed with hostile files: what it hands over is checked here like any input from outside.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from bot.delivery.picture.model import Why
from bot.reading.sandbox.wire import NotUnderstood


@dataclass(frozen=True, slots=True)
class Draw:
    """Order: draw this page (from 1) in so many pixels at most, and highlight these phrases. `unread`: see `Drawing`."""

    page: int
    phrases: tuple[str, ...]
    width: int
    height: int
    unread: bool = False

    def line(self) -> bytes:
        """As one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=True).encode("ascii") + b"\n"

    @classmethod
    def parse(cls, line: bytes) -> Draw:
        """The inverse of `line`. Raises KeyError, TypeError or ValueError on anything else."""
        fields = json.loads(line)
        phrases = tuple(map(str, fields["phrases"]))
        return cls(int(fields["page"]), phrases, int(fields["width"]), int(fields["height"]), bool(fields["unread"]))


@dataclass(frozen=True, slots=True)
class Canvas:
    """Answer: so many pixels follow, one byte each (see `pixels`). `found` are positions of the phrases, `covered` counts what is."""

    width: int
    height: int
    found: tuple[int, ...]
    covered: int

    def line(self) -> bytes:
        """As one line of JSON."""
        return json.dumps(asdict(self)).encode("ascii") + b"\n"


@dataclass(frozen=True, slots=True)
class Undrawn:
    """Answer: there is no picture. `more` says more, for an operator."""

    why: Why
    more: str = ""

    def line(self) -> bytes:
        """As one line of JSON."""
        return json.dumps({"why": self.why.name, "more": self.more}, ensure_ascii=True).encode("ascii") + b"\n"


def parse_answer(line: bytes, order: Draw) -> Canvas | Undrawn:
    """The answer to an order, within what was ordered. Raises NotUnderstood."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise NotUnderstood("a line that is not JSON") from error
    match fields:
        case {"why": str(why), "more": str(more)} if why in Why.__members__:
            return Undrawn(Why[why], more)
        case {"width": int(width), "height": int(height), "found": list(found), "covered": int(covered)}:
            if not (0 < width <= order.width and 0 < height <= order.height and covered >= 0):
                raise NotUnderstood("a picture of another size")
            if not all(type(position) is int and 0 <= position < len(order.phrases) for position in found):
                raise NotUnderstood("phrases that were not asked for")
            return Canvas(width, height, tuple(found), covered)
    raise NotUnderstood("a line of an unknown kind")
