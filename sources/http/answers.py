"""What an HTTP answer means: a page, a robots.txt, a redirect, or an error of `sources.model`. Files: `sources.http.files`."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html.parser import HTMLParser

import httpx

from sources.http import robots
from sources.http.block_pages import looks_blocked, says_maintenance
from sources.http.body import chunks, decode, head, is_html
from sources.model import Blocked, FetchError, FetchRefused, Gone, Page, UnderMaintenance, Unusable, Validators

NO_VALIDATORS = Validators()

_REFRESH_WITHIN = 16 * 1024
_REFRESH_SECONDS = 30
"""What takes longer only loads a page anew now and then."""
_REFRESH_HINT = re.compile(r"http-equiv\s*=\s*[\"']?\s*refresh", re.IGNORECASE)
_REFRESH = re.compile(r"(?P<seconds>\d{1,4})[\d.]*\s*[;,\s]\s*(?:url\s*=\s*)?[\"']?(?P<url>[^\"']+?)[\"']?", re.IGNORECASE)

REDIRECTS = {301, 302, 303, 307, 308}
LOOK_WITHIN = 128 * 1024
"""Bytes of an unwelcome answer that are read, to tell a block page by."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Says that the answer is elsewhere. `location` is the raw header."""

    location: str


@dataclass(frozen=True, slots=True)
class PageReceiver:
    """Takes an answer as an HTML page of at most `max_bytes`; `sent` are the validators the request carried."""

    max_bytes: int
    sent: Validators = NO_VALIDATORS

    async def __call__(self, url: str, response: httpx.Response) -> Page | Redirect:
        """Return the page. Raises FetchError, or `httpx.TransportError` when the network fails during the body."""
        if response.status_code == 304 and self.sent != NO_VALIDATORS:
            return Page(url, "", _validators(response, self.sent), unchanged=True)
        if redirect := await redirect_or_refusal(url, response):
            return redirect
        kind = response.headers.get("content-type", "")
        if kind and not is_html(kind, b""):
            raise _not_a_page(url, kind)
        body = await _whole(chunks(response, url=url, at_most=self.max_bytes))
        if not is_html(kind, body):
            raise _not_a_page(url, kind)
        html = decode(body, kind)
        if error := another_page(url, response, html):
            raise error
        return Page(url, html, _validators(response, NO_VALIDATORS))


async def receive_robots(url: str, response: httpx.Response) -> str | Redirect:
    """Return the text of a robots.txt; empty (everything is allowed) when there is none: any 4xx but 429 (RFC 9309, section 2.3.1.3)."""
    if 400 <= response.status_code < 500 and response.status_code != 429:
        return ""
    if redirect := await redirect_or_refusal(url, response):
        return redirect
    async with contextlib.aclosing(chunks(response, url=url, at_most=1 << 60)) as pieces:
        return (await beginning_of(pieces, robots.MAX_BYTES))[: robots.MAX_BYTES].decode("utf-8", "replace")


async def redirect_or_refusal(url: str, response: httpx.Response) -> Redirect | None:
    """Return the redirect, None for 200. Raises FetchError for anything else."""
    status = response.status_code
    if status == 200:
        return None
    if status in REDIRECTS:
        if not response.headers.get("location", "").strip():
            raise Unusable(f"{url}: answered {status} without saying where to")
        return Redirect(response.headers["location"])
    raise _refusal(url, response, await head(response, url=url, at_most=LOOK_WITHIN))


def _refusal(url: str, response: httpx.Response, body: bytes) -> FetchError:
    status = response.status_code
    kind = response.headers.get("content-type", "")
    html = decode(body, kind) if is_html(kind, body) else ""
    error = another_page(url, response, html)
    if error is not None and not (status in {404, 410} and isinstance(error, UnderMaintenance)):
        return error
    if status in {404, 410}:
        return Gone(f"{url}: no longer there (status {status})")
    if status >= 400:
        return FetchRefused(f"{url}: refused by the server (status {status}{_MEANINGS.get(status, '')})")
    return Unusable(f"{url}: unexpected answer (status {status})")


def another_page(url: str, response: httpx.Response, html: str) -> FetchError | None:
    """Return what kind of page came in place of the requested one, None for one that may be real."""
    status = f", status {response.status_code}" if response.status_code != 200 else ""
    if reason := looks_blocked(response.status_code, response.headers, html):
        return Blocked(f"{url}: blocked ({reason}{status})")
    if words := says_maintenance(html):
        return UnderMaintenance(f"{url}: the site says that it is under maintenance ({words}{status})")
    return None


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
    return Unusable(f"{url}: not an HTML page but {named_type(content_type)}")


class _RefreshReader(HTMLParser):
    """Finds the `<meta http-equiv="refresh">` of a page, but for one that is only for browsers without scripts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.content: str | None = None
        self._is_hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "noscript":
            self._is_hidden = True
        elif tag == "meta" and (said.get("http-equiv") or "").strip().lower() == "refresh" and not self._is_hidden:
            self.content = self.content or said.get("content")

    def handle_endtag(self, tag: str) -> None:
        if tag == "noscript":
            self._is_hidden = False


def refresh_of(html: str) -> str | None:
    """Return where a page sends its readers on to by itself, within some seconds; None for one that is to be read. Raw, as in the page."""
    head = html[:_REFRESH_WITHIN]
    if not _REFRESH_HINT.search(head):
        return None
    reader = _RefreshReader()
    reader.feed(head)
    found = _REFRESH.fullmatch((reader.content or "").strip())
    return found["url"] if found and int(found["seconds"]) <= _REFRESH_SECONDS else None


def _validators(response: httpx.Response, otherwise: Validators) -> Validators:
    return Validators(
        response.headers.get("etag") or otherwise.etag,
        response.headers.get("last-modified") or otherwise.last_modified,
    )


def named_type(content_type: str) -> str:
    """Return the media type of an answer as errors name it."""
    kind = content_type.partition(";")[0].strip()[:60]
    return repr(kind) if kind else "something without a content type"


async def _whole(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def beginning_of(pieces: AsyncIterator[bytes], at_least: int) -> bytes:
    """Return the next pieces, until there are `at_least` bytes or no more."""
    taken = bytearray()
    async for piece in pieces:
        taken += piece
        if len(taken) >= at_least:
            break
    return bytes(taken)
