"""`vigie redetect`, as a person or a script runs it, after rules of another day."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app.inventory import utc_now
from bot.domain.acts import Kind, Outcome
from bot.domain.topics import WatchedTopics
from bot.storage.store import open_store
from tests.bot.cli.conftest import Vigie
from tests.bot.real_acts import authorisation, doubtful, drones, judged_before, new_recueil, read, recorded_before, road
from tests.bot.storage.ready import ready_store


@pytest.fixture
def stored(tmp_path: Path) -> None:
    """Rules of another day took decree 1 for a refusal, missed another one, and were sure of what is in doubt."""
    with ready_store(tmp_path) as store:
        one, two = new_recueil(store), new_recueil(store, "b", authority="07")
        [known] = read(store, one, road(), authorisation(), doubtful(), destinations=()).decrees
        recorded_before(store, known.id or 0, kind=Kind.REFUSAL)
        judged_before(store, store.decrees.acts_of(one.id)[2].id, outcome=Outcome.NOT_CONCERNED)
        with store.database.writing() as connection:
            connection.exec_driver_sql("DELETE FROM reviews")
        read(store, two, road(act_id="07-2026-08-14-00001"), destinations=())
        [missed] = store.decrees.acts_of(two.id)
        there = authorisation(number="2026-2200")
        judged_before(store, missed.id, text=there.pages[0].text, title=there.title)


@pytest.mark.usefixtures("stored")
def test_what_would_change_is_shown_and_nothing_is_changed(vigie: Vigie) -> None:
    shown = vigie("redetect")
    assert (shown.code, shown.err) == (0, "")
    lines = shown.out.splitlines()
    assert [line.split(" ", 1)[0] for line in lines if not line.startswith(" ")] == ["CHANGED", "DOUBT", "FOUND", "3"]
    assert "    07     https://p.example/b.pdf#page=2  " in shown.out
    assert "    not concerned -> decree (authorisation)" in lines
    assert lines[-1] == "3 differences: vigie redetect --apply makes the change, and posts nothing"
    assert vigie("redetect").out == shown.out
    assert [one["effect"] for one in vigie("redetect", "07", "--json").json["differences"]] == ["found"]
    assert vigie("redetect", "--since", "2026-08-15").out == "0 differences\n"


@pytest.mark.usefixtures("stored")
def test_applied_it_posts_nothing(vigie: Vigie) -> None:
    done = vigie("redetect", "--apply")
    assert (done.code, done.out.splitlines()[-1]) == (0, "3 differences applied, 1 new decree, 0 posts")
    assert "📢" not in done.out
    assert {found["kind"] for found in vigie("recent", "--json").json} == {"authorisation"}
    assert len(vigie("recent", "--json").json) == 2
    assert len(vigie("review", "list", "--json").json) == 1
    assert vigie("redetect", "--apply").out == "0 differences applied, 0 new decrees, 0 posts\n"


@pytest.mark.usefixtures("stored")
def test_told_to_it_posts_what_was_not_known(vigie: Vigie) -> None:
    done = vigie("redetect", "--apply", "--post", "--json")
    assert done.code == 0
    assert [one["applied"] for one in done.json["differences"]] == [True] * 3
    [found] = [one for one in done.json["differences"] if one["effect"] == "found"]
    assert [(post["decree"], post["state"]) for post in done.json["posts"]] == [(found["new_decree"], "sent")]
    assert set(found) == {
        "authority", "url", "page", "act_id", "title", "topic", "effect", "before", "after", "facts", "decree", "applied", "new_decree",
    }  # fmt: skip


def test_a_topic_that_is_switched_on_is_found_in_what_is_stored(vigie: Vigie, tmp_path: Path) -> None:
    with ready_store(tmp_path) as store:
        recueil = new_recueil(store)
        read(store, recueil, road(), authorisation(), drones(), destinations=(), now=utc_now())
    assert vigie("redetect").out == "0 differences\n"
    (tmp_path / "config.toml").write_text('[watch]\ntopics = ["drones", "vsa"]\n', encoding="utf-8")
    lines = vigie("redetect", "--apply").out.splitlines()
    assert lines[0].startswith("FOUND")
    assert lines[2:] == [
        "    drones: not concerned -> decree (authorisation)",
        "found by topic: drones 1",
        "1 difference applied, 1 new decree, 0 posts",
    ]
    assert {found["topic"] for found in vigie("recent", "--json").json} == {"vsa", "drones"}
    assert vigie("redetect").out == "0 differences\n"
    with open_store(f"sqlite:///{tmp_path / 'vigie.db'}") as store:
        later = drones(page=9, act_id="26-2026-08-14-00009", beside=authorisation(number="2026-3300"))
        # What is found in it from now on is news.
        posts = read(store, recueil, road(), authorisation(), drones(), later, watched=WatchedTopics(("drones", "vsa"))).posts
        assert [post.decree.topic for post in posts] == ["drones", "vsa"]


@pytest.mark.parametrize(
    ("arguments", "said"), [(("--post",), "--apply"), (("Atlantide",), "ATLANTIDE"), (("--since", "hier"), "2025-01-31")]
)  # fmt: skip
def test_wrong_use_is_told(vigie: Vigie, arguments: tuple[str, ...], said: str) -> None:
    done = vigie("redetect", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
