"""Reads HTTP answers: their bodies, bounded, unpacked and decoded, and their kind: a page, a robots.txt, a redirect, a block page, an
error."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import re
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import cast

import httpx

from sources.http.politeness import MOST_ROBOTS_BYTES
from sources.model import Blocked, FetchError, FetchRefused, Gone, NotAPage, Page, UnderMaintenance, Unreachable, Unusable, Validators

# Answer bodies: bounded while they stream (a small answer may unpack to gigabytes), then turned into text.

_STEP = 64 * 1024
_LOOK_SECONDS = 10.0

# The encodings a French site may use, under the names Python gives them. Browsers read ISO 8859-1 and ASCII as Windows-1252
# (WHATWG Encoding, section 4.2), and so do we. Anything else a header may name (utf-7, punycode…) is not worth its dangers.
_ENCODINGS = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "cp1252": "cp1252",
    "iso8859-15": "iso8859-15",
}
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CHARSET = re.compile(r"charset\s*+=\s*+[\"']?\s*+([\w.:-]+)", re.IGNORECASE)
_META_WITHIN = 4096


async def chunks(response: httpx.Response, *, url: str, at_most: int) -> AsyncGenerator[bytes]:
    """Yield the body, unpacked, in pieces of bounded size. Only gzip is read, as only gzip is requested. Raises Unusable beyond `at_most`
    bytes, packed or not, Unreachable when a packed body ends early, `httpx.TransportError` when the network fails."""
    declared = response.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and len(declared) < 20 and int(declared) > at_most:
        raise _too_large(url, at_most)
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        pieces = _raw(response)
    elif encoding in {"gzip", "x-gzip"}:
        pieces = _gunzip(response, url)
    else:
        raise Unusable(f"{url}: packed in a way that was not asked for ({encoding[:40]!r})")
    total = 0
    async with contextlib.aclosing(pieces):
        async for piece in pieces:
            total += len(piece)
            if total > at_most:
                raise _too_large(url, at_most)
            yield piece


async def head(response: httpx.Response, *, url: str, at_most: int) -> bytes:
    """Return the beginning of the body, to find out what an unwelcome answer is. Takes ten seconds at most; an error of the body never
    raises."""
    taken = bytearray()
    try:
        async with asyncio.timeout(_LOOK_SECONDS), contextlib.aclosing(chunks(response, url=url, at_most=1 << 60)) as pieces:
            async for piece in pieces:
                taken += piece
                if len(taken) >= at_most:
                    break
    except (Unusable, Unreachable, httpx.TransportError, TimeoutError):
        pass  # what has come is enough to recognise a block page by; the status says the rest
    return bytes(taken[:at_most])


def decode(body: bytes, content_type: str) -> str:
    """Return HTML bytes as text: byte order mark, else the header's charset, else the page's own, else UTF-8. Never fails."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    encoding = _known(_CHARSET.search(content_type)) or _known(_CHARSET.search(body[:_META_WITHIN].decode("latin-1"))) or "utf-8"
    return body.decode(encoding, "replace")


def is_html(content_type: str, body: bytes) -> bool:
    """Return whether an answer is an HTML page, by its header, or by its first character where the header says nothing."""
    kind = content_type.partition(";")[0].strip().lower()
    if not kind:
        return body.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<")
    return kind in {"text/html", "application/xhtml+xml"}


def length_of(headers: Mapping[str, str]) -> int | None:
    """Return the announced bytes of the body, None where absent, unreadable, or overruled by chunks (RFC 9112, section 6.3)."""
    text = headers.get("content-length", "")
    if "transfer-encoding" in headers or is_packed(headers) or not text.isascii() or not text.isdigit() or len(text) > 15:
        return None
    return int(text)


def is_packed(headers: Mapping[str, str]) -> bool:
    """Return whether the bytes on the wire are packed."""
    return headers.get("content-encoding", "").strip().lower() not in {"", "identity"}


def _raw(response: httpx.Response) -> AsyncGenerator[bytes]:
    # As it comes: gathered into larger pieces, what came before a cut would be lost, and a slow answer not seen to be one.
    # Declared an iterator, but a generator: closing it in step with ours leaves nothing to the garbage collector.
    return cast(AsyncGenerator[bytes], response.aiter_raw())


async def _gunzip(response: httpx.Response, url: str) -> AsyncGenerator[bytes]:
    unpacker = zlib.decompressobj(wbits=31)
    begun = False
    async with contextlib.aclosing(_raw(response)) as raw:
        async for packed in raw:
            begun = True
            rest = packed
            while rest:
                if unpacker.eof:  # several gzip members in a row are one body (RFC 1952, section 2.2)
                    unpacker = zlib.decompressobj(wbits=31)
                try:
                    piece = unpacker.decompress(rest, _STEP)
                except zlib.error as error:
                    raise Unusable(f"{url}: not readable as gzip, though announced as such") from error
                rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
                if piece:
                    yield piece
    if begun and not unpacker.eof:
        raise Unreachable(f"{url}: answer cut short")


