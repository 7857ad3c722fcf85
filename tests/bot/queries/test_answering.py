"""Mentions on a server, each answered once: with mastodon-mock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from bs4 import BeautifulSoup
from structlog.testing import capture_logs

from bot.delivery.channel import MessageComposer, PreparedPictures
from bot.delivery.mastodon.channel import MastodonChannel
from bot.delivery.mastodon.client import ANSWERING, POSTING, MastodonApi
from bot.delivery.mastodon.mentions import MentionedAccount, mention_of
from bot.queries.mastodon import EVERY, HOUR, PER_HOUR, MentionAnswers, answer_status
from bot.queries.questions import Questions, RateLimiter
from bot.storage.alerts import AnsweredMentions
from tests import clock
from tests.bot.queries.conftest import PLACES, MemoryDecrees
from tests.servers.mastodon import MastodonServer


class Killed(Exception):
    """The program ends here."""


class Progress(AnsweredMentions):
    """How far accounts are, in memory; the writing of `killed_at` ends the program."""

    def __init__(self, newest: str | None = None) -> None:
        self.stored = newest
        self.is_killed = False

    def newest(self, destination: str) -> str | None:
        return self.stored

    def record(self, destination: str, newest: str) -> None:
        if self.is_killed:
            raise Killed
        self.stored = newest


def now() -> datetime:
    return clock.now()


async def cancelled(*_: object) -> None:
    raise asyncio.CancelledError


@asynccontextmanager
async def answering(
    server: MastodonServer,
    questions: Questions,
    progress: Progress,
    *,
    most: int = PER_HOUR,
    later: timedelta = timedelta(),
    content_warning: str = "",
) -> AsyncIterator[MentionAnswers]:
    reader = MentionedAccount("compte", MastodonApi(server.url, server.token, now), content_warning=content_warning)
    try:
        limiter = RateLimiter(most, lambda: 0.0, seconds=HOUR)
        write = partial(answer_status, places=PLACES, contact="moi@collectif.example")
        yield MentionAnswers(reader, progress, questions, write, limiter, lambda: now() + later)
    finally:
        await reader.close()


@pytest.fixture
async def server() -> AsyncIterator[MastodonServer]:
    async with MastodonServer() as one:
        yield one


def mentioned(server: MastodonServer, text: str = "@vigie 26", **form: str) -> str:
    return server.post(text, server.other_token, **form)


def texts(server: MastodonServer) -> list[str]:
    """What the account said, oldest first."""
    return [BeautifulSoup(one["content"], "html.parser").get_text() for one in reversed(server.statuses())]


def posts(server: MastodonServer) -> int:
    return sum(seen.method == "POST" and seen.path == "/api/v1/statuses" for seen in server.requests)


async def test_at_the_first_start_old_mentions_are_not_answered(server: MastodonServer, questions: Questions) -> None:
    mentioned(server)
    progress = Progress()
    async with answering(server, questions, progress) as answers:
        assert await answers.step() == EVERY.total_seconds()
        assert await answers.step() == EVERY.total_seconds()
        assert texts(server) == []
        mentioned(server, "@vigie 38")
        await answers.step()
    (text,) = texts(server)
    assert text.startswith("@autre ")
    assert "Isère (38)" in text


async def test_an_account_without_notifications_begins_too(server: MastodonServer, questions: Questions) -> None:
    progress = Progress()
    async with answering(server, questions, progress) as answers:
        await answers.step()
        assert progress.stored == ""
        mentioned(server)
        mentioned(server, "@vigie 38")
        await answers.step()
    assert ["26" in texts(server)[0], "38" in texts(server)[1]] == [True, True], "in the order in which they came"


VISIBILITIES = {"public": "unlisted", "unlisted": "unlisted", "private": "private", "direct": "direct"}


@pytest.mark.parametrize(("asked", "answered"), VISIBILITIES.items())
async def test_an_answer_is_a_reply_seen_by_no_more_people(server: MastodonServer, questions: Questions, asked: str, answered: str) -> None:
    status = mentioned(server, visibility=asked, language="en")
    async with answering(server, questions, Progress("")) as answers:
        await answers.step()
    (reply,) = server.statuses()
    assert (reply["visibility"], reply["in_reply_to_id"], reply["language"]) == (answered, status, "en")
    assert [one["acct"] for one in reply["mentions"]] == ["autre"]
    assert "decrees" in reply["content"]


@pytest.mark.parametrize("ignores", [False, True])
@pytest.mark.parametrize("moment", ["before_the_answer", "before_the_record", "answer_lost"])
async def test_a_kill_between_two_steps_loses_and_doubles_nothing(
    questions: Questions, ignores: bool, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with MastodonServer(ignores_idempotency=ignores) as server:
        progress = Progress("")
        mentioned(server)
        async with answering(server, questions, progress) as answers:
            if moment == "answer_lost":
                server.drop(stored=True)
                await answers.step()
            elif moment == "before_the_answer":
                with monkeypatch.context() as patch:
                    patch.setattr(MentionedAccount, "answer", cancelled)
                    with pytest.raises(asyncio.CancelledError):
                        await answers.step()
            else:
                progress.is_killed = True
                with pytest.raises(Killed):
                    await answers.step()
                progress.is_killed = False
        assert (len(server.statuses()), progress.stored) == (0 if moment == "before_the_answer" else 1, "")
        async with answering(server, questions, progress) as answers:
            await answers.step()
            await answers.step()
        assert len(server.statuses()) == 1
        assert progress.stored != ""


async def test_without_the_right_to_read_statuses_the_key_keeps_it_single(server: MastodonServer, questions: Questions) -> None:
    progress = Progress("")
    mentioned(server)
    server.fail(403, method="GET", path=r"/api/v1/statuses/\d+/context", count=9)
    server.fail(403, method="GET", path="/api/v1/accounts/relationships", count=9)
    for _ in range(2):
        progress.stored = ""
        async with answering(server, questions, progress) as answers:
            await answers.step()
    assert (posts(server) - 1, len(server.statuses())) == (2, 1)


async def test_bots_and_those_who_want_none_get_no_answer(server: MastodonServer, questions: Questions) -> None:
    progress = Progress("")
    async with answering(server, questions, progress) as answers:
        for change in ({"note": "Alice. #nobot"}, {"note": "Alice", "bot": "true"}):
            server.act("PATCH", "/api/v1/accounts/update_credentials", server.other_token, **change)
            mentioned(server)
            await answers.step()
            assert (texts(server), progress.stored != "") == ([], True)
        server.act("PATCH", "/api/v1/accounts/update_credentials", server.other_token, bot="false")
        mentioned(server)
        await answers.step()
    assert len(texts(server)) == 1


@pytest.mark.parametrize(("scopes", "status", "said"), [(ANSWERING, 403, "lacks the scopes read:notifications"), (POSTING, 403, None)])
async def test_a_server_that_names_no_scopes_is_asked_for_notifications(
    server: MastodonServer, scopes: tuple[str, ...], status: int, said: str | None
) -> None:
    server.fail(404, {"error": "Record not found"}, method="GET", path="/api/v1/apps/verify_credentials")
    server.fail(status, {"error": "This action is outside the authorized scopes"}, method="GET", path="/api/v1/notifications")
    api = MastodonApi(server.url, server.token, now, scopes=scopes)
    channel = MastodonChannel("compte", api, MessageComposer(PLACES, now, "fr"), PreparedPictures(None))
    try:
        found = await channel.check()
    finally:
        await api.close()
    assert (found is None) if said is None else (found is not None and said in found)


async def test_who_is_blocked_gets_no_answer(server: MastodonServer, questions: Questions) -> None:
    mentioned(server)
    other = server.act("GET", "/api/v1/accounts/verify_credentials", server.other_token)["id"]
    server.act("POST", f"/api/v1/accounts/{other}/block")
    async with answering(server, questions, Progress("")) as answers:
        await answers.step()
    assert texts(server) == []


async def test_the_accounts_own_posts_and_old_mentions_get_no_answer(server: MastodonServer, questions: Questions) -> None:
    server.post("@vigie 26")
    mentioned(server)
    async with answering(server, questions, Progress(""), later=timedelta(days=2)) as answers:
        await answers.step()
    assert len(texts(server)) == 1, "its own post only"


async def test_a_person_gets_so_many_answers_and_one_refusal(server: MastodonServer, questions: Questions) -> None:
    for _ in range(5):
        mentioned(server)
    async with answering(server, questions, Progress(""), most=2) as answers:
        await answers.step()
    said = texts(server)
    assert len(said) == 3
    assert "Trop de demandes" in said[2]


async def test_an_outage_is_logged_once_and_nothing_is_lost(server: MastodonServer, questions: Questions) -> None:
    progress = Progress("")
    async with answering(server, questions, progress) as answers:
        mentioned(server, "@vigie téléphérique secret")
        server.fail(503, method="GET", path="/api/v1/notifications", count=3)
        with capture_logs() as logs:
            waits = [await answers.step() for _ in range(4)]
            mentioned(server, "@vigie 38")
            server.fail(429, headers={"Retry-After": "1234"})
            waits.append(await answers.step())
            waits.append(await answers.step())
    assert waits == [60.0, 120.0, 240.0, 60.0, 1234.0, 60.0]
    seen = [(one["event"], one["log_level"]) for one in logs if one["log_level"] != "debug"]
    assert seen == [("mentions.unreadable", "warning"), ("mentions.recovered", "info")] * 2
    assert "secret" not in str(logs)
    assert "autre" not in str(logs)
    assert len(texts(server)) == 2


async def test_an_answer_that_fails_each_time_does_not_keep_others_waiting(server: MastodonServer, questions: Questions) -> None:
    mentioned(server)
    mentioned(server, "@vigie 38")
    server.fail(500, count=5)
    async with answering(server, questions, Progress("")) as answers:
        for _ in range(4):
            await answers.step()
            assert texts(server) == []
        await answers.step()
    (text,) = texts(server)
    assert "Isère" in text


@pytest.mark.parametrize("status", [422, 404])
async def test_a_refused_answer_is_not_repeated(server: MastodonServer, questions: Questions, status: int) -> None:
    progress = Progress("")
    mentioned(server)
    server.fail(status)
    async with answering(server, questions, progress) as answers:
        with capture_logs() as logs:
            await answers.step()
            await answers.step()
    assert [one["event"] for one in logs] == ["mentions.not_answered"]
    assert (texts(server), progress.stored != "") == ([], True)


async def test_a_fault_of_ours_is_logged_without_words(server: MastodonServer, questions: Questions, decrees: MemoryDecrees) -> None:
    mentioned(server)
    decrees.broken = ValueError("26 et autre")
    async with answering(server, questions, Progress("")) as answers:
        with capture_logs() as logs:
            await answers.step()
    assert logs == [{"event": "mentions.crashed", "destination": "compte", "error": "ValueError", "log_level": "error"}]


async def test_links_counted_in_full_and_a_warning(questions: Questions) -> None:
    async with MastodonServer(counts_links_in_full=True) as server:
        mentioned(server, "@vigie [3]")
        async with answering(server, questions, Progress(""), content_warning="Vidéosurveillance") as answers:
            await answers.step()
        (reply,) = server.statuses()
        assert reply["spoiler_text"] == "Vidéosurveillance"


async def test_a_server_that_disregards_the_id_gets_no_answer_twice(server: MastodonServer, questions: Questions) -> None:
    progress = Progress("")
    async with answering(server, questions, progress) as answers:
        mentioned(server)
        await answers.step()
        page = server.act("GET", "/api/v1/notifications")
        server.fail(200, page, method="GET", path="/api/v1/notifications")
        asked = len(server.requests)
        await answers.step()
    assert [seen.path for seen in server.requests[asked:]] == ["/api/v1/notifications"]


@pytest.mark.parametrize(
    "change", [{"type": "favourite"}, {"status": None}, {"account": []}, {"account": {"id": "1", "acct": "a b @c"}}, {"status": {"id": ""}}]
)
def test_what_is_no_mention_is_none(change: dict[str, Any]) -> None:
    whole = {"id": "1", "type": "mention", "account": {"id": "2", "acct": "autre"}, "status": {"id": "3", "visibility": "mutuals_only"}}
    kept = mention_of(whole)
    assert kept is not None
    assert kept.visibility == "direct", "one that is not known is answered in private"
    assert mention_of(whole | change) is None
