"""The same chain on real input: recorded pages of three prefectures, two real recueils, and one built recueil that holds a decree."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from bot.app.demo.pdfs import ActSpec, RecueilSpec, build_recueil
from bot.app.demo.replay import CannedAnswer, Replay
from bot.app.demo.scenario import demo_text
from bot.domain.posts import PostState
from bot.domain.records import RecueilState
from bot.storage.store import open_store
from tests.bot.storage.finding import all_recueils
from tests.e2e.world import CHANNEL, World, posts_in
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.mastodon import MastodonServer

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
CODES = ("26", "06", "02")
NOW = datetime(2026, 8, 14, 15, 0, tzinfo=UTC)
AISNE = "https://www.aisne.gouv.fr/Publications/Recueil-des-Actes-Administratifs/Recueil-des-Actes-Administratifs-Annee-2026"
DROME = "https://www.drome.gouv.fr/contenu/telechargement"
ALPES_MARITIMES = "https://www.alpes-maritimes.gouv.fr/contenu/telechargement"
VIDEOPROTECTION, ORDINARY = "var-2025-240-videoprotection.pdf", "var-2025-242.pdf"

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the recorded pages and real recueils are not on this machine")


def real_france() -> dict[str, CannedAnswer]:
    """The recorded pages at their real addresses; the real PDFs and the built one behind their newest links."""
    resources = {}
    with (SHARED / "pages" / "urls.tsv").open(encoding="utf-8") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            if row["code"] in CODES:
                resources[row["real_url"]] = CannedAnswer((SHARED / "pages" / row["code"] / row["file"]).read_bytes())
    # The pager of the Aisne has a page between the first and the last that was not recorded.
    resources[f"{AISNE}/(offset)/10"] = resources[f"{AISNE}/(offset)/20"]
    built = RecueilSpec(
        "DRÔME",
        "26-2026-264",
        NOW.date(),
        (ActSpec("Préfecture de la Drôme / Cabinet", "26-2026-08-14-00001", "Arrêté n° 2026-264-1", (_decree(),)),),
    )
    pdfs = {
        f"{DROME}/38566/254458/file/recueil-26-2026-264-recueil-des-actes-administratifs-special.pdf": build_recueil(built),
        f"{DROME}/38565/254453/file/recueil-26-2026-263-recueil-des-actes-administratifs-special.pdf": _real(VIDEOPROTECTION),
        f"{ALPES_MARITIMES}/60404/460447/file/recueil-277-2026-06-recueil-des-actes-administratifs.pdf": _real(ORDINARY),
        f"{ALPES_MARITIMES}/60401/460422/file/recueil-276-2026-06-recueil-des-actes-administratifs.pdf": _real(VIDEOPROTECTION),
        "https://www.aisne.gouv.fr/contenu/telechargement/12001/82001/file/RAA_Aout_02-2026-011.pdf": _real(ORDINARY),
        "https://www.aisne.gouv.fr/contenu/telechargement/12002/82002/file/RAA_Aout_02-2026-005.pdf": _real(VIDEOPROTECTION),
    }
    return resources | {url: CannedAnswer(body, "application/pdf") for url, body in pdfs.items()}


def _decree() -> str:
    return demo_text("authorisation", NOW.date(), number="2026-264-1")


def _real(name: str) -> bytes:
    return (SHARED / "raa" / name).read_bytes()


async def test_exactly_the_decree_is_posted_and_every_act_is_stored(tmp_path: Path) -> None:
    with Replay(real_france()) as replay:
        async with FakeBotApi() as telegram, MastodonServer() as mastodon:
            telegram.add_channel(CHANNEL, "vsa")
            world = World(replay, tmp_path / "vigie.db", telegram, mastodon, now=NOW)

            first = await world.round(CODES)

            assert {code: report.error for code, report in first.reports.items()} == dict.fromkeys(CODES)
            assert [(decree.authority, decree.facts.number) for decree in first.ingested.decrees] == [("26", "2026-264-1")]
            assert first.ingested.uncertain == ()
            assert [item.state for item in first.delivered] == [PostState.SENT, PostState.SENT]
            assert len(posts_in(telegram, CHANNEL)) == len(mastodon.statuses()) == 1

            again = await world.round(CODES)
            assert again.delivered == []
            assert len(posts_in(telegram, CHANNEL)) == len(mastodon.statuses()) == 1

    with open_store(f"sqlite:///{tmp_path / 'vigie.db'}", read_only=True) as store:
        read = [recueil for recueil in all_recueils(store) if recueil.state is RecueilState.READ]
        acts = {recueil.url: len(store.decrees.acts_of(recueil.id)) for recueil in read}
        ranges = sorted(
            {
                (act.first_page, act.last_page)
                for recueil in read
                if recueil.number == "83-2025-240"
                for act in store.decrees.acts_of(recueil.id)
            }
        )
    # The third act of the second one is 31 decrees with a separator page.
    assert sorted(acts.values()) == [1, 17, 17, 34, 34, 34]
    assert ranges[:2] == [(3, 8), (9, 15)]
    assert (ranges[2][0], ranges[-1][1], len(ranges)) == (16, 111, 34)
    assert all(after == before + 1 for (_, before), (after, _) in pairwise(ranges))
