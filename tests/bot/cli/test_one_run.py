"""Two `vigie run` on one database, as an operator meets it; `vigie poll` beside one."""

from __future__ import annotations

import signal
from pathlib import Path

from bot.app.clock import utc_now
from bot.demo.replay import Replay
from bot.instance import RUN
from bot.storage import open_store
from tests.bot.cli.conftest import Vigie, write_config
from tests.e2e.test_operations import bot
from tests.processes import Zygote


def configure(folder: Path, replay: Replay) -> str:
    (folder / "tmp").mkdir()
    return write_config(folder, replay)


def holder(folder: Path) -> str | None:
    """Which process runs, as the database says."""
    with open_store(f"sqlite:///{folder / 'vigie.db'}", read_only=True) as store:
        lease = store.leases.holder_of(RUN, utc_now())
    return None if lease is None else lease.place.split("|")[2]


def test_a_second_run_says_so_and_leaves_while_a_poll_works(vigie: Vigie, zygote: Zygote, tmp_path: Path, replay: Replay) -> None:
    config = configure(tmp_path, replay)
    Path(config).rename(tmp_path / "config.toml")
    with bot(zygote.begin, tmp_path, "run") as first:
        first.until(lambda: holder(tmp_path) == str(first.process.pid))
        second = vigie("run")
        assert second.code == 1
        assert f"process {first.process.pid}" in second.err
        assert "Traceback" not in second.err
        assert vigie("status", "--alive").code == 0
        assert vigie("poll", "26").code in {0, 3}
        # Killed without a word, on the same machine: the next one need not wait.
        first.process.send(signal.SIGKILL)
        first.process.wait(60)
    with bot(zygote.begin, tmp_path, "run") as third:
        third.until(lambda: holder(tmp_path) == str(third.process.pid))
        assert third.end() == 0
    assert holder(tmp_path) is None
