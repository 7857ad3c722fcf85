"""Finds the line of a key in a TOML text, for errors found after parsing: `tomllib` keeps no positions. The key begins on the first line
without which the text does not hold it."""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from typing import Any


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """Return the line (from 1) of the deepest part of `path` that `text` writes, None if it writes none. `path` has keys and positions, as
    pydantic's `loc`: `("sources", 0, "root")`. A missing key gives the line of its table, an element of a plain array or inline table that
    of its key. `text` must be valid TOML."""
    count = text.count("\n") + 1
    depth = _depth(_begun(text, count)[1], path)
    if depth == 0:
        return None
    last = bisect_left(range(count), depth, key=lambda lines: _depth(_begun(text, lines)[1], path))
    return _begun(text, last - 1)[0] + 1


@lru_cache(maxsize=512)
def _begun(text: str, count: int) -> tuple[int, dict[str, Any]]:
    """Return how many of the first `count` lines are a whole document, which ends before a value that goes on, and that document."""
    lines = text.split("\n")[:count]
    while True:
        try:
            return len(lines), tomllib.loads("\n".join((*lines, "")))
        except tomllib.TOMLDecodeError:
            lines.pop()


def _depth(found: Any, path: Sequence[str | int]) -> int:
    """Return how many parts of the path lead to something."""
    for depth, part in enumerate(path):
        if not (part in found if isinstance(found, dict) else isinstance(found, list) and part in range(len(found))):
            return depth
        found = found[part]
    return len(path)
