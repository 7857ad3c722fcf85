from __future__ import annotations

import json
import os
import select
import signal
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


class Zygote:
    """Runs commands in processes forked from one that has the program loaded: see `zygote`."""

    def __init__(self, folder: Path) -> None:
        self._out, self._err = folder / "out", folder / "err"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bot.cli.zygote"],
            cwd=Path(__file__).parents[3],
            env=clean_environ(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def run(self, arguments: Sequence[str], folder: Path, environ: dict[str, str]) -> Done:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        for path in (self._out, self._err):
            path.write_bytes(b"")
        order = {"arguments": arguments, "folder": str(folder), "environ": environ, "out": str(self._out), "err": str(self._err)}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], 60)[0]:
            os.killpg(self._process.pid, signal.SIGKILL)
            raise TimeoutError(f"vigie {' '.join(arguments)} did not end")
        code = int(self._process.stdout.readline())
        return Done(code, self._out.read_text("utf-8"), self._err.read_text("utf-8"))

    def close(self) -> None:
        with self._process as process:
            process.kill()


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    running = Zygote(tmp_path_factory.mktemp("zygote"))
    yield running
    running.close()


@pytest.fixture
def vigie(tmp_path: Path, zygote: Zygote) -> Vigie:
    """Run the real command in a process of its own, in an empty folder. What Python itself reads of `environ` takes a new interpreter."""

    def run(*arguments: str, environ: dict[str, str] | None = None) -> Done:
        if any(name.startswith(("PYTHON", "LC_", "LANG")) for name in environ or ()):
            done = subprocess.run(
                command(arguments), capture_output=True, text=True, cwd=tmp_path, env=clean_environ(environ), timeout=60, check=False
            )
            return Done(done.returncode, done.stdout, done.stderr)
        return zygote.run(arguments, tmp_path, clean_environ(environ))

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
