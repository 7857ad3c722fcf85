"""`database.url`: what is accepted, and how it is shown."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.storage.errors import BadUrl

_EXAMPLES = "examples: sqlite:///vigie.db, postgresql://user:password@host/vigie"
# Greedy on purpose: a password with an unescaped "@" must not show its second half.
_USER_INFO = re.compile(r"((?:://|^(?!.*://))[^:@/]*):.*@", re.DOTALL)
_PARAMETER = re.compile(r"(?<=password=)[^&\s]*", re.IGNORECASE)


def parse_url(text: str) -> URL:
    """The address of a SQLite file (`sqlite:///relative.db`, `sqlite:////absolute.db`, `sqlite://` in memory) or of PostgreSQL.

    `postgresql://` and `postgres://` mean the psycopg 3 driver. Raises BadUrl, whose message never holds the password.
    """
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        raise BadUrl(f"database.url is not a database address: {_mask(text)!r} ({_EXAMPLES})") from None
    if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        if text.count("@") > 1:
            raise BadUrl(f"database.url holds an '@' of its own, in the password perhaps: write it as %40 ({_mask(text)})")
        return url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise BadUrl(f"database.url names {url.drivername!r}; only sqlite and postgresql are known ({_EXAMPLES})")
    if url.host or url.username or url.password or url.port:
        raise BadUrl(f"a SQLite address takes three slashes, or four before an absolute path: {masked(url)} ({_EXAMPLES})")
    if url.query:
        raise BadUrl(f"a SQLite address takes no options: {masked(url)} ({_EXAMPLES})")
    if in_memory(url):
        return url.set(drivername="sqlite", database=":memory:")
    return url.set(drivername="sqlite", database=str(Path(url.database or "").expanduser()))


def masked(url: URL) -> str:
    """The address as it may be shown and logged."""
    return _mask(url.render_as_string(hide_password=True))


def _mask(text: str) -> str:
    return _PARAMETER.sub("***", _USER_INFO.sub(r"\1:***@", text))


def in_memory(url: URL) -> bool:
    """True for a SQLite database that lives and dies with the process."""
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")