def _known(found: re.Match[str] | None) -> str | None:
    if found is None:
        return None
    try:
        return _ENCODINGS.get(codecs.lookup(found[1]).name)
    except LookupError:
        return None


def _too_large(url: str, at_most: int) -> Unusable:
    return Unusable(f"{url}: larger than {at_most / 1_000_000:.4g} MB")


# Answers that crawl: 94 sites share one address, and a server that sends a byte now and then would hold it up for a quarter of an hour.


_SPAN = 60.0
"""Seconds in each of which an answer must be fast enough on average."""


class WatchedStream(httpx.AsyncByteStream):
    """Measures the rate of the body of the answer from `url` from its first byte on. `monotonic` gives seconds; `on_piece` is called at
    each piece. Iterating raises Unreachable when less than `slowest` bytes a second came for a minute (0: no limit), unless the body is
    whole by its announced length. The network timeout bounds waits without any byte."""

    def __init__(
        self, url: str, response: httpx.Response, slowest: int, monotonic: Callable[[], float], on_piece: Callable[[], None]
    ) -> None:
        self._url = url
        self._stream = cast(httpx.AsyncByteStream, response.stream)
        self._length = length_of(response.headers)
        self._slowest = slowest
        self._monotonic = monotonic
        self._on_piece = on_piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        since, came, total = self._monotonic(), 0, 0
        async for piece in self._stream:
            now = self._monotonic()
            came, total = came + len(piece), total + len(piece)
            too_slow = now - since >= _SPAN and came < self._slowest * (now - since)
            if now - since >= _SPAN:
                since, came = now, 0
            self._on_piece()
            yield piece
            if too_slow and total != self._length:
                raise Unreachable(f"{self._url}: too slow (less than {self._slowest / 1000:g} kB/s for {_SPAN:g} s)")

    async def aclose(self) -> None:
        """Close the stream that is measured."""
        await self._stream.aclose()


# What an answer means.

NO_VALIDATORS = Validators()

_REFRESH_WITHIN = 16 * 1024
_REFRESH_SECONDS = 30
"""A longer delay only reloads a page periodically."""
_REFRESH_HINT = re.compile(r"http-equiv\s*=\s*[\"']?\s*refresh", re.IGNORECASE)
_REFRESH = re.compile(r"(?P<seconds>\d{1,4})[\d.]*\s*[;,\s]\s*(?:url\s*=\s*)?[\"']?(?P<url>[^\"']+?)[\"']?", re.IGNORECASE)

_FILE_TYPES = {"application/pdf", "application/zip", "application/x-zip-compressed", "application/octet-stream", "binary/octet-stream"}

REDIRECTS = {301, 302, 303, 307, 308}
LOOK_WITHIN = 128 * 1024
"""Bytes of an unwelcome answer that are read, to recognise a block page by."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Raised for a redirect. `location` is the raw header."""

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
        body = b"".join([piece async for piece in chunks(response, url=url, at_most=self.max_bytes)])
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
        return (await beginning_of(pieces, MOST_ROBOTS_BYTES))[:MOST_ROBOTS_BYTES].decode("utf-8", "replace")


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
    kind = NotAPage if content_type.partition(";")[0].strip().lower() in _FILE_TYPES else Unusable
    return kind(f"{url}: not an HTML page but {named_type(content_type)}")


def refresh_of(html: str) -> str | None:
    """Return where a page redirects by itself within some seconds, raw; None for one that is to be read."""
    head = html[:_REFRESH_WITHIN]
    if not _REFRESH_HINT.search(head):
        return None
    found = _REFRESH.fullmatch(_shape_of(head).refresh.strip())
    return found["url"] if found and int(found["seconds"]) <= _REFRESH_SECONDS else None


def _validators(response: httpx.Response, otherwise: Validators) -> Validators:
    return Validators(response.headers.get("etag") or otherwise.etag, response.headers.get("last-modified") or otherwise.last_modified)


def named_type(content_type: str) -> str:
    """Return the media type of an answer as errors name it."""
    kind = content_type.partition(";")[0].strip()[:60]
    return repr(kind) if kind else "something without a content type"


async def beginning_of(pieces: AsyncIterator[bytes], at_least: int) -> bytes:
    """Return the next pieces, until there are `at_least` bytes or no more."""
    taken = bytearray()
    async for piece in pieces:
        taken += piece
        if len(taken) >= at_least:
            break
    return bytes(taken)


