"""`vigie doctor`: each check good and bad, and what to type where it is bad."""

from __future__ import annotations

import errno
import os
import re
import shutil
import socket
import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from bot.app.config.model import Settings
from bot.app.demo.replay import Replay
from bot.cli import doctor
from bot.cli.doctor import Diagnosis, clock_finding, of_machine, of_network
from bot.reading.pages.recognition import EngineKind, ocr_available
from bot.reading.sandbox.probe import Confinement
from bot.storage.database import translate
from bot.storage.errors import DiskFull, Locked, StorageError, WrongSchema
from bot.storage.store import Store, open_store
from sources.catalogue.authority import load_authorities
from tests import clock
from tests.bot.cli.conftest import Vigie, mounted_read_only, write_config
from tests.bot.cli.test_json_guide import described, documented, keys
from tests.servers.fake_bot_api import BOT_NAME, FakeBotApi
from tests.servers.mastodon import MastodonServer

NOW = datetime(2026, 8, 20, 12, tzinfo=UTC)
WANTS = '[[destinations]]\nname = "a"\nplatform = "console"\noperators = ["{}"]'


def _refused(words: str) -> StorageError:
    """What is made of the error of a driver that has no connection."""
    return translate(OperationalError(None, None, Exception(f'connection to server at "127.0.0.1", {words}')), "d")


@pytest.fixture
def telegram(telegram: FakeBotApi) -> FakeBotApi:
    telegram.add_channel(-1002222, "editing", can_edit=True)
    telegram.add_group(-1003333)
    return telegram


def settings_of(folder: Path, **sections: Any) -> Settings:
    nobody = {"origins": {"https://www.drome.gouv.fr": "http://127.0.0.1:1"}}
    common = {"database": {"url": f"sqlite:///{folder}/vigie.db"}, "watch": {"authorities": ["26"]}, "http": nobody}
    return Settings.model_validate({**common, **sections}, context={})


def on_machine(folder: Path, check: str, **sections: Any) -> Diagnosis:
    return next(one for one in of_machine(settings_of(folder, **sections), load_authorities()) if one.check == check)


async def in_network(folder: Path, check: str, **sections: Any) -> Diagnosis:
    [found] = [one for one in await of_network(settings_of(folder, **sections), load_authorities()) if one.check == check]
    return found


# The command as a whole.


def test_all_is_well(vigie: Vigie, replay: Replay, telegram: FakeBotApi, mastodon: MastodonServer, tmp_path: Path) -> None:
    mastodon.fail(
        200, {"name": "vigie", "scopes": "read write:statuses write:media"}, method="GET", path="/api/v1/apps/verify_credentials", count=9
    )
    accounts = (
        f'[telegram]\ntoken = "{telegram.token}"\napi_url = "{telegram.url}"\nchannel = "@vsa"\noperators_chat = "-1003333"\n'
        f'[mastodon]\ninstance = "{mastodon.url}"\ntoken = "{mastodon.token}"\n[reading]\nocr = false\n'
    )
    done = vigie("-c", write_config(tmp_path, replay, accounts), "doctor")
    assert (done.code, done.err) == (0, ""), done.out
    for line in (
        "ok       database: ",
        "ok       names: resolved: 127.0.0.1\n",
        "ok       prefecture: www.drome.gouv.fr answers\n",
        "ok       clock: that of www.drome.gouv.fr is ",
        f"ok       telegram bot: @{BOT_NAME}, which answers commands\n",
        "ok       destination telegram: takes posts; one whose answer is lost is looked for\n",
        "ok       destination mastodon: takes posts, with all scopes that are needed; posts are public, of at most 500 characters\n",
        "ok       destination telegram.operators_chat: takes texts\n",
    ):
        assert line in done.out
    for page in ("install.md", "installer.md"):
        guide = (Path(__file__).parents[3] / "docs" / page).read_text(encoding="utf-8")
        assert [line for line in done.out.splitlines() if f"| `{line[9:].split(':')[0].split()[0]}` |" not in guide] == []
    assert (telegram.messages, mastodon.statuses()) == ([], [])
    assert not (tmp_path / "vigie.db").exists()


