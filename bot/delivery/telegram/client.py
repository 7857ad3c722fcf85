"""A python-telegram-bot Bot set up for sending: patient, one connection for each request."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import TelegramError, TimedOut
from telegram.request import HTTPXRequest

from bot.delivery.channel import DeliveryError
from bot.delivery.safety import ONE_REQUEST_PER_CONNECTION, READS, checked_base
from bot.delivery.telegram.answers import TooManyRequests, classify
from bot.domain.loopback import is_loopback

DEFAULT_API = "https://api.telegram.org"


class _Request(HTTPXRequest):
    """Says "too many requests" in our own words: the library's RetryAfter warns of a deprecation when it is made. And each request ends."""

    longest: float
    """Seconds."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """See `HTTPXRequest`; raises TooManyRequests on HTTP 429, and TimedOut where the whole takes too long."""
        try:
            async with asyncio.timeout(self.longest):
                code, payload = await super().do_request(*args, **kwargs)
        except TimeoutError:
            raise TimedOut("no whole answer in time") from None
        if code == HTTPStatus.TOO_MANY_REQUESTS:
            raise TooManyRequests(_retry_after(payload))
        return code, payload


def _retry_after(payload: bytes) -> float | None:
    """Return the seconds in `parameters.retry_after` of the answer (Bot API, ResponseParameters); None where it is not said."""
    try:
        return float(json.loads(payload)["parameters"]["retry_after"])
    except (ValueError, KeyError, TypeError):
        return None


class SendingBot:
    """A Bot whose requests end, and its connections."""

    def __init__(self, token: str, api_url: str = DEFAULT_API, *, read_timeout: float = 30.0) -> None:
        """Raises UnsafeAddress when `api_url` is neither https nor this machine. `read_timeout` is in seconds."""
        base = checked_base(api_url).removesuffix("/bot")
        # Proxies of the environment are for the outside world.
        trust_env = not is_loopback(urlsplit(base).hostname or "")
        request = _Request(
            connect_timeout=10.0,
            read_timeout=read_timeout,
            write_timeout=30.0,
            pool_timeout=10.0,
            httpx_kwargs={"trust_env": trust_env, "limits": ONE_REQUEST_PER_CONNECTION},
        )
        request.longest = read_timeout * READS
        self.bot = Bot(token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot", request=request)
        self._request = request

    def failure(self, error: TelegramError) -> DeliveryError:
        """Return what a failed send means. Its message never holds the token."""
        return classify(error, self.bot.token)

    async def close(self) -> None:
        """Release connections. May be called more than once."""
        await self._request.shutdown()


def keyboard(text: str, url: str) -> InlineKeyboardMarkup:
    """Return one button that leads to `url`."""
    return InlineKeyboardMarkup([[InlineKeyboardButton(text, url=url)]])
