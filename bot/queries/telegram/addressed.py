"""What of a chat is meant for the bot: all in a private chat, in a group what names it, answers it, or is one of its commands. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from telegram import Message
from telegram.constants import ChatType

from bot.queries.telegram.commands import TypedCommand, command_meant, folded_name, typed_command


@dataclass(frozen=True, slots=True)
class Addressed:
    """A message for the bot: a command, known or not, or plain words. All is empty for a photo, a place, a voice message."""

    command: TypedCommand | None = None
    words: str = ""


def addressed(message: Message, bot: str, bot_id: int, known: Collection[str]) -> Addressed | None:
    """Return what a message asks of the bot named `bot` (without `@`); None where it is meant for others.

    In a group a command that does not name the bot is answered only where it is exactly one of the `known` ones: other bots are there too.
    """
    text = message.text or message.caption or ""
    command = typed_command(text) if message.text else None
    if command is not None and command.bot is not None:
        return Addressed(command) if command.bot.lower() == bot.lower() else None
    if message.chat.type == ChatType.PRIVATE:
        return Addressed(command) if command is not None else Addressed(words=text if message.text else "")
    if command is not None and folded_name(command.name) in known:
        return Addressed(command)
    name = re.compile(rf"(?<!\w)@{re.escape(bot)}(?!\w)", re.IGNORECASE)
    replied = message.reply_to_message
    is_reply = replied is not None and replied.from_user is not None and replied.from_user.id == bot_id
    if not is_reply and name.search(text) is None:
        return None
    rest = name.sub(" ", text).strip()
    inner = typed_command(rest)
    if inner is not None and command_meant(inner.name, known) is not None:
        return Addressed(inner)
    return Addressed(words=rest if message.text else "")