def test_what_does_not_work_ends_with_3_and_says_what_to_type(vigie: Vigie, tmp_path: Path) -> None:
    text = '[http.origins]\n"https://www.drome.gouv.fr" = "http://127.0.0.1:1"\n[watch]\nauthorities = ["26"]\n'
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    done = vigie("doctor", "--json")
    assert done.code == 3
    assert done.json["ok"] is False
    assert set(done.json) == documented("What `vigie doctor` prints")
    assert keys(done.json["checks"]) == documented("A check")
    assert {"ok", "warning", "failed", "skipped"} <= described("A check", "state")
    [site] = [one for one in done.json["checks"] if one["check"] == "prefecture"]
    assert (site["state"], site["todo"]) == ("failed", "Often passes by itself. If it lasts: does the site open in a browser?")
    assert {one["check"]: one["state"] for one in done.json["checks"]}["clock"] == "skipped"
    assert "           → Often passes by itself" in vigie("doctor").out


def test_what_the_configuration_hardly_means_is_a_warning(vigie: Vigie, tmp_path: Path) -> None:
    text = '[http.origins]\n"https://www.drome.gouv.fr" = "http://127.0.0.1:1"\n[watch]\nauthorities = ["26"]\nevery_minutes = 100\n'
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    assert vigie("doctor").out.startswith("warning  configuration: watch.every_minutes (100) is more than watch.slowest_minutes (90)")


@pytest.mark.parametrize(
    ("section", "doubt"),
    [
        (
            '[telegram]\ntoken = "1:t"',
            "telegram.token: there is no channel, and decrees are shown where the bot runs only; set telegram.channel",
        ),
        ('[telegram]\ntoken = "1:t"\nchannel = "1234567890"', "telegram.channel: 1234567890 is a person; .* did you mean -1001234567890?"),
        (
            '[telegram]\ntoken = "1:t"\n[[destinations]]\nname = "a"\nplatform = "telegram"\nchat = "1234567890"',
            "destinations[0].chat: 1234567890 is a person; .* did you mean -1001234567890?",
        ),
        (WANTS.format("SNFC"), "destinations[0].operators: SNFC is in the name of no operator that is known; did you mean SNCF?"),
        (WANTS.format("Keolis"), "destinations[0].operators: Keolis is in .*; those that are known: RATP, SNCF, .*, those of a town"),
        *((WANTS.format(known), "") for known in ("sncf", "Préfecture", "Police municipale", "commune de Valence", "Cannes")),
    ],
)
def test_what_is_hardly_meant_is_said_with_what_to_do(vigie: Vigie, tmp_path: Path, section: str, doubt: str) -> None:
    (tmp_path / "config.toml").write_text(f"{section}\n", encoding="utf-8")
    (tmp_path / "config.toml").chmod(0o600)
    pattern = re.escape(f"warning: {doubt}").replace(r"\.\*", ".*") if doubt else "The configuration can be used\n$"
    assert re.match(pattern, vigie("config", "check").out)


# This machine.


def test_ocr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert on_machine(tmp_path, "ocr").state == ("ok" if ocr_available() else "failed")
    monkeypatch.setattr("bot.reading.sandbox.probe.engine_kind", lambda: None)
    monkeypatch.setattr("bot.reading.sandbox.probe.find_data", lambda: None)
    assert on_machine(tmp_path, "ocr").todo == "apt-get install tesseract-ocr-fra"
    monkeypatch.setattr("bot.reading.sandbox.probe.find_data", lambda: tmp_path)
    found = on_machine(tmp_path, "ocr")
    assert (found.state, found.todo) == ("failed", "pip install 'vigie-vsa[ocr]'")
    monkeypatch.setattr("bot.reading.sandbox.probe.engine_kind", lambda: EngineKind.LIBRARY)
    # There is no data in that folder.
    assert on_machine(tmp_path, "ocr").says.startswith("a reading process could not recognise a scan (")
    assert on_machine(tmp_path, "ocr", reading={"ocr": False}).state == "skipped"


