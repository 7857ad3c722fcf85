"""Send the requests of a server's API, and read its answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import httpx
import structlog

from bot.delivery.channel import (
    BEFORE_SENDING,
    ONE_REQUEST_PER_CONNECTION,
    READS,
    DeliveryError,
    DeliveryUnknown,
    DestinationRefused,
    Missing,
    NotSent,
    Refused,
)
from bot.delivery.picture.wire import Picture
from bot.domain.secrets import is_loopback, scrub, web_base
from bot.messages.announcement import shows_number
from bot.messages.digests import digest_language
from bot.messages.words import StatusLimits
from sources.http.politeness import seconds_to_wait

log = structlog.get_logger()

T = TypeVar("T")

# Requests that end: a time-out for each read alone lets a server keep one for ever, a byte at a time, and an answer has no size.

MOST_BYTES = 8 * 1024 * 1024
"""Of an answer, unpacked. Forty statuses are a few hundred thousand."""

_OF_THE_WIRE = frozenset({"content-encoding", "content-length", "transfer-encoding"})


async def request(client: httpx.AsyncClient, method: str, path: str, *, longest: float, **options: Any) -> httpx.Response:
    """Return the whole answer within `longest` seconds. Raises httpx.HTTPError (too late, too large), perhaps after the server acted."""
    try:
        async with asyncio.timeout(longest), client.stream(method, path, **options) as answer:
            content = bytearray()
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > MOST_BYTES:
                    raise httpx.ReadError("an answer that is too large", request=answer.request)
            headers = [(name, value) for name, value in answer.headers.multi_items() if name.lower() not in _OF_THE_WIRE]
            return httpx.Response(answer.status_code, headers=headers, content=bytes(content), request=answer.request)
    except TimeoutError:
        raise httpx.ReadTimeout("no whole answer in time") from None


POSTING = ("write:statuses", "write:media", "read:accounts", "read:statuses")
"""Scopes to post, to show the page, and to look for a post whose answer was lost."""
ANSWERING = (*POSTING, "read:notifications")
"""Scopes to answer mentions too."""


class MastodonApi:
    """Sends the requests of one account."""

    def __init__(
        self, instance: str, token: str, clock: Callable[[], datetime], *, scopes: Sequence[str] = POSTING, read_timeout: float = 30.0
    ) -> None:
        """Initialise with `scopes` needed and `read_timeout` in seconds. Raises ValueError if `instance` is neither https nor local."""
        base = web_base(instance)
        self.scopes = scopes
        self.rest: float | None = None
        """Seconds for which the last answer wants the server to be left alone: a search and an edit are several requests."""
        self._limits: StatusLimits | None = None
        self._token = token
        self._clock = clock
        self._longest = read_timeout * READS
        self._client = httpx.AsyncClient(
            base_url=base,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=httpx.Timeout(read_timeout, connect=10.0),
            limits=ONE_REQUEST_PER_CONNECTION,
            trust_env=not is_loopback(urlsplit(base).hostname or ""),
        )

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Return the answer, always a success. Raises DeliveryError."""
        failure: DeliveryError
        try:
            answer = await request(self._client, method, path, longest=self._longest, **options)
        except httpx.HTTPError as error:
            failure = classify_failure(error)
        else:
            if answer.is_success:
                self.rest = rest_after(answer.headers, self._clock())
                return answer
            headers = {name: scrub(value, self._token) for name, value in answer.headers.items()}  # a redirect repeats the request
            failure = classify_answer(answer.status_code, headers, scrub(answer.text, self._token), self._clock())
        raise failure

    async def limits(self) -> StatusLimits:
        """Return the server's limits, kept once known; Mastodon's own if it gives none. Raises NotSent if unreachable."""
        if self._limits is None:
            self._limits = await instance_limits(self.request)
        return self._limits or StatusLimits()

    async def within_limits(self, act: Callable[[StatusLimits], Awaitable[T]]) -> T:
        """Call `act` with the server's limits; once more, with links counted in full, where it refuses a status as too long."""
        limits = await self.limits()
        try:
            return await act(limits)
        except Refused as error:
            in_full = replace(limits, per_url=None)
            if limits == in_full or not says_too_long(str(error)):
                raise
            # It counts links in full, whatever its instance document says.
            done = await act(in_full)
            self._limits = in_full
            return done

    async def replies_to(self, status: str) -> Sequence[Mapping[str, Any]] | None:
        """Return the replies in a status's thread, None where the answer cannot be read. Raises DeliveryError."""
        document = json_of(await self.request("GET", f"/api/v1/statuses/{quote(status, safe='')}/context"))
        replies = document.get("descendants") if isinstance(document, Mapping) else None
        return [one for one in replies if isinstance(one, Mapping)] if isinstance(replies, list) else None

    async def close(self) -> None:
        """Release connections."""
        await self._client.aclose()


