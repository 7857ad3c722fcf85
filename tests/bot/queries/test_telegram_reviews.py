"""The buttons under the questions to operators, over a Bot API on loopback and a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr

from bot.delivery.telegram.operators_chat import ChatButton
from bot.domain.acts import Kind, Outcome
from bot.domain.records import Decision, Settled, Withdrawal
from bot.ingest.review import FactAnswer, ReviewAnswer, Reviewer, SettledFact, answer_data
from bot.messages.words import Language
from bot.operators.review_buttons import ReviewButtons, fact_outcome, outcome_text
from bot.queries.questions import Questions
from bot.queries.telegram.bot import TelegramBot
from bot.queries.vocabulary import vocabulary
from bot.storage.errors import Locked
from bot.storage.store import Store
from tests.bot.delivery.memory import operators_chat, post
from tests.bot.queries.conftest import commands_for
from tests.bot.real_acts import LENS, NOW, UNSURE, authorisation, doubtful, new_recueil, read
from tests.bot.storage.finding import posts_of
from tests.bot.storage.ready import ready_store
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.fake_bot_chats import BotMessage

OPERATORS, ELSEWHERE, MOVED, ANN, BOB = -1002222, -1003333, -1004444, 7, 8


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with ready_store(tmp_path) as opened:
        read(opened, new_recueil(opened), doubtful())
        yield opened


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as server:
        server.add_group(OPERATORS)
        server.add_group(ELSEWHERE)
        yield server


class Failing(Reviewer):
    """A reviewer whose database is busy as long as `broken`."""

    broken = False

    def accept(self, review: int, *, kind: Kind | None, by: str, token: str | None = None) -> Settled:
        if self.broken:
            raise Locked("the database is locked by another process; try again later")
        return super().accept(review, kind=kind, by=by, token=token)


class Desk:
    """The running bot and the operators' chat."""

    def __init__(self, api: FakeBotApi, store: Store) -> None:
        self.api = api
        self.store = store
        self.reviewer = Failing(store=store, route=lambda _: ("channel",), clock=lambda: NOW)
        self.moves = store.moved_chats
        self.chat = operators_chat(OPERATORS, api.token, [], api.url, self.moves)
        self.language: Language = "en"
        self.posted = 0

    @asynccontextmanager
    async def running(self, questions: Questions) -> AsyncIterator[None]:
        buttons = ReviewButtons(chat=OPERATORS, reviewer=self.reviewer, language=self.language, now_at=self.moves.now_at)
        bot = TelegramBot(SecretStr(self.api.token), self.api.url, commands_for(questions), reviews=buttons)
        bot.when_posted(self._was_posted)
        stop = asyncio.Event()
        task = asyncio.create_task(bot.run(stop))
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(task, 60)
            await self.chat.close()

    def _was_posted(self) -> None:
        self.posted += 1

    async def ask(self) -> BotMessage:
        """The question about the only act that waits, in the chat."""
        [waiting] = self.store.reviews.waiting(2)
        answers = {"Yes": ReviewAnswer(waiting.id, waiting.token, True), "No": ReviewAnswer(waiting.id, waiting.token, False)}
        await self.chat.send("Is it?", [ChatButton(said, answer_data(answer)) for said, answer in answers.items()])
        return self.api.messages[-1]

    async def press(self, message: BotMessage, button: int) -> str:
        """What whoever presses is shown."""
        return await self.send(message, message.buttons[button]["callback_data"])

    async def send(self, message: BotMessage, data: str) -> str:
        before = len(self.api.callback_answers)
        self.api.press(message, data, ANN)
        await self.api.until(lambda: len(self.api.callback_answers) > before)
        return str(self.api.callback_answers[-1].get("text"))


@pytest.fixture
def desk(api: FakeBotApi, store: Store) -> Desk:
    return Desk(api, store)


async def edited(desk: Desk, message: BotMessage) -> str:
    await desk.api.until(lambda: "→" in desk.api.messages_in(message.chat_id)[0].text)
    [now] = [each for each in desk.api.messages_in(message.chat_id) if each.message_id == message.message_id]
    assert now.buttons == []
    return now.text


