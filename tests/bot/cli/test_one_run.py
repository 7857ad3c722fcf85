"""Two `vigie run` on one database, as an operator meets it."""

from __future__ import annotations

import signal
from pathlib import Path

from bot.app.demo.replay import Replay
from bot.storage.locks import LockName
from bot.storage.store import open_store
from tests.bot.cli.conftest import Vigie, write_config
from tests.e2e.test_operations import bot
from tests.processes import Zygote


def holder(folder: Path, name: LockName = LockName.WORK) -> int | None:
    """Which process works."""
    with open_store(f"sqlite:///{folder / 'vigie.db'}", read_only=True) as store:
        found = store.locks.holder(name)
    return None if found is None else found.pid


def test_a_second_run_says_so_and_leaves(vigie: Vigie, zygote: Zygote, tmp_path: Path, replay: Replay) -> None:
    (tmp_path / "tmp").mkdir()
    Path(write_config(tmp_path, replay)).rename(tmp_path / "config.toml")
    with bot(zygote.begin, tmp_path, "run") as first:
        first.until(lambda: holder(tmp_path) == first.process.pid)
        second = vigie("run")
        assert second.code == 1
        assert "vigie run on host " in second.err
        assert f"process {first.process.pid}, since 20" in second.err
        assert "Starting" not in second.err
        assert "Traceback" not in second.err
        assert vigie("status", "--alive").code == 0
        assert vigie("status").out.count(f"process {first.process.pid}") == 1
        # Killed without a word: the next one need not wait.
        first.process.send(signal.SIGKILL)
        first.process.wait(60)
    with bot(zygote.begin, tmp_path, "run") as third:
        third.until(lambda: holder(tmp_path) == third.process.pid)
        assert third.end() == 0
    assert holder(tmp_path) is None
