from __future__ import annotations

import errno
import io
import os
import re
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from pydantic import SecretStr

from bot.app.config.destinations import destinations
from bot.app.config.errors import ConfigError
from bot.app.config.loading import read_configuration
from tests.bot.app.config.test_loading import load

TOKEN = "123456:s3cr3t-t0k3n"


def secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None


def test_a_token_comes_from_the_file_the_environment_or_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "telegram.token").write_text(f"  {TOKEN}\n", encoding="utf-8")
    assert secret(load(tmp_path, f"[telegram]\ntoken = '{TOKEN}'").telegram.token) == TOKEN
    assert secret(load(tmp_path, "", {"VIGIE_TELEGRAM__TOKEN": TOKEN}).telegram.token) == TOKEN
    assert secret(load(tmp_path, "[telegram]\ntoken_file = 'telegram.token'").telegram.token) == TOKEN


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "old.token").write_text("old", encoding="utf-8")
    for text in ("[telegram]\ntoken = 'old'", "[telegram]\ntoken_file = 'old.token'"):
        assert secret(load(tmp_path, text, {"VIGIE_TELEGRAM__TOKEN": TOKEN}).telegram.token) == TOKEN


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    assert secret(load(tmp_path, f"[telegram]\ntoken = '{TOKEN}'", {"VIGIE_TELEGRAM__TOKEN": " "}).telegram.token) == TOKEN


def test_any_option_may_come_from_the_environment(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "",
        {
            "VIGIE_HTTP__INTERVAL_SECONDS": "0",
            "VIGIE_HTTP__RESPECT_ROBOTS": "false",
            "VIGIE_HTTP__ORIGINS": '{"https://www.var.gouv.fr": "http://127.0.0.1:1/var"}',
            "VIGIE_WATCH__AUTHORITIES": "26",
            "VIGIE_READING__OCR": "no",
            "VIGIE_TELEGRAM__TOKEN": "123456:t",
            "VIGIE_TELEGRAM__CHANNEL": "-100123",
            "VIGIE_LOG__LEVEL": "debug",
            "VIGIE_CONFIG": "left to others",
            "PATH": "/bin",
        },
    )
    assert settings.http.interval_seconds == 0
    assert not settings.http.respect_robots
    assert settings.http.origins == {"https://www.var.gouv.fr": "http://127.0.0.1:1/var"}
    assert settings.watch.authorities == ("26",)
    assert not settings.reading.ocr
    assert secret(settings.telegram.token) == "123456:t"
    assert settings.telegram.channel == "-100123"
    assert settings.log.level == "debug"


def test_lists_and_tables_may_be_written_as_in_toml(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "",
        {
            "VIGIE_WATCH__AUTHORITIES": '["26"]',
            "VIGIE_HTTP__ORIGINS": '{"https://a.example" = "https://b.example"}',
            "VIGIE_WEB__LISTS": '{26 = "https://listes.example/vsa-26", 2a = "https://listes.example/vsa-2a"}',
        },
    )
    assert settings.web.lists == {"26": "https://listes.example/vsa-26", "2A": "https://listes.example/vsa-2a"}
    assert settings.watch.authorities == ("26",)
    assert settings.http.origins == {"https://a.example": "https://b.example"}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("VIGIE_TELEGRAM__TOKN", TOKEN, 'unknown option; did you mean "VIGIE_TELEGRAM__TOKEN"?'),
        ("VIGIE_TELEGRM__TOKEN", TOKEN, 'unknown section; did you mean "VIGIE_TELEGRAM__TOKEN"?'),
        ("VIGIE_DESTINATIONS__TOKEN", TOKEN, "destinations are given in the configuration file"),
        ("VIGIE_HTTP__INTERVAL_SECONDS", "soon", "expected a number"),
        ("VIGIE_HTTP__RESPECT_ROBOTS", "maybe", "expected true or false"),
        ("VIGIE_WATCH__AUTHORITIES", "26,27", '"27" is not a code of the catalogue; `vigie sources list` shows them'),
        ("VIGIE_DATABASE__URL", "mysql://u:s3cr3t@h/d", "must look like"),
    ],
)
def test_wrong_variables_are_told_by_name_and_never_by_value(tmp_path: Path, name: str, value: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "", {name: value})
    (told,) = caught.value.problems
    assert told.startswith(f"environment variable {name}: {expected}")
    assert "s3cr3t" not in told


