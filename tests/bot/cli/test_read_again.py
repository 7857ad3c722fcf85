"""`vigie read --failed` and `--retry`, on a database that a poll has filled."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.app.demo.replay import Replay
from bot.cli.read import WrongChoice, choose, task_of
from bot.cli.rounds import failed_lines
from bot.domain.records import FailedRecueil, RecueilState
from bot.domain.text import TextOrigin
from tests.bot.cli.conftest import Vigie, write_config


def test_what_could_not_be_read_is_listed_and_read_again(vigie: Vigie, replay: Replay, tmp_path: Path) -> None:
    config = write_config(tmp_path, replay)
    resources = replay.resources
    assert isinstance(resources, dict)
    url = next(url for url in resources if url.endswith("302.pdf"))
    whole = resources[url]
    resources[url] = replace(whole, body=b"%PDF-1.4 cut off")
    polled = vigie("--config", config, "poll", "26", "--json")
    assert [item["url"] for item in polled.json["sources"][0]["unread"]] == [url]
    assert polled.json["decrees"] == []

    with closing(sqlite3.connect(tmp_path / "vigie.db")) as database, database:
        database.execute("UPDATE recueils SET state = 'failed', next_try_at = NULL WHERE url = ?", (url,))
    [item] = vigie("--config", config, "read", "--failed", "26", "--json").json
    assert set(item) == {
        "id", "authority", "url", "title", "state", "reason", "since", "tried_at", "pages", "unreadable",
    }  # fmt: skip
    assert (item["authority"], item["url"], item["state"]) == ("26", url, "failed")
    assert "damaged" in item["reason"]
    told = vigie("--config", config, "read", "--failed").out
    assert f"    {url}\n    why: " in told
    assert "1 recueil given up: vigie read --retry" in told

    still = vigie("--config", config, "read", "--retry", f"{url}#page=2")
    assert still.code == 3
    assert f"NOT READ {url}" in still.out

    resources[url] = whole
    again = vigie("--config", config, "read", "--retry", "26", "--json")
    assert again.code == 0
    assert again.json["recueils"] == [{"authority": "26", "url": url}]
    assert [decree["kind"] for decree in again.json["decrees"]] == ["authorisation"]
    assert [(post["destination"], post["state"]) for post in again.json["posts"]] == [("console", "sent")]
    assert again.json["unread"] == again.json["incomplete"] == []


def test_a_word_that_names_nothing_is_wrong_use(vigie: Vigie, config: str) -> None:
    done = vigie("--config", config, "read", "--retry", "Atlantide")
    assert (done.code, done.out) == (2, "")
    assert "Atlantide" in done.err


def test_what_was_given_up_is_told_with_the_reason_and_since_when() -> None:
    day = datetime(2026, 8, 14, 10, 30, tzinfo=UTC)
    url = "https://www.drome.gouv.fr/a.pdf"
    failed = FailedRecueil(1, "26", url, "RAA", RecueilState.FAILED, "the PDF is locked\nwith a password", day, day, None, 0)
    part = FailedRecueil(2, "R-PACA", url, "RAA", RecueilState.INCOMPLETE, "", day, None, 12, 3)
    assert list(failed_lines([failed, part])) == [
        "26     failed since 2026-08-14, last tried 2026-08-14 10:30 UTC",
        f"    {url}",
        "    why: the PDF is locked with a password",
        "R-PACA incomplete since 2026-08-14, 3 of 12 pages unread",
        f"    {url}",
        "    why: some of its pages could not be read",
        "2 recueils given up: vigie read --retry CODE|URL reads them again",
    ]
    assert list(failed_lines([])) == ["0 recueils given up"]


@pytest.mark.parametrize(
    ("words", "options", "reason"),
    [
        ([], {}, "which file"),
        (["a", "b.pdf"], {}, "one file at a time"),
        ([], {"failed": True, "retry": True}, "one after the other"),
        (["26"], {"retry": True, "shown": True}, "only --json"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(words: list[str], options: dict[str, bool], reason: str) -> None:
    with pytest.raises(WrongChoice, match=reason):
        task_of(words, **{"failed": False, "retry": False, "shown": False, **options})


NOTHING: dict[str, Any] = {"text": False, "explain": False, "page": None, "as_json": False}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"text": True, "explain": True}, "choose one of them"),
        ({"page": "2", "explain": True}, "--explain needs the whole document"),
        *[({"page": text}, "^--page ") for text in ["two", "0", "0-3", "5-4", "", "-2", "2-", "1,3", "٣", "1-2-3", "99999999"]],
    ],
)
def test_what_makes_no_sense_is_refused_in_words(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(WrongChoice, match=words):
        choose(**{**NOTHING, **asked})


def test_pages_left_out_stand_for_pages_already_read() -> None:
    some = choose(**{**NOTHING, "page": "2-3"}).left_out(5)
    assert [page.number for page in some] == [1, 4, 5]
    assert {(page.text, page.origin) for page in some} == {("", TextOrigin.BLANK)}
    assert choose(**NOTHING).left_out(5) == ()
