"""`config.example.toml` is documentation: these tests keep it true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from bot.app.config.loading import load_settings
from bot.app.config.model import DestinationSettings, Settings

EXAMPLE = Path(__file__).parents[4] / "config.example.toml"
SECTIONS = {name: f.annotation for name, f in Settings.model_fields.items() if name != "destinations"}


def uncommented() -> dict[str, Any]:
    """The example with its commented options switched on: "#" directly before a name, a quote or a bracket."""
    return tomllib.loads(re.sub(r'^#(?=["\[a-z])', "", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE))


def plain(value: object) -> object:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return list(value) if isinstance(value, tuple) else value


def test_it_loads_and_changes_nothing(tmp_path: Path) -> None:
    copy = tmp_path / "config.toml"
    copy.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    settings = load_settings(copy, {}, known_codes=frozenset())
    assert settings.model_copy(update={"database": Settings().database}) == Settings()
    assert settings.database.url == f"sqlite:///{tmp_path}/vigie.db"


@pytest.mark.parametrize("section", SECTIONS)
def test_it_names_every_option_of_a_section_with_its_default(section: str) -> None:
    model = SECTIONS[section]
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    shown, defaults = uncommented()[section], model()
    assert set(shown) == set(model.model_fields)
    for option in set(shown) - {"origins", "lists"}:  # shown by an example: the default is "none"
        default = plain(getattr(defaults, option))
        assert shown[option] == ("" if default is None else default), option


def test_it_names_every_option_of_a_destination() -> None:
    shown = uncommented()["destinations"]
    assert {option for entry in shown for option in entry} == set(DestinationSettings.model_fields)
    defaults = DestinationSettings(name="x", platform="console")
    for option in ("departments", "kinds", "operators", "language"):
        assert shown[0][option] == plain(getattr(defaults, option))


def test_every_option_is_documented() -> None:
    for model in (*SECTIONS.values(), DestinationSettings):
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        assert [name for name, field in model.model_fields.items() if not field.description] == []


def test_the_example_destinations_are_valid_once_their_token_is_there(tmp_path: Path) -> None:
    (tmp_path / "mastodon.token").write_text("M", encoding="utf-8")
    (tmp_path / "apprise.url").write_text("json://127.0.0.1/vsa", encoding="utf-8")
    text = re.sub(r"^#(?=[\[a-z])", "", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    settings = load_settings(tmp_path / "config.toml", {"VIGIE_TELEGRAM__TOKEN": "1:T"}, known_codes=frozenset({"26"}))
    assert [entry.name for entry in settings.destinations] == ["drome", "compte-du-collectif", "autre-service"]
