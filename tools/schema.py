"""Renews in `docs/commands.schema.json` the shapes that the program describes itself: `python -m tools.schema` (`make schema`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from bot.cli.output import ShownDecree
from bot.domain.shape import Shape
from bot.queries.decree_shape import ReadDecree
from bot.queries.place_shapes import PlacesModel, TownModel

SCHEMA = Path(__file__).parents[1] / "docs" / "commands.schema.json"
SHAPES: tuple[type[Shape], ...] = (ReadDecree, ShownDecree, TownModel, PlacesModel)
"""With all that they are made of."""


def renewed(text: str) -> str:
    """Return the schema with the shapes as they are now, a definition a line; those of another shape that is no more are left out."""
    document: dict[str, Any] = json.loads(text)
    _, described = models_json_schema([(shape, "serialization") for shape in SHAPES], ref_template="#/$defs/{model}")
    # Those of commands are in small letters.
    commands = {name: definition for name, definition in document.pop("$defs").items() if name[0].islower()}
    definitions = _lines({**commands, **described["$defs"]})
    return f'{{\n{_lines(document)},\n"$defs": {{\n{definitions}\n}}}}\n'


def _lines(members: dict[str, Any]) -> str:
    return ",\n".join(f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in members.items())


if __name__ == "__main__":
    SCHEMA.write_text(renewed(SCHEMA.read_text("utf-8")), encoding="utf-8")
