"""The real command, and three prefecture sites that it asks."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app.demo.replay import Replay
from tests.processes import LONGEST, Done, Zygote, clean_environ, command
from tests.small_france import published

Vigie = Callable[..., Done]


@pytest.fixture
def vigie(tmp_path: Path, zygote: Zygote) -> Vigie:
    """Run the real command in a process of its own, in an empty folder. What Python itself reads of `environ` takes a new interpreter."""

    def run(*arguments: str, environ: dict[str, str] | None = None) -> Done:
        if any(name.startswith(("PYTHON", "LC_", "LANG")) for name in environ or ()):
            done = subprocess.run(
                command(arguments), capture_output=True, text=True, cwd=tmp_path, env=clean_environ(environ), timeout=LONGEST, check=False
            )
            return Done(done.returncode, done.stdout, done.stderr, arguments)
        return zygote.run(arguments, tmp_path, clean_environ(environ))

    return run


@pytest.fixture
def replay() -> Iterator[Replay]:
    """Three prefecture sites, as of today."""
    with Replay(published(datetime.now(UTC).astimezone().date())) as running:
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