async def test_yes_records_the_decree_and_wakes_the_delivery(desk: Desk, questions: Questions) -> None:
    async with desk.running(questions):
        message = await desk.ask()
        assert await desk.press(message, 0) == "It is a decree (authorisation): recorded as [1], it will be posted."
        assert await edited(desk, message) == "Is it?\n→ It is a decree (authorisation): recorded as [1], it will be posted."
    assert (desk.posted, desk.store.reviews.waiting(10)) == (1, [])
    assert len(posts_of(desk.store, [1])) == 1


@pytest.mark.parametrize("data", ["review:1:0a1b2c3d:yes", "review:1:perhaps", "review:"])
async def test_an_answer_from_another_chat_is_refused(desk: Desk, questions: Questions, data: str) -> None:
    async with desk.running(questions):
        stray = operators_chat(ELSEWHERE, desk.api.token, [], desk.api.url)
        await stray.send("Is it?", [ChatButton("Yes", data)])
        await stray.close()
        with structlog.testing.capture_logs() as logs:
            shown = await desk.press(desk.api.messages[-1], 0)
    assert shown == "Only the team that runs Vigie can answer."
    assert [entry["log_level"] for entry in logs if entry["event"] == "review.wrong_chat"] == ["warning"]
    assert (desk.store.decrees.recent(10).total, len(desk.store.reviews.waiting(10))) == (0, 1)


async def test_a_group_that_moved_is_the_operators_after_a_restart_too(desk: Desk, questions: Questions) -> None:
    """Asked after the move by a process that has ended: the next one, which has sent nothing there yet, takes the answer."""
    desk.api.migrate(OPERATORS, MOVED)
    message = await desk.ask()
    await desk.chat.close()
    restarted = Desk(desk.api, desk.store)
    async with restarted.running(questions):
        assert await restarted.press(message, 1) == "It is none: filed."
    # And asks where the group is now.
    assert [call["chat_id"] for call in desk.api.calls_of("sendMessage")] == [str(OPERATORS), str(MOVED)]
    read(desk.store, new_recueil(desk.store, "b"), doubtful(act_id="26-2026-08-14-00077", more="Annexe. " * 60))
    asking = Desk(desk.api, desk.store)
    assert (await asking.ask()).chat_id == MOVED
    await asking.chat.close()
    assert desk.api.calls_of("sendMessage")[-1]["chat_id"] == str(MOVED)


@pytest.mark.parametrize("button", [0, 1])
async def test_an_answer_while_the_bot_is_down_is_taken_at_its_start(desk: Desk, questions: Questions, button: int) -> None:
    message = await desk.ask()
    await desk.chat.close()
    desk.api.press(message, message.buttons[button]["callback_data"], ANN)
    restarted = Desk(desk.api, desk.store)
    async with restarted.running(questions):
        assert "→" in await edited(restarted, message)
    assert (desk.store.reviews.waiting(10), desk.store.decrees.recent(10).total, restarted.posted) == ([], 1 - button, 1 - button)


async def test_of_two_operators_who_press_at_once_one_decides_and_the_other_is_told(desk: Desk, questions: Questions) -> None:
    message = await desk.ask()
    for button, person in ((0, ANN), (1, BOB)):
        desk.api.press(message, message.buttons[button]["callback_data"], person)
    async with desk.running(questions):
        await desk.api.until(lambda: len(desk.api.callback_answers) == 2)
        await edited(desk, message)
    told = sorted(str(answer.get("text")) for answer in desk.api.callback_answers)
    yes = [
        "Already decided: it is a decree (authorisation).",
        "It is a decree (authorisation): recorded as [1], it will be posted.",
    ]
    no = ["Already decided: it is none.", "It is none: filed."]
    assert told in (yes, no)
    assert desk.store.decrees.recent(10).total == desk.posted == (told == yes)
    assert desk.store.reviews.waiting(10) == []


async def test_operators_are_answered_in_their_language(desk: Desk, questions: Questions) -> None:
    desk.language = "fr"
    async with desk.running(questions):
        message = await desk.ask()
        no = message.buttons[1]["callback_data"]
        assert await desk.press(message, 0) == "C’est un arrêté (autorisation) : enregistré sous [1], il va être publié."
        assert (await edited(desk, message)).endswith("→ C’est un arrêté (autorisation) : enregistré sous [1], il va être publié.")
        assert await desk.send(message, no) == "Déjà décidé : c’est un arrêté (autorisation)."


