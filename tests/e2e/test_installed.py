"""The wheel, installed outside the checkout as a self-hoster has it."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
import sysconfig
import tomllib
import venv
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from bot.app.demo.replay import Replay
from tests import clock
from tests.processes import LONGEST, Done, Zygote, ZygoteProcess, clean_environ
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.mastodon import MastodonServer
from tests.skipping import until
from tests.small_france import published
from tests.standalone import build_standalone

CHECKOUT = Path(__file__).parents[2]
Installed = Callable[..., Done]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `vigie` of a wheel in a venv of its own. What the wheel needs is that of the venv of the tests, without its checkout."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=CHECKOUT, capture_output=True, check=True)
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(pip, env=clean_environ(), check=True)
    # A line of a .pth file adds a folder, and not what the .pth files in it would add: the checkout stays unseen.
    [site] = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder / "venv" / "bin" / "vigie"


LOADED = f"""
import os, socket, sys
from importlib import import_module
from bot.cli.main import COMMANDS, main
for module, _ in COMMANDS.values():
    import_module(f"bot.cli.{{module}}")
sys.path.append({str(CHECKOUT / "tests")!r})
import clock
from reading_zygote import serve
clock.tell()
order = serve(socket.socket(fileno=int(sys.argv[1])))
os.chdir(order["folder"])
sys.argv = ["vigie", *order["arguments"]]
main()
"""


@pytest.fixture(scope="module")
def installed(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    """Forks the installed program for each command: ten interpreters would each load it."""
    folder = tmp_path_factory.mktemp("loaded")
    process = ZygoteProcess(program.parent / "python", "-c", LOADED, folder=folder, environ=clean_environ())
    yield Zygote(folder, process)
    process.close()


@pytest.fixture
def vigie(installed: Zygote, tmp_path: Path) -> Installed:
    def run(*arguments: str, environ: dict[str, str] | None = None) -> Done:
        return installed.run(arguments, tmp_path, clean_environ(environ))

    return run


def test_it_is_the_wheel_that_runs(program: Path, tmp_path: Path) -> None:
    where = "import bot, sources; print(bot.__file__, sources.__file__)"
    said = subprocess.run(
        [program.parent / "python", "-c", where], capture_output=True, text=True, cwd=tmp_path, env=clean_environ(), check=True
    )
    assert said.stdout.count(str(program.parents[1])) == 2


def test_it_says_its_version(program: Path, tmp_path: Path) -> None:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, cwd=tmp_path, env=clean_environ(), check=True)
    assert said.stdout == f"vigie {version('vigie-vsa')}\n"


def test_the_example_configuration_is_in_it(vigie: Installed) -> None:
    done = vigie("config", "example")
    assert done.out == (CHECKOUT / "config.example.toml").read_text(encoding="utf-8")
    assert tomllib.loads(done.out)["watch"]["every_minutes"] == 15


def test_it_replays_the_demo(vigie: Installed, tmp_path: Path) -> None:
    done = vigie("demo")
    assert (done.code, done.err) == (0, "")
    assert "Drôme" in done.out
    assert list(tmp_path.iterdir()) == []


def test_it_reads_a_file(vigie: Installed, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(build_standalone(("Arrêté portant interdiction de stationnement",)))
    done = vigie("read", "a.pdf", "--json")
    assert (done.code, done.err, done.json["status"]) == (0, "", "complete")


async def test_from_nothing_to_a_post_and_after_a_kill_elsewhere_nothing_is_posted_twice(
    installed: Zygote, vigie: Installed, telegram: FakeBotApi, tmp_path: Path
) -> None:
    with MastodonServer() as mastodon, Replay(published(clock.today())) as replay:
        # Where the sites and Telegram are in this test; all else is what `vigie init` wrote.
        environ = {
            "VIGIE_HTTP__ORIGINS": json.dumps(replay.origins),
            "VIGIE_HTTP__INTERVAL_SECONDS": "0",
            "VIGIE_TELEGRAM__API_URL": telegram.url,
            "VIGIE_READING__OCR": "no",
        }
        (tmp_path / "bot.token").write_text(telegram.token, encoding="utf-8")
        (tmp_path / "account.token").write_text(mastodon.token, encoding="utf-8")
        accounts = ["--telegram-token-file", "bot.token", "--channel", "@vsa", "--mastodon-instance", mastodon.url]
        options = ["--codes", "26,06,02", "--contact", "a@example.org", "--mastodon-token-file", "account.token"]
        made = await asyncio.to_thread(vigie, "init", "--yes", *accounts, *options, environ=environ)
        assert made.code == 0, made.err
        looked = await asyncio.to_thread(vigie, "doctor", environ=environ)
        assert looked.code == 0, looked.out
        running = installed.begin(["run"], tmp_path, clean_environ(environ))
        try:
            # The decrees of the Drôme and of the Aisne: `poll` would end with 3 for one that is yet to be sent.
            await telegram.until(lambda: len(telegram.messages) == 2, LONGEST)
            await until(lambda: len(mastodon.statuses()) == 2)
            kept = await asyncio.to_thread(vigie, "backup", "backups", environ=environ)
            assert (kept.code, ", checked; " in kept.out) == (0, True), kept.err
        finally:
            running.send(signal.SIGKILL)
            running.wait()
        there = tmp_path / "elsewhere"
        there.mkdir()
        for name in ("config.toml", "telegram.token", "mastodon.token"):
            shutil.copy(tmp_path / name, there / name)
        for command in (["restore", "backups"], ["poll"], ["status", "--alive"]):
            done = await asyncio.to_thread(vigie, "-c", str(there / "config.toml"), *command, environ=environ)
            assert done.code == 0, done.err
        posts = {message.text for message in telegram.messages}
        assert len(posts) == len(telegram.messages)
        assert len(mastodon.statuses()) == len(posts)
