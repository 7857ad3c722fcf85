"""What an operator can choose about the requests to sites."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from sources.catalogue.authority import Browser
from sources.http.politeness import RateLimit

_MIB = 1024 * 1024
_MAY_BE_ZERO = {"interval_seconds", "jitter", "slowest_bytes_per_second"}
_VISIBLE = frozenset(string.ascii_letters + string.digits + "-._~:/?#[]@!$&'*+,;=%")


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """Holds the options of the client. Times are in seconds, sizes in bytes.

    `hosts` are the only ones ever requested (exact names, https). `origins` maps a canonical origin (`https://www.var.gouv.fr`) to the
    base it is really fetched from; plain http only to this machine. `timeout_seconds` bounds the wait for the head of an answer and each
    wait for more of it, `page_seconds` and `file_seconds` a whole request. `interval_seconds` (0 allowed) separates two requests to one
    address, lengthened by up to `jitter`, a fraction of it; the other delays are those of `RateLimit`. `browsers` are the hosts that are
    only requested by way of a real browser, and what that needs. Raises ValueError on a value that makes no sense.
    """

    hosts: frozenset[str]
    user_agent: str
    interval_seconds: float = 3.0
    jitter: float = 0.02
    origins: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: float = 30.0
    page_seconds: float = 120.0
    file_seconds: float = 900.0
    slowest_bytes_per_second: int = 2000
    """An answer that comes more slowly than this for a minute is given up: dozens of sites share its address. 0 lets it come."""
    max_page_bytes: int = 10 * _MIB
    max_file_bytes: int = 300 * _MIB
    max_data_bytes: int = 50 * _MIB
    """For tables and the like: the national index of recueils has some 4 MB."""
    respect_robots: bool = True
    pause_after: int = 3
    browsers: Mapping[str, Browser] = field(default_factory=dict)
    browser_path: str | None = None
    """The Chromium to drive: a path, or a name to look up; None for the first one found."""
    browser_seconds: float = 60.0
    """How long a page has to show what its source waits for: a challenge was seen to take that long."""
    browser_idle_seconds: float = 300.0
    """After so long without a request the browser is ended, to give back its memory."""

    def __post_init__(self) -> None:
        for name in (one.name for one in fields(self)):
            value = getattr(self, name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                if name in _MAY_BE_ZERO and not value >= 0:
                    raise ValueError(f"{name} must not be negative")
                if name not in _MAY_BE_ZERO and not value > 0:
                    raise ValueError(f"{name} must be more than 0")
        if not self.user_agent.strip() or not self.user_agent.isascii() or not self.user_agent.isprintable():
            raise ValueError("user_agent must be plain ASCII text, not empty")

    @property
    def rate_limit(self) -> RateLimit:
        """Return the part that concerns the queue of an address."""
        return RateLimit(self.interval_seconds, self.jitter, self.pause_after, probe=self.page_seconds)


def user_agent(version: str, contact: str | None) -> str:
    """Return the User-Agent, which says who we are: `Vigie/1.2.0 (+https://example.org)`. `contact` is a URL or a mail address.

    Raises ValueError when the contact, or the version, holds what a header cannot carry as one word of ASCII.
    """
    for name, value in (("version", version), ("contact", contact or "-")):
        if not value or not _VISIBLE.issuperset(value):
            raise ValueError(f"{name}: {value!r} must be one word of ASCII without spaces or parentheses")
    return f"Vigie/{version} (+{contact})" if contact else f"Vigie/{version} (watches recueils des actes administratifs)"
