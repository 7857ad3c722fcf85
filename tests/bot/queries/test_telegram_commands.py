from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import structlog
from telegram import Update
from telegram.ext import Application
from telegram.request import RequestData

from bot.messages.words import JOINER
from bot.queries.questions import Questions, RateLimiter
from bot.queries.telegram.bot import TelegramCommands
from bot.queries.telegram.commands import ChatLanguages, publish_commands
from bot.queries.telegram.replies import Callbacks
from bot.queries.vocabulary import vocabulary
from tests.bot.queries.conftest import PLACES, MemoryDecrees
from tests.e2e.conversing import InProcessTelegram

ME = {"id": 1, "is_bot": True, "first_name": "Vigie", "username": "vigie_bot"}
ANN = {"id": 7, "is_bot": False, "first_name": "Ann", "language_code": "fr"}
PRIVATE = {"id": 7, "type": "private", "first_name": "Ann"}
GROUP = {"id": -5, "type": "group", "title": "Veille"}


class Telegram(InProcessTelegram):
    """The Bot API in memory: remembers each call, answers as told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refuse: Callable[[str, dict[str, Any]], tuple[int, str] | None] = lambda method, given: None

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *timeouts: Any, **named: Any
    ) -> tuple[int, bytes]:
        name, given = url.rsplit("/", 1)[1], dict(request_data.parameters) if request_data else {}
        if refused := self.refuse(name, given):
            code, text = refused
            return code, json.dumps({"ok": False, "error_code": code, "description": text}).encode()
        if request_data is not None and request_data.multipart_data:
            given["files"] = [content for _, content, _ in request_data.multipart_data.values()]
        self.calls.append((name, given))
        result: Any = True
        if name == "getMe":
            result = ME
        elif name in {"sendMessage", "editMessageText"}:
            result = {"message_id": 99, "date": 0, "chat": PRIVATE, "text": given["text"]}
        return 200, json.dumps({"ok": True, "result": result}).encode()

    def sent(self, name: str = "sendMessage") -> list[dict[str, Any]]:
        return [given for method, given in self.calls if method == name]


class Bot:
    """Handlers under test, fed with updates."""

    def __init__(self, application: Application[Any, Any, Any, Any, Any, Any], telegram: Telegram) -> None:
        self.application = application
        self.telegram = telegram
        self._ids = iter(range(1, 10_000))

    async def say(self, text: str, *, chat: dict[str, Any] = PRIVATE, user: dict[str, Any] = ANN, kind: str = "message") -> None:
        message: dict[str, Any] = {"message_id": next(self._ids), "date": 1, "chat": chat, "from": user, "text": text}
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]
        await self.feed({kind: message})

    async def press(self, data: str) -> None:
        message = {"message_id": 99, "date": 1, "chat": PRIVATE, "text": "…", "from": ME}
        await self.feed({"callback_query": {"id": "5", "from": ANN, "chat_instance": "1", "data": data, "message": message}})

    async def feed(self, content: dict[str, Any]) -> None:
        update = Update.de_json({"update_id": next(self._ids), **content}, self.application.bot)
        await self.application.process_update(update)


@pytest.fixture
def seconds() -> list[float]:
    return [0.0]


@pytest.fixture
async def bot(questions: Questions, seconds: list[float]) -> AsyncIterator[Bot]:
    telegram = Telegram()
    application = Application.builder().token("1:x").request(telegram).get_updates_request(Telegram()).updater(None).job_queue(None).build()
    TelegramCommands(questions, PLACES, RateLimiter(3, lambda: seconds[0]), Callbacks(limit=10), ChatLanguages()).register(application)
    async with application:
        yield Bot(application, telegram)


def buttons(sent: dict[str, Any]) -> list[str]:
    return [button.get("callback_data") or button["url"] for row in sent["reply_markup"]["inline_keyboard"] for button in row]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/recents", "<b>Derniers arrêtés relevés — 14 arrêtés, page 1 sur 3</b>"),
        ("/recent", "<b>Latest decrees found — 14 decrees, page 1 of 3</b>"),
        ("/departement la Drôme", "<b>Drôme (26) — 12 arrêtés, page 1 sur 3</b>"),
        ("/department 26", "<b>Drôme (26) — 12 decrees, page 1 of 3</b>"),
        ("/departement", "Quel département ?"),
        ("/envigueur", "<b>Autorisations en cours ou à venir — 14 arrêtés, page 1 sur 3</b>"),
        ("/envigueur Paris", "<b>Autorisations en cours ou à venir : Paris (75) — 2 arrêtés</b>"),
        ("/inforce 26", "<b>Authorisations in force or to come: Drôme (26) — 12 decrees, page 1 of 3</b>"),
        (
            "/inforce 38",
            "Isère (38): Vigie has found no authorisation in force or to come. Préfecture de l&#x27;Isère: ",
        ),
        ("/recherche gare", "<b>Arrêtés qui contiennent « gare » — 1 arrêté</b>"),
        ("/search <b>&", "No decree found by Vigie contains “&lt;b&gt;&amp;”."),
        ("/decret 12", "<b>📢 Autorisation de vidéosurveillance algorithmique</b>"),
        ("/arrete 12", "<b>📢 Autorisation de vidéosurveillance algorithmique</b>"),
        ("/decree douze", "Use the number in brackets"),
        ("/arrete", "Quel arrêté ? Par exemple : /arrete 12. Pour ne plus recevoir d’annonces : /suivis"),
        ("/aujourd’hui", "Vigie n’a relevé aucune autorisation en cours aujourd’hui."),
        ("26", "<b>Drôme (26) — 12 arrêtés, page 1 sur 3</b>"),
        ("/etat", "Sites lus par Vigie : 6, dont 2 normalement."),
        ("/status", "Sites read by Vigie: 6. Working normally: 2."),
        ("/etat la Drôme", "Préfecture de la Drôme : recueils à jour. Le dernier recueil est du 19 août 2026."),
        (
            "/status 38",
            "Préfecture de l&#x27;Isère: Vigie has no longer been able to read this site since 19 August 2026: its site refuses to answer.",
        ),
        ("/etat drme", "Aucun département ne correspond à « drme »."),
        ("/aide", "Vigie lit les recueils"),
        ("/help", "Vigie reads"),
        ("/start", "Vigie lit les recueils"),
        ("/start decret_12", "Vigie lit les recueils"),
        ("/start n12", "<b>📢 Autorisation"),
        ("/zzzzzzzz", "Vigie n’a pas compris."),
        ("/connard", "Vigie n’a pas compris."),
    ],
)
async def test_each_command_is_answered_in_its_language(bot: Bot, text: str, expected: str) -> None:
    await bot.say(text)
    (sent,) = bot.telegram.sent()
    assert sent["text"].replace(JOINER, "").startswith(expected)
    assert sent["parse_mode"] == "HTML"
    assert sent["link_preview_options"] == {"is_disabled": True}
    assert "reply_parameters" not in sent


@pytest.mark.parametrize(
    ("code", "french", "english"), [("fr-CA", True, False), ("en", False, True), ("de", False, True), (None, True, True)]
)
async def test_start_speaks_the_language_of_the_person(bot: Bot, code: str | None, french: bool, english: bool) -> None:
    await bot.say("/start", user={**ANN, "language_code": code} if code else {"id": 7, "is_bot": False, "first_name": "Ann"})
    (sent,) = bot.telegram.sent()
    assert ("Vigie lit" in sent["text"], "Vigie reads" in sent["text"]) == (french, english)


@pytest.mark.parametrize(
    ("text", "answered"),
    [
        ("/recents", True),
        ("/recents@other_bot", False),
        ("/inconnu@vigie_bot", True),
        ("@vigie_bot 26", True),
        ("@vigie_bot_x 26", False),
        ("/dep 26", False),
    ],
)
async def test_in_a_group_only_its_own_commands_are_answered_as_replies(bot: Bot, text: str, answered: bool) -> None:
    await bot.say(text, chat=GROUP)
    assert [sent["reply_parameters"]["message_id"] for sent in bot.telegram.sent()] == ([1] if answered else [])


@pytest.mark.parametrize("kind", ["edited_message", "channel_post", "edited_channel_post"])
async def test_only_new_messages_are_answered(bot: Bot, kind: str) -> None:
    await bot.say("/recents", kind=kind)
    assert bot.telegram.sent() == []


async def test_a_button_turns_the_page_of_the_same_message(bot: Bot) -> None:
    await bot.say("/recents")
    *numbers, further = buttons(bot.telegram.sent()[0])
    assert numbers == [f"1frn1:{number}" for number in (14, 13, 12, 11, 10)]
    await bot.press(further)
    (edited,) = bot.telegram.sent("editMessageText")
    assert edited["text"].startswith("<b>Derniers arrêtés relevés — 14 arrêtés, page 2 sur 3</b>")
    assert edited["message_id"] == 99
    assert len(buttons(edited)) == 7
    assert len(bot.telegram.sent("answerCallbackQuery")) == 1


async def test_a_button_of_another_time_says_so(bot: Bot) -> None:
    await bot.press("1frk2:0123456789abcdef0123456789abcdef")
    await bot.press("whatever")
    assert [sent["text"] for sent in bot.telegram.sent("answerCallbackQuery")] == [vocabulary("fr").expired] * 2
    assert bot.telegram.sent("editMessageText") == []


async def test_the_same_page_twice_is_no_error(bot: Bot) -> None:
    bot.telegram.refuse = lambda method, given: (400, "Bad Request: message is not modified: same") if method == "editMessageText" else None
    await bot.press("1frr2:")
    assert bot.telegram.sent("answerCallbackQuery") == [{"callback_query_id": "5"}]


async def test_markup_that_telegram_cannot_parse_goes_out_as_plain_text(bot: Bot) -> None:
    bot.telegram.refuse = lambda method, given: (400, "Bad Request: can't parse entities: no") if "parse_mode" in given else None
    await bot.say("/recents")
    (sent,) = bot.telegram.sent()
    assert sent["text"].startswith("Derniers arrêtés relevés — 14 arrêtés, page 1 sur 3")


@pytest.mark.parametrize(("command", "words"), [("/carte", "Carte des départements"), ("/figures", "Decrees recorded by Vigie")])
async def test_a_picture_has_its_words_as_caption_and_they_go_alone_where_pictures_are_forbidden(
    bot: Bot, command: str, words: str
) -> None:
    await bot.say(command)
    (photo,) = bot.telegram.sent("sendPhoto")
    assert photo["caption"].startswith(words)
    assert [content[:8] for content in photo["files"]] == [b"\x89PNG\r\n\x1a\n"]
    bot.telegram.refuse = lambda method, given: (
        (400, "Bad Request: not enough rights to send photos to the chat") if method == "sendPhoto" else None
    )
    await bot.say(command)
    (sent,) = bot.telegram.sent()
    assert sent["text"].startswith(words)


async def test_whoever_asks_too_much_is_told_once_and_answered_again_later(bot: Bot, seconds: list[float]) -> None:
    for _ in range(6):
        await bot.say("/decret 12")
    assert len(bot.telegram.sent()) == 4
    assert bot.telegram.sent()[-1]["text"] == vocabulary("fr").slow_down
    await bot.press("1frr2:")
    assert bot.telegram.sent("answerCallbackQuery")[-1]["text"] == vocabulary("fr").slow_down
    await bot.say("/recents", user={**ANN, "id": 8}, chat=GROUP)
    seconds[0] += 20
    await bot.say("/recents")
    assert len(bot.telegram.sent()) == 6


async def test_an_error_is_told_politely_and_logged_without_what_was_asked(bot: Bot, decrees: MemoryDecrees) -> None:
    decrees.broken = OSError("SELECT … 'mot-secret'")
    with structlog.testing.capture_logs() as logs:
        await bot.say("/search mot-secret")
        await bot.press("1ens1:mot-secret")
    assert [sent["text"] for sent in bot.telegram.sent()] == [vocabulary("en").failed]
    assert bot.telegram.sent("answerCallbackQuery")[0]["text"] == vocabulary("en").failed
    assert [(entry["command"], entry["error"]) for entry in logs] == [("search", "OSError"), ("button", "OSError")]
    assert "mot-secret" not in str(logs)


@pytest.mark.parametrize(
    ("code", "text"), [(403, "Forbidden: bot was blocked by the user"), (400, "Bad Request: chat not found"), (500, "oops")]
)
async def test_a_reply_that_does_not_go_out_stops_nothing(bot: Bot, code: int, text: str) -> None:
    bot.telegram.refuse = lambda method, given: (code, text)
    await bot.say("/recents")
    await bot.press("1frr2:")
    bot.telegram.refuse = lambda method, given: None
    await bot.say("/recents")
    assert len(bot.telegram.sent()) == 1


async def test_a_slow_store_does_not_hold_the_loop(bot: Bot, decrees: MemoryDecrees, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, reached, release = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    recent = decrees.recent

    def slow(limit: int, offset: int) -> Any:
        loop.call_soon_threadsafe(reached.set)
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(10)
        return recent(limit, offset)

    monkeypatch.setattr(decrees, "recent", slow)
    asking = asyncio.create_task(bot.say("/recents"))
    await asyncio.wait_for(reached.wait(), 60)
    release.set()
    await asking
    assert len(bot.telegram.sent()) == 1


async def test_the_commands_are_published_in_both_languages_for_private_chats_and_groups(bot: Bot) -> None:
    await publish_commands(bot.application.bot)
    published = {
        (json.loads(given["scope"])["type"] if isinstance(given["scope"], str) else given["scope"]["type"], given.get("language_code")): [
            c["command"] for c in given["commands"]
        ]
        for given in bot.telegram.sent("setMyCommands")
    }
    french = ["ville", "departement", "envigueur", "aujourdhui", "recents", "recherche"]
    french += ["arrete", "carte", "chiffres", "etat", "langue", "aide"]
    english = ["town", "department", "inforce", "today", "recent", "search", "decree", "map", "figures", "status", "language", "help"]
    scopes = {
        "default": (french, english),
        "all_group_chats": ([c for c in french if c != "langue"], [c for c in english if c != "language"]),
    }
    for scope, (fr, en) in scopes.items():
        assert {language: published[scope, language] for language in (None, "fr", "en")} == {None: fr, "fr": fr, "en": en}
