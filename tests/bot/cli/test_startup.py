"""A command imports what it uses: reading one file must feel instant."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import COMMANDS, app
from bot.storage.store import open_store
from tests.bot.cli.conftest import Vigie
from tests.processes import Zygote, clean_environ
from tests.standalone import build_standalone

HEAVY = {"sqlalchemy", "telegram", "apscheduler", "httpx", "bs4", "lxml", "playwright"}
REPORT = """
import json, sys
from bot.cli.main import app
try:
    app(["read", sys.argv[1], "--json"])
except SystemExit as end:
    assert not end.code, end.code
sys.stderr.write(json.dumps(sorted(sys.modules)))
"""


INTERRUPTED = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
class Interrupt:
    def find_spec(self, name, *rest):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
import bot.cli
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
"""


@pytest.mark.parametrize(("while_loading", "code"), [("bot.cli.main", -signal.SIGINT), ("nothing", 0)])
def test_ctrl_c_while_the_program_loads_ends_it_without_a_traceback(while_loading: str, code: int) -> None:
    program = [sys.executable, "-c", INTERRUPTED, while_loading]
    done = subprocess.run(program, capture_output=True, text=True, env=clean_environ(), timeout=60, check=False)
    assert (done.returncode, done.stderr) == (code, "")


def test_reading_a_file_imports_nothing_of_the_other_commands(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(build_standalone(("Arrêté portant interdiction de stationnement",)))
    done = subprocess.run(
        [sys.executable, "-c", REPORT, "a.pdf"], capture_output=True, text=True, cwd=tmp_path, env=clean_environ(), timeout=60, check=True
    )
    loaded = set(json.loads(done.stderr))
    assert {"bot.cli.read", "bot.ingest.judging"} <= loaded
    assert HEAVY & {name.partition(".")[0] for name in loaded} == set()
    assert not loaded & {"bot.app.wiring", "sources.http", "sources.pages", "bot.storage.store"}


@pytest.mark.parametrize("command", [["config", "check"], ["status", "--alive"]])
def test_what_monitors_ask_for_loads_no_platform_site_or_reader(command: list[str], tmp_path: Path) -> None:
    """Measured in modules, which no busy machine changes: the processor time and the memory are mostly theirs."""
    (tmp_path / "config.toml").touch()
    open_store(f"sqlite:///{tmp_path}/vigie.db").close()
    program = "import sys; from bot.cli.main import app\ntry: app(sys.argv[1:])\nfinally: sys.stderr.write(' '.join(sys.modules))"
    arguments = [sys.executable, "-c", program, "--config", str(tmp_path / "config.toml"), *command]
    done = subprocess.run(arguments, capture_output=True, text=True, env=clean_environ(), timeout=60, check=False)
    loaded = set(done.stderr.split())
    assert "bot.storage.store" in loaded, done.stderr
    others = (HEAVY - {"sqlalchemy"}) | {"apprise", "rapidfuzz", "snowballstemmer", "starlette", "prometheus_client", "PIL"}
    assert others & {name.partition(".")[0] for name in loaded} == set()
    ours = {"bot.app.wiring", "bot.delivery", "bot.detection", "bot.operators", "bot.queries", "sources.crawl", "sources.pages"}
    assert ours & loaded == set()


def test_every_command_is_registered_by_its_module_and_begins_its_help_as_the_table_says() -> None:
    for name, (_, summary) in COMMANDS.items():
        shown = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "80"}).stdout
        assert summary in " ".join(shown.split()), name
        assert max(map(len, shown.splitlines())) <= 80, name
        assert not [needless for needless in ("<bool>", "%Y", "[[") if needless in shown], name


def test_the_help_shows_every_command_and_imports_none() -> None:
    program = "import sys; from bot.cli.main import app; app(['--help'], standalone_mode=False); sys.stderr.write(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=clean_environ(), timeout=60, check=True)
    assert [name for name in COMMANDS if f" {name} " not in done.stdout] == []
    loaded = set(done.stderr.split())
    assert HEAVY & {name.partition(".")[0] for name in loaded} == set()
    assert not loaded & {f"bot.cli.{module}" for module, _ in COMMANDS.values()}


def test_a_mistyped_command_is_told_with_what_was_meant(vigie: Vigie) -> None:
    done = vigie("raed", "a.pdf")
    assert done.code == 2
    assert "'read'" in done.err


@pytest.mark.parametrize(("typed", "word", "offered"), [("vigie stat", 1, "status\n"), ("vigie status --al", 2, "--all\n--alive\n")])
def test_a_shell_completes_commands_and_their_options_without_noise(
    zygote: Zygote, tmp_path: Path, typed: str, word: int, offered: str
) -> None:
    asked = clean_environ({"_VIGIE_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(word)})
    done = zygote.run([], tmp_path, asked, script=COMPLETED)
    assert (done.code, done.out, done.err) == (0, offered, "")


COMPLETED = "from bot.cli.main import app; app(prog_name='vigie')"
