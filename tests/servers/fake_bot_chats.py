"""Chats and messages of the fake Bot API: what Telegram keeps, with its limits and its error texts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests import clock
from tests.servers.telegram_html import CannotParse, parse, utf16

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
BOT_ID = 123456
BOT_NAME = "vigie_test_bot"

# As the server finds them in any text, whatever its parse mode (TDLib, MessageEntity.cpp), for some of the common top-level domains.
_ACTED_ON = re.compile(
    r"(?<![\w@.-])(?:[\w-]+\.)+(?:fr|com|org|net|me|eu|info|io|paris|cab|example)(?![\w-])|(?<![\w/<>])/[A-Za-z0-9_]+"
    r"|(?<![\w/])@[A-Za-z0-9_]{3,}|(?<!\w)#\w*[^\W\d]\w*|(?<!\w)\$[A-Z]{3,8}\b"
)
_URL = re.compile(r"https?://\S+")
_COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]+(?:@\w+)?")


def acted_on(text: str) -> list[str]:
    """Words that readers see as links, commands, mentions or tags although nobody marked them, but for whole addresses."""
    return _ACTED_ON.findall(_URL.sub(" ", text))


class ApiError(Exception):
    """An answer `{"ok": false}`."""

    def __init__(self, code: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad(description: str) -> ApiError:
    return ApiError(400, f"Bad Request: {description}")


@dataclass
class BotMessage:
    """One message of a chat. `html` is what was sent with `parse_mode=HTML`, None otherwise; `text` is what readers see."""

    chat_id: int
    message_id: int
    text: str
    html: str | None = None
    entities: tuple[dict[str, Any], ...] = ()
    reply_markup: dict[str, Any] | None = None
    from_bot: bool = True
    sender: int = BOT_ID
    date: int = field(default_factory=lambda: int(clock.now().timestamp()))
    file: bytes | None = None
    reply_to: int | None = None
    file_name: str | None = None

    @property
    def acted_on(self) -> list[str]:
        """See `acted_on`."""
        return acted_on(self.text)

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """All buttons, row after row."""
        return [button for row in (self.reply_markup or {}).get("inline_keyboard", []) for button in row]


@dataclass
class Chat:
    """A channel, group or private chat. `can_edit` is the bot's right to edit the posts of others in a channel."""

    id: int
    type: str
    username: str | None = None
    can_edit: bool = False
    gone: str | None = None  # description of the 403, once the bot was kicked or blocked
    moved_to: int | None = None
    administrators: set[int] = field(default_factory=set)
    messages: dict[int, BotMessage] = field(default_factory=dict)
    last_id: int = 0

    def as_json(self) -> dict[str, Any]:
        about: dict[str, Any] = {"id": self.id, "type": self.type}
        about |= {"first_name": "Lectrice"} if self.type == "private" else {"title": f"Chat {self.id}"}
        return about | ({"username": self.username} if self.username else {})


