"""Reads a TOML file that people write, and says in which line it is wrong."""

from __future__ import annotations

import os
import re
import tomllib
from importlib.resources.abc import Traversable
from typing import Any

from bot.app.config.errors import ConfigError

Document = dict[str, Any]


def read_text(file: Traversable) -> str:
    """Return the text of a file in UTF-8, with one kind of line ends. Raises ConfigError."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise ConfigError([f"{file}: cannot be read: {cause_of(error)}"]) from None
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        form = "UTF-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "WINDOWS-1252"
        line = raw.count(b"\n", 0, error.start) + 1
        todo = f"save it as UTF-8 in its editor, or write it anew: iconv -f {form} -t UTF-8 {file}"
        raise ConfigError([f"{file}:{line}: is not a text in UTF-8, but in {form} perhaps; {todo}"]) from None


def cause_of(error: OSError) -> str:
    """Return why a file cannot be read."""
    if isinstance(error, PermissionError):
        return f"user {os.geteuid()}, as whom Vigie runs, has no right to (chown it and its folder to that user)"
    return error.strerror or type(error).__name__


def parsed(text: str, file: Traversable) -> Document:
    """Return the content of a TOML text. Raises ConfigError with the line in `file`."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = re.match(r"(?P<what>.*?)(?: \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\))?$", str(error), re.DOTALL)
        what = said["what"] if said else "cannot be understood"
        line = said["line"] if said and said["line"] else text.count("\n") + 1
        column = f" (column {said['column']})" if said and said["column"] else ""
        raise ConfigError([f"{file}:{line}: not valid TOML: {what[:1].lower()}{what[1:]}{column}"]) from None
    except RecursionError:
        raise ConfigError([f"{file}: not valid TOML: nested too deeply"]) from None
