"""Say of each option what its value is and where that comes from. Secrets are not shown. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

from pydantic import BaseModel, SecretStr

from bot.app.config.destinations import destinations
from bot.app.config.errors import Path, Problem
from bot.app.config.loading import Configuration, variable
from bot.app.config.model import DestinationSettings, Settings
from bot.storage.database import masked, parse_url
from sources.catalogue.toml_lines import line_of

MASK = "***"

From = Literal["default", "file", "environment", "secret file", "section"]


@dataclass(frozen=True, slots=True)
class Explained:
    """Holds one option as it is in force. `where` is a line, a variable, a file or a section; empty for a default."""

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


def changed_options(before: Settings, after: Settings) -> list[str]:
    """Return the names of the options that differ; `destinations` stands for all of theirs."""
    sections = [(name, getattr(before, name), getattr(after, name)) for name in Settings.model_fields if name != "destinations"]
    options = [
        f"{name}.{option}"
        for name, old, new in sections
        for option in type(old).model_fields
        if getattr(old, option) != getattr(new, option)
    ]
    return options + (["destinations"] if before.destinations != after.destinations else [])


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
