"""From a prefecture's page to a channel, through real sockets."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from bot.app.demo.pdfs import ActSpec, RecueilSpec, build_recueil
from bot.app.demo.replay import CannedAnswer, Replay
from bot.app.demo.scenario import DROME, DemoLink, demo_text, downloads
from bot.app.website import open_data_of, open_pages
from bot.domain.acts import Kind
from sources.catalogue.authority import load_authorities
from tests.bot.app.test_website import page
from tests.e2e.test_reviews import ANN
from tests.e2e.world import CHANNEL, NOON, World, keep_running, one_round, posts_in
from tests.present import present
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.fake_bot_chats import BotMessage
from tests.servers.mastodon import MastodonServer
from tests.small_france import published

TODAY = NOON.date()
ROOT = f"{DROME}/Publications/Recueil-des-actes-administratifs-RAA"
MONTH_PAGE = f"{ROOT}/RAA-2026-consulter-le-recueil-des-services-de-l-Etat-dans-la-Drome/Aout-2026"


@pytest.fixture
def replay() -> Iterator[Replay]:
    with Replay(published(TODAY)) as running:
        yield running


async def test_each_destination_gets_what_it_wants_in_its_language(replay: Replay, telegram: FakeBotApi, tmp_path: Path) -> None:
    wanted: dict[int, dict[str, Any]] = {
        -1002: {"departments": ["26"], "language": "en"},
        -1003: {"departments": ["02"]},
        -1004: {"kinds": ["abrogation"]},
    }
    for chat in wanted:
        telegram.add_channel(chat, f"c{-chat}")
    destinations = [{"name": f"c{-chat}", "platform": "telegram", "chat": str(chat), **more} for chat, more in wanted.items()]
    await World(replay, tmp_path / "vigie.db", telegram, destinations=destinations).round(("26",))
    assert [len(posts_in(telegram, chat)) for chat in (CHANNEL, *wanted)] == [1, 1, 0, 0]
    assert "Drôme (26)" in posts_in(telegram, CHANNEL)[0].text
    assert "authorised" in posts_in(telegram, -1002)[0].text


IN_THE_DROME = {"de l'Aisne": "de la Drôme", "Laon": "Valence", "d'Amiens": "de Grenoble"}
OF_ACCESS = {
    "autorisant la captation, l'enregistrement et la transmission d'images au moyen de caméras installées sur des aéronefs": (
        "instaurant un périmètre de protection"
    ),
    "articles L. 242-1 à L. 242-8": "article L. 226-1",
}
"""By what words of the demo's acts are replaced, for an end of a decree that the demo does not have."""


