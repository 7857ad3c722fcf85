"""`docs/commands.schema.json` describes every command that prints JSON, as what the tests of commands print is held against it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import jsonschema
import pytest
import typer
from typer.main import get_group

from bot.cli.main import COMMANDS
from bot.domain.records import LAST_ID
from bot.queries.json_shapes import decree_json
from bot.web.api_model import DecreeModel
from tests.bot.cli.test_json_guide import DECREE, NOW, PLACE
from tests.json_schema import check, command_in, described, schema


def with_json() -> Iterator[str]:
    """The names of the commands that take `--json`."""
    for command, (module, _) in COMMANDS.items():
        app = typer.Typer()
        import_module(f"bot.cli.{module}").register(app)
        found = get_group(app).commands[command]
        inner: dict[str, Any] = getattr(found, "commands", {"": found})
        yield from (
            f"{command} {name}".strip() for name, one in inner.items() if any("--json" in parameter.opts for parameter in one.params)
        )


def numbers() -> Iterator[tuple[str, int | None]]:
    """The options and arguments of all commands that take a number, with the largest one that each takes."""
    for command, (module, _) in COMMANDS.items():
        app = typer.Typer()
        import_module(f"bot.cli.{module}").register(app)
        found = get_group(app).commands[command]
        inner: dict[str, Any] = getattr(found, "commands", {"": found})
        for name, one in inner.items():
            kinds = [(each.name, each.type_descriptor) for each in one.params]
            yield from ((f"{command} {name} {own}", kind.parameter_info.max) for own, kind in kinds if kind.annotation is int)


def test_every_number_on_the_command_line_has_an_upper_bound() -> None:
    found = dict(numbers())
    assert {"outbox show number", "review accept decree"} <= found.keys()
    assert [name for name, most in found.items() if most is None or most > LAST_ID] == []


def test_every_command_that_prints_json_is_described() -> None:
    names = set(with_json())
    assert "status" in names
    assert names - described() == set()


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_what_is_not_described_is_noticed() -> None:
    shape = decree_json(DECREE, PLACE, NOW)
    check("decree", shape)
    for wrong in ({**shape, "more": 1}, {**shape, "cameras": "deux"}, {key: value for key, value in shape.items() if key != "kind"}):
        with pytest.raises(jsonschema.ValidationError):
            check("decree", wrong)


def test_a_decree_is_that_of_the_api() -> None:
    cli = {"pdf_sha256", "pdf_fetched_at", "archived_path"}
    assert set(schema()["$defs"]["decree"]["properties"]) - cli == set(DecreeModel.model_fields) - cli


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
