"""Alerts over a real database: told once each, in the log and to a chat in memory, through restarts and outages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.delivery.channel import DeliveryError, DeliveryUnknown, NotSent
from bot.delivery.telegram.operators_chat import ChatButton
from bot.domain.health import AuthorityHealth, Cause, Overview, SourceHealth, Status
from bot.domain.records import Alert
from bot.messages.words import telegram_length
from bot.operators.alerts import CALM, COMPANIONS, SOURCES_SETTLE, DueAlerts
from bot.operators.notifier import Notifier, SourceAlerts
from bot.operators.text import LONGEST, alert_text, alert_words, source_name
from bot.storage.store import Store
from sources.catalogue.authority import Authority, Source
from tests.bot.storage.ready import ready_store

NOON = datetime(2026, 8, 14, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class Chat:
    """What the operators read, and the buttons under it. `refuses` is what the next messages meet with."""

    said: list[str] = field(default_factory=list)
    asked: list[tuple[str, Sequence[ChatButton]]] = field(default_factory=list)
    refuses: DeliveryError | None = None

    async def send(self, text: str, buttons: Sequence[ChatButton] = ()) -> None:
        if self.refuses:
            raise self.refuses
        self.said.append(text)
        self.asked.append((text, buttons))


@dataclass
class Bench:
    """The notifier and all that surrounds it."""

    store: Store
    chat: Chat = field(default_factory=Chat)
    sources: dict[str, SourceHealth] = field(default_factory=dict)
    now: datetime = NOON
    silent: bool = False
    _notifier: Notifier | None = None

    def fail(self, cause: Cause, *keys: str) -> None:
        for key in keys:
            self.sources[key] = SourceHealth(key, Status.FAILING, cause, self.now - timedelta(hours=2), f"{key}: {cause}", 9)

    def mend(self, *keys: str) -> None:
        for key in keys:
            self.sources[key] = SourceHealth(key, Status.OK)

    def restart(self) -> None:
        """Forget all that is not in the database, as a new process does."""
        alerts = SourceAlerts(
            lambda: Overview(self.now, (AuthorityHealth("26", Status.FAILING, tuple(self.sources.values())),)),
            self.store.alerts,
            lambda key: f"<{key}>",
            lambda: self.now,
            "en",
        )
        self._notifier = Notifier([alerts], None if self.silent else self.chat.send, lambda: self.now)

    async def look(self, later: timedelta = timedelta(0)) -> list[str]:
        """What is said at a look so much later."""
        self.now += later
        if self._notifier is None:
            self.restart()
        assert self._notifier is not None
        self.chat.said.clear()
        await self._notifier.notify()
        return [text.splitlines()[0] for text in self.chat.said]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with ready_store(tmp_path) as store:
        yield Bench(store)


BEGUN, ENDED = "⚠️ Vigie: a source needs your attention", "✅ Vigie: a problem has ended"


async def test_a_restart_repeats_and_forgets_nothing(bench: Bench) -> None:
    bench.fail(Cause.STRUCTURE, "26:site")
    await bench.look()
    bench.restart()
    assert await bench.look(SOURCES_SETTLE) == [BEGUN]
    bench.restart()
    assert await bench.look(MINUTE) == []
    bench.mend("26:site")
    bench.chat.refuses = NotSent("down")
    assert await bench.look(MINUTE) == []
    bench.restart()
    bench.chat.refuses = None
    assert await bench.look(MINUTE) == [ENDED]


async def test_what_ends_before_it_was_told_is_not_told(bench: Bench) -> None:
    bench.fail(Cause.STRUCTURE, "26:site")
    await bench.look()
    bench.mend("26:site")
    assert await bench.look(MINUTE) == await bench.look(SOURCES_SETTLE) == []


async def test_a_shared_address_that_is_blocked_is_one_message_and_its_end_another(bench: Bench) -> None:
    keys = [f"{n:02}:site" for n in range(1, 95)]
    bench.fail(Cause.BLOCKED, *keys[:2])
    await bench.look()
    bench.fail(Cause.RESTING, *keys[2:])
    assert await bench.look(SOURCES_SETTLE) == ["⚠️ Vigie: 94 sources need your attention"]
    assert len(bench.chat.said[0]) < 1500
    for few in (keys[:30], keys[30:60]):
        bench.mend(*few)
        assert await bench.look(timedelta(minutes=20)) == []
    bench.mend(*keys[60:])
    assert await bench.look(timedelta(minutes=20)) == []
    assert await bench.look(CALM) == ["✅ Vigie: 94 problems have ended"]


async def test_a_site_that_comes_and_goes_is_one_trouble(bench: Bench) -> None:
    bench.fail(Cause.UNREACHABLE, "26:site")
    await bench.look()
    assert await bench.look(SOURCES_SETTLE) == [BEGUN]
    for _ in range(5):
        bench.mend("26:site")
        assert await bench.look(timedelta(hours=2)) == []
        assert await bench.look(CALM - MINUTE) == []
        bench.sources["26:site"] = SourceHealth("26:site", Status.FAILING, Cause.UNREACHABLE, bench.now, "timed out", 1)
        assert await bench.look(MINUTE) == []
    bench.mend("26:site")
    assert await bench.look(MINUTE) == []
    assert await bench.look(CALM) == [ENDED]


async def test_a_chat_that_is_given_later_is_told_what_goes_on(bench: Bench) -> None:
    bench.silent = True
    bench.fail(Cause.STRUCTURE, "26:site", "38:site")
    await bench.look()
    assert await bench.look(SOURCES_SETTLE) == []
    bench.mend("38:site")
    await bench.look(timedelta(days=1))
    bench.silent = False
    bench.restart()
    assert await bench.look(MINUTE) == [BEGUN]
    bench.mend("26:site")
    assert await bench.look(MINUTE) == [ENDED]


async def test_one_that_does_not_come_back_does_not_hold_up_the_good_news_for_ever(bench: Bench) -> None:
    bench.fail(Cause.BLOCKED, "01:site", "02:site", "03:site")
    await bench.look()
    await bench.look(SOURCES_SETTLE)
    bench.mend("01:site", "02:site")
    assert await bench.look(MINUTE) == []
    assert await bench.look(COMPANIONS) == ["✅ Vigie: 2 problems have ended"]
    bench.mend("03:site")
    assert await bench.look(MINUTE) == []
    assert await bench.look(CALM) == [ENDED]


@pytest.mark.parametrize("failure", [NotSent("Telegram: no connection"), DeliveryUnknown("Telegram: timed out")])
async def test_what_could_not_be_sent_is_tried_again_and_the_outage_told_once(bench: Bench, failure: DeliveryError) -> None:
    bench.fail(Cause.STRUCTURE, "26:site")
    await bench.look()
    bench.chat.refuses = failure
    with capture_logs() as logs:
        for later in (SOURCES_SETTLE, MINUTE, MINUTE):
            assert await bench.look(later) == []
        bench.chat.refuses = None
        assert await bench.look(timedelta(hours=1)) == [BEGUN]
    assert [(line["log_level"], line["event"]) for line in logs] == [
        ("error", "operators.notify_failed"),
        ("info", "operators.notify_recovered"),
    ]


async def test_a_platform_that_asks_to_wait_is_left_alone(bench: Bench) -> None:
    bench.fail(Cause.STRUCTURE, "26:site")
    await bench.look()
    bench.chat.refuses = NotSent("429", retry_after=600)
    await bench.look(SOURCES_SETTLE)
    bench.chat.refuses = None
    assert await bench.look(timedelta(minutes=9)) == []
    assert await bench.look(2 * MINUTE) == [BEGUN]


async def test_the_log_says_each_beginning_and_each_end_once(bench: Bench) -> None:
    bench.silent = True
    with capture_logs() as logs:
        bench.fail(Cause.STRUCTURE, "26:site", "38:site")
        for later in (MINUTE, SOURCES_SETTLE, MINUTE):
            await bench.look(later)
        bench.restart()
        bench.mend("26:site")
        await bench.look(MINUTE)
        await bench.look(MINUTE)
    assert [(line["log_level"], line["source"], line["cause"]) for line in logs] == [
        ("warning", "26:site", "structure"),
        ("warning", "38:site", "structure"),
        ("info", "26:site", "structure"),
    ]
    assert bench.chat.said == []


NOW = datetime(2026, 8, 14, 12, tzinfo=UTC)


def alert(cause: str, key: str = "26:site", detail: str = "") -> Alert:
    return Alert(1, key, cause, detail, NOW)


def names(key: str) -> str:
    return {"26:site": "Drôme (26)", "38:site": "Isère (38)"}.get(key, f"n° {key}")


def test_one_source_is_told_with_its_details_and_what_to_do() -> None:
    told = alert_text(DueAlerts((alert("moved", detail="https://www.drome.gouv.fr/RAA: 404"),)), names, "fr")
    assert told == (
        "⚠️ Vigie : une source demande votre attention\n"
        "\n"
        "La page des recueils a disparu ou changé d’adresse : Drôme (26)\n"
        "Drôme (26) : www.drome.gouv.fr/RAA: 404\n"
        "→ Trouvez la page des recueils sur le site et corrigez son adresse dans le catalogue (vigie sources check CODE)."
    )


def test_ninety_sources_are_one_message_by_cause_the_largest_first() -> None:
    begun = [alert("blocked", f"{n:02}:site", "https://x: 429") for n in (1, 2, 3)]
    begun += [alert("resting", f"{n:02}:site") for n in range(4, 95)]
    told = alert_text(DueAlerts(tuple(begun)), lambda key: f"D{key[:2]} ({key[:2]})", "en")
    title, resting, blocked = told.split("\n\n")
    assert title == "⚠️ Vigie: 94 sources need your attention"
    assert resting.startswith(f"{alert_words('en').causes[Cause.RESTING].what}: D04 (04), D05 (05), ")
    assert resting.splitlines()[0].endswith("D15 (15) and 79 more")
    assert blocked.splitlines()[:2] == [
        "The site refuses to serve the bot, or is out of order: D01 (01), D02 (02), D03 (03)",
        "D01 (01): x: 429",
    ]
    assert len(told) < 1200


def test_what_begins_and_what_ends_may_be_told_in_one_message() -> None:
    message = DueAlerts((alert("late", detail="2026-08-01"),), (alert("structure", "38:site", "details of before"),))
    assert alert_text(message, names, "fr").splitlines()[2:] == [
        "Rien de nouveau depuis plus longtemps que d’habitude : Drôme (26)",
        "Drôme (26) : dernier recueil le 1er août 2026",
        "→ Regardez le site : si des recueils y ont paru depuis, la source est à réparer (vigie sources check CODE).",
        "",
        "✅ Vigie : un problème résolu",
        "",
        "La page a changé : aucune liste de recueils n’y a été trouvée : Isère (38)",
    ]


def test_a_source_is_called_as_people_call_it() -> None:
    one = Source("26", "site", "national", "https://www.drome.gouv.fr/RAA", "newest-first", "download-list")
    two = (replace(one, authority="75"), replace(one, authority="75", route="police"))
    authorities = {
        "26": Authority("26", "Préfecture de la Drôme", "Drôme", "Europe/Paris", (one,)),
        "75": Authority("75", "Préfecture de Paris", "Paris", "Europe/Paris", two),
    }
    assert [source_name(authorities, key) for key in ("26:site", "75:police", "99:site")] == ["Drôme (26)", "Paris (75, police)", "99:site"]


def test_a_cause_that_only_another_version_knows_is_told_as_unexpected() -> None:
    assert "An unexpected error: Drôme (26)" in alert_text(DueAlerts((alert("a word of tomorrow"),)), names, "en")


@given(st.lists(st.tuples(st.sampled_from(Cause), st.text(max_size=60), st.text(max_size=900)), min_size=1, max_size=120))
def test_whatever_comes_from_outside_the_message_is_short_and_inert(found: list[tuple[Cause, str, str]]) -> None:
    begun = tuple(alert(cause.value, key, detail) for cause, key, detail in found)
    told = alert_text(DueAlerts(begun, begun), names, "fr")
    assert telegram_length(told) <= 4096
    assert "@" not in told
    assert "://" not in told
    assert all(character.isprintable() or character == "\n" for character in told)


def test_a_message_that_is_too_long_says_so() -> None:
    begun = tuple(alert(cause.value, f"{cause.value}{n}", "x" * 900) for cause in Cause for n in range(3))
    told = alert_text(DueAlerts(begun), names, "en")
    assert len(told) <= LONGEST + len(alert_words("en").shortened) + 2
    assert told.endswith(alert_words("en").shortened)