async def test_a_busy_database_is_told_and_the_buttons_stay(desk: Desk, questions: Questions) -> None:
    async with desk.running(questions):
        message = await desk.ask()
        desk.reviewer.broken = True
        assert await desk.press(message, 0) == "The answer could not be recorded. Try again."
        assert len(desk.api.messages_in(OPERATORS)[0].buttons) == 2
        desk.reviewer.broken = False
        assert (await desk.press(message, 0)).startswith("It is a decree")
        await edited(desk, message)


async def test_an_act_that_is_gone_is_told(desk: Desk, questions: Questions) -> None:
    async with desk.running(questions):
        message = await desk.ask()
        [waiting] = desk.store.reviews.waiting(2)
        other = "0a1b2c3d" if waiting.token != "0a1b2c3d" else "0a1b2c3e"
        # Of no act at all, and of another one that had this number in a database of another day.
        for data in (f"review:404:{waiting.token}:no", f"review:{waiting.id}:{other}:no", f"review:{waiting.id}:{other}:yes"):
            assert await desk.send(message, data) == "This act waits for no answer any more: its recueil was read again."
    assert desk.store.reviews.waiting(10) == [waiting]
    assert desk.store.decrees.recent(10).total == 0


async def test_a_press_that_telegram_forgot_is_told_by_the_message(desk: Desk, questions: Questions) -> None:
    desk.api.fail("answerCallbackQuery", 400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    async with desk.running(questions):
        message = await desk.ask()
        desk.api.press(message, message.buttons[1]["callback_data"], ANN)
        assert (await edited(desk, message)).endswith("→ It is none: filed.")


NONE = Decision(Outcome.NOT_CONCERNED, None, NOW, "telegram")
DECREE = Decision(Outcome.DECREE, Kind.RENEWAL, NOW, "telegram")


@pytest.mark.parametrize(
    ("settled", "french"),
    [
        (Settled(DECREE, 7, (post(1), post(2))), "C’est un arrêté (renouvellement) : enregistré sous [7], il va être publié."),
        (
            Settled(DECREE, 7),
            "C’est un arrêté (renouvellement) : enregistré sous [7], déjà connu ou ancien, il n’est pas publié.",
        ),
        (Settled(NONE, withdrawn=Withdrawal(7)), "Ce n’en est pas un : l’arrêté [7] est écarté."),
        (
            Settled(NONE, withdrawn=Withdrawal(7, ("canal", "masto"))),
            "Ce n’en est pas un : l’arrêté [7] est écarté. Déjà publié (ou peut-être) vers canal, masto : à corriger à la main.",
        ),
        (Settled(NONE, already=True), "Déjà décidé : ce n’en est pas un."),
    ],
)
def test_what_became_of_it_in_words(settled: Settled, french: str) -> None:
    assert outcome_text(settled, vocabulary("fr").reviews, "fr") == french


async def test_an_answer_about_a_fact_is_taken_once(desk: Desk, questions: Questions) -> None:
    [decree] = read(desk.store, new_recueil(desk.store, "b"), authorisation(more=UNSURE)).decrees
    asked = desk.reviewer.question(decree)
    assert asked is not None
    data = [answer_data(FactAnswer(decree.id or 0, asked.token, "places", choice)) for choice in (2, 0)]
    stale = answer_data(FactAnswer(decree.id or 0, "00000000", "places", 1))
    async with desk.running(questions):
        await desk.chat.send("Which?", [ChatButton("2", data[0]), ChatButton("Neither", data[1])])
        message = desk.api.messages[-1]
        assert await desk.send(message, stale) == "This point waits for no answer any more: the decree was read again."
        assert await desk.send(message, data[0]) == f"Decree [1]: noted, “{'; '.join(LENS)}”."
        assert (await edited(desk, message)).startswith("Which?\n→ Decree [1]: noted")
        assert await desk.send(message, data[1]) == "Already decided."
    known = desk.store.decrees.get(1)
    assert known is not None
    assert (known.facts.places, known.facts.doubtful) == (LENS, ())


def test_that_a_decree_does_not_say_a_fact_is_told() -> None:
    assert (
        fact_outcome(SettledFact(7, "event", None), vocabulary("fr").reviews)
        == "Arrêté [7] : c’est noté, ce qui était lu ne sera plus affiché."
    )
