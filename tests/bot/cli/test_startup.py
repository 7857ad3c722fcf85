"""A command imports what it uses: reading one file must feel instant."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bot.cli.main import MODULES
from tests.bot.cli.conftest import Vigie
from tests.processes import clean_environ
from tests.standalone import build_standalone

HEAVY = {"sqlalchemy", "alembic", "telegram", "apscheduler", "httpx", "bs4", "lxml", "playwright"}
REPORT = """
import json, sys
from bot.cli.main import app
try:
    app(["read", sys.argv[1], "--json"])
except SystemExit as end:
    assert not end.code, end.code
sys.stderr.write(json.dumps(sorted(sys.modules)))
"""


def test_reading_a_file_imports_nothing_of_the_other_commands(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(build_standalone(("Arrêté portant interdiction de stationnement",)))
    done = subprocess.run(
        [sys.executable, "-c", REPORT, "a.pdf"], capture_output=True, text=True, cwd=tmp_path, env=clean_environ(), timeout=60, check=True
    )
    loaded = set(json.loads(done.stderr))
    assert {"bot.cli.read", "bot.ingest.judging"} <= loaded
    assert HEAVY & {name.partition(".")[0] for name in loaded} == set()
    assert not loaded & {"bot.app.wiring", "sources.http", "sources.pages", "bot.storage.store"}


def test_every_command_is_registered_by_the_module_it_is_looked_for_in(vigie: Vigie) -> None:
    shown = vigie("--help").out
    assert [name for name in MODULES if f" {name} " not in shown] == []


def test_a_mistyped_command_is_told_with_what_was_meant(vigie: Vigie) -> None:
    done = vigie("raed", "a.pdf")
    assert done.code == 2
    assert "'read'" in done.err
