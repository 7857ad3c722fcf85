"""`docs/commands.schema.json` describes every command that prints JSON, as what the tests of commands print is held against it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
from typer.main import get_group

from bot.cli.main import COMMANDS
from bot.domain.records import LAST_ID
from bot.queries.decree_shape import DecreeModel
from tests.bot.cli.test_json_guide import DECREE, NOW, PLACE
from tests.json_schema import check, command_in, described, schema
from tools.schema import SCHEMA, renewed


def commands() -> Iterator[tuple[str, Any]]:
    """All commands and subcommands, with their names."""
    for name, (module, _) in COMMANDS.items():
        app = typer.Typer()
        import_module(f"bot.cli.{module}").register(app)
        found = get_group(app).commands[name]
        inner: dict[str, Any] = getattr(found, "commands", {"": found})
        yield from ((f"{name} {own}".strip(), one) for own, one in inner.items())


def test_every_number_on_the_command_line_has_an_upper_bound() -> None:
    typed = [(f"{name} {each.name}", each.type_descriptor) for name, one in commands() for each in one.params]
    found = {name: kind.parameter_info.max for name, kind in typed if kind.annotation is int}
    assert {"outbox show number", "review accept decree"} <= found.keys()
    assert [name for name, most in found.items() if most is None or most > LAST_ID] == []


def test_every_command_that_prints_json_is_described() -> None:
    names = {name for name, one in commands() if any("--json" in parameter.opts for parameter in one.params)}
    assert "status" in names
    assert names - described() == set()


def test_the_schema_is_one_and_has_the_shapes_as_they_are_now() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert SCHEMA.read_text("utf-8") == renewed(SCHEMA.read_text("utf-8")), "make schema writes it anew"


def test_what_is_not_described_is_noticed() -> None:
    shape = DecreeModel.at(DECREE, PLACE, NOW).model_dump(mode="json")
    check("DecreeModel", shape)
    for wrong in ({**shape, "cameras": "deux"}, {key: value for key, value in shape.items() if key != "kind"}):
        with pytest.raises(jsonschema.ValidationError):
            check("DecreeModel", wrong)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("--config", "a.toml", "outbox", "list", "--json"), "outbox list"),
        (("show", "12", "--letter", "cada", "--json"), "show --letter"),
        (("recent", "--json"), "recent"),
    ],
)
def test_the_command_of_arguments(arguments: tuple[str, ...], name: str) -> None:
    assert command_in(arguments) == name


def test_the_examples_of_the_guide_are_as_described() -> None:
    guide = (Path(__file__).resolve().parents[3] / "docs" / "json.md").read_text("utf-8")
    examples = re.findall(r"`vigie ([^`\n]*) --json`[^`]*?```json\n(.*?)```", guide, re.DOTALL)
    assert examples
    for arguments, document in examples:
        check(command_in(arguments.split()), json.loads(document))
