"""Finds the line of a key in a TOML text, for errors found after parsing: `tomllib` keeps no positions. Reads only table headers and keys
of a *valid* document and skips every value, whatever lines it spans."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY_PART = re.compile(r"""[ \t]*(?:"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)'|([A-Za-z0-9_-]+))[ \t]*""")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""(?:"{1,2})?'
    r"|'''(?:[^']|'(?!''))*'''(?:'{1,2})?"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """Return the line (from 1) of the deepest part of `path` that `text` writes, None if it writes none. `path` has keys and positions, as
    pydantic's `loc`: `("sources", 0, "root")`. A missing key gives the line of its table, an element of a plain array or inline table that
    of its key. `text` must be valid TOML."""
    wanted = tuple(path)
    best, line = 0, None
    for found, position in _whole_outline(text):
        common = _common_length(found, wanted)
        if common > best:
            best, line = common, text.count("\n", 0, position) + 1
    return line


@lru_cache(maxsize=1)
def _whole_outline(text: str) -> tuple[tuple[Path, int], ...]:
    """Keep the outline of the last text, as several lines of one text are often requested in a row."""
    return tuple(_outline(text))


def _common_length(left: Path, right: Path) -> int:
    length = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        length += 1
    return length


def _outline(text: str) -> Iterator[tuple[Path, int]]:
    """Yield every header and key of the document with its full path and offset, in order."""
    table: Path = ()
    counts: dict[Path, int] = {}
    position = _skip_blank(text, 0)
    while position < len(text):
        start = position
        if text.startswith("[[", position):
            keys, position = _keys(text, position + 2)
            path = _through_arrays(keys[:-1], counts) + keys[-1:]
            counts[path] = counts.get(path, -1) + 1
            table = (*path, counts[path])
            yield table, start
            position = _end_of_line(text, position)
        elif text[position] == "[":
            keys, position = _keys(text, position + 1)
            table = _through_arrays(keys, counts)
            yield table, start
            position = _end_of_line(text, position)
        else:
            keys, position = _keys(text, position)
            if keys:
                yield (*table, *keys), start
            position = _end_of_value(text, position)
        position = _skip_blank(text, position)


def _through_arrays(keys: Path, counts: dict[Path, int]) -> Path:
    """Return the full path of a header: a key that names an array of tables means its last element."""
    path: Path = ()
    for key in keys:
        path = (*path, key)
        if path in counts:
            path = (*path, counts[path])
    return path


def _keys(text: str, position: int) -> tuple[Path, int]:
    keys: list[str] = []
    while match := _KEY_PART.match(text, position):
        double, single, bare = match.groups()
        keys.append(next(part for part in (double, single, bare) if part is not None))
        position = match.end()
        if not text.startswith(".", position):
            break
        position += 1
    return tuple(keys), position


def _skip_blank(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position


def _end_of_line(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _end_of_value(text: str, position: int) -> int:
    """Return the offset after a value: the first line end outside strings, comments and brackets."""
    depth = 0
    while position < len(text):
        character = text[position]
        if character in "\"'":
            match = _STRING.match(text, position)
            position = match.end() if match else position + 1
            continue
        if character == "#":
            position = _end_of_line(text, position)
            continue
        if character == "\n" and depth <= 0:
            return position
        if character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
        position += 1
    return position
