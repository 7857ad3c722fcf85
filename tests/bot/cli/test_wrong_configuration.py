"""A configuration that cannot be used ends the program with exit code 2 and says where; one that is hardly meant is said at start."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.app.demo.replay import Replay
from tests.bot.cli.conftest import Vigie, write_config
from tests.examples import by_day
from tests.processes import Zygote, clean_environ

HOOK = '[[destinations]]\nname = "hook"\nplatform = "apprise"\n'


def configure(folder: Path, text: str) -> None:
    (folder / "config.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("command", by_day([["status"], ["poll", "26"], ["run"]], 1))
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'{HOOK}url = "nosuch://a-secret-of-nobody"', "config.toml:4: destinations[0].url: is not an address that Apprise can use"),
        (f'{HOOK}url = "tgram://a-secret-of-nobody"', "config.toml:4: destinations[0].url: is not an address that Apprise can use"),
        ('[telegram]\ntoken = "hello"', "config.toml:2: telegram.token: is not a token of a Telegram bot"),
        ('[database]\nurl = "sqlite:///absent/vigie.db"', "absent does not exist, or cannot be entered; create it first (mkdir -p "),
        ('[watch]\ntopics_folder = "absent"', "config.toml:2: watch.topics_folder: there is no folder "),
        ('[watch]\ntopics_folder = "taken"', "taken: holds no folder of a topic"),
        ('[database]\nurl = "sqlite:///taken"', "config.toml:2: database.url: "),
        ('[database]\nurl = "sqlite:///config.toml/vigie.db"', "config.toml:2: database.url: its folder "),
    ],
)
def test_it_is_said_with_file_and_line(vigie: Vigie, tmp_path: Path, command: list[str], text: str, said: str) -> None:
    (tmp_path / "taken").mkdir()
    configure(tmp_path, text)
    done = vigie(*command)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert "Traceback" not in done.err
    assert "a-secret" not in done.err
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_bot_that_is_to_hold_says_it_once_and_waits_for_a_signal(zygote: Zygote, tmp_path: Path, number: signal.Signals) -> None:
    configure(tmp_path, "[telegram]\ntokn = 1\n")
    lines, errors = os.pipe()
    with os.fdopen(lines, encoding="utf-8") as said:
        running = zygote.begin(["run", "--hold"], tmp_path, clean_environ(), (None, None, errors))
        os.close(errors)
        assert said.readline().startswith("vigie: config.toml:2: telegram.tokn: unknown option")
        assert said.readline() == "vigie: mend that, then restart; waiting for the signal to end (--hold)\n"
        assert running.is_running()
        running.send(number)
        assert (running.wait(), said.read()) == (2, "")


WITHOUT_APPRISE = """
import sys
from importlib import reload
from bot.cli import main
from bot.delivery import apprise
sys.modules["apprise"] = None
reload(apprise)
main()
"""


def test_a_service_that_needs_a_package_which_is_not_installed(zygote: Zygote, tmp_path: Path) -> None:
    configure(tmp_path, f'{HOOK}url = "json://127.0.0.1/x"')
    done = zygote.run(["run"], tmp_path, clean_environ(), script=WITHOUT_APPRISE)
    assert done.code == 2
    assert "config.toml:4: destinations[0].url: needs Apprise, which is not installed: pip install 'vigie-vsa[apprise]'" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("content", ["not a database, but long " * 100, None])
def test_a_file_that_holds_something_else(vigie: Vigie, tmp_path: Path, content: str | None) -> None:
    if content is None:
        with closing(sqlite3.connect(tmp_path / "vigie.db")) as other:
            other.execute("CREATE TABLE of_another_program (x)")
    else:
        (tmp_path / "vigie.db").write_text(content)
    for command in (["run"], ["poll", "26"]):
        done = vigie(*command)
        assert done.code == 2
        assert "vigie.db" in done.err
        assert "Traceback" not in done.err


def test_a_server_that_is_not_there_may_be_there_later(vigie: Vigie) -> None:
    done = vigie("poll", "26", environ={"VIGIE_DATABASE__URL": "postgresql://vigie:of-nobody@127.0.0.1:1/vigie"})
    assert done.code == 1
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "name",
    ["VIGIE_DATABASE_URL", "VIGIE_DATABSE_URL", "vigie_database_url"],
)
def test_a_variable_that_is_nearly_an_option(vigie: Vigie, name: str) -> None:
    done = vigie("status", environ={name: "sqlite:///other.db", "VIGIE_HOME": "of another program"})
    assert done.code == 2
    assert done.err.strip() == f'vigie: environment variable {name}: unknown variable; did you mean "VIGIE_DATABASE__URL"?'


def test_what_is_hardly_meant_is_said_at_start(vigie: Vigie, replay: Replay, tmp_path: Path) -> None:
    config = write_config(tmp_path, replay)
    text = (tmp_path / "vigie.toml").read_text("utf-8")
    text = text.replace("[http]\n", '[http]\nbrowser = "no-such-browser"\n', 1)
    text = text.replace("[http.origins]\n", '[http.origins]\n"https://www.drome.gov.fr" = "http://127.0.0.1:1/"\n', 1)
    text = text.replace("[watch]\n", "[watch]\nevery_minutes = 30\nslowest_minutes = 20\n", 1)
    (tmp_path / "vigie.toml").write_text(text, encoding="utf-8")
    done = vigie("-c", config, "poll", "26")
    assert done.code == 0
    assert "http.browser: there is no program 'no-such-browser'" in done.err
    assert "http.origins: www.drome.gov.fr is not a site of the catalogue; did you mean www.drome.gouv.fr?" in done.err
    assert "watch.every_minutes (30) is more than watch.slowest_minutes (20)" in done.err
