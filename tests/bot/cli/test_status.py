"""`vigie status`, as a person or a script runs it, on a database as the bot leaves it."""

from __future__ import annotations

import json
import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from bot.cli.status_report import follower_lines
from bot.domain.health import Cause, Status
from bot.domain.records import NewRecueil, RecueilState, SourceState
from bot.domain.shape import plain
from bot.ingest.reading_job import MOST_UNFINISHED
from bot.storage.chats import FollowerCounts
from bot.storage.store import Store, open_store
from tests import clock
from tests.bot.cli.conftest import Vigie, mounted_read_only
from tests.bot.cli.test_json_guide import described, documented
from tests.bot.storage.building import act, one_recueil, result_of, to

NOW = clock.now().replace(microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "config.toml").write_text('[watch]\nauthorities = ["26", "38", "06"]\n', encoding="utf-8")
    return open_store(f"sqlite:///{tmp_path / 'vigie.db'}")


def fine(code: str, **values: object) -> SourceState:
    known = {"baseline_at": NOW - 90 * DAY, "last_ok_at": NOW, "next_check_at": NOW + HOUR}
    return SourceState(f"{code}:site", **{**known, **values})  # type: ignore[arg-type]  # each by its name


def save(store: Store, *states: SourceState, failed: str | None = None) -> None:
    with store:
        for state in states:
            store.sources.save(state)
        if failed:
            new = NewRecueil(failed, f"{failed}:site", f"https://x/{failed}", "RAA", None, is_detail=False, state=RecueilState.FAILED)
            store.recueils.add([new], NOW)


def told(out: str) -> list[str]:
    """What is said of the sources. The last paragraph is about the processes."""
    of_sources, _, _ = out.rpartition("\n\n")
    return of_sources.splitlines()


def test_all_is_fine(vigie: Vigie, store: Store) -> None:
    save(store, fine("26"), fine("38"), fine("06"))
    done = vigie("status", "26", "38", "06")
    assert (done.code, done.err) == (0, "")
    assert told(done.out) == ["3 authorities: 3 fine", f"Last successful poll: {NOW:%Y-%m-%d %H:%M} UTC"]
    every = told(vigie("status", "26", "--all").out)
    assert every[-2:] == [
        "Every source",
        f"26     site       fine          last success {NOW:%Y-%m-%d %H:%M} UTC, last recueil unknown",
    ]


def test_followers_are_counted_and_not_named() -> None:
    assert list(follower_lines(FollowerCounts())) == []
    [line] = follower_lines(FollowerCounts(12, 2, 1, 30))
    assert line == "Followers: 12 chats follow 30 places or subjects; 2 paused, 1 blocked"
    [_, trouble] = follower_lines(FollowerCounts(12, 2, 1, 30, 4))
    assert trouble == "Followers: 4 posts refused or in doubt: vigie outbox list --chats"


def test_what_does_not_work_is_told_with_its_cause_and_what_to_do(vigie: Vigie, store: Store) -> None:
    broken = fine(
        "38", failures=4, cause="structure", failing_since=NOW - 2 * HOUR, last_ok_at=NOW - 3 * HOUR, error="no list on\x1b[2J it"
    )
    moved = fine("06", moved_to="https://www.alpes-maritimes.gouv.fr/Nouveau")
    save(store, fine("26"), broken, moved, failed="26")
    done = vigie("status", "26", "38", "06")
    assert done.code == 3
    assert told(done.out) == [
        "3 authorities: 2 fine, 1 failing",
        f"Last successful poll: {NOW:%Y-%m-%d %H:%M} UTC",
        "",
        "Failing",
        "38     site       The page has changed: no list of recueils was found on it",
        f"    since {NOW - 2 * HOUR:%Y-%m-%d %H:%M} UTC, 4 failed polls in a row; last success {NOW - 3 * HOUR:%Y-%m-%d %H:%M} UTC",
        "    no list on[2J it",
        "    → See what the bot finds there, and correct the source (vigie sources check CODE).",
        "",
        "Moved",
        "06     site       It works, but its page has moved: https://www.alpes-maritimes.gouv.fr/Nouveau",
        "    → Bring the catalogue up to date while the new address can still be found.",
        "",
        "Recueils that were not read",
        "26     1 given up",
    ]
    assert vigie("status", "26").code == vigie("status", "06").code == 0


