"""What an error of python-telegram-bot says of a message: sent, not sent, refused, or unknown. Pure.

The library wraps every failure of the network (TimedOut, NetworkError, and also BadRequest is a NetworkError there): what
happened on the wire is told by the cause.
"""

from __future__ import annotations

import warnings
from datetime import timedelta

import httpx
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, RetryAfter, TelegramError
from telegram.warnings import PTBDeprecationWarning

from bot.delivery.channel import DeliveryError, DestinationRefused, NotSent, Refused, Unknown
from bot.domain.redaction import scrub

# Raised before the first byte of a request leaves: no connection, or none free.
_BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)

# Descriptions of the Bot API's own server (Client.cpp), without their "Bad Request: ".
_DESTINATION_GONE = (
    "chat not found",
    "not enough rights",
    "have no rights",
    "need administrator rights",
    "chat_write_forbidden",
    "peer_id_invalid",
)
_CANNOT_PARSE = "can't parse entities"
_NOT_MODIFIED = "message is not modified"
_NO_SUCH_MESSAGE = ("message to edit not found", "message_id_invalid", "message identifier is not specified")
_NOT_OURS = ("message can't be edited",)
_BAD_BUTTON = ("button url", "button_url_invalid")


class TooManyRequests(TelegramError):
    """HTTP 429. In place of the library's RetryAfter, whose making warns of a deprecation."""

    def __init__(self, retry_after: float | None) -> None:
        super().__init__("Too Many Requests" + ("" if retry_after is None else f": retry after {retry_after:g} s"))
        self.retry_after = retry_after


def classify(error: TelegramError, token: str) -> DeliveryError:
    """The delivery error to raise for a failed send. Its message never holds the token."""
    text = scrub(_told(error), token)
    if isinstance(error, TooManyRequests):
        return NotSent(text, error.retry_after, limited=True)
    if isinstance(error, RetryAfter):
        return NotSent(text, _seconds(error), limited=True)
    if isinstance(error, BadRequest):
        return DestinationRefused(text) if _says(error, *_DESTINATION_GONE) else Refused(text)
    if isinstance(error, (Forbidden, InvalidToken)):
        return DestinationRefused(text)
    if isinstance(error, Conflict) or isinstance(error.__cause__, _BEFORE_SENDING):
        return NotSent(text)
    return Unknown(text)


def _told(error: TelegramError) -> str:
    cause = type(error.__cause__).__name__
    named = not isinstance(error.__cause__, httpx.HTTPError) or cause in error.message
    return f"Telegram: {error.message}" + ("" if named else f" ({cause})")


def _seconds(error: RetryAfter) -> float:
    with warnings.catch_warnings():  # the library is moving from int to timedelta
        warnings.simplefilter("ignore", PTBDeprecationWarning)
        wait: int | timedelta = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _says(error: TelegramError, *phrases: str) -> bool:
    said = error.message.lower()
    return any(phrase in said for phrase in phrases)


def cannot_parse(error: BadRequest) -> bool:
    """The platform did not understand the HTML."""
    return _says(error, _CANNOT_PARSE)


def is_unmodified(error: BadRequest) -> bool:
    """The message is there and already as asked."""
    return _says(error, _NOT_MODIFIED)


def is_absent(error: BadRequest) -> bool:
    """There is no message with that id."""
    return _says(error, *_NO_SUCH_MESSAGE)


def has_no_text(error: BadRequest) -> bool:
    """The message is a photo: its words are a caption."""
    return _says(error, "there is no text in the message")


def is_not_ours(error: BadRequest) -> bool:
    """There is a message with that id, and it is not the bot's."""
    return _says(error, *_NOT_OURS)


def is_bad_button(error: BadRequest) -> bool:
    """The message is the bot's, and the address of the button is none."""
    return _says(error, *_BAD_BUTTON)