def test_secrets_are_in_no_repr_and_no_error(tmp_path: Path) -> None:
    text = (
        f"[telegram]\ntoken = '{TOKEN}'\nchannel = '@drome'\n[mastodon]\ninstance = 'm.example'\ntoken = '{TOKEN}'\n"
        "[database]\nurl = 'postgresql://u:s3cr3t@h/d'\n"
    )
    settings = load(tmp_path, text)
    for shown in (repr(settings), str(settings), repr(destinations(settings)), settings.model_dump_json(exclude={"database"})):
        assert "s3cr3t" not in shown
    wrong = (
        f"token = '{TOKEN}'\n[telegram]\ntokn = '{TOKEN}'\ntoken = ['{TOKEN}']\napi_url = 'http://u:{TOKEN}@h'\n[log]\nlevel = '{TOKEN}'"
    )
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, wrong)
    assert len(caught.value.problems) == 5
    assert "s3cr3t" not in f"{caught.value!r} {caught.value}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b"\xff\xfe", "is not a text in UTF-8"),
        (b"x" * 5000, "is too large"),
        (
            b'VIGIE_TELEGRAM__TOKEN="1:s3cr3t"',
            "holds NAME=…, and must hold the secret alone: remove what stands before it, and quotes around it$",
        ),
        (b"export T=1:s3cr3t", "holds NAME=…"),
    ],
)
def test_a_token_file_that_gives_no_token_is_told(tmp_path: Path, content: bytes | None, expected: str) -> None:
    if content is not None:
        (tmp_path / "t").write_bytes(content)
    with pytest.raises(ConfigError, match=rf"config\.toml:2: telegram\.token_file: .*/t: {expected}"):
        load(tmp_path, "[telegram]\ntoken_file = 't'")


def test_token_and_token_file_together_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml:3: telegram\.token_file: both token and token_file are given"):
        load(tmp_path, "[telegram]\ntoken = 'a'\ntoken_file = 't'")


def test_paths_of_the_file_start_from_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere, home = tmp_path / "elsewhere", tmp_path / "etc"
    elsewhere.mkdir()
    home.mkdir()
    monkeypatch.chdir(elsewhere)
    (home / "t").write_text(TOKEN, encoding="utf-8")
    assert load(home, "").database.url == f"sqlite:///{home}/vigie.db"
    (home / "data").mkdir()
    assert load(home, "[database]\nurl = 'sqlite:///data/v.db'").database.url == f"sqlite:///{home}/data/v.db"
    assert load(home, "[database]\nurl = 'sqlite:////v.db'").database.url == "sqlite:////v.db"
    assert secret(load(home, "[telegram]\ntoken_file = 't'").telegram.token) == TOKEN
    assert load(home, "", {"VIGIE_DATABASE__URL": "sqlite:///v.db"}).database.url == f"sqlite:///{elsewhere}/v.db"
    assert load(home, "[database]\nurl = 'postgresql://u@h/d'").database.url == "postgresql://u@h/d"


@pytest.mark.parametrize(("closed", "where"), [("config.toml", ""), ("t", r"config\.toml:2: telegram\.token_file: ")])
def test_a_file_that_the_user_of_the_program_may_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: str, where: str) -> None:
    (tmp_path / "config.toml").write_text("[telegram]\ntoken_file = 't'", encoding="utf-8")
    opened = io.open

    def refused(file: Any, *given: Any, **named: Any) -> Any:
        if file == tmp_path / closed:
            raise PermissionError(errno.EACCES, "Permission denied", str(file))
        return opened(file, *given, **named)

    monkeypatch.setattr(io, "open", refused)  # root, who may run the tests, reads every file
    monkeypatch.setattr(os, "geteuid", lambda: 10001)
    why = f"/{closed}: cannot be read: user 10001, as whom Vigie runs, has no right to (chown it and its folder to that user)"
    with pytest.raises(ConfigError, match=rf"{where}\S*{re.escape(why)}$"):
        read_configuration(tmp_path / "config.toml", {}, known_codes=frozenset())


def test_a_folder_that_may_not_be_entered_is_not_one_without_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    monkeypatch.chdir(tmp_path / "closed")
    refused = Mock(side_effect=PermissionError(errno.EACCES, "Permission denied", "config.toml"))
    monkeypatch.setattr(Path, "is_file", refused)
    monkeypatch.setattr(io, "open", refused)
    with pytest.raises(ConfigError, match=r"^config\.toml: cannot be read: user \d+, as whom Vigie runs, has no right to"):
        read_configuration(None, {}, known_codes=frozenset())
