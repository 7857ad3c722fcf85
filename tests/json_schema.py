"""What a command printed with `--json`, held against `docs/commands.schema.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema

_FILE = Path(__file__).resolve().parents[1] / "docs" / "commands.schema.json"


@cache
def schema() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_FILE.read_text("utf-8"))
    return document


@cache
def described() -> frozenset[str]:
    """The commands, and the shapes that they share."""
    return frozenset(schema()["$defs"])


def command_in(arguments: Sequence[str]) -> str:
    """The command of these arguments, as the schema calls it. An option before it may have a value that is no command."""
    words = [word for word in arguments if not word.startswith("-")]
    pairs = (f"{one} {two}" for one, two in pairwise(words))
    name = next((name for name in (*pairs, *words) if name in described()), None)
    assert name is not None, f"docs/commands.schema.json does not describe: vigie {' '.join(arguments)}"
    return "show --letter" if name == "show" and "--letter" in arguments else name


@cache
def _validator(name: str) -> Any:
    return jsonschema.Draft202012Validator({**schema(), "$ref": f"#/$defs/{quote(name)}"})


def check(name: str, document: object) -> None:
    """Raises jsonschema.ValidationError where a document is not as the schema describes it."""
    _validator(name).validate(document)
