"""One address, one spelling: URLs are compared and stored in a single canonical form."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

MAX_LENGTH = 4096
"""Characters. No page of the catalogue comes near it: a longer address is an accident or an attack."""

# RFC 3986 unreserved characters, and the parentheses of `/(offset)/10`, are always literal. The apostrophe, legal but awkward in
# HTML and shells, is always encoded.
_LITERAL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~()")
# What is encoded already, and what must be: all but the unreserved and the delimiters of a path, or of a query.
_IN_PATH = re.compile(r"%([0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~()/:@!$&*+,;=]")
_IN_QUERY = re.compile(r"%([0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~()/:@!$&*+,;=?]")
# A document of the platform is known by the two numbers in its address. What a server adds for one visit or one reader is no part of it.
_DOCUMENT = re.compile(r"/(?:(?:ire)?contenu/telechargement|content/download)/\d+/\d+(?![^/;])", re.IGNORECASE)
_NOISE = (
    r"(?:(?:j|php)?_?sess(?:ion)?_?(?:id)?|id_?session|aspsessionid\w*|s_?id|cfid|cftoken|utm_\w+|mtm_\w+|pk_\w+|fbclid|gclid"
    r"|_|t|ts|time(?:stamp)?|r|rand(?:om)?|rnd|no_?cache|cb|cache_?buster)"
)
_NOISE_IN_PATH = re.compile(rf";{_NOISE}=[^/;]*", re.IGNORECASE)
_NOISE_IN_QUERY = re.compile(rf"(?:{_NOISE}(?:=.*)?|\d*)", re.IGNORECASE | re.DOTALL)
# An address in which there is nothing to do, as most are: the rest of the work takes ten times as long. Its host comes first.
_PLAIN = re.compile(r"(https://[a-z0-9.-]+)(?:/(?![./])[A-Za-z0-9\-._~():@!$&*+,=]*)+")
_STRIPPED = re.compile(r"[\t\r\n]")
_DEFAULT_PORTS = {80, 443}


def canonical(base: str, href: str, *, is_redirect: bool = False) -> str | None:
    """Return `href` as found on the page `base`: absolute, https, host in lower case, percent-encoded one way, without fragment.

    The address of a document loses session numbers and the like, but for that of a redirect, which is only requested: without them the
    server would redirect for ever. None when it leads to no web page of its own: empty or only a fragment, another scheme (`javascript:`,
    `mailto:`), credentials in the address, not a valid URL, or longer than `MAX_LENGTH`. Applying it twice changes nothing.
    """
    cleaned = _STRIPPED.sub("", href).strip()
    if not cleaned or cleaned.startswith("#") or len(cleaned) > MAX_LENGTH:
        return None
    plain = _PLAIN.match(base) if cleaned[0] == "/" else None
    address = plain[1] + cleaned if plain else cleaned
    if len(address) <= MAX_LENGTH and _PLAIN.fullmatch(address):
        return address
    try:
        parts = urlsplit(urljoin(base, cleaned))
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None or parts.password is not None:
        return None
    host = _ascii_host(host)
    if host is None:
        return None
    authority = host if port is None or port in _DEFAULT_PORTS else f"{host}:{port}"
    path = _without_dots(_IN_PATH.sub(_one_way, parts.path)) or "/"
    query = _IN_QUERY.sub(_one_way, parts.query)
    if not is_redirect and _DOCUMENT.match(path):
        path = _NOISE_IN_PATH.sub("", path)
        query = "&".join(part for part in query.split("&") if not _NOISE_IN_QUERY.fullmatch(part))
    address = f"https://{authority}{path}" + (f"?{query}" if query else "")
    return address if len(address) <= MAX_LENGTH else None


def same_site(one: str, other: str) -> bool:
    """Return whether two canonical URLs are on the same host, a leading `www.` aside."""
    return site_of(one) == site_of(other)


@lru_cache(maxsize=1024)  # a page is read with its own address beside that of each link, and its menu is on the next one too
def site_of(url: str) -> str:
    """Return the host of a canonical URL, without a leading `www.`."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _ascii_host(host: str) -> str | None:
    if ":" in host:  # an IPv6 literal lost its brackets
        return f"[{host}]"
    try:
        name = host.encode("idna").decode("ascii").lower() if not host.isascii() else host.lower()
    except UnicodeError:
        return None
    return name if re.fullmatch(r"[a-z0-9_.-]+", name) else None


def _one_way(found: re.Match[str]) -> str:
    if found[1] is None:
        return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace"))
    character = chr(int(found[1], 16))
    return character if character in _LITERAL else found[0].upper()


def _without_dots(path: str) -> str:
    """Apply RFC 3986, section 5.2.4, which `urljoin` leaves undone on absolute references."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/".join(kept)