def test_a_source_that_is_late_is_not_fine(vigie: Vigie, store: Store) -> None:
    days = [(NOW - age * DAY).date() for age in range(20, 50)]
    with store:
        for day in days:
            new = NewRecueil("26", "26:site", f"https://x/{day}", "RAA", day, is_detail=False, state=RecueilState.READ)
            store.recueils.add([new], NOW)
        store.sources.save(fine("26"))
    done = vigie("status", "26")
    assert done.code == 3
    assert "1 late" in done.out
    assert f"last recueil {days[0]}, usually every day, hardly ever more than 5 days" in done.out


@pytest.mark.usefixtures("restored_logging")
def test_a_full_disk_is_not_fine(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    save(store, fine("26"), fine("38"), fine("06"))
    usage = shutil.disk_usage("/")
    for free, code in ((299, 3), (300, 0)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: usage._replace(free=free * 1_000_000))
        done = CliRunner().invoke(app, ["--config", str(tmp_path / "config.toml"), "status"])
        assert (done.exit_code, "DISK ALMOST FULL: 299 MB free at /" in done.output) == (code, free == 299)
        found = json.loads(CliRunner().invoke(app, ["--config", str(tmp_path / "config.toml"), "status", "--json"]).stdout)
        assert (found["ok"], found["disk_full"] is None) == (code == 0, code == 0)


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize("why", ["is on a file system that is mounted read-only", "is full"])
def test_a_bot_that_can_record_nothing_is_not_alive(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    save(store, fine("26"), fine("38"), fine("06"))
    arguments = ["--config", str(tmp_path / "config.toml"), "status"]
    assert CliRunner().invoke(app, [*arguments, "--alive"]).output == "alive\n"
    if why == "is full":
        usage = shutil.disk_usage("/")
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=0))
    else:
        monkeypatch.setattr(os, "statvfs", mounted_read_only(tmp_path))
    done = CliRunner().invoke(app, [*arguments, "--alive"])
    assert (done.exit_code, done.output.startswith("not alive: "), why in done.output) == (1, True, True)
    done = CliRunner().invoke(app, arguments)
    assert (done.exit_code, "NOTHING CAN BE RECORDED" in done.output, why in done.output) == (3, True, True)


def test_the_json_is_a_contract(vigie: Vigie, store: Store) -> None:
    save(store, fine("26"), fine("38", failures=1, cause="blocked", failing_since=NOW, error="503"), failed="38")
    again = NOW + timedelta(hours=2)
    with store:
        new = NewRecueil("26", "26:site", "https://x/b", "RAA", None, is_detail=False, state=RecueilState.WAITING)
        [held] = store.recueils.add([new], NOW)
        store.contents.fetched(held.id, "ab", NOW)
        for _ in range(MOST_UNFINISHED):
            store.contents.begin("ab", 1)
        store.recueils.failed(held.id, "3 readings of it came to nothing", now=NOW, next_try_at=again)
    shown = f"https://x/b: 3 readings came to nothing, and ended the program; tried again, alone, at {again:%Y-%m-%d %H:%M} UTC"
    assert shown in vigie("status", "26").out
    assert shown not in vigie("status", "38").out
    done = vigie("status", "26", "38", "06", "--json")
    assert (done.code, done.err) == (3, "")
    found = done.json
    assert (found["ok"], found["stalled_since"]) == (False, None)
    assert found["followers"] == {"chats": 0, "paused": 0, "blocked": 0, "follows": 0, "in_trouble": 0}
    assert found["ended_program"] == [{"authority": "26", "url": "https://x/b", "unfinished": 3, "next_try_at": plain(again)}]
    counts = {"fine": 1, "late": 0, "partly": 0, "failing": 1, "never_polled": 1, "not_covered": 0, "not_watched": 0}
    assert found["counts"] == counts
    isere = next(one for one in found["authorities"] if one["code"] == "38")
    assert (isere["status"], isere["given_up"], isere["incomplete"]) == ("failing", 1, 0)
    source = isere["routes"][0]
    assert documented("What `vigie status` prints") == set(found)
    assert documented("A destination") == set(found["destinations"][0])
    assert documented("An authority") == set(isere)
    assert documented("The health of a source") == set(source)
    assert described("An authority", "status") >= {status.value for status in Status}
    assert described("The health of a source", "cause") >= {cause.value for cause in Cause} - {Cause.RELOCATED.value}
    assert (source["key"], source["cause"], source["since"], source["detail"]) == ("38:site", "blocked", plain(NOW), "503")


