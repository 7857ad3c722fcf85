"""The endurance run in short: everything goes wrong when it says, and what is not as promised would be told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from sqlalchemy import update

from benchmarks.day.clock import Stretch
from benchmarks.soak.endurance import (
    CHANNEL,
    DAY,
    Endured,
    Log,
    TelegramOfWeeks,
    Verdict,
    endure,
    hardships,
    judge,
    report,
    rising,
)
from benchmarks.soak.sites import Month
from benchmarks.soak.traps import Step, Traps
from benchmarks.soak.troubles import START, TAIL, Kind
from benchmarks.soak.weeks import plan_of
from bot.domain.records import RecueilState
from bot.storage.schema import recueils
from bot.storage.store import open_store
from tests.bot.storage.building import new_recueil
from tests.servers.fake_bot_chats import BotMessage

WELL = Verdict(9, broken={"lost": (), "doubled": ()}, stalls=1, longest=61.0, notices=4, most_notices=9)


def test_all_of_it_comes_to_pass_before_the_peace_at_the_end() -> None:
    wrong = hardships(1, 28)
    ends = [stretch.end for stretch in wrong.stretches]
    assert max(*ends, wrong.locked, wrong.moved, wrong.gone) < wrong.peace < 28 * DAY
    assert wrong.telegram.end - wrong.telegram.begin == pytest.approx(DAY)
    assert {ahead > 0 for ahead in wrong.clock.values()} == {True, False}
    assert {trouble.kind for trouble in plan_of(1, 40, 28).troubles} == set(Kind)


@pytest.mark.parametrize(
    ("step", "done", "said", "done_later"),
    [
        (Step.RECEIVED_LOST, 0, b"", 0),
        (Step.RECEIVED_LATE, 0, b"", 1),
        (Step.STORED, 1, b"", 1),
        (Step.HALF, 1, b"whole", 1),
        (Step.ANSWERED, 1, b"whole answer", 1),
    ],
)
async def test_a_request_is_stopped_where_the_step_says(step: Step, done: int, said: bytes, done_later: int) -> None:
    carried_out, sent, transport, traps = list[str](), list[bytes](), Mock(), Traps()

    async def server(scope: Any, receive: Any, send: Any) -> None:
        carried_out.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"whole answer"[: 10 if step is Step.HALF else None]})

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    def requested() -> asyncio.Task[None]:
        scope = {"type": "http", "method": "POST", "path": "/bot1/sendMessage", "state": {"transport": transport}}
        return asyncio.create_task(traps.around(server)(scope, receive, send))  # type: ignore[arg-type]

    traps.put("POST /bot1/sendMessage", step, nth=1)
    await requested()
    assert not traps.reached.is_set(), "the first is not meant"
    carried_out.clear()
    sent.clear()
    second = requested()
    assert await asyncio.to_thread(traps.reached.wait, 10)
    assert (len(carried_out), b"".join(sent)) == (done, said)
    await asyncio.to_thread(traps.clear)
    await second
    assert len(carried_out) == done_later
    assert transport.abort.called is (step is not Step.ANSWERED), "the line is cut instead of an answer"


ONE = ("2026-70321",)
UNEXPLAINED = "stalls that no line of the log explains"


def test_what_is_not_as_promised_is_told() -> None:
    assert WELL.faults == []
    broken = replace(WELL, broken={"lost": ONE, "doubled": ()})
    assert broken.faults == ["lost: 2026-70321"]
    assert report(plan_of(1, 6, 2), Endured(), broken).endswith("lost: 2026-70321")
    assert replace(WELL, notices=10).faults == ["10 notices to operators"]


class Channel(TelegramOfWeeks):
    """A channel with these posts: the number of a decree, with the department that is named, and the simulated second at which it came."""

    def __init__(self, folder: Path, posts: list[tuple[str, float]]) -> None:
        super().__init__(folder / "elapsed", Stretch(0, 0))
        self._shown = [BotMessage(CHANNEL, place, "", html=text) for place, (text, _) in enumerate(posts)]
        self.arrived = {(CHANNEL, place): at for place, (_, at) in enumerate(posts)}

    @property
    def messages(self) -> list[BotMessage]:
        return self._shown


def test_the_channel_shows_what_is_lost_doubled_or_late(tmp_path: Path) -> None:
    plan, wrong = plan_of(1, 6, 2), hardships(1, 2)
    month = Month(plan, START)
    papers = [paper for code in plan.authorities for paper in month.papers(code, START, plan.end - TAIL) if paper.decree]
    up = {str(paper.decree): (paper.recueil.up - START).total_seconds() for paper in papers}
    assert len(up) > 3
    doubled, late, lost, misnamed, *_ = up
    of = {str(paper.decree): paper.authority.code for paper in papers}
    code, other = of[late], next(code for code in plan.authorities if code != of[late])
    text = {number: f"{number} #dept{'99' if number == misnamed else code} #VSA" for number, code in of.items()}
    posts = [(text[number], at + (10 * DAY if number == late else 60)) for number, at in up.items() if number != lost]
    # The number of another decree, of which nobody knows, begins as this one does.
    posts += [(text[doubled], up[doubled] + 90), (f"{lost}7", up[lost] + 60)]
    database = tmp_path / "vigie.db"
    with open_store(f"sqlite:///{database}") as store:
        store.contents.begin("0" * 64, 9)
        [recueil] = store.recueils.add([new_recueil(state=RecueilState.FAILED)], START)
        store.database.write(update(recueils).where(recueils.c.id == recueil.id).values(sha256="0" * 64))

    def judged(*lines: dict[str, Any], before: float = -60) -> Verdict:
        return judge(
            plan,
            wrong,
            Endured(lines=[{"at": up[late] - before, **line} for line in lines], left=["page.pdf"]),
            Channel(tmp_path, posts),
            database,
        )

    verdict = judged({"event": "source.failed", "source": f"{other}:site", "level": "warning"}, {"event": "post.sent", "level": "info"})
    assert verdict.published == len(up)
    assert {name: [each.split()[0] for each in those] for name, those in verdict.broken.items()} == {
        "lost": [lost],
        "doubled": [doubled],
        "under a wrong name": [misnamed],
        "messages about no new decree": [str(len(posts) - 1)],
        "later than 7:30:00": [late],
        # What another source does explains nothing.
        UNEXPLAINED: [late],
        "given up after a kill": [new_recueil().url],
        "rising": ["nobody"],
        "temporary files left": ["page.pdf"],
    }
    failed = {"event": "source.failed", "source": f"{code}:site", "level": "warning"}
    recovered = {"event": "source.recovered", "source": f"{code}:site", "level": "info"}
    assert judged(failed).broken[UNEXPLAINED] == []
    opened = {"event": "source.alert_opened", "source": f"{code}:site", "level": "warning"}
    assert judged(failed, before=DAY).broken[UNEXPLAINED] == judged(failed, opened, before=DAY).broken[UNEXPLAINED] == [], (
        "it is failing still"
    )
    assert judged(failed, recovered, before=DAY).broken[UNEXPLAINED] == [late]
    assert judged({"event": "database.unavailable", "level": "error"}).broken[UNEXPLAINED] == []
    assert verdict.longest > timedelta(days=8) / timedelta(minutes=1)
    nothing = judge(plan, wrong, Endured(), Channel(tmp_path, []), database)
    assert (len(nothing.broken["lost"]), nothing.longest) == (len(up), 0.0)
    assert replace(WELL, published=0).faults == ["nothing was published"]


def test_a_source_that_is_not_polled_is_a_stall_until_the_log_says_why() -> None:
    [source, other] = plan_of(1, 6, 2).sources[:2]
    polls = [{"at": at * 3600.0, "event": "life.polled", "source": source.key} for at in (0, 1, 2, 5, 6)]
    log = Log(polls)
    assert log.gaps(source) == [(7200.0, 18000.0)]
    assert Log([*polls, {**polls[0], "event": "life.polls", "at": 12600.0}]).gaps(source) == [], "a kill took the line after it"
    assert log.gaps(other) == []
    assert not log.explains((source,), 7200.0, 18000.0)
    for told in ({"event": "clock.set_back", "level": "warning"}, {"event": "delivery.alert_closed", "level": "info"}):
        assert Log([*polls, {"at": 7300.0, **told}]).explains((source,), 7200.0, 18000.0)
    down = {"at": 60.0, "event": "destination.unreachable", "level": "warning"}
    assert Log([*polls, down]).explains((source,), 7200.0, 18000.0), "two hours before, and not over"
    assert not Log([*polls, down, {"at": 120.0, "event": "destination.recovered", "level": "info"}]).explains((source,), 7200.0, 18000.0)
    full = {"at": 60.0, "event": "database.unavailable", "level": "error"}
    assert Log([*polls, full]).explains((source,), 7200.0, 18000.0), "it is said once, however long the disk is full"
    for over in ("database.recovered", "life.begun"):
        assert not Log([*polls, full, {"at": 120.0, "event": over, "level": "info"}]).explains((source,), 7200.0, 18000.0)


@pytest.mark.parametrize(("memory", "told"), [(101.0, []), (119.0, []), (140.0, ["memory from 100 to 140"])])
def test_what_rises_is_told(memory: float, told: list[str]) -> None:
    sizes = [*(60.0, 200.0, 50.0) * 2, 99.0, 100.0, 100.5, memory]
    hours = [{"memory": size, "handles": 30, "threads": 4, "wal": 4100, "temporary": 0} for size in sizes]
    assert list(rising(hours)) == told, "once it is settled"
    assert list(rising(hours[:7])) == ["nobody knows what, in 7 hours"]


@pytest.mark.short_form
def test_no_decree_is_lost_doubled_late_or_under_a_wrong_name(tmp_path: Path) -> None:
    told, faults = endure(tmp_path, 1, 6, 2, longest=0.2 * DAY, locked=1.0)
    assert faults == [], "\n".join([told, *(line for line in (tmp_path / "lines").read_text().splitlines() if '"life.use"' not in line)])
