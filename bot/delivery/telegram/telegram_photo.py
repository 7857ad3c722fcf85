"""A post as one photo with a caption: still one message with one button, so that it is looked for like any other.

Limits (Bot API, `sendPhoto`): a photo of 10 MB, of 10,000 pixels for both sides together, one side at most 20 times the other.
"""

from __future__ import annotations

import structlog
from telegram import Bot, InputFile, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest

from bot.delivery.picture.model import Picture
from bot.delivery.telegram.answers import cannot_parse
from bot.delivery.telegram.client import keyboard
from bot.domain.redaction import scrub
from bot.messages import TelegramText

log = structlog.get_logger()

_MOST_BYTES = 10_000_000
_MOST_PIXELS = 10_000
_MOST_RATIO = 20


def is_photo(picture: Picture) -> bool:
    """Whether Telegram takes it for a photo."""
    sides = picture.width, picture.height
    return len(picture.data) <= _MOST_BYTES and sum(sides) <= _MOST_PIXELS and max(sides) <= _MOST_RATIO * min(sides)


async def send_photo(
    bot: Bot, chat: int | str, picture: Picture, text: TelegramText, *, destination: str, reply: ReplyParameters | None = None
) -> Message | None:
    """Send the photo. None where Telegram certainly refused it, which is logged: the text can go out alone.

    Raises TelegramError where it may have been sent, where it is too early, and where the chat is what is wrong.
    """
    try:
        try:
            return await _send(bot, chat, picture, text, reply, html=True)
        except BadRequest as error:
            if not cannot_parse(error):
                raise
            return await _send(bot, chat, picture, text, reply, html=False)
    except BadRequest as error:
        # Nothing was sent. A chat that takes no photos may take texts; one that takes nothing says so again.
        log.warning("posted without its picture: Telegram refused it", destination=destination, error=scrub(error.message, bot.token))
        return None


async def _send(bot: Bot, chat: int | str, picture: Picture, text: TelegramText, reply: ReplyParameters | None, *, html: bool) -> Message:
    return await bot.send_photo(
        chat,
        InputFile(picture.data, filename=picture.file_name),
        caption=text.html if html else text.plain,
        parse_mode=ParseMode.HTML if html else None,
        reply_parameters=reply,
        reply_markup=None if text.button is None else keyboard(text.button.text, text.button.url),
    )