def json_of(answer: httpx.Response) -> Any:
    """Return the document of an answer, None where it is none."""
    try:
        return answer.json()
    except ValueError:
        return None


def created(answer: httpx.Response) -> Mapping[str, Any]:
    """Return the status that was just posted. Raises Unknown."""
    status = json_of(answer)
    if not isinstance(status, Mapping) or not status.get("id"):
        raise DeliveryUnknown("Mastodon: an answer without a status id")
    return status


ApiRequest = Callable[..., Awaitable[httpx.Response]]
"""`MastodonApi.request`."""


async def instance_limits(request: ApiRequest) -> StatusLimits | None:
    """Return the limits that a server gives, of API v2, then of v1 for servers without it; None where neither says. Raises NotSent."""
    for path in ("/api/v2/instance", "/api/v1/instance"):
        try:
            document = json_of(await request("GET", path))
        except (Refused, DeliveryUnknown):
            continue
        limits = limits_of(document) if isinstance(document, Mapping) else None
        if limits is not None:
            return limits
    return None


# What an answer, or the lack of one, says of a status: posted, not posted, refused, or unknown. Pure.

_UNSET_WAIT = 300.0
"""Seconds: Mastodon counts requests over five minutes; the wait after a 429 that names no end."""
_ERROR_SHOWN = 200
_NUMBER = re.compile(r"[0-9]{1,18}")
"""A header may hold any character of Latin-1, and some are digits that are no numbers."""
_LONGEST_CONTENT = 200_000
"""Characters of a status that are looked at: several times what the longest digest takes, and read in a moment."""
KEPT_REQUESTS = 5
"""Requests of the account's allowance that are left unused: a look for a lost post, and whatever else acts for the account, need some."""
_LONGEST_REST = 900.0
"""Seconds: three of Mastodon's windows; a longer rest that a header requests is a clock that is wrong."""


def classify_failure(error: httpx.HTTPError) -> DeliveryError:
    """Classify a request without an answer. Never sent when no connection was made; unknown otherwise."""
    text = f"Mastodon: no answer ({type(error).__name__})"
    return NotSent(text) if isinstance(error, BEFORE_SENDING) else DeliveryUnknown(text)


def classify_answer(status: int, headers: Mapping[str, str], body: str, now: datetime) -> DeliveryError:
    """Classify an answer that is not a success."""
    text = f"Mastodon: HTTP {status}: {error_text(body)}"
    if status == 429:
        return NotSent(text, retry_after(headers, now), limited=True)
    if status in {404, 410}:
        return Missing(text)
    if status in {401, 403}:
        return DestinationRefused(text)
    if 300 <= status < 400:
        return DestinationRefused(f"Mastodon: the instance redirects to {headers.get('location', 'another address')[:_ERROR_SHOWN]}")
    if status >= 500 or status == 408:
        return DeliveryUnknown(text)
    return Refused(text)


def says_too_long(text: str) -> bool:
    """Return whether a refusal is about length: "Text character limit of 500 exceeded" (Mastodon), "Text is too long" and the like."""
    return re.search(r"too long|limit of \d+ exceeded|(?:maximum|max)\b.*\bcharacters", text, re.IGNORECASE) is not None


def error_text(body: str) -> str:
    """Return the words of the instance, one line, cut."""
    match = re.search(r'"error"\s*:\s*"((?:[^"\\]|\\.)*)"', body)
    return " ".join((match.group(1) if match else "no explanation").split())[:_ERROR_SHOWN]


def retry_after(headers: Mapping[str, str], now: datetime) -> float:
    """Return the seconds to wait after a 429: Retry-After (seconds or HTTP date), else X-RateLimit-Reset (ISO 8601 or Unix time)."""
    wait = seconds_to_wait(headers.get("retry-after"), date=None, now=now)
    if wait is None:
        wait = _until_reset(headers, now)
    return _UNSET_WAIT if wait is None else max(wait, 1.0)


