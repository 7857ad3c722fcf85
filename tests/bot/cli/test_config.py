"""`vigie config`: what is in force and where it comes from, what is wrong; never a secret."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.app.config.model import Settings
from bot.app.inventory import closed_folder
from bot.cli.config import checked
from bot.cli.context import Context
from bot.storage.baseline import VERSION_TABLE
from bot.storage.store import open_store
from tests.bot.cli.conftest import Vigie
from tests.bot.cli.test_json_guide import documented, keys

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
TEXT = """
[http]
interval_seconds = 4
contact = "a@example.org"

[database]
url = "postgresql://vigie:hunter22hunter@127.0.0.1/vigie"

[telegram]
token_file = "telegram.token"
channel = "@vsa"

[mastodon]
answer_mentions = true

[[destinations]]
name = "drome"
platform = "mastodon"
instance = "mastodon.example"
token = "ZA-Yj3aBD8U8Cm7lKUp"
departments = [26]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "telegram.token").write_text(f"{TOKEN}\n", encoding="utf-8")
    (tmp_path / "config.toml").write_text(TEXT, encoding="utf-8")
    return tmp_path


def found(vigie: Vigie, environ: dict[str, str] | None = None) -> dict[str, tuple[Any, str, str]]:
    done = vigie("config", "show", "--json", environ=environ)
    assert (done.code, done.err) == (0, "")
    return {one["option"]: (one["value"], one["from"], one["where"]) for one in done.json["settings"]}


def test_each_setting_with_where_it_comes_from(vigie: Vigie, folder: Path) -> None:
    shown = found(vigie, {"VIGIE_HTTP__CONTACT": "b@example.org"})
    assert shown["http.interval_seconds"] == (4, "file", "config.toml:3")
    assert shown["http.contact"] == ("b@example.org", "environment", "VIGIE_HTTP__CONTACT")
    assert shown["http.timeout_seconds"] == (30, "default", "")
    assert shown["http.origins"] == ({}, "default", "")
    assert shown["telegram.token"] == ("***", "secret file", str(folder / "telegram.token"))
    assert shown["telegram.token_file"] == (str(folder / "telegram.token"), "file", "config.toml:10")
    assert shown["mastodon.token"] == (None, "default", "")
    assert shown["database.url"] == ("postgresql+psycopg://vigie:***@127.0.0.1/vigie", "file", "config.toml:7")
    assert shown["destinations[0].token"] == ("***", "file", "config.toml:20")
    assert shown["destinations[0].departments"] == (["26"], "file", "config.toml:21")
    assert shown["destinations[0].answer_mentions"] == (True, "section", "[mastodon]")
    assert shown["destinations[0].language"] == ("fr", "default", "")
    whole = vigie("config", "show", "--json").json
    assert whole["posts_to"] == ["telegram", "drome"]
    assert set(whole) == documented("What `vigie config show` prints")
    assert keys(whole["settings"]) == documented("A setting")


def test_a_token_of_the_environment_replaces_the_one_of_a_file(vigie: Vigie, folder: Path) -> None:
    shown = found(vigie, {"VIGIE_TELEGRAM__TOKEN": TOKEN})
    assert shown["telegram.token"] == ("***", "environment", "VIGIE_TELEGRAM__TOKEN")
    assert shown["telegram.token_file"] == (None, "default", "")


def test_the_address_of_the_database_from_a_file_of_its_own(vigie: Vigie, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "database.url").write_text("sqlite:///../kept.db\n", encoding="utf-8")
    (tmp_path / "config.toml").write_text('[database]\nurl_file = "secrets/database.url"\n', encoding="utf-8")
    value, source, _ = found(vigie)["database.url"]
    assert (value, source) == (f"sqlite:///{tmp_path}/secrets/../kept.db", "secret file")
    (tmp_path / "config.toml").write_text('[database]\nurl = "sqlite:///a.db"\nurl_file = "secrets/database.url"\n', encoding="utf-8")
    assert "config.toml:3: database.url_file: both url and url_file are given; keep one" in vigie("config", "show").err


def test_a_secret_that_everybody_can_read_is_told(vigie: Vigie, folder: Path) -> None:
    (folder / "telegram.token").chmod(0o644)
    (folder / "config.toml").chmod(0o644)
    folder.chmod(0o755)
    done = vigie("config", "check")
    assert done.code == 0
    assert f"warning: {folder}/telegram.token: every user of this machine can read this secret: chmod 600 " in done.out
    assert "warning: config.toml: every user of this machine can read the secrets in it" in done.out
    folder.chmod(0o700)
    assert vigie("config", "check", "--json").json == {"ok": True, "problems": [], "warnings": []}
    folder.chmod(0o755)
    (folder / "telegram.token").chmod(0o600)
    (folder / "config.toml").chmod(0o600)
    assert vigie("config", "check").out == "The configuration can be used\n"


def test_what_is_wrong_is_told_with_file_and_line(vigie: Vigie, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[http]\ntimeout_second = 3\n[watch]\nauthorities = ["26", "Z9"]\n', encoding="utf-8")
    done = vigie("config", "check")
    assert done.code == 2
    assert 'config.toml:2: http.timeout_second: unknown option; did you mean "timeout_seconds"?' in done.out
    assert 'config.toml:4: watch.authorities[1]: "Z9" is not a code' in done.out
    found = vigie("config", "check", "--json").json
    assert set(found) == documented("What `vigie config check` prints")
    assert found["problems"] == done.out.splitlines()
    assert (vigie("config", "show").code, vigie("config", "show").out) == (2, "")


def test_a_folder_that_cannot_be_written_or_made_is_told(vigie: Vigie, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.toml").write_text('[storage]\npdfs_folder = "pdfs/kept"\n', encoding="utf-8")
    (tmp_path / "pdfs").touch()
    done = vigie("config", "check")
    assert (done.code, done.out) == (2, f"{tmp_path}/pdfs is a file, and is to be a folder. Move it away, or name another folder.\n")
    (tmp_path / "pdfs").unlink()
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != tmp_path)
    problems, _ = checked(Context(tmp_path / "config.toml", verbose=False))
    assert problems == [f"this user cannot write in {tmp_path}. As root, with the user that runs the bot:  chown USER {tmp_path}"]
    monkeypatch.chdir(tmp_path)
    assert closed_folder(Settings()) == (f"this user cannot write in {tmp_path}", problems[0].partition(". ")[2]), "not in `.`"


def test_workers_without_their_extra_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '[reading]\nengine = "procrastinate"\n[database]\nurl = "postgresql://vigie@127.0.0.1/vigie"\n'
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    context = Context(tmp_path / "config.toml", verbose=False)
    assert checked(context)[0] == []
    monkeypatch.setattr("bot.app.inventory.find_spec", lambda _: None)
    assert checked(context)[0] == ["reading.engine needs procrastinate: pip install 'vigie-vsa[workers]'"]


def test_a_database_of_another_version_is_told(vigie: Vigie, tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path / 'vigie.db'}").close()
    with closing(sqlite3.connect(tmp_path / "vigie.db")) as database:
        database.execute(f"UPDATE {VERSION_TABLE} SET version_num = '0019'")  # noqa: S608 - a name of ours
        database.commit()
    assert vigie("config", "check").code == 2
    assert "of another version of Vigie (schema 0019" in vigie("status").err