class Chats:
    """Everything that the fake server remembers. Not thread-safe by itself: the server locks."""

    def __init__(self) -> None:
        self.by_id: dict[int, Chat] = {}
        self.sent: list[BotMessage] = []
        self._shared_last_id = 0

    def add(self, chat: Chat) -> Chat:
        self.by_id[chat.id] = chat
        return chat

    def get(self, chat_id: Any) -> Chat:
        """The chat that a request names, if the bot may use it."""
        chat = self._named(chat_id)
        if chat is None:
            raise bad("chat not found")
        if chat.moved_to is not None:
            raise ApiError(400, "Bad Request: group chat was upgraded to a supergroup chat", {"migrate_to_chat_id": chat.moved_to})
        if chat.gone is not None:
            raise ApiError(403, chat.gone)
        return chat

    def _named(self, chat_id: Any) -> Chat | None:
        if str(chat_id).startswith("@"):
            return next((chat for chat in self.by_id.values() if f"@{chat.username}".lower() == str(chat_id).lower()), None)
        try:
            return self.by_id.get(int(chat_id))
        except (TypeError, ValueError):
            return None

    def put(self, chat: Chat, message: BotMessage) -> BotMessage:
        """Give the message the next id: per channel or supergroup, shared by all private chats and basic groups."""
        if chat.type in {"channel", "supergroup"}:
            chat.last_id += 1
            message.message_id = chat.last_id
        else:
            self._shared_last_id += 1
            message.message_id = self._shared_last_id
        chat.messages[message.message_id] = message
        if message.from_bot:
            self.sent.append(message)
        return message

    def editable(self, chat: Chat, message_id: Any) -> BotMessage:
        message = chat.messages.get(int(message_id or 0))
        if message is None:
            raise bad("message to edit not found")
        if not message.from_bot and not (chat.type == "channel" and chat.can_edit):
            raise bad("message can't be edited")
        return message

    def replied_to(self, chat: Chat, reply: Any) -> int | None:
        """The id of the message that a new one replies to, None for none."""
        if not isinstance(reply, dict):
            return None
        if int(reply["message_id"]) in chat.messages:
            return int(reply["message_id"])
        if not reply.get("allow_sending_without_reply"):
            raise bad("message to be replied not found")
        return None

    def as_json(self, message: BotMessage) -> dict[str, Any]:
        chat = self.by_id[message.chat_id]
        about: dict[str, Any] = {"message_id": message.message_id, "date": message.date, "chat": chat.as_json()}
        words, marks = ("text", "entities") if message.file is None else ("caption", "caption_entities")
        about |= {words: message.text} if message.text or message.file is None else {}
        if message.entities:
            about[marks] = list(message.entities)
        if chat.type == "channel":
            about["sender_chat"] = chat.as_json()
        elif message.from_bot:
            about["from"] = bot_user()
        else:
            about["from"] = {"id": message.sender, "is_bot": False, "first_name": "Lectrice", "language_code": "fr"}
        if message.reply_markup:
            about["reply_markup"] = message.reply_markup
        return about


def bot_user() -> dict[str, Any]:
    return {"id": BOT_ID, "is_bot": True, "first_name": "Vigie", "username": BOT_NAME}


def read_text(source: str, parse_mode: str | None, limit: int = TEXT_LIMIT) -> tuple[str, tuple[dict[str, Any], ...]]:
    """Visible text and entities of a message to be, as the server reads them."""
    if parse_mode and parse_mode.lower() == "html":
        try:
            parsed = parse(source)
        except CannotParse as error:
            raise bad(f"can't parse entities: {error}") from error
        text, entities = parsed.text, parsed.entities
    elif parse_mode:
        raise bad("unsupported parse_mode")
    else:
        text, entities = source, detected(source)
    if not text.strip():
        raise bad("message text is empty")
    if utf16(text) > limit:
        raise bad("message is too long" if limit == TEXT_LIMIT else "message caption is too long")
    return text.rstrip(), entities[:100]


def detected(text: str) -> tuple[dict[str, Any], ...]:
    """Addresses and commands that the server finds by itself."""
    found = [("url", match) for match in _URL.finditer(text)] + [("bot_command", match) for match in _COMMAND.finditer(text)]
    return tuple({"type": kind, "offset": utf16(text[: match.start()]), "length": utf16(match.group())} for kind, match in found)


def checked_markup(markup: Any) -> dict[str, Any] | None:
    """An inline keyboard within the limits of the API; None for an empty one."""
    if not isinstance(markup, dict) or not markup.get("inline_keyboard"):
        return None
    for row in markup["inline_keyboard"]:
        for button in row:
            if not button.get("text"):
                raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
            url, data = button.get("url"), button.get("callback_data")
            if url is not None and not re.match(r"(https?|tg)://[^\s/]+", url):
                raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
            if data is not None and not 1 <= len(data.encode()) <= 64:
                raise bad("BUTTON_DATA_INVALID")
    return markup
