"""A log in which many alike are one line: the sites behind one address fail together, and work again together."""

from __future__ import annotations

from typing import Any

EACH = 3
"""What the first so many sources of a crowd do is told of each by itself, at once."""

_NAMED = 12


class GroupedLog:
    """Tells what happens to sources. Of many with the same event and cause between two calls of `flush`, the first few are told each by
    itself; `flush` tells the others as one line: how many, and some of their keys."""

    def __init__(self, log: Any) -> None:
        """`log` is a logger of structlog."""
        self._log = log
        self._seen: dict[tuple[str, str, str | None], list[str]] = {}

    def info(self, event: str, *, source: str, cause: str | None = None, **more: object) -> None:
        """Something good happened to the source with this key."""
        self._tell("info", event, source, cause, more)

    def warning(self, event: str, *, source: str, cause: str | None = None, **more: object) -> None:
        """Something bad happened to the source with this key."""
        self._tell("warning", event, source, cause, more)

    def flush(self) -> None:
        """Tell what was held back. What comes next is told as if it were the first."""
        seen, self._seen = self._seen, {}
        for (level, event, cause), sources in seen.items():
            others = sources[EACH:]
            if others:
                getattr(self._log, level)(event, others=len(others), **_known(cause), sources=_some(others))

    def _tell(self, level: str, event: str, source: str, cause: str | None, more: dict[str, object]) -> None:
        alike = self._seen.setdefault((level, event, cause), [])
        alike.append(source)
        if len(alike) <= EACH:
            getattr(self._log, level)(event, source=source, **_known(cause), **more)


def _known(cause: str | None) -> dict[str, str]:
    return {} if cause is None else {"cause": cause}


def _some(sources: list[str]) -> str:
    left = len(sources) - _NAMED
    return ", ".join(sources[:_NAMED]) + (f" and {left} more" if left > 0 else "")