def test_the_browser_is_looked_for_where_a_watched_site_needs_one(tmp_path: Path) -> None:
    assert on_machine(tmp_path, "browser").state == "skipped"
    found = on_machine(tmp_path, "browser", watch={"authorities": ["PP"]}, http={"browser": "/no/such/chromium"})
    assert found.state == "failed"
    assert "the sites of PP need one" in found.says
    assert "/no/such/chromium: no such program" in found.says
    (tmp_path / "chromium").write_text("#!/bin/sh\n")
    (tmp_path / "chromium").chmod(0o755)
    found = on_machine(tmp_path, "browser", watch={"authorities": ["PP"]}, http={"browser": str(tmp_path / "chromium")})
    assert (found.state, found.todo) == ("ok", "")


def test_pages_metrics_and_workers_need_an_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("bot.app.inventory", "bot.cli.doctor"):
        monkeypatch.setattr(f"{module}.find_spec", lambda _: None)
    found = on_machine(tmp_path, "metrics", observe={"listen": "127.0.0.1:9464"})
    assert (found.state, found.todo) == ("warning", "pip install 'vigie-vsa[metrics]'")
    assert on_machine(tmp_path, "pages", web={"listen": "127.0.0.1:8080"}).todo == "pip install 'vigie-vsa[web]'"
    database = {"url": "postgresql://vigie@127.0.0.1:1/vigie"}
    found = on_machine(tmp_path, "workers", reading={"engine": "procrastinate"}, database=database)
    assert (found.state, found.todo) == ("failed", "pip install 'vigie-vsa[workers]'")


def written(file: Path, at: datetime) -> None:
    """Have a file that was written last at this time."""
    os.utime(file, (at.timestamp(),) * 2)


def test_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "vigie.db"
    assert on_machine(tmp_path, "database") == Diagnosis("database", "ok", f"{file} is made at the first start")
    file.touch()  # as a start leaves it for which there was no room
    written(file, clock.now())
    assert on_machine(tmp_path, "database").says == f"{file} holds nothing yet: the bot fills it when it starts, and can be written"
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE bookmarks (id INTEGER)")
    found = on_machine(tmp_path, "database", database={"url": f"sqlite:///{other}"})
    assert (found.state, "holds tables of another program (bookmarks)" in found.says) == ("failed", True)
    open_store(f"sqlite:///{file}").close()
    written(file, clock.now())
    assert on_machine(tmp_path, "database").says.endswith("opens, with the schema of this version, and can be written")
    written(file, clock.now() + timedelta(days=1))
    assert on_machine(tmp_path, "database").todo == "timedatectl set-ntp true"
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != file)
    assert "cannot be written by this user" in on_machine(tmp_path, "database").says
    file.write_text("not a database, but long " * 100, encoding="utf-8")
    found = on_machine(tmp_path, "database")
    assert (found.state, found.todo) == ("failed", "Restore a backup (vigie restore DIR), or name another file in database.url.")


@pytest.mark.parametrize(
    ("fault", "todo"),
    [
        (_refused('port 1 failed: FATAL:  database "vigie" does not exist'), "Make it (createdb vigie), or correct its name"),
        (_refused('failed: FATAL:  password authentication failed for user "v"'), "Correct the user and the password"),
        (_refused("failed to resolve host 'db.invalid': [Errno -2]"), "Correct the host in database.url"),
        (WrongSchema("is of another version"), "Use the version of Vigie that made it"),
        (Locked("is locked"), "End the program that holds it"),
        (DiskFull("cannot grow"), "Free some room on its disk"),
    ],
)
def test_each_fault_of_a_database_has_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: StorageError, todo: str) -> None:
    def fail(*_: object, **__: object) -> Store:
        raise fault

    monkeypatch.setattr(doctor, "open_store", fail)
    found = on_machine(tmp_path, "database")
    assert (found.state, found.todo[: len(todo)]) == ("failed", todo)


