"""What an HTTP answer means: a page, a file, a robots.txt, a redirect, or one of the errors of `sources.fetch`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from sources.client import robots
from sources.client.block_pages import looks_blocked
from sources.client.body import chunks, decode, head, is_html
from sources.client.kinds import PDF, FileKind
from sources.client.saving import PartialFile
from sources.fetch import Blocked, Download, FetchError, Gone, Page, Refused, Unusable, Validators

NO_VALIDATORS = Validators()

_REDIRECTS = {301, 302, 303, 307, 308}
_LOOK_WITHIN = 128 * 1024
_JUDGED = 1024
"""Bytes of a file that its kind is judged by."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """The answer is elsewhere. `location` is the raw header."""

    location: str


@dataclass(frozen=True, slots=True)
class PageReceiver:
    """Takes an answer as an HTML page of at most `max_bytes`; `sent` are the validators the request carried."""

    max_bytes: int
    sent: Validators = NO_VALIDATORS

    async def __call__(self, url: str, response: httpx.Response) -> Page | Redirect:
        """The page. Raises FetchError, or `httpx.TransportError` when the network fails during the body."""
        if response.status_code == 304 and self.sent != NO_VALIDATORS:
            return Page(url, "", _validators(response, self.sent), unchanged=True)
        if redirect := await _redirect_or_refusal(url, response):
            return redirect
        kind = response.headers.get("content-type", "")
        if kind and not is_html(kind, b""):
            raise _not_a_page(url, kind)
        body = await _whole(chunks(response, url=url, at_most=self.max_bytes))
        if not is_html(kind, body):
            raise _not_a_page(url, kind)
        html = decode(body, kind)
        if reason := looks_blocked(response.status_code, response.headers, html):
            raise Blocked(f"{url}: blocked ({reason})")
        return Page(url, html, _validators(response, NO_VALIDATORS))


@dataclass(frozen=True, slots=True)
class FileReceiver:
    """Takes an answer as a file of one kind, of at most `max_bytes`, to be saved at `target`."""

    target: Path
    max_bytes: int
    kind: FileKind = PDF

    async def __call__(self, url: str, response: httpx.Response) -> Download | Redirect:
        """The saved file. Raises FetchError, or `httpx.TransportError` when the network fails during the body."""
        if redirect := await _redirect_or_refusal(url, response):
            return redirect
        async with contextlib.aclosing(chunks(response, url=url, at_most=self.max_bytes)) as pieces:
            beginning = await _beginning(pieces, _JUDGED)
            if not self.kind.fits(response.headers.get("content-type", ""), beginning):
                beginning += await _beginning(pieces, _LOOK_WITHIN)
                raise _not_of_kind(self.kind, url, response, beginning)
            partial = PartialFile(self.target, url)
            try:
                partial.write(beginning)
                async for piece in pieces:
                    partial.write(piece)
            except BaseException:  # cancellation too: nothing half-written stays
                partial.discard()
                raise
        await asyncio.to_thread(partial.commit)
        return Download(url, self.target, partial.size)


async def receive_robots(url: str, response: httpx.Response) -> str | Redirect:
    """The text of a robots.txt; empty (everything is allowed) when there is none: any 4xx but 429 (RFC 9309, section 2.3.1.3)."""
    if 400 <= response.status_code < 500 and response.status_code != 429:
        return ""
    if redirect := await _redirect_or_refusal(url, response):
        return redirect
    async with contextlib.aclosing(chunks(response, url=url, at_most=1 << 60)) as pieces:
        return (await _beginning(pieces, robots.MAX_BYTES))[: robots.MAX_BYTES].decode("utf-8", "replace")


async def _redirect_or_refusal(url: str, response: httpx.Response) -> Redirect | None:
    """None for 200. Raises FetchError for anything but 200 and a redirect."""
    status = response.status_code
    if status == 200:
        return None
    if status in _REDIRECTS:
        if not response.headers.get("location", "").strip():
            raise Unusable(f"{url}: answered {status} without saying where to")
        return Redirect(response.headers["location"])
    raise _refusal(url, response, await head(response, url=url, at_most=_LOOK_WITHIN))


def _refusal(url: str, response: httpx.Response, body: bytes) -> FetchError:
    status = response.status_code
    kind = response.headers.get("content-type", "")
    html = decode(body, kind) if is_html(kind, body) else ""
    if reason := looks_blocked(status, response.headers, html):
        return Blocked(f"{url}: blocked ({reason}, status {status})")
    if status in {404, 410}:
        return Gone(f"{url}: no longer there (status {status})")
    if status >= 400:
        return Refused(f"{url}: refused by the server (status {status}{_MEANINGS.get(status, '')})")
    return Unusable(f"{url}: unexpected answer (status {status})")


_MEANINGS = {
    401: ": wants a login",
    403: ": forbidden",
    429: ": too many requests",
    500: ": server error",
    502: ": bad gateway",
    503: ": service unavailable",
    504: ": gateway timed out",
}


def _not_a_page(url: str, content_type: str) -> Unusable:
    return Unusable(f"{url}: not an HTML page but {_named(content_type)}")


def _not_of_kind(wanted: FileKind, url: str, response: httpx.Response, beginning: bytes) -> FetchError:
    kind = response.headers.get("content-type", "")
    if not beginning:
        return Unusable(f"{url}: not {wanted.name} but an empty answer")
    looks_like_html = is_html(kind, beginning) or is_html("", beginning)
    reason = looks_blocked(response.status_code, response.headers, decode(beginning, kind) if looks_like_html else "")
    return Blocked(f"{url}: blocked ({reason})") if reason else Unusable(f"{url}: not {wanted.name} but {_named(kind)}")


def _validators(response: httpx.Response, otherwise: Validators) -> Validators:
    return Validators(
        response.headers.get("etag") or otherwise.etag,
        response.headers.get("last-modified") or otherwise.last_modified,
    )


def _named(content_type: str) -> str:
    kind = content_type.partition(";")[0].strip()[:60]
    return repr(kind) if kind else "something without a content type"


async def _whole(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def _beginning(pieces: AsyncIterator[bytes], at_least: int) -> bytes:
    """The next pieces, until there are `at_least` bytes or no more."""
    taken = bytearray()
    async for piece in pieces:
        taken += piece
        if len(taken) >= at_least:
            break
    return bytes(taken)
