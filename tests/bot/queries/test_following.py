"""Following in Telegram: whole flows over a Bot API on loopback, and what words, links and buttons mean."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from telegram import Bot, Chat

from bot.app.inventory import places_of
from bot.app.wiring import follow_names
from bot.domain.acts import Decree, Facts, Kind
from bot.domain.health import AuthorityHealth, Overview, SourceHealth, Status
from bot.domain.posts import Follow, FollowKind
from bot.gazetteer.finding import find_places
from bot.gazetteer.gazetteer import departments_of_region
from bot.gazetteer.naming import targets_in
from bot.queries.answers import OneDecree
from bot.queries.following import LastReading, ago, follow_code, follow_of_code, last_readings, what_is_meant, words_followed
from bot.queries.questions import Questions, RateLimiter
from bot.queries.telegram.bot import TelegramBot, TelegramCommands
from bot.queries.telegram.commands import CannotCheck, ChatLanguages, is_in_charge
from bot.queries.telegram.following import FollowCommands, FollowContext
from bot.queries.telegram.replies import Callbacks, telegram_reply
from bot.storage.store import Store
from sources.catalogue.authority import load_authorities
from tests.bot.queries.test_telegram_app import log_levels, running, until
from tests.bot.storage.ready import ready_store
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.fake_bot_chats import BOT_NAME, BotMessage

__all__ = ["log_levels"]

ANN, GROUP = 7, -1001234567890
NOW = datetime(2026, 8, 12, 10, tzinfo=UTC)
DROME, ARA = Follow(FollowKind.DEPARTMENT, "26"), Follow(FollowKind.REGION, "84")
MONTELIMAR, VALENCE = Follow(FollowKind.COMMUNE, "26198"), Follow(FollowKind.COMMUNE, "26362")
SNCF, RENEWALS = Follow(FollowKind.OPERATOR, "sncf"), Follow(FollowKind.DECREE_KIND, "renewal")
WORDS, TWELVE = FollowKind.WORDS, Follow(FollowKind.DECREE, "12")
REFUSALS = Follow(FollowKind.DECREE_KIND, "refusal")
LYON_5 = Follow(FollowKind.COMMUNE, "69385")
NAMES = follow_names()
PLACES = places_of(load_authorities())
FAILING = SourceHealth("35:site", Status.FAILING, since=NOW - timedelta(days=2), last_ok_at=NOW - timedelta(days=2))
DECREE = Decree("26", Kind.AUTHORISATION, "Arrêté", Facts(), (), "https://prefecture.example/a.pdf", 3, None, id=12)
OVERVIEW = Overview(NOW, (AuthorityHealth("35", Status.FAILING, (FAILING,)), *(
    AuthorityHealth(code, Status.OK, (SourceHealth(f"{code}:site", Status.OK, last_ok_at=at),))
    for code, at in (("26", NOW - timedelta(minutes=12)), ("38", NOW - timedelta(hours=5)), ("01", None))
)))  # fmt: skip


def numbered(number: str) -> Decree | None:
    return DECREE if number in {"12", "2026-1104"} else None


@pytest.mark.parametrize(
    ("words", "first", "is_sure"),
    [
        ("26", DROME, True),
        ("12", Follow(FollowKind.DEPARTMENT, "12"), True),
        ("n° 12", TWELVE, True),
        ("[12]", TWELVE, True),
        ("l’arrêté n° 2026-1104", TWELVE, True),
        ("2026-1104", TWELVE, True),
        ("montelimar", MONTELIMAR, True),
        ("26200 Montélimar", MONTELIMAR, True),
        ("auvergne-rhône-alpes", ARA, True),
        ("sncf", SNCF, True),
        ("renouvellement", RENEWALS, True),
        ("refus", REFUSALS, True),
        ("les arrêtés « refus »", REFUSALS, True),
        ("refusal", REFUSALS, True),
        ("Fin d'autorisation", Follow(FollowKind.DECREE_KIND, "abrogation"), True),
        ("valence", None, False),
        ("Montelimard", MONTELIMAR, False),
        ("Lyon 5e", LYON_5, True),
        ("5e arrondissement de Lyon", LYON_5, True),
        ("lyon 5 et 2", LYON_5, False),
    ],
)
def test_what_words_mean(words: str, first: Follow | None, is_sure: bool) -> None:
    meant = what_is_meant(words, find_places, NAMES.operators, numbered, "fr")
    assert meant.is_sure is is_sure
    assert first is None or meant.follows[0] == first
    assert first is not None or VALENCE in meant.follows
    assert words != "12" or meant.follows[1:] == (TWELVE,), "the decree of that number is offered besides"


@pytest.mark.parametrize(
    ("written", "followed"),
    [
        ("xqzxqzxqz", "xqzxqzxqz"),
        ("Fête des  Lumières !", "fête des lumières"),
        ("https://jazz.example", "https jazz example"),
        ("14 juillet", "14 juillet"),
        ("Montélimard", "montélimard"),
        ("trains d’Auvergne", "trains d’auvergne"),
        ("é" * 58, "e" * 58),
        ("x" * 59, None),
        ("arrêté 13", None),
        ("le préfet autorise des caméras", None),
        ("feu, bal", None),
        ("dans les 2026", None),
        ("…", None),
        ("valence", None),
        ("26", None),
    ],
)
def test_words_are_offered_where_nothing_has_that_name(written: str, followed: str | None) -> None:
    offered = [one.value for one in what_is_meant(written, find_places, NAMES.operators, numbered, "fr").follows[-1:] if one.kind is WORDS]
    assert offered == [followed] * (followed is not None)


@pytest.mark.parametrize(
    "follow",
    [DROME, ARA, MONTELIMAR, SNCF, RENEWALS, Follow(FollowKind.OPERATOR, "prefecture de police"), TWELVE, words_followed("fêtes " * 9)],
)
def test_codes_of_links_and_buttons(follow: Follow) -> None:
    code = follow_code(follow)
    assert follow_of_code(code, NAMES, numbered) == follow
    assert len(f"2frx:{code}".encode()) <= 64


@pytest.mark.parametrize(
    "code",
    ["", "c", "c99999", "d999", "onobody", "kdecree", "x26", "d26 ", "c26198; drop table", "a13", "a012", "e13", "aide", "w", "wcode"],
)
def test_codes_of_nothing(code: str) -> None:
    assert follow_of_code(code, NAMES, numbered) is None


@pytest.mark.parametrize(
    ("event", "followed"),
    [
        ("Fête des Lumières 2026", "fête des lumières"),
        (f"festival {'des arts de la rue ' * 4}", "festival des arts de la rue des arts de la rue des arts de"),
        ("JO", None),
        (None, None),
    ],
)
def test_an_event_is_followed_by_its_words_in_every_year(event: str | None, followed: str | None) -> None:
    decree = replace(DECREE, facts=Facts(event=event))
    found = follow_of_code("e12", NAMES, lambda _: decree)
    assert found == (None if followed is None else Follow(WORDS, followed))
    buttons = {button.text for row in telegram_reply(OneDecree(decree, NOW), PLACES, "fr").rows for button in row}
    assert (f"🔔 Suivre {event}"[:24] in {text[:24] for text in buttons}) is (followed is not None)
    assert "🔔 Suivre cet arrêté" in buttons


def test_when_places_were_read() -> None:
    found = last_readings([DROME, MONTELIMAR, ARA, SNCF, Follow(FollowKind.DEPARTMENT, "01")], OVERVIEW, departments_of_region, PLACES)
    assert found[DROME].at == found[MONTELIMAR].at == NOW - timedelta(minutes=12)
    assert found[ARA].at == NOW - timedelta(hours=5), "of a region, those read longest ago"
    assert found[Follow(FollowKind.DEPARTMENT, "01")].at is None
    assert SNCF not in found


@pytest.mark.parametrize(("police", "expected"), [(NOW - timedelta(days=17), NOW - timedelta(days=17)), (None, None)])
def test_where_the_prefet_de_police_decides_too_his_recueils_count(police: datetime | None, expected: datetime | None) -> None:
    read = (("93", NOW), ("PP", police))
    overview = Overview(NOW, tuple(
        AuthorityHealth(code, Status.OK, (SourceHealth(f"{code}:site", Status.OK, last_ok_at=at),)) for code, at in read
    ))  # fmt: skip
    follow = Follow(FollowKind.COMMUNE, "93066")
    assert last_readings([follow], overview, departments_of_region, PLACES) == {follow: LastReading(expected)}


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=20), "à l’instant"),
        (timedelta(minutes=12), "il y a 12 min"),
        (timedelta(hours=5), "il y a 5 h"),
        (timedelta(days=4), "il y a 4 jours"),
    ],
)
def test_how_long_ago(passed: timedelta, words: str) -> None:
    assert ago(passed, "fr") == words


class Talk:
    """A person who writes to a bot that runs."""

    def __init__(self, api: FakeBotApi, store: Store) -> None:
        self.api, self.store = api, store

    async def say(self, text: str, chat: int = ANN, user: int = ANN) -> BotMessage:
        before = len(self.api.messages)
        self.api.say(chat, user, text)
        await until(lambda: len(self.api.messages) > before)
        return self.api.messages[-1]

    async def press(self, message: BotMessage, words: str, user: int = ANN) -> str:
        """Press the button with these words; return what it then says, or the words of the alert."""
        [button] = [one for one in message.buttons if words in one["text"]]
        answered = len(self.api.callback_answers)
        self.api.press(message, button["callback_data"], user)
        await until(lambda: len(self.api.callback_answers) > answered)
        return str(self.api.callback_answers[-1].get("text") or message.text)

    def follows(self, chat: int = ANN) -> tuple[Follow, ...]:
        kept = self.store.follows.get(chat)
        return () if kept is None else kept.follows


@pytest.fixture
async def talk(request: pytest.FixtureRequest, tmp_path: Path, questions: Questions) -> AsyncIterator[Callable[[], object]]:
    watched = getattr(request, "param", ("vsa",))

    @asynccontextmanager
    async def begun() -> AsyncIterator[Talk]:
        with ready_store(tmp_path) as store:
            async with FakeBotApi() as api:
                readings = lambda wanted: last_readings(wanted, OVERVIEW, departments_of_region, PLACES)  # noqa: E731
                context = FollowContext(
                    NAMES, find_places, readings, targets_in(PLACES), questions.decree_of, "https://collectif.example", watched
                )
                languages = ChatLanguages(store.follows.language_of, store.follows.set_language)
                follow = FollowCommands(
                    store.follows, context, languages, RateLimiter(100, lambda: 0.0), lambda: NOW, lambda _chat, _message: None
                )
                commands = TelegramCommands(
                    questions, PLACES, RateLimiter(100, lambda: 0.0), Callbacks(), languages, contact="moi@collectif.example"
                )
                bot = TelegramBot(SecretStr(api.token), api.url, commands, following=follow)
                async with running(bot):
                    yield Talk(api, store)

    async with begun() as one:
        yield one  # type: ignore[misc]


async def test_a_person_follows_and_lists(talk: Talk) -> None:
    said = await talk.say("/suivre")
    assert [button["text"] for button in said.buttons] == ["Un type d’arrêtés", "Un opérateur"]
    added = await talk.say("/suivre 26")
    assert added.text.startswith("🔔 Vous suivez maintenant la Drôme (26).")
    assert "pas un service de l’État" in added.text
    assert added.text.endswith("Ce Vigie est géré par : https://collectif.example")
    await until(lambda: talk.store.chat_messages.newest_shared() == added.message_id)  # where a lost message is looked for, after a restart
    assert "pas un service de l’État" not in (await talk.say("/suivre sncf")).text, "said once"
    assert talk.follows() == (DROME, SNCF)
    listed = await talk.say("/suivis")
    assert "• la Drôme (26) – recueils lus il y a 12 min" in listed.text
    assert "• la SNCF\n" in listed.text
    assert (await talk.press(listed, "✕ SNCF")).startswith("Vous ne suivez plus la SNCF.")
    assert talk.follows() == (DROME,)


@pytest.mark.parametrize("talk", [("vsa", "drones")], indirect=True)
async def test_of_several_topics_those_are_followed_that_are_named_or_else_all_that_are_watched(talk: Talk) -> None:
    assert (await talk.say("/suivre")).text.endswith("nommez-le, par exemple /suivre drones Toulon")
    assert "la Drôme (26) · drones. " in (await talk.say("/suivre les drones dans la Drôme")).text
    assert "la SNCF · VSA, drones. " in (await talk.say("/suivre sncf")).text
    assert "déjà la Drôme (26) · drones." in (await talk.say("/suivre drones 26")).text
    assert "la Drôme (26) · VSA. " in (await talk.say("/suivre vsa 26")).text
    assert [one.topics for one in talk.follows()] == [("drones", "vsa"), ("vsa", "drones")]
    assert "• la SNCF · VSA, drones" in (await talk.say("/suivis")).text
    asked = await talk.say("suivre les drones à Montélimar")
    await talk.press(asked, "Montélimar (26) · drones")
    asked = await talk.say("/suivre drones")
    await talk.press(asked, "refus")
    assert {one.value: one.topics for one in talk.follows()}["26198"] == {one.value: one.topics for one in talk.follows()}["refusal"]
    assert talk.follows()[0].topics == ("drones",)
    for text, follow in (("w" + "pont des drones -drones", Follow(FollowKind.WORDS, "pont des drones")), ("d26-drones", DROME)):
        found = follow_of_code(text, NAMES, lambda _: None)
        assert found == follow
        assert found.topics == ("drones",)
    assert follow_of_code("wanti-drones", NAMES, lambda _: None) == Follow(FollowKind.WORDS, "anti-drones"), "no topic: a word"


@pytest.mark.parametrize(
    ("command", "notes"),
    [
        ("/suivre 26", ""),
        ("/suivre Bruz", "⚠️ Ille-et-Vilaine (35) : Vigie n’arrive plus à lire les recueils des actes administratifs depuis le 10 août"),
        ("/follow 35", "⚠️ Ille-et-Vilaine (35): Vigie has been unable to read its official bulletins since 10 August 2026."),
        ("/suivre 01", "⚠️ Ain (01) : Vigie n’a lu aucun recueil"),
    ],
)
async def test_who_follows_a_place_that_cannot_be_read_is_told_at_once(talk: Talk, command: str, notes: str) -> None:
    said = (await talk.say(command)).text
    assert ("⚠️" in said) == bool(notes)
    assert notes in said


async def test_a_link_to_another_bot_is_not_answered(talk: Talk) -> None:
    talk.api.add_group(GROUP).administrators.add(8)
    talk.api.say(GROUP, 8, "/start@another_bot c26198")
    talk.api.say(GROUP, 8, "/start@another_bot discount")
    said = await talk.say(f"/start@{BOT_NAME} d26", GROUP, 8)
    assert said.text.startswith("Suivre la Drôme")
    assert len([one for one in talk.api.messages_in(GROUP) if one.from_bot]) == 1


async def test_each_first_contact_says_who_runs_it_and_that_it_is_no_service_of_the_state(talk: Talk) -> None:
    for link in ("/start", "/start d26", "/start n1"):
        said = (await talk.say(link)).text
        assert "pas un service de l’État" in said, link
        assert "Ce Vigie est géré par : " in said, link
    assert "moi@collectif.example" in (await talk.say("/start")).text, "an address that can be copied"
    await talk.press(await talk.say("/langue"), "English")
    assert "This Vigie is run by: " in (await talk.say("/start")).text


async def test_a_misspelt_command_offers_the_button_that_acts(talk: Talk) -> None:
    said = await talk.say("/suivr 26")
    assert said.text.startswith("Vouliez-vous dire : /suivre ?")
    assert talk.follows() == ()
    await talk.press(said, "Drôme (26)")
    assert talk.follows() == (DROME,)
    assert "⏸" in await talk.press(await talk.say("/pausse"), "Pause")
    assert "▶️" in await talk.press(await talk.say("/réprendre"), "Recevoir")
    assert "• la Drôme (26)" in await talk.press(await talk.say("/suivi"), "Mes suivis")
    assert "🗑" in await talk.press(await talk.say("/oubliez"), "Effacer tous")
    assert talk.follows() == ()


async def test_the_language_that_was_chosen_is_that_of_every_answer(talk: Talk) -> None:
    await talk.press(await talk.say("/langue"), "English")
    assert (await talk.say("/suivre 26")).text.startswith("🔔 You now follow Drôme (26).")
    kept = talk.store.follows.get(ANN)
    assert kept is not None
    assert kept.language == "en"
    await talk.say("/oublier")
    assert (await talk.say("/suivre 26")).text.startswith("🔔 Vous suivez"), "that is deleted too"


async def test_where_telegram_does_not_say_who_administers_a_group(talk: Talk) -> None:
    talk.api.add_group(GROUP).administrators.add(8)
    talk.api.fail("getChatMember", 400, "Bad Request: member list is inaccessible")
    assert (await talk.say("/suivre 26", GROUP, 8)).text.startswith("Telegram n’a pas dit si vous êtes administrateur de ce groupe")
    assert talk.follows(GROUP) == ()
    added = await talk.say("/suivre 26", GROUP, 8)
    talk.api.fail("getChatMember", 403, "Forbidden: bot was kicked from the supergroup chat")
    assert (await talk.press(added, "✕", 8)).startswith("Telegram n’a pas dit")
    choice = await talk.say("/langue", GROUP, 8)
    talk.api.fail("getChatMember", 403, "Forbidden: bot was kicked from the supergroup chat")
    assert "Telegram did not say" in await talk.press(choice, "English", 8)
    assert talk.follows(GROUP) == (DROME,)


async def test_who_administers_a_group_is_asked_again_where_telegram_fails() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async with FakeBotApi() as api, Bot(api.token, f"{api.url}/bot") as bot:
        api.add_group(GROUP).administrators.add(8)
        api.fail("getChatMember", 502, "Bad Gateway", count=2)
        assert await is_in_charge(bot, Chat(GROUP, Chat.SUPERGROUP), 8, sleep)
        api.fail("getChatMember", 502, "Bad Gateway", count=9)
        with pytest.raises(CannotCheck):
            await is_in_charge(bot, Chat(GROUP, Chat.SUPERGROUP), 8, sleep)
    assert len(waits) == 2 + 3