def test_a_server_that_is_down_is_to_be_started(tmp_path: Path) -> None:
    found = on_machine(tmp_path, "database", database={"url": "postgresql://vigie@127.0.0.1:1/vigie"})
    assert "Connection refused" in found.says
    assert found.todo.startswith("Start the server, or have it reached from here (pg_isready")


@pytest.mark.parametrize(
    ("temporary", "beside", "state"),
    [(100, 50_000, "failed"), (50_000, 100, "failed"), (50_000, 1_500, "warning"), (1_073, 50_000, "ok"), (50_000, 50_000, "ok")],
)
def test_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, temporary: int, beside: int, state: str) -> None:
    """The folder of temporary files, which a container has in memory, need not hold what is kept beside the database."""
    usage = shutil.disk_usage(tmp_path)
    free = {tempfile.gettempdir(): temporary, str(tmp_path): beside}
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=free[str(folder)] * 1_000_000))
    found = on_machine(tmp_path, "disk")
    assert (found.state, bool(found.todo)) == (state, state != "ok")


def test_a_file_system_that_is_mounted_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", mounted_read_only(tmp_path))
    monkeypatch.setattr(os, "access", lambda *_: False)
    for check in ("disk", "database"):
        found = on_machine(tmp_path, check)
        assert (found.state, "file system that is mounted read-only" in found.says) == ("failed", True)
        assert found.todo.startswith("Mount it for writing")


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != tmp_path)
    found = on_machine(tmp_path, "disk", storage={"pdfs_folder": tmp_path / "a" / "b"})
    assert (found.state, found.todo) == ("failed", f"As root, with the user that runs the bot:  chown USER {tmp_path}")


@pytest.mark.parametrize("question", ["is_file", "is_dir"])
def test_a_folder_below_one_that_this_user_may_not_enter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, question: str) -> None:
    closed, ask = tmp_path / "closed", getattr(Path, question)
    closed.mkdir()

    def asked(path: Path) -> bool:
        if closed in path.parents:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return bool(ask(path))

    monkeypatch.setattr(Path, question, asked)
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != closed)
    found = on_machine(tmp_path, "disk", storage={"pdfs_folder": closed / "pdfs" / "kept"})
    assert (found.state, found.says) == ("failed", f"this user cannot make {closed / 'pdfs' / 'kept'}")