# Block, challenge and maintenance pages, whatever their status: such a page is never read as an empty listing. Marks are strings that only
# a product's block page carries, not the scripts that it injects in real pages (`/TSPD/…`). Shape finds other products: a small page
# without content that refuses, or holds only a captcha or script; never one with many links or a document.

_MARKS_WITHIN = 128 * 1024
_SMALL = 32 * 1024
_FEW_LINKS = 3
_LITTLE_TEXT = 1500
_VERY_LITTLE_TEXT = 400
_WORDS_KEPT = 120


MARKS = (
    ("Cloudflare challenge", ("_cf_chl_opt",)),
    ("Cloudflare challenge", ("<title>just a moment...</title>", "cloudflare")),
    ("Cloudflare block page", ("<title>attention required! | cloudflare</title>",)),
    ("Cloudflare block page", ("cf-error-details", "cloudflare", "ray id")),
    ("Imperva block page", ("request unsuccessful. incapsula incident id",)),
    ("Imperva challenge", ("_incapsula_resource?cwudnsai",)),
    ("DataDome challenge", ("captcha-delivery.com/", "dd={")),
    ("DataDome challenge", ("geo.captcha-delivery.com/captcha",)),
    ("F5 block page", ("<title>request rejected</title>", "support id")),
    ("F5 block page", ("the requested url was rejected", "support id")),
    ("F5 challenge", ("please enable javascript to view the page content", "support id")),
    ("Akamai block page", ("<title>access denied</title>", "you don't have permission to access")),
    ("AWS challenge", ("gokuprops", "awswaf")),
    ("Sucuri block page", ("sucuri website firewall", "access denied")),
    ("Sucuri challenge", ("sucuri_cloudproxy_js",)),
    ("HUMAN challenge", ("px-captcha", "_pxappid")),
    ("Anubis challenge", ("anubis_challenge",)),
    ("DDoS-Guard challenge", ("<title>ddos-guard</title>",)),
    ("Fortinet block page", ("web page blocked", "attack id")),
)

_REFUSAL = re.compile(
    r"(?:erreur|error)?\W*+\d{0,3}+\W*+(?:"
    r"access (?:to this page )?(?:has been |is )?(?:denied|blocked|forbidden)|acc[eè]s (?:refus[eé]|bloqu[eé]|interdit|non autoris[eé])"
    r"|(?:your |the )?request (?:was |has been |is )?(?:rejected|blocked)|(?:votre )?requ[eê]te (?:a [eé]t[eé] )?(?:rejet[eé]e|bloqu[eé]e)"
    r"|(?:sorry, )?you have been blocked|vous avez [eé]t[eé] bloqu[eé]|pardon our interruption|too many requests|trop de requ[eê]tes"
    r"|just a moment|un instant|one moment|security check|v[eé]rification de s[eé]curit[eé]|human verification"
    r"|checking your browser|v[eé]rification de votre navigateur)\b",
    re.IGNORECASE,
)
_ROBOT = re.compile(
    r"are you (?:a robot|human)|you(?:'re| are) not a (?:ro)?bot|pas un robot|[eê]tes-vous (?:un robot|humain)", re.IGNORECASE
)
_DOCUMENT = re.compile(r"/(?:ire)?contenu/telechargement/|\.pdf\b", re.IGNORECASE)
_RELOADS = re.compile(r"location\.(?:reload|replace|assign)\(|location(?:\.href)?\s*=(?!=)", re.IGNORECASE)
_SETS_COOKIE = re.compile(r"document\.cookie\s*=", re.IGNORECASE)
_ENABLE_SCRIPT = re.compile(
    r"(?:enable|activer|activez|require[sd]?|n[eé]cessite)\s+(?:le |du )?java-?script"
    r"|java-?script (?:is )?(?:required|disabled|d[eé]sactiv)",
    re.IGNORECASE,
)

_OUT_OF_SERVICE = (
    r"(?:en|under|in|down for|pour|for)\s+(?:cours\s+de\s+|scheduled\s+)?maintenance\b"
    r"|(?:momentan[eé]ment|temporairement|actuellement)\s+(?:indisponible|inaccessible|hors service|ferm[eé])"
)
# In the text of a small page, where a site speaks of itself, and not of what it will do some day.
_SAYS_MAINTENANCE = re.compile(
    rf"\b(?:site|service|page|portail|plateforme|serveur|website)s?\b(?:(?!\b(?:sera|seront|will)\b)[^.!?]){{0,60}}?(?:{_OUT_OF_SERVICE})",
    re.IGNORECASE,
)
_IS_MAINTENANCE = re.compile(rf"^\W*(?:\w+\W+){{0,6}}?(?:{_OUT_OF_SERVICE})|^\W*(?:page de )?maintenance\b", re.IGNORECASE)
_MAINTENANCE_HINT = re.compile(r"maintenance|indisponible|inaccessible|hors service|ferm[eé]", re.IGNORECASE)


