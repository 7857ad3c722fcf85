"""What monitors are told of a bot that works, and that their files ask for what it tells."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from bot.app import observing
from bot.app.config.errors import ConfigError
from bot.app.config.loading import read_configuration
from bot.app.config.model import WatchSettings
from bot.app.demo.replay import Replay
from bot.app.observing import Observation
from tests import clock
from tests.e2e.test_operations import Sites, bot
from tests.e2e.world import CHANNEL, World, one_round
from tests.processes import Zygote
from tests.servers.fake_bot_api import FakeBotApi
from tests.skipping import until

MONITORING = Path(__file__).resolve().parents[2] / "docs" / "monitoring"
OTHERS = {"up"}
"""What Prometheus itself knows."""


@asynccontextmanager
async def observed(sites: Sites, telegram: FakeBotApi, folder: Path) -> AsyncIterator[tuple[Observation, World]]:
    """A bot that has made one round over the Drôme, with a decree posted."""
    with Replay(sites.resources) as replay:
        world = World(replay, folder / "vigie.db", telegram, now=clock.now())
        async with world.bot(("26",)) as parts:
            await one_round(parts, ("26",))
            settings = world.settings().model_copy(update={"watch": WatchSettings(authorities=("26",))})
            yield Observation(replace(parts, settings=settings)), world


def families(text: bytes) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(text.decode())}


def values(family: Metric) -> dict[tuple[str, ...], float]:
    """What it says, by the values of its labels in their order."""
    return {tuple(sample.labels.values()): sample.value for sample in family.samples}


async def test_metrics_say_what_is_stored_and_what_was_read(sites: Sites, telegram: FakeBotApi, tmp_path: Path) -> None:
    async with observed(sites, telegram, tmp_path) as (observation, world):
        answer = await asyncio.to_thread(observation.metrics)
    assert (answer.status, answer.media_type.partition(";")[0]) == (200, "text/plain")
    found = families(answer.body)
    assert values(found["vigie_alive"]) == {(): 1}
    assert values(found["vigie_source_last_poll_timestamp_seconds"]) == {("26:site",): pytest.approx(world.now.timestamp())}
    assert values(found["vigie_sources"]) == {("fine",): 1}
    assert values(found["vigie_posts"]) == {("channel", "sent"): 1}
    assert values(found["vigie_decrees"]) == {("vsa",): 1}
    assert values(found["vigie_followers"]) == {("all",): 0, ("paused",): 0, ("blocked",): 0}
    assert sum(values(found["vigie_pages_read"]).values()) == values(found["vigie_recueil_pages"])[()] > 0
    [count] = [sample.value for sample in found["vigie_publication_to_post_seconds"].samples if sample.name.endswith("_count")]
    assert count == 1
    # Numbers only: no title, no address, no chat.
    assert [word for word in (str(CHANNEL), "gouv.fr", "rrêté") if word in answer.body.decode()] == []


async def test_alerts_and_dashboard_ask_for_what_there_is_and_for_all_of_it(sites: Sites, telegram: FakeBotApi, tmp_path: Path) -> None:
    async with observed(sites, telegram, tmp_path) as (observation, _):
        told = (await asyncio.to_thread(observation.metrics)).body.decode()
    real = {sample.name for family in families(told.encode()).values() for sample in family.samples}
    real |= set(re.findall(r"^# TYPE (\w+) gauge", told, re.MULTILINE))
    rules = yaml.safe_load((MONITORING / "alerts.yml").read_text("utf-8"))["groups"][0]["rules"]
    panels = json.loads((MONITORING / "dashboard.json").read_text("utf-8"))["panels"]
    asked = [rule["expr"] for rule in rules] + [target["expr"] for panel in panels for target in panel["targets"]]
    named = {name for expression in asked for name in re.findall(r"\b(?:vigie_\w+|process_\w+|up)\b", expression)}
    # A counter of seconds has no sample before the first page that is recognised, but for its own zero.
    assert named - OTHERS - real == set()
    histogram = r"_(?:bucket|count|sum|created)$"
    own = {re.sub(histogram, "", name) for name in real if name.startswith("vigie_")}
    assert own - {re.sub(histogram, "", name) for name in named} == set()
    assert all(rule["annotations"]["summary"] for rule in rules)


async def test_health_is_the_judgement_of_status_alive(sites: Sites, telegram: FakeBotApi, tmp_path: Path) -> None:
    async with observed(sites, telegram, tmp_path) as (observation, world):
        assert await asyncio.to_thread(observation.answer, "/healthz") == observing.Answer(200, b"alive\n")
        assert (await asyncio.to_thread(observation.answer, "/arretes")).status == 404
        world.now += timedelta(hours=3)
        late = await asyncio.to_thread(observation.answer, "/healthz?now")
        assert late.status == 503
        assert late.body.startswith(b"not alive: no polls are made")
        assert values(families((await asyncio.to_thread(observation.metrics)).body)["vigie_alive"]) == {(): 0}


async def test_without_the_library_only_metrics_are_missing(
    sites: Sites, telegram: FakeBotApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "_METRICS_MISSING", "prometheus_client")
    async with observed(sites, telegram, tmp_path) as (observation, _):
        answer = await asyncio.to_thread(observation.metrics)
        assert (answer.status, b"pip install 'vigie-vsa[metrics]'" in answer.body) == (501, True)
        assert (await asyncio.to_thread(observation.health)).status == 200


async def test_a_running_bot_answers_on_this_machine(zygote: Zygote, sites: Sites, telegram: FakeBotApi, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (folder / "config.toml").open("a", encoding="utf-8") as config:
        config.write(f'[observe]\nlisten = "127.0.0.1:{port}"\n')
    gate = sites.hold(sites.listing)
    with bot(zygote.begin, folder, "run") as running:
        await gate.reached()
        await until(lambda: _listens(port))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            assert (await client.get("/healthz")).text == "alive\n"
            head = await client.head("/healthz")
            assert (head.status_code, head.content) == (200, b"")
            assert "vigie_alive 1.0\n" in (await client.get("/metrics")).text
            assert (await client.get("/")).status_code == 404
        # Somebody who says nothing does not hold up the end.
        with socket.create_connection(("127.0.0.1", port)):
            assert running.end() == 0


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.parametrize(
    ("option", "wrong"),
    [
        ('listen = "0.0.0.0:9464"', "must be an address that only this machine reaches"),
        ('listen = "9464"', "must be an address and a port"),
    ],
)
def test_nobody_else_can_be_let_in(tmp_path: Path, option: str, wrong: str) -> None:
    (tmp_path / "config.toml").write_text(f"[observe]\n{option}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=wrong) as refused:
        read_configuration(tmp_path / "config.toml", {}, known_codes=None)
    assert "secret" not in str(refused.value)
