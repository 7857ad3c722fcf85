"""The Robots Exclusion Protocol (RFC 9309): which paths a site asks robots to leave alone.

The standard library's parser takes the first rule that fits and knows no wildcard; the RFC wants the longest one, with `*` and `$`.
`Crawl-delay` is no part of the RFC: the spacing of requests is the queue's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from sources.fetch import FetchError

MAX_BYTES = 500 * 1024
"""What is read of a robots.txt: the least a crawler must parse (RFC 9309, section 2.5); the rest is ignored."""

FRESH_SECONDS = 24 * 3600.0
"""How long a copy is used without asking again (RFC 9309, section 2.4)."""


class Disallowed(FetchError):
    """The site's robots.txt asks us not to fetch this."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One `Allow` or `Disallow` line. `pattern` may hold `*` and a final `$`."""

    allow: bool
    pattern: str


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that concern one robot. No rule allows everything."""

    rules: tuple[Rule, ...] = ()

    def allows(self, url: str) -> bool:
        """Whether the robot may fetch a canonical URL: the longest pattern that fits decides, `Allow` on a tie (section 2.2.2)."""
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if path == "/robots.txt":
            return True
        fitting = [rule for rule in self.rules if _fits(rule.pattern, path)]
        return max(fitting, key=lambda rule: (len(rule.pattern), rule.allow)).allow if fitting else True


def parse(text: str, token: str) -> Rules:
    """The rules of a robots.txt for the robot whose product token is `token`: its own groups together, else those of `*`.

    Lines that mean nothing are skipped, as section 2.2 wants.
    """
    own: list[Rule] = []
    others: list[Rule] = []
    named = False
    agents: set[str] = set()
    naming = False
    for line in text.removeprefix("\ufeff").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            agents = (agents if naming else set()) | {value.lower()}
            named = named or value.lower() == token.lower()
            naming = True
        elif key in {"allow", "disallow"}:
            naming = False
            if value:  # an empty pattern fits nothing
                rule = Rule(key == "allow", _normalised(value))
                if token.lower() in agents:
                    own.append(rule)
                if "*" in agents:
                    others.append(rule)
    return Rules(tuple(own if named else others))


def product_token(user_agent: str) -> str:
    """The name a robots.txt may call us by: letters, `-` and `_` at the start of the User-Agent (section 2.2.1)."""
    found = re.match(r"[A-Za-z_-]+", user_agent)
    return found[0] if found else ""


def _normalised(pattern: str) -> str:
    """The pattern percent-encoded as canonical URLs are, its special characters kept."""
    anchored = pattern.endswith("$")
    pieces = pattern.removesuffix("$").split("*")
    encoded = "*".join(_encoded(piece) for piece in pieces)
    return encoded + ("$" if anchored else "")


def _encoded(piece: str) -> str:
    repaired = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", piece)
    return re.sub(r"%[0-9A-Fa-f]{2}", _one_spelling, quote(repaired, safe="/:@!$&*+,;=()?%~"))


def _one_spelling(triplet: re.Match[str]) -> str:
    character = chr(int(triplet[0][1:], 16))
    return character if character.isascii() and (character.isalnum() or character in "-._~()") else triplet[0].upper()


def _fits(pattern: str, path: str) -> bool:
    """Whether the pattern fits the beginning of the path, in time linear in both for each `*`."""
    anchored = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    position = len(first)
    if not rest:
        return position == len(path) or not anchored
    last = rest.pop() if anchored else ""
    for piece in rest:
        found = path.find(piece, position)
        if found < 0:
            return False
        position = found + len(piece)
    return not anchored or (path.endswith(last) and len(path) - len(last) >= position)
