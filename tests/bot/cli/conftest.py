from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.demo.replay import Replay
from bot.demo.scenario import scenario

Vigie = Callable[..., "Done"]


@dataclass(frozen=True)
class Done:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def vigie(tmp_path: Path) -> Vigie:
    """Run the real command in a process of its own, in an empty folder."""

    def run(*arguments: str, environ: dict[str, str] | None = None) -> Done:
        done = subprocess.run(
            command(arguments), capture_output=True, text=True, cwd=tmp_path, env=clean_environ(environ), timeout=60, check=False
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def replay() -> Iterator[Replay]:
    """Three prefecture sites, as of today."""
    with Replay(dict(scenario(datetime.now(UTC).astimezone().date()))) as running:
        yield running


@pytest.fixture
def config(tmp_path: Path, replay: Replay) -> str:
    """A configuration that asks the replay in place of the real sites."""
    return write_config(tmp_path, replay)


def write_config(folder: Path, replay: Replay, more: str = "") -> str:
    origins = "".join(f'"{origin}" = "{base}"\n' for origin, base in replay.origins.items())
    path = folder / "vigie.toml"
    path.write_text(
        f'[http]\ninterval_seconds = 0\n[http.origins]\n{origins}[watch]\nauthorities = ["26", "06", "02"]\n{more}', encoding="utf-8"
    )
    return str(path)


def command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-c", "from bot.cli import main; main()", *arguments]


def clean_environ(more: dict[str, str] | None = None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VIGIE_")}
    return {**kept, "COLUMNS": "200", "NO_COLOR": "1", **(more or {})}
