"""Conversations as scripts: read from files, held with the Telegram face in this process, over the methods of the fake Bot API.

Beside what the person does, time passes and things happen: such lines may have no answer.

A script is a text file. Its first lines set the scene, the others are said in turn:

    # What it shows, in a sentence.
    language: fr                    the language of the person's Telegram (default: fr)
    chat: group                     private (default), group, or basic group, which can become a supergroup
    person: Valence                 the person writes; (photo), (voice), (file: …) and (place) stand for what is no text
    reply: Drôme                    the person replies to the last message of the bot
    member: /suivis                 somebody else of the group writes, who is no administrator
    inline: drôme                   the person types `@bot drôme` in any chat
    wait: 3 days                    time passes (days, hours, or until an hour of France: 18:00), and what is due then is sent
    found: authorisation 2026-2001 of 26; at Valence; from 2026-09-01 to 2026-09-03; by SNCF
                                    a decree is found, and sent to who follows it (`changes 2026-1104`: what it changes; `retroactive`)
    unread: 26                      the recueils of an authority cannot be read from now on
    readable: 26                    they can be read again
    event: blocks                   the person blocks the bot (unblocks, migrates: the group becomes a supergroup)
    [Valence (26)]                  the person presses the button whose text begins so, the newest first
    bot: …                          words that the answer has, in this order; several lines are one answer
    file: …                         the name of a file that the answer is
    buttons: [12] [11]              texts of buttons that the answer has
    bot: (nothing)                  there is no answer

After each turn everything that the bot says must be asked for by such lines: an answer that no line expects is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from telegram import Update
from telegram.ext import Application
from telegram.request import BaseRequest, RequestData

from bot.messages.words import JOINER
from tests.e2e.instance import Instance
from tests.servers.fake_bot_chats import BOT_NAME, ApiError, BotMessage, Chat, Chats, bot_user, detected
from tests.servers.fake_bot_methods import Methods

NOTHING = "(nothing)"
_SUPERGROUPS = -1_000_000_000_000
_CHATS: dict[str, tuple[int | None, str]] = {
    "private": (None, "private"),
    "group": (_SUPERGROUPS, "supergroup"),
    "basic group": (0, "group"),
}
"""By the words of scripts: the number from which those of chats are counted down, and what Telegram calls them."""
_OTHERS: dict[str, dict[str, Any]] = {
    "(photo)": {"photo": [{"file_id": "p", "file_unique_id": "p", "width": 1, "height": 1}]},
    "(photo: Montélimar)": {"photo": [{"file_id": "p", "file_unique_id": "p", "width": 1, "height": 1}], "caption": "Montélimar"},
    "(file: raa-2026-0400.pdf)": {"document": {"file_id": "d", "file_unique_id": "d", "file_name": "raa-2026-0400.pdf"}},
    "(file: inconnu.pdf)": {"document": {"file_id": "d", "file_unique_id": "d", "file_name": "inconnu.pdf"}},
    "(voice)": {"voice": {"file_id": "v", "file_unique_id": "v", "duration": 1}},
    "(place)": {"location": {"latitude": 44.9, "longitude": 4.9}},
}
_PEOPLE = frozenset({"person", "reply", "inline", "member"})
_EVENTS = frozenset({"wait", "found", "unread", "readable", "event"})
_LINE = re.compile(rf"(?P<who>language|chat|{'|'.join(sorted(_PEOPLE | _EVENTS))}|bot|file|buttons):(?: (?P<text>.*))?")
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", JOINER: None})


class ScriptError(AssertionError):
    """A script that cannot be read, or a conversation that goes another way. The text begins with file and line."""


@dataclass(frozen=True)
class Turn:
    """What the person does (`who` is `person`, `reply`, `inline` or `press`) or what happens on a line, and what the bot must answer."""

    line: int
    who: str
    text: str
    expected: list[tuple[int, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Script:
    """One conversation."""

    path: Path
    language: str
    chat: str
    turns: tuple[Turn, ...]

    @property
    def has_events(self) -> bool:
        """Return whether things happen that other conversations must not see."""
        return any(turn.who in _EVENTS for turn in self.turns)


def read_script(path: Path) -> Script:
    """Read a script. Raises ScriptError for a line that is none."""
    scene = {"language": "fr", "chat": "private"}
    turns: list[Turn] = []
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            turns.append(Turn(number, "press", line[1:-1]))
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ScriptError(f"{path.name}:{number}: not a line of a script: {line!r}")
        who, text = match["who"], match["text"] or ""
        if who in scene:
            scene[who] = text
        elif who in _PEOPLE | _EVENTS:
            turns.append(Turn(number, who, text))
        elif not turns:
            raise ScriptError(f"{path.name}:{number}: the bot speaks first")
        else:
            turns[-1].expected.append((number, who, text))
    if not turns or any(not turn.expected and turn.who not in _EVENTS for turn in turns):
        raise ScriptError(f"{path.name}: every turn of the person needs an answer, or `bot: {NOTHING}`")
    return Script(path, scene["language"], scene["chat"], tuple(turns))


class InProcessTelegram(BaseRequest):
    """The fake Bot API without a line between: each request is carried out at once."""

    def __init__(self, methods: Methods) -> None:
        self._methods = methods
        self.changed: list[str] = []
        """Methods that showed something to people, in order."""

    @property
    def read_timeout(self) -> float | None:
        return 1

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *timeouts: Any, **named: Any
    ) -> tuple[int, bytes]:
        name = url.rsplit("/", 1)[1]
        params: dict[str, Any] = dict(request_data.parameters) if request_data else {}
        if request_data is not None and request_data.multipart_data:
            for key, (file_name, content, _) in request_data.multipart_data.items():
                params[key] = content if isinstance(content, bytes) else content.read()
                params["file_name"] = file_name
            for key, value in params.items():
                if isinstance(value, str) and value.startswith("attach://"):
                    params[key] = params[value.removeprefix("attach://")]
        try:
            result = self._methods.carry_out(name, params)
        except ApiError as error:
            return error.code, json.dumps({"ok": False, "error_code": error.code, "description": error.description}).encode()
        self.changed.append(name)
        if name in {"sendDocument", "sendPhoto"}:
            self.changed.append(f"file:{params.get('file_name', '')}")
        return 200, json.dumps({"ok": True, "result": result}).encode()


class Conversation:
    """One chat with the bot, whose handlers are in `application` (built over `telegram`)."""

    def __init__(
        self,
        script: Script,
        application: Application[Any, Any, Any, Any, Any, Any],
        chats: Chats,
        methods: Methods,
        person: int,
        world: Instance,
    ) -> None:
        """`person` is the number of who speaks: in a group, an administrator of it."""
        self._world = world
        self._script = script
        self._application = application
        self._chats = chats
        self._methods = methods
        self._numbers = iter(range(1, 10_000))
        self._shown: dict[int, tuple[str, Any]] = {}
        self._person = person
        number, kind = _CHATS[script.chat]
        self._chat = person if number is None else number - person
        if self._chat not in chats.by_id:
            chats.add(Chat(self._chat, kind, administrators={person}))

    async def hold(self) -> None:
        """Say every line. Raises ScriptError where the bot answers otherwise."""
        for turn in self._script.turns:
            answered, offered = len(self._methods.callback_answers), len(self._methods.inline_answers)
            await self._act(turn)
            said = list(self._news())
            said += [(answer["text"], []) for answer in self._methods.callback_answers[answered:] if answer.get("text")]
            said += [_inline(answer) for answer in self._methods.inline_answers[offered:]]
            self._check(turn, said)

    async def _act(self, turn: Turn) -> None:
        if turn.who == "press":
            await self._press(turn)
        elif turn.who == "inline":
            query = {"id": str(next(self._numbers)), "from": self._speaker(), "query": turn.text, "offset": ""}
            await self._feed({"inline_query": query})
        elif turn.who in _EVENTS:
            await self._happen(turn)
        else:
            await self._write(turn)

    async def _happen(self, turn: Turn) -> None:
        match turn.who, turn.text:
            case "wait", how_long:
                await self._world.wait(how_long)
            case "found", decree:
                await self._world.find(decree)
            case "unread" | "readable", authority:
                await self._world.read(authority, works=turn.who == "readable")
            case _, "blocks":
                self._chats.by_id[self._chat].gone = "Forbidden: bot was blocked by the user"
                await self._member("member", "kicked")
            case _, "unblocks":
                self._chats.by_id[self._chat].gone = None
                await self._member("kicked", "member")
            case _, "migrates":
                await self._migrate()
            case _:
                self._fail(turn.line, f"nothing is called {turn.text!r}")

    async def _member(self, before: str, after: str) -> None:
        states = [{"status": status, "user": bot_user()} | ({"until_date": 0} if status == "kicked" else {}) for status in (before, after)]
        chat = self._chats.by_id[self._chat].as_json()
        about = {"chat": chat, "from": self._speaker(), "date": 1, "old_chat_member": states[0], "new_chat_member": states[1]}
        await self._feed({"my_chat_member": about})

    async def _migrate(self) -> None:
        old = self._chats.by_id[self._chat]
        new = self._chats.add(Chat(_SUPERGROUPS - self._person, "supergroup", administrators={self._person}))
        old.moved_to, self._chat = new.id, new.id
        about = {"message_id": 9_999, "date": 1, "chat": old.as_json(), "from": self._speaker(), "migrate_to_chat_id": new.id}
        await self._feed({"message": about})

    async def _write(self, turn: Turn) -> None:
        other = _OTHERS.get(turn.text)
        text = "" if other else turn.text.replace("@bot", f"@{BOT_NAME}")
        speaker = self._speaker() if turn.who != "member" else self._speaker() | {"id": self._person + 1_000_000}
        message = BotMessage(self._chat, 0, text, entities=detected(text), from_bot=False, sender=speaker["id"])
        self._chats.put(self._chats.by_id[self._chat], message)
        content = self._chats.as_json(message) | {"from": speaker}
        if other:
            content = {key: value for key, value in content.items() if key not in {"text", "entities"}} | other
        if turn.who == "reply":
            last = [one for one in self._chats.by_id[self._chat].messages.values() if one.from_bot][-1]
            content["reply_to_message"] = self._chats.as_json(last)
        await self._feed({"message": content})

    async def _press(self, turn: Turn) -> None:
        for message in reversed([one for one in self._chats.by_id[self._chat].messages.values() if one.from_bot]):
            for button in message.buttons:
                if _plain(button["text"]).startswith(turn.text):
                    if "callback_data" not in button:
                        self._fail(turn.line, f"[{turn.text}] is a link to {button.get('url')}")
                    query = str(next(self._numbers))
                    self._methods.open_queries.add(query)
                    about = {"id": query, "from": self._speaker(), "chat_instance": "1", "data": button["callback_data"]}
                    await self._feed({"callback_query": about | {"message": self._chats.as_json(message)}})
                    return
        self._fail(turn.line, f"there is no button [{turn.text}]")

    def _speaker(self) -> dict[str, Any]:
        return {"id": self._person, "is_bot": False, "first_name": "Ann", "language_code": self._script.language}

    async def _feed(self, content: dict[str, Any]) -> None:
        await self._application.process_update(Update.de_json({"update_id": next(self._numbers), **content}, self._application.bot))

    def _news(self) -> Iterator[tuple[str, list[str]]]:
        """Yield what the bot said since the last turn, edits included: text and file name, and the texts of buttons."""
        for message in list(self._chats.by_id[self._chat].messages.values()):
            if not message.from_bot:
                continue
            state = (message.text, json.dumps(message.reply_markup))
            if self._shown.get(message.message_id) != state:
                self._shown[message.message_id] = state
                name = "" if message.file is None else f"{message.file_name}\n"
                yield name + message.text, [button["text"] for button in message.buttons]

    def _check(self, turn: Turn, said: list[tuple[str, list[str]]]) -> None:
        told = "\n---\n".join(text for text, _ in said) or NOTHING
        if (not turn.expected or turn.expected[0][2] == NOTHING) != (not said):
            self._fail(turn.line, f"after {turn.text!r} the bot said: {told}")
        if not said:
            return
        text = _plain("\n".join(words for words, _ in said))
        buttons = [_plain(button) for _, row in said for button in row]
        position = 0
        for line, what, wanted in turn.expected:
            if what == "buttons":
                missing = [one for one in re.findall(r"\[.*?\](?=\s\[|$)", wanted) if one[1:-1] not in buttons and one not in buttons]
                if missing:
                    self._fail(line, f"no buttons {missing}; there are {buttons}")
                continue
            found = text.find(_plain(wanted), position if what == "bot" else 0)
            if found < 0:
                self._fail(line, f"the bot did not say {wanted!r}, but: {told}")
            position = found + len(wanted) if what == "bot" else position

    def _fail(self, line: int, why: str) -> None:
        raise ScriptError(f"{self._script.path.name}:{line}: {why}")


def _plain(text: str) -> str:
    """No-break spaces as spaces, without the signs that nobody sees: what a person would copy from a screen."""
    return text.translate(_SPACES)


def _inline(answer: dict[str, Any]) -> tuple[str, list[str]]:
    results = answer["results"] if isinstance(answer["results"], list) else json.loads(answer["results"])
    button = answer.get("button")
    button = json.loads(button) if isinstance(button, str) else button
    lines = [f"{one['title']} — {one.get('description', '')}" for one in results]
    return "\n".join(lines) or "(no decree)", [button["text"]] if button else []