@pytest.mark.parametrize(
    ("topic", "asked", "name", "end", "replaced", "called", "tag"),
    [
        ("vsa", "vsa", "authorisation", "abrogation", IN_THE_DROME, "de vidéosurveillance algorithmique", "#VSA"),
        ("drones", "drones", "aerial", "aerial_abrogation", {}, "de filmer par drone", "#Drones"),
        (
            "perimeters",
            "périmètre",
            "access",
            "aerial_abrogation",
            IN_THE_DROME | OF_ACCESS,
            "périmètre de protection",
            "#PérimètreDeProtection",
        ),
    ],
)
async def test_a_decree_of_each_topic_and_its_end_are_on_every_face(
    topic: str,
    asked: str,
    name: str,
    end: str,
    replaced: dict[str, str],
    called: str,
    tag: str,
    replay: Replay,
    telegram: FakeBotApi,
    tmp_path: Path,
) -> None:
    def text(name: str, **fields: str) -> str:
        return reduce(lambda text, pair: text.replace(*pair), replaced.items(), demo_text(name, TODAY, **fields))

    async def told(words: str) -> BotMessage:
        """Say something to the bot, and return its answer."""
        before = len(posts_in(telegram, ANN))
        telegram.say(ANN, ANN, words)
        await telegram.until(lambda: len(posts_in(telegram, ANN)) > before)
        return posts_in(telegram, ANN)[-1]

    assert isinstance(replay.resources, dict)
    replay.resources[MONTH_PAGE] = CannedAnswer(downloads("Août 2026", []).encode())
    _publish(replay, "26-2026-310", text(name, number="2026-1300"))
    with MastodonServer() as mastodon:
        world = World(replay, tmp_path / "vigie.db", telegram, mastodon, commands=True, topics=("vsa", "drones", "perimeters"))
        async with world.bot(("26",)) as parts:
            assert parts.followers is not None
            async with keep_running(present(parts.telegram).run):
                question = await told(f"suivre {asked} Valence 26")
                telegram.press(question, question.buttons[0]["callback_data"], ANN)
                await telegram.until(lambda: parts.store.follows.get(ANN))
            assert [one.topics for one in present(parts.store.follows.get(ANN)).follows] == [(topic,)]
            [decree] = (await one_round(parts, ("26",))).ingested.decrees
            assert (decree.topic, decree.kind, decree.facts.number) == (topic, Kind.AUTHORISATION, "2026-1300")
            await parts.followers.deliver_round()
            [post], [status] = posts_in(telegram, CHANNEL), mastodon.statuses()
            for said in (post.text, status["content"], posts_in(telegram, ANN)[-1].text):
                headline, *_ = said.replace("<br />", "\n").splitlines()
                assert (called in headline.lower(), tag in said) == (True, True), said
            # What is highlighted in its picture is what it rests on, on that page.
            [media] = status["media_attachments"]
            shown = re.findall(r"« ([^»]*?)…? »", media["description"].partition("surlignés")[2])
            assert len(shown) >= 4
            assert [one for one in shown if not any(one in " ".join(quote.text.split()) for quote in decree.evidence)] == []
            assert (post.file or b"").startswith(b"\x89PNG")

            world.now += timedelta(minutes=15)
            _publish(replay, "26-2026-311", text(end, number="2026-1301", abrogated="2026-1300"))
            [ending] = (await one_round(parts, ("26",))).ingested.decrees
            assert (ending.topic, ending.kind) == (topic, Kind.ABROGATION)
            await parts.followers.deliver_round()
            assert "Met fin à l’arrêté n° 2026-1300 [1]" in posts_in(telegram, ANN)[-1].text
        # A minute later it is the turn of edits.
        world.now += timedelta(minutes=1)
        async with world.bot(("26",)) as parts:
            await parts.deliverer.deliver_due()
            post, reply = posts_in(telegram, CHANNEL)
            answer, status = mastodon.statuses()
            assert (reply.reply_to, answer["in_reply_to_id"]) == (post.message_id, status["id"])
            assert ("⏹️ Abrogé par" in post.text, "⏹️ Abrogé par" in status["content"]) == (True, True)
            async with keep_running(present(parts.telegram).run):
                listed = (await told(f"{asked} Valence 26")).text
            assert (re.findall(r"^\[(\d)\]", listed, re.MULTILINE), "n° 2026-1300" in listed) == (["2", "1"], True)

            settings, authorities = world.settings(), load_authorities()
            assert open_data_of(settings, authorities, parts.store, tmp_path / "vigie-open-data", lambda: world.now).refresh()
            with open_pages(settings, authorities, lambda: world.now) as site:
                pages = {at: await page(site, at.replace("{topic}", topic)) for at in (*FACES, "/arretes/1/page.png")}
            assert pages.pop("/arretes/1/page.png").content.startswith(b"\x89PNG")
            for at, answered in pages.items():
                named = re.search(r"2026-1300|/arretes/1\b", answered.text.replace("\r\n ", ""))
                assert (answered.status_code, named is not None) == (200, True), at
            assert called in pages["/arretes/1"].text.lower()
            rows = list(csv.DictReader(io.StringIO(pages["/donnees/arretes.csv"].text.lstrip("\ufeff"))))
            assert [(row["topic"], row["status"]) for row in rows] == [(topic, "ended"), (topic, "change")]
            assert {one["topic"] for one in pages["/api/v1/decrees"].json()["decrees"]} == {topic}


FACES = (
    "/arretes/1", "/communes/26362?topic={topic}", "/departements/26", "/recherche?q=Valence+26", "/flux/communes/26362.atom?topic={topic}",
    "/flux/departements/26.ics?topic={topic}", "/donnees/arretes.csv", "/api/v1/decrees",
)  # fmt: skip


async def test_a_rehearsal_writes_and_posts_nothing(replay: Replay, tmp_path: Path) -> None:
    world = World(replay, tmp_path / "vigie.db")
    authorities = ("26",)
    async with world.bot(authorities, rehearsal=True) as parts:
        rehearsed = await one_round(parts, authorities)
    assert len(rehearsed.ingested.decrees) == 1
    assert rehearsed.delivered == []
    assert not world.database.exists()

    await world.round(authorities)
    before = _records(world.database)
    posted = world.console.getvalue()
    async with world.bot(authorities, rehearsal=True) as parts:
        again = await one_round(parts, authorities)
    assert again.ingested.decrees == ()
    assert _records(world.database) == before
    assert world.console.getvalue() == posted


def _records(database: Path) -> list[str]:
    """All that is in a database, but how the addresses of the sites are to be treated: rehearsals are polite too."""
    with closing(sqlite3.connect(database)) as connection:
        return [line for line in connection.iterdump() if not line.startswith(('INSERT INTO "addresses"', 'INSERT INTO "robots"'))]


def _publish(replay: Replay, number: str, text: str) -> None:
    """Put one more recueil at the top of the Drôme's page, and its PDF behind it."""
    resources = replay.resources
    assert isinstance(resources, dict)
    act = ActSpec("Préfecture de la Drôme / Cabinet", f"26-2026-08-14-00{number[-3:]}", "Arrêté du 14 août 2026", (text,))
    link = DemoLink(f"/contenu/telechargement/1399/9999/file/recueil-{number}.pdf", f"recueil n°{number} du 14/08/2026", TODAY)
    page = resources[MONTH_PAGE].body.decode()
    block = downloads("x", [link]).split("<h1>x</h1>\n", 1)[1].split("\n</main>", 1)[0]
    resources[MONTH_PAGE] = CannedAnswer(page.replace("</h1>\n", f"</h1>\n{block}\n", 1).encode())
    resources[DROME + link.href] = CannedAnswer(build_recueil(RecueilSpec("DRÔME", number, TODAY, (act,))), "application/pdf")