def test_a_last_poll_in_the_future_is_not_healthy(vigie: Vigie, store: Store) -> None:
    save(store, *(fine(code, last_ok_at=NOW + DAY, next_check_at=NOW + DAY + HOUR) for code in ("26", "38", "06")))
    done = vigie("status", "26", "38", "06")
    assert done.code == 3
    assert f"CLOCK SET BACK: the last good poll is of {NOW + DAY:%Y-%m-%d %H:%M} UTC" in done.out
    found = vigie("status", "--json").json
    assert (found["ok"], found["polled_in_future"]) == (False, plain(NOW + DAY))


def test_a_bot_that_never_ran_and_one_that_stopped_are_told_apart(vigie: Vigie, store: Store, tmp_path: Path) -> None:
    store.close()
    (tmp_path / "vigie.db").unlink()
    done = vigie("status", "26", "38")
    assert done.code == 3
    assert "2 authorities: 2 never polled" in done.out
    assert "Nothing was polled yet: start the bot with  vigie run" in done.out
    assert not (tmp_path / "vigie.db").exists()

    save(open_store(f"sqlite:///{tmp_path / 'vigie.db'}"), *(fine(code, next_check_at=NOW - 5 * HOUR) for code in ("26", "38", "06")))
    stopped = vigie("status", "26")
    assert stopped.code == 3
    assert f"THE BOT DOES NOT SEEM TO RUN: most sources have been due since {NOW - 5 * HOUR:%Y-%m-%d %H:%M} UTC" in stopped.out


def test_what_is_not_watched_is_said_to_be_so(vigie: Vigie, store: Store) -> None:
    save(store, fine("26"))
    assert vigie("status", "83").out.splitlines()[0] == "1 authority: 1 not watched"
    assert vigie("status", "99").code == 2


def test_alive_is_another_question_than_whether_every_site_works(vigie: Vigie, store: Store) -> None:
    broken = fine("38", failures=9, cause="moved", failing_since=NOW - 9 * DAY, last_ok_at=NOW - 9 * DAY)
    save(store, fine("26"), broken, fine("06"))
    assert vigie("status").code == 3
    done = vigie("status", "--alive")
    assert (done.code, done.out, done.err) == (0, "alive\n", "")
    assert vigie("status", "--alive", "--json").json == {"alive": True, "not_alive": None}


def test_a_bot_that_no_longer_polls_is_not_alive(vigie: Vigie, store: Store) -> None:
    save(store, *(fine(code, next_check_at=NOW - HOUR) for code in ("26", "38", "06")))
    done = vigie("status", "--alive")
    due = f"most sources have been due since {NOW - HOUR:%Y-%m-%d %H:%M} UTC"
    assert (done.code, done.out) == (1, f"not alive: no polls are made: {due}; no vigie run works on this database\n")
    assert vigie("status", "--alive", "--json").json["alive"] is False


def test_a_bot_that_no_longer_delivers_is_not_alive(vigie: Vigie, store: Store, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(config.read_text() + '[[destinations]]\nname = "t"\nplatform = "console"\n')
    store.recordings.record(result_of(one_recueil(store, "A"), act("A")), to("t"), NOW - HOUR)
    save(store, fine("26"), fine("38"), fine("06"))
    done = vigie("status", "--alive")
    due = f"they have been due since {NOW - HOUR:%Y-%m-%d %H:%M} UTC"
    assert (done.code, done.out) == (1, f"not alive: no posts are sent to t: {due}; no vigie run works on this database\n")
