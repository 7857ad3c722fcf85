"""A picture put on a server with a Mastodon API before the status that shows it.

A picture that no status shows is removed by the server: whatever happens to an upload, nothing was posted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol
from urllib.parse import quote

import httpx
import structlog

from bot.delivery.channel import DeliveryError
from bot.delivery.picture.model import Picture

log = structlog.get_logger()

Sleep = Callable[[float], Awaitable[None]]

WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each look at a picture that the server is still at work on: since Mastodon 4.0 images are ready at once."""
_DESCRIPTION_LIMIT = 1500


class Request(Protocol):
    """Asks the server; see `MastodonChannel`. Raises DeliveryError."""

    async def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer, always a success."""
        ...


async def upload(request: Request, picture: Picture, *, destination: str, sleep: Sleep = asyncio.sleep) -> str | None:
    """Put the picture there with its alt text; its id, None where it is not ready in time or not taken, which is logged."""
    try:
        media, ready = _media(
            await request(
                "POST",
                "/api/v2/media",
                files={"file": (picture.file_name, picture.data, picture.media_type)},
                data={"description": picture.alt[:_DESCRIPTION_LIMIT]},
            )
        )
        if media is None:
            log.warning("posted without its picture: the server gave it no id", destination=destination)
            return None
        for wait in WAITS:
            if ready:
                return media
            await sleep(wait)
            # 206 while it is at work, 200 when it is done.
            _, ready = _media(await request("GET", f"/api/v1/media/{quote(media, safe='')}"))
    except DeliveryError as error:
        log.warning("posted without its picture: the server did not take it", destination=destination, error=str(error))
        return None
    if not ready:
        log.warning("posted without its picture: the server is still at work on it", destination=destination)
    return media if ready else None


def _media(answer: httpx.Response) -> tuple[str | None, bool]:
    """The id of a picture, and whether a status may show it. 202: taken, being worked on."""
    try:
        document = answer.json()
    except ValueError:
        return None, False
    media = document.get("id") if isinstance(document, Mapping) else None
    return (str(media) if media else None), answer.status_code == httpx.codes.OK