def test_a_folder_that_is_to_be_made_where_this_user_may_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told to give away what is above it, which may be all of the machine."""
    (tmp_path / "mine").mkdir()
    wanted = tmp_path / "all" / "pdfs"
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != tmp_path)
    about = {"database": {"url": f"sqlite:///{tmp_path}/mine/vigie.db"}, "storage": {"pdfs_folder": wanted}}
    found = on_machine(tmp_path, "disk", **about)
    assert found.says == f"this user cannot make {wanted}"
    assert found.todo == f"As root, with the user that runs the bot:  mkdir -p {wanted} && chown USER {wanted}"


def test_confinement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Confinement:
        raise ValueError("no such system call")

    loose = Confinement(
        no_network=False, no_programs=True, no_writing=True, no_other_files=False, no_other_processes=True, missing=("no Landlock\x1b[2J",)
    )
    for probe, says in ((fail, "no such system call"), (lambda: loose, "could reach the network, read other files (no Landlock")):
        monkeypatch.setattr(doctor, "confinement_in_force", probe)
        found = on_machine(tmp_path, "confinement")
        assert (found.state, says in found.says) == ("warning", True)
        assert "\x1b" not in "".join(doctor.diagnosis_lines(found))


# The network.


async def test_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolved(name: str, *_: object, **__: object) -> list[str]:
        if name == "nowhere.invalid":
            raise socket.gaierror
        return [name]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    mastodon = {"instance": "https://nowhere.invalid", "token": "t"}
    found = await in_network(tmp_path, "names", mastodon=mastodon)
    assert (found.state, found.says) == ("failed", "cannot be resolved: nowhere.invalid")
    assert found.todo.endswith("getent hosts nowhere.invalid")


async def test_a_site_that_needs_a_browser_is_not_requested(tmp_path: Path) -> None:
    assert (await in_network(tmp_path, "prefecture", watch={"authorities": ["R-BRE"]})).state == "skipped"


@pytest.mark.parametrize(("off", "state"), [(0, "ok"), (119, "ok"), (121, "failed"), (-121, "failed")])
def test_the_clock(off: int, state: str) -> None:
    found = clock_finding(NOW, NOW + timedelta(seconds=off), "www.drome.gouv.fr")
    assert (found.state, found.todo) == (state, "" if state == "ok" else "timedatectl set-ntp true")
    assert state == "ok" or ("ahead of" if off > 0 else "behind") in found.says


@pytest.mark.parametrize(
    ("chat", "more", "state", "said"),
    [
        ("@editing", {}, "failed", "has the right to edit messages of others"),
        ("@nowhere", {}, "failed", "Chat not found"),
        ("-1003333", {}, "ok", "waits for you: in channels only it can be looked for"),
        ("@editing", {"reconcile": "hold"}, "ok", "waits for you"),
        ("@vsa", {"reconcile": "resend"}, "ok", "is sent again"),
    ],
)
async def test_a_chat(telegram: FakeBotApi, tmp_path: Path, chat: str, more: dict[str, str], state: str, said: str) -> None:
    about = {"token": telegram.token, "api_url": telegram.url, "channel": chat, **more}
    found = await in_network(tmp_path, "destination telegram", telegram=about)
    assert (found.state, bool(found.todo)) == (state, state != "ok")
    assert said in found.says


async def test_a_token_of_nobody(telegram: FakeBotApi, tmp_path: Path) -> None:
    wrong = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"
    found = await in_network(tmp_path, "telegram bot", telegram={"token": wrong, "api_url": telegram.url})
    assert found.state == "failed"
    assert "@BotFather" in found.todo
    assert wrong not in found.says


async def test_a_token_is_not_blamed_for_a_server_that_does_not_answer(tmp_path: Path) -> None:
    about = {"token": "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0", "api_url": "http://127.0.0.1:1"}
    found = await in_network(tmp_path, "telegram bot", telegram=about)
    assert (found.state, found.todo) == ("failed", "Can this machine reach the server?  curl -I http://127.0.0.1:1")


async def test_a_mastodon_account_without_its_scopes(mastodon: MastodonServer, tmp_path: Path) -> None:
    mastodon.fail(200, {"scopes": "read:accounts read:statuses write:statuses"}, method="GET", path="/api/v1/apps/verify_credentials")
    found = await in_network(tmp_path, "destination mastodon", mastodon={"instance": mastodon.url, "token": mastodon.token})
    assert found.state == "failed"
    assert "lacks the scopes write:media" in found.says


async def test_what_waits_for_the_server_to_be_patient_is_not_known(mastodon: MastodonServer, tmp_path: Path) -> None:
    mastodon.fail(429, {"error": "slow down"}, method="GET", path="/api/v1/apps/verify_credentials")
    found = await in_network(tmp_path, "destination mastodon", mastodon={"instance": mastodon.url, "token": mastodon.token})
    assert found.state == "warning"


async def test_without_an_account_posts_are_shown_where_the_bot_runs(tmp_path: Path) -> None:
    assert (await in_network(tmp_path, "destination console")).state == "ok"
