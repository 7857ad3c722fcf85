"""`vigie config`: the configuration, explained and checked."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePath
from typing import Any, Literal

import typer
from pydantic import BaseModel, SecretStr

from bot.app.config.destinations import destinations
from bot.app.config.errors import ConfigError, Path, Problem
from bot.app.config.loading import Configuration, is_seen_by_all, read_configuration, variable
from bot.app.config.model import DestinationSettings, Settings
from bot.app.config.values import sqlite_file
from bot.app.inventory import closed_folder, doubts, missing_extras
from bot.cli.context import DONE, WRONG_USE, AsJson, Context, fail, show
from bot.cli.opening import service_at
from bot.storage.database import masked, parse_url
from bot.storage.errors import StorageError
from bot.storage.store import open_store
from sources.catalogue.authority import Authority, load_authorities
from sources.catalogue.toml_lines import line_of
from sources.model import CatalogueError

_ABOUT = "Show each setting and where it comes from, check them all, print the commented example."


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    config = typer.Typer(help=_ABOUT, no_args_is_help=True)
    app.add_typer(config, name="config")

    @config.command("show", epilog="Example:  vigie config show   (or:  vigie config show --json)")
    def show_(ctx: typer.Context, as_json: AsJson = False) -> None:
        """Show the value of each setting, and where it comes from: the file, the environment, the file of a secret, or a default.

        Secrets are not shown.
        """
        try:
            configuration, _ = _read_configuration(ctx.obj)
            found = list(explained(configuration))
        except (ConfigError, CatalogueError, StorageError) as error:
            fail(str(error), WRONG_USE)
        posts_to = [entry.name for entry in destinations(configuration.settings)]
        document = {
            "file": None if configuration.file is None else str(configuration.file),
            "settings": [{"option": one.option, "value": one.value, "from": one.source, "where": one.where} for one in found],
            "posts_to": posts_to,
        }
        show(document, [*_lines(configuration, found), "", f"Posts go to: {', '.join(posts_to)}"], as_json=as_json)

    @config.command(epilog="Example:  vigie config check")
    def check(ctx: typer.Context, as_json: AsJson = False) -> None:
        """Check what the start of the bot checks, without network: every value, the files of secrets, the database, the folders in which it
        writes, what must be installed.

        Exit code 2 when something must be mended, with file and line. What can be used and is hardly meant is shown, too.
        """
        problems, warnings = checked(ctx.obj)
        document = {"ok": not problems, "problems": problems, "warnings": warnings}
        lines = [*problems, *(f"warning: {one}" for one in warnings)]
        show(document, lines if problems else [*lines, "The configuration can be used"], as_json=as_json)
        raise typer.Exit(WRONG_USE if problems else DONE)

    @config.command(epilog="Example:  vigie config example > config.toml")
    def example() -> None:
        """Print a configuration with every option, its default, and what it does."""
        typer.echo(files("bot.app.config").joinpath("config.example.toml").read_bytes(), nl=False)


def _read_configuration(context: Context) -> tuple[Configuration, dict[str, Authority]]:
    authorities = load_authorities()
    return read_configuration(context.config, os.environ, known_codes=frozenset(authorities), check_service=service_at), authorities


def checked(context: Context) -> tuple[list[str], list[str]]:
    """Return what is wrong with the configuration, and what is probably not meant."""
    try:
        configuration, authorities = _read_configuration(context)
    except ConfigError as error:
        return list(error.problems), []
    except CatalogueError as error:
        return [str(error)], []
    settings, file = configuration.settings, configuration.file
    warnings = list(doubts(settings, authorities))
    holds_secret = any(one.source == "file" and MASK in str(one.value) for one in explained(configuration))
    if file is not None and holds_secret and is_seen_by_all(file):
        warnings.append(f"{file}: every user of this machine can read the secrets in it: chmod 600 {file}")
    return list(_cannot_start(settings)), warnings


def _cannot_start(settings: Settings) -> Iterator[str]:
    yield from (f"{what}: {remedy}" for _, what, remedy in missing_extras(settings))
    if closed := closed_folder(settings):
        yield "{}. {}".format(*closed)
    if sqlite_file(settings.database.url) is None:
        return  # a server: that takes the network
    try:
        open_store(settings.database.url, read_only=True).close()
    except StorageError as error:
        yield str(error)


def _lines(configuration: Configuration, found: Iterable[Explained]) -> Iterator[str]:
    yield "No configuration file: what is not in the environment is a default" if configuration.file is None else str(configuration.file)
    section = None
    for one in found:
        before, _, option = one.option.rpartition(".")
        if before != section:
            section = before
            yield from ("", f"[{section}]")
        value = f"{option} = {json.dumps(one.value, ensure_ascii=False)}"
        yield f"  {value:<44} {' '.join(filter(None, (one.source, one.where)))}"


# What each option is, and where that comes from. Secrets are not shown. Pure.

MASK = "***"

From = Literal["default", "file", "environment", "secret file", "section"]


@dataclass(frozen=True, slots=True)
class Explained:
    """One option in force. `where`: a line, variable, file or section; empty for a default."""

    option: str
    value: Any
    source: From
    where: str = ""


def explained(configuration: Configuration) -> Iterator[Explained]:
    """Yield every option of the sections, then those of each destination that are not empty."""
    settings = configuration.settings
    for name in Settings.model_fields:
        section = getattr(settings, name)
        if isinstance(section, BaseModel):
            for option in type(section).model_fields:
                yield _explained(configuration, (name, option), section)
    own = settings.destinations
    for index, entry in enumerate(destinations(settings)[-len(own) :] if own else ()):
        for option in DestinationSettings.model_fields:
            if getattr(entry, option) not in (None, "", ()):
                yield _of_entry(configuration, index, option, entry)


def _of_entry(configuration: Configuration, index: int, option: str, entry: DestinationSettings) -> Explained:
    found = _explained(configuration, ("destinations", index, option), entry)
    if found.source == "default" and getattr(configuration.settings.destinations[index], option) != getattr(entry, option):
        return Explained(found.option, found.value, "section", f"[{entry.platform}]")
    return found


def _explained(configuration: Configuration, path: Path, section: BaseModel) -> Explained:
    value = getattr(section, str(path[-1]))
    shown = masked(parse_url(value)) if path == ("database", "url") else _plain(value)
    return Explained(Problem(path, "").option, shown, *_origin(configuration, path, section))


def _origin(configuration: Configuration, path: Path, section: BaseModel) -> tuple[From, str]:
    *table, option = path
    overlay = configuration.overlay.get(str(table[0]), {})
    if option in overlay:
        return "environment", variable(str(table[0]), str(option))
    if (file := getattr(section, f"{option}_file", None)) is not None:
        return "secret file", str(file)
    # Of a secret and the file of it, one from the environment replaces both of the configuration file.
    if option in _written(configuration.written, table) and not {f"{option}_file", str(option).removesuffix("_file")} & set(overlay):
        return "file", f"{configuration.file}:{line_of(configuration.text, path)}"
    return "default", ""


def _written(document: Any, path: list[str | int]) -> Mapping[str, Any]:
    for part in path:
        document = document.get(part, {}) if isinstance(part, str) else document[part]
    return document if isinstance(document, Mapping) else {}


def _plain(value: Any) -> Any:
    """Return the value as JSON has it, without secrets."""
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, str | PurePath) else value