def rest_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds to rest after a success, once X-RateLimit-Remaining is 0, until X-RateLimit-Reset; else None."""
    left, seconds = headers.get("x-ratelimit-remaining"), _until_reset(headers, now)
    if left is None or seconds is None or not _NUMBER.fullmatch(left.strip()) or int(left) > KEPT_REQUESTS:
        return None
    return min(seconds, _LONGEST_REST) if seconds > 0 else None


def _until_reset(headers: Mapping[str, str], now: datetime) -> float | None:
    value = headers.get("x-ratelimit-reset", "").strip()
    try:
        reset = datetime.fromtimestamp(float(value), UTC) if re.fullmatch(r"\d+(\.\d+)?", value) else _aware(datetime.fromisoformat(value))
        return (reset - now).total_seconds()
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def limits_of(instance: Mapping[str, Any]) -> StatusLimits | None:
    """Return the limits in an instance document (v2, v1, or the older flat `max_toot_chars`); None when it names none."""
    configuration = instance.get("configuration")
    statuses = configuration.get("statuses") if isinstance(configuration, Mapping) else None
    statuses = statuses if isinstance(statuses, Mapping) else {}
    characters = _positive(statuses.get("max_characters")) or _positive(instance.get("max_toot_chars"))
    if characters is None:
        return None
    return StatusLimits(characters, _positive(statuses.get("characters_reserved_per_url")))


def missing_scopes(scopes: Sequence[str], needed: Sequence[str] = POSTING) -> list[str]:
    """Return the scopes of an access token that are needed and not among these; `write` holds every `write:…`."""
    return [scope for scope in needed if scope not in scopes and scope.partition(":")[0] not in scopes]


def _positive(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def moment_of(status: Mapping[str, Any]) -> datetime | None:
    """Return when a status was created; None when it does not say so readably."""
    try:
        return _aware(datetime.fromisoformat(str(status.get("created_at"))))
    except ValueError:
        return None


def is_sought(status: Mapping[str, Any], link: str, number: str | None, language: str) -> bool:
    """Return whether a status is the decree's post: link, number if any, and language, as a page, an account or a digest is not enough."""
    content = _content(status)
    if content.is_answer or not content.shows(link) or not _speaks(status, language) or digest_language(content.text) is not None:
        return False
    return number is None or shows_number(content.text, number)


def is_sought_digest(status: Mapping[str, Any], links: Sequence[str], language: str) -> bool:
    """Return whether a status is the digest that shows these links: all of them, in no other language."""
    content = _content(status)
    return (
        not content.is_answer
        and digest_language(content.text) == language
        and _speaks(status, language)
        and all(content.shows(link) for link in links)
    )


def _speaks(status: Mapping[str, Any], language: str) -> bool:
    return status.get("language") in {None, "", language}


def _content(status: Mapping[str, Any]) -> _Content:
    content = _Content()
    content.feed(str(status.get("content") or "")[:_LONGEST_CONTENT])
    content.close()
    return content


class _Content(HTMLParser):
    """Reads links and text of a status (HTML made by the instance)."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.texts: list[str] = []

    @property
    def text(self) -> str:
        """Return what a reader sees."""
        return "".join(self.texts)

    @property
    def is_answer(self) -> bool:
        """Return whether it begins with a mention, as answers to people do, and posts never."""
        return self.text.lstrip().startswith("@")

    def shows(self, link: str) -> bool:
        """Whether an address is in it, as a link or in full."""
        return link in self.links or link in self.text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep addresses; a line break or a new paragraph begins a line."""
        if tag == "a":
            self.links += [value for name, value in attrs if name == "href" and value]
        elif tag in {"br", "p"}:
            self.texts.append("\n")

    def handle_data(self, data: str) -> None:
        """Keep text."""
        self.texts.append(data)


# Uploads of pictures before their status; the server deletes unused ones, so nothing is posted by them.

Sleep = Callable[[float], Awaitable[None]]

WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each look at a picture that the server is still at work on: since Mastodon 4.0 images are ready at once."""
_DESCRIPTION_LIMIT = 1500


async def upload(request: ApiRequest, picture: Picture, *, destination: str, sleep: Sleep = asyncio.sleep) -> str | None:
    """Put the picture there with its alt text; return its id, None where it is not ready in time or not taken, which is logged."""
    try:
        media, ready = _media(
            await request(
                "POST",
                "/api/v2/media",
                files={"file": ("page.png", picture.data, "image/png")},
                data={"description": picture.alt[:_DESCRIPTION_LIMIT]},
            )
        )
        if media is None:
            log.warning("picture.no_id", destination=destination)
            return None
        for wait in WAITS:
            if ready:
                return media
            await sleep(wait)
            # 206 while it is at work, 200 when it is done.
            _, ready = _media(await request("GET", f"/api/v1/media/{quote(media, safe='')}"))
    except DeliveryError as error:
        log.warning("picture.upload_failed", destination=destination, error=str(error))
        return None
    if not ready:
        log.warning("picture.not_ready", destination=destination)
    return media if ready else None


def _media(answer: httpx.Response) -> tuple[str | None, bool]:
    """Return the id of a picture, and whether a status may show it. 202: taken, being worked on."""
    document = json_of(answer)
    media = document.get("id") if isinstance(document, Mapping) else None
    return (str(media) if media else None), answer.status_code == httpx.codes.OK
