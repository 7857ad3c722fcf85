"""Block, challenge and maintenance pages told apart from the real ones, whatever their status: a wall is never read as an empty listing.

Two kinds of rules. *Marks* are pieces that only a given product's own wall carries; the scripts which the same products inject in the
pages they let through (`/cdn-cgi/challenge-platform/…/jsd`, `/_Incapsula_Resource?SWJIYLWA`, `js.datadome.co/tags.js`, `/TSPD/…`) are not
among them. *Shape* catches the products nobody listed: a small page without any content of a site that says it refuses us, or
that is nothing but a captcha or a script. A page full of links, or with a link to a document, is never blocked by its shape.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

_MARKS_WITHIN = 128 * 1024
_SMALL = 32 * 1024
_FEW_LINKS = 3
_LITTLE_TEXT = 1500
_VERY_LITTLE_TEXT = 400
_WORDS_KEPT = 120


@dataclass(frozen=True, slots=True)
class Mark:
    """A product's wall: every one of `pieces` (lower case) is in the page."""

    reason: str
    pieces: tuple[str, ...]


MARKS = (
    Mark("Cloudflare challenge", ("_cf_chl_opt",)),
    Mark("Cloudflare challenge", ("<title>just a moment...</title>", "cloudflare")),
    Mark("Cloudflare block page", ("<title>attention required! | cloudflare</title>",)),
    Mark("Cloudflare block page", ("cf-error-details", "cloudflare", "ray id")),
    Mark("Imperva block page", ("request unsuccessful. incapsula incident id",)),
    Mark("Imperva challenge", ("_incapsula_resource?cwudnsai",)),
    Mark("DataDome challenge", ("captcha-delivery.com/", "dd={")),
    Mark("DataDome challenge", ("geo.captcha-delivery.com/captcha",)),
    Mark("F5 block page", ("<title>request rejected</title>", "support id")),
    Mark("F5 block page", ("the requested url was rejected", "support id")),
    Mark("F5 challenge", ("please enable javascript to view the page content", "support id")),
    Mark("Akamai block page", ("<title>access denied</title>", "you don't have permission to access")),
    Mark("AWS challenge", ("gokuprops", "awswaf")),
    Mark("Sucuri block page", ("sucuri website firewall", "access denied")),
    Mark("Sucuri challenge", ("sucuri_cloudproxy_js",)),
    Mark("HUMAN challenge", ("px-captcha", "_pxappid")),
    Mark("Anubis challenge", ("anubis_challenge",)),
    Mark("DDoS-Guard challenge", ("<title>ddos-guard</title>",)),
    Mark("Fortinet block page", ("web page blocked", "attack id")),
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
    """Return the words with which a page says that its site is under maintenance, None for one that may be real. In bounded time.

    A page that links a document is real. Of one with the usual menus only the title and the headings of the page count.
    """
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
    """Return why this answer is a wall and not the requested page (`Cloudflare challenge`), or None for a page that may be real.

    `status` is the HTTP status, `headers` the response headers with names in lower case (an `httpx.Headers` will do), `html` the
    decoded body. Pure; time is bounded by looking at the head of the page only.
    """
    if headers.get("cf-mitigated", "").lower() == "challenge":
        return "Cloudflare challenge"
    if headers.get("x-amzn-waf-action", "").lower() in {"challenge", "captcha"}:
        return "AWS challenge"
    head = re.sub(r"\s+", " ", html[:_MARKS_WITHIN]).replace("&#39;", "'").lower()
    for mark in MARKS:
        if all(piece in head for piece in mark.pieces):
            return mark.reason
    return _by_shape(status, html) if len(html) <= _SMALL else None


def _by_shape(status: int, html: str) -> str | None:
    shape = _shape_of(html)
    if shape.links > _FEW_LINKS or shape.text_length > _LITTLE_TEXT or _DOCUMENT.search(html):
        return None
    if refusal := _refusal(shape):
        return f"block page: {refusal}"
    if shape.captcha and shape.links <= 1:
        return "captcha"
    if shape.links or shape.text_length > _VERY_LITTLE_TEXT:
        return None
    return _script_only(status, html, shape)


def _refusal(shape: _Shape) -> str | None:
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