def says_maintenance(html: str) -> str | None:
    """Return the words with which a page says that its site is under maintenance, None for one that may be real. In bounded time. A page
    that links a document is real; of one with menus only the title and headings count."""
    head = html[:_MARKS_WITHIN]
    if not _MAINTENANCE_HINT.search(head) or _DOCUMENT.search(html):
        return None
    shape = _shape_of(head)
    is_small = shape.links <= _FEW_LINKS and shape.text_length <= _LITTLE_TEXT
    titles = (*shape.title, *(shape.headings if is_small else shape.headings[:1]))
    for title in (words[:_WORDS_KEPT] for words in titles):
        if _IS_MAINTENANCE.search(title) or _SAYS_MAINTENANCE.search(title):
            return title
    found = _SAYS_MAINTENANCE.search(" ".join(shape.text)) if is_small else None
    return found[0][:_WORDS_KEPT] if found else None


def looks_blocked(status: int, headers: Mapping[str, str], html: str) -> str | None:
    """Return why this answer is a block page (`Cloudflare challenge`), None for a page that may be real. `headers` have names in lower case
    (`httpx.Headers` will do), `html` is the decoded body. Pure; only the head of the page is read, so time is bounded."""
    if headers.get("cf-mitigated", "").lower() == "challenge":
        return "Cloudflare challenge"
    if headers.get("x-amzn-waf-action", "").lower() in {"challenge", "captcha"}:
        return "AWS challenge"
    head = re.sub(r"\s+", " ", html[:_MARKS_WITHIN]).replace("&#39;", "'").lower()
    for reason, pieces in MARKS:
        if all(piece in head for piece in pieces):
            return reason
    return _by_shape(status, html) if len(html) <= _SMALL else None


def _by_shape(status: int, html: str) -> str | None:
    if _DOCUMENT.search(html):  # found sooner than the tags are read
        return None
    shape = _shape_of(html)
    if shape.links > _FEW_LINKS or shape.text_length > _LITTLE_TEXT:
        return None
    if refusal := _worded_refusal(shape):
        return f"block page: {refusal}"
    if shape.captcha and shape.links <= 1:
        return "captcha"
    if shape.links or shape.text_length > _VERY_LITTLE_TEXT:
        return None
    return _script_only(status, html, shape)


def _worded_refusal(shape: _Shape) -> str | None:
    for title in (*shape.title, *shape.headings):
        if found := _REFUSAL.match(title) or _ROBOT.search(title):
            return found[0].strip()
    return None


def _script_only(status: int, html: str, shape: _Shape) -> str | None:
    """Return why a page without links and nearly without text is a challenge."""
    script = " ".join(shape.scripts)
    if shape.text_length == 0 and "_incapsula_resource" in html.lower():
        return "Imperva challenge"
    reloads = _SETS_COOKIE.search(script) and _RELOADS.search(script)
    refused = status in {401, 403, 429, 503} and "<script" in html.lower() and _ENABLE_SCRIPT.search(html)
    empty = shape.text_length == 0 and _ENABLE_SCRIPT.search(" ".join(shape.noscript))
    return "JavaScript challenge" if reloads or refused or empty else None


@dataclass(slots=True)
class _Shape:
    title: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    noscript: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    text_length: int = 0
    links: int = 0
    captcha: bool = False
    refresh: str = ""
    """Keeps the content of the first `<meta http-equiv="refresh">` that is not only for browsers without scripts."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shape = _Shape()
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"a", "option"}:
            self.shape.links += 1
        elif tag in {"title", "h1", "h2", "script", "style", "noscript"}:
            self._inside.append(tag)
        elif tag == "meta" and "noscript" not in self._inside:
            attributes = {name: value or "" for name, value in attrs}
            if attributes.get("http-equiv", "").strip().lower() == "refresh":
                self.shape.refresh = self.shape.refresh or attributes.get("content", "")
        if tag in {"div", "form", "iframe", "img", "input"}:  # never a script: real pages load such scripts for their contact form
            self.shape.captcha |= any("captcha" in (value or "").lower() or value == "cf-turnstile" for _, value in attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        words = " ".join(data.split())
        if not words:
            return
        where = self._inside[-1] if self._inside else ""
        if where == "title":
            self.shape.title.append(words)
        elif where == "script":
            self.shape.scripts.append(words)
        elif "noscript" in self._inside:
            self.shape.noscript.append(words)
        elif where != "style":
            if self.shape.text_length <= _LITTLE_TEXT:
                self.shape.text.append(words)
            self.shape.text_length += len(words)
            if where:
                self.shape.headings.append(words)


def _shape_of(html: str) -> _Shape:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.shape
