"""`vigie poll` and `vigie check` as cron runs them: each round a process of its own."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.detection.corpus import load_corpus
from bot.app.config.model import Settings
from bot.app.demo.pdfs import ActSpec, RecueilSpec, build_recueil
from bot.app.demo.replay import CannedAnswer, Replay
from bot.app.demo.scenario import french
from bot.app.wiring import assemble
from bot.cli.output import count, round_lines, uncertain_json
from bot.cli.rounds import one_round
from bot.domain.acts import Cover, Reading
from bot.domain.records import UncertainAct
from bot.domain.topics import use_topics_of
from bot.ingest.ingestor import IngestResult
from bot.storage.errors import Locked
from bot.storage.store import open_store
from tests import clock
from tests.bot.cli.conftest import Vigie, write_config
from tests.bot.messages.samples import decree
from tests.bot.real_acts import authorisation, doubtful, drones, new_recueil, read, road
from tests.e2e.world import OPERATORS
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.fake_bot_chats import BotMessage
from tests.small_france import published, watched


@pytest.fixture
def telegram() -> Iterator[FakeBotApi]:
    with FakeBotApi() as running:
        running.add_group(OPERATORS)
        yield running


def test_a_round_from_cron_tells_the_operators_at_its_end(telegram: FakeBotApi, tmp_path: Path, vigie: Vigie) -> None:
    """What it knows of the round before is in the database."""
    told = (
        f'[telegram]\ntoken = "{telegram.token}"\napi_url = "{telegram.url}"\noperators_chat = "{OPERATORS}"\noperators_language = "en"\n'
    )

    def said() -> list[str]:
        return [message.text.splitlines()[0] for message in telegram.messages_in(OPERATORS)]

    pages = published(clock.today())
    with Replay(dict(pages)) as replay:
        config = write_config(tmp_path, replay, told)
        assert "ok      2 listed, 2 new" in vigie("--config", config, "poll", "26").out
        # An empty list would be a failure: a site that says "not modified" lists nothing and is well.
        assert f"ok      nothing changed, {count(watched(clock.today()), 'request')}\n" in vigie("--config", config, "poll", "26").out
        assert isinstance(replay.resources, dict)
        replay.resources.clear()
        for _ in range(2):
            assert vigie("--config", config, "check", "26").code == 3
        assert said() == []
        codes = [vigie("--config", config, "poll", "26", "--json").code for _ in range(3)]
        assert (codes, said()) == ([3, 3, 3], ["⚠️ Vigie: a source needs your attention"])
        replay.resources |= pages
        assert vigie("--config", config, "poll", "26").code == 0
    assert said()[1:] == ["✅ Vigie: a problem has ended"]


def test_a_round_of_which_nothing_new_could_be_opened_ends_with_3(tmp_path: Path, vigie: Vigie) -> None:
    pages = published(clock.today())
    with Replay({url: page for url, page in pages.items() if not url.endswith(".pdf")}) as replay:
        config = write_config(tmp_path, replay)
        ended = vigie("--config", config, "poll", "26")
        assert (ended.code, "FAILED" in ended.out, ended.out.count("not read: ")) == (3, True, 2)
        # They are asked for again later; until then there is nothing new.
        assert vigie("--config", config, "poll", "26").code == 0


async def test_a_round_asks_about_what_is_in_doubt(telegram: FakeBotApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.model_validate(
        {
            "database": {"url": f"sqlite:///{tmp_path}/vigie.db"},
            "telegram": {"token": telegram.token, "api_url": telegram.url, "operators_chat": str(OPERATORS), "operators_language": "en"},
            "destinations": [{"name": "console", "platform": "console"}],
        }
    )

    async def asked() -> list[BotMessage]:
        async with assemble(settings, {}, watched=(), console=io.StringIO()) as parts:
            await one_round(parts, asyncio.Event(), picked=[])
        return telegram.messages_in(OPERATORS)

    with open_store(settings.database.url) as store:
        old = new_recueil(store, "old")
        store.contents.fetched(old.id, "ab", datetime(2024, 1, 1, tzinfo=UTC))
        store.contents.begin("ab", 1)
        read(store, old, road())
        read(store, new_recueil(store), doubtful(), now=clock.now())
    for _ in range(2):
        [question] = await asked()
        assert "vigie review accept 2, or: vigie review reject 2" in question.text
        assert question.buttons == []
    with open_store(settings.database.url) as store:
        assert store.contents.get("ab") is None, "old pages in which nothing was found are dropped"
        read(store, new_recueil(store, "other"), doubtful(act_id="26-2026-08-14-00006", more="\nFait à Die"), now=clock.now())

    def locked(*_: object) -> int:
        raise Locked("busy")

    monkeypatch.setattr("bot.storage.recueils.Contents.forget", locked)
    with pytest.raises(Locked):
        await asked()
    assert len(telegram.messages_in(OPERATORS)) == 2, "what else a round does keeps nobody from being asked"


async def test_the_configuration_says_which_topics_are_watched_and_who_gets_which(telegram: FakeBotApi, tmp_path: Path) -> None:
    only = {"platform": "console", "departments": ["26"]}
    settings = Settings.model_validate(
        {
            "database": {"url": f"sqlite:///{tmp_path}/vigie.db"},
            "watch": {"topics": ["perimeters", "drones", "vsa"], "review_all": ["drones"]},
            "telegram": {"token": telegram.token, "api_url": telegram.url, "operators_chat": str(OPERATORS), "operators_language": "en"},
            "destinations": [{"name": "drones", **only, "topics": ["drones"]}, {"name": "vsa", **only, "topics": ["vsa"]}],
        }
    )
    reading = Reading(20, Cover("26", None, clock.today()), (authorisation(), drones()))
    async with assemble(settings, {}, watched=(), console=io.StringIO()) as parts:
        recueil = new_recueil(parts.store)
        recorded = await parts.recorder.record(recueil, await parts.recorder.judge(recueil, reading))
        assert [post.destination for post in recorded.posts] == ["vsa"]
        [waiting] = parts.store.reviews.waiting(10)
        assert [post.destination for post in parts.reviewer.accept(waiting.id, kind=None, by="command").posts] == ["drones"]


def test_what_is_printed_of_acts_in_doubt_names_nobody() -> None:
    doubt = UncertainAct("26", "https://p.example/a.pdf", 3, None, "Arrêté accordant à M. Jean Dupont un permis", ("M. Jean Dupont",))
    shown = "\n".join(round_lines([], IngestResult(decrees=(decree(id=7),), uncertain=(doubt,)), rehearsal=True))
    assert "to be checked by a person: https://p.example/a.pdf#page=3  Arrêté accordant à " in shown
    assert "Dupont" not in shown + str(uncertain_json(doubt))
    # The number of a rehearsal is known to no other command.
    assert "would be posted: 26 " in shown


def test_a_topic_that_the_host_adds_is_posted(tmp_path: Path, vigie: Vigie) -> None:
    pages, today = published(clock.today()), clock.today()
    own = Path(__file__).parents[2] / "own_topics"
    use_topics_of(own)
    act, *_ = load_corpus(own / "body_cameras" / "corpus")
    use_topics_of(None)
    text = act.printed.pages[0].replace("du 1er mars 2025 au 28 février 2026", f"à compter du {french(today + timedelta(days=1))}")
    spec = ActSpec("Cabinet", f"26-{today:%Y-%m-%d}-00001", act.printed.title, (text.replace("24 février 2025", french(today)),))
    pdf = build_recueil(RecueilSpec("DRÔME", f"26-{today.year}-302", today, (spec,)))
    pages |= {url: CannedAnswer(pdf, "application/pdf") for url in pages if url.endswith(f"recueil-26-{today.year}-302.pdf")}
    (tmp_path / "one.pdf").write_bytes(pdf)
    with Replay(pages) as replay:
        config = write_config(tmp_path, replay, f'topics_folder = "{own}"\ntopics = ["vsa", "body_cameras"]\n')
        shown = vigie("--config", config, "poll", "26").out
        assert "📢 Autorisation de caméras-piétons" in shown
        assert "#page=" in shown
        assert "1 decree found" in shown
        assert "Police municipale de Valence" in shown
        assert "1 decree on the recording of interventions by body cameras" in vigie("--config", config, "read", "one.pdf").out
        assert "0 decrees on algorithmic video surveillance" in vigie("read", "one.pdf").out
