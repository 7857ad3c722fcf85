"""Writes the log, one line per event, for terminals or as JSON, without secrets or private names. Events have stable ids (`post.sent`);
`log_events.toml` has their sentences. The console shows the sentence, JSON both.
"""

from __future__ import annotations

import logging
import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal, TextIO

import structlog
from structlog.types import EventDict, WrappedLogger

from bot.domain.posts import followed_chat

EACH = 3
"""Lines of one group that are written each by itself, at once."""

_NAMED = 12


@cache
def sentences() -> dict[str, str]:
    """Return the sentence of each event, by its id."""
    tables = tomllib.loads(files("bot.app").joinpath("log_events.toml").read_text(encoding="utf-8"))
    return {f"{subject}.{what}": sentence for subject, events in tables.items() for what, sentence in events.items()}


def _with_sentence(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Add the sentence of an event: a processor of structlog for JSON. A library's line has no id of its own, but its logger's name."""
    if "_record" in line:
        line["message"], line["event"] = line["event"], "library.logged"
        line["logger"] = line["_record"].name
    else:
        line["message"] = sentences().get(line["event"], line["event"])
    return line


def _sentence_only(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Replace the id of an event by its sentence: a processor of structlog for the console."""
    if "_record" not in line:
        line["event"] = sentences().get(line["event"], line["event"])
    return line


def without_chats(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Remove followers' chats from a line (structlog processor), so that deleted chats leave no trace."""
    if followed_chat(str(line.get("destination"))) is not None:
        line["destination"] = "a chat that follows something"
        line.pop("chat", None)
    return line


def without_answers(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Remove what python-telegram-bot appends to its messages, as unreadable answers may hold people's messages (structlog processor)."""
    record = line["_record"]
    if record.name.split(".")[0] == "telegram":
        line["event"] = str(record.msg)
        if record.exc_info:
            line["error"] = record.exc_info[0].__name__
            del line["exc_info"]
    return line


class LogGroups:
    """Groups lines that differ in the field named by `group` (`group="source"`), as sites behind one address fail together. Between
    flushes, the first few of a level, event and cause are written; a flush writes the number of others and some values.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str, str | None, str], list[str]] = {}

    def __call__(self, _logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
        """Let a line pass, or drop it to be counted: a processor of structlog."""
        field = line.pop("group", None)
        if field is None:
            return line
        alike = self._seen.setdefault((method, line["event"], line.get("cause"), field), [])
        alike.append(line[field])
        if len(alike) > EACH:
            raise structlog.DropEvent
        return line

    def flush(self) -> None:
        """Write the held lines as groups, and begin anew."""
        seen, self._seen = self._seen, {}
        for (method, event, cause, field), values in seen.items():
            if others := values[EACH:]:
                known = {} if cause is None else {"cause": cause}
                more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
                getattr(structlog.get_logger(), method)(
                    event, others=len(others), **known, **{f"{field}s": ", ".join(others[:_NAMED]) + more}
                )


def flush_groups() -> None:
    """Write what the groups of the log hold back."""
    for processor in structlog.get_config()["processors"]:
        if isinstance(processor, LogGroups):
            processor.flush()


def set_up_logging(level: str, style: Literal["auto", "console", "json"], stream: TextIO, *, plain: bool = False) -> None:
    """Write logs of program and libraries from `level` up to `stream`, which removes secrets. `auto` colours terminals, unless `plain`."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    stamp: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%SZ", utc=True),
    ]
    form = _json() if style == "json" else _console(colors=style == "auto" and stream.isatty() and not plain)
    structlog.configure(
        processors=[LogGroups(), without_chats, *stamp, *form],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    first, *rest = form
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[first, structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rest],
            foreign_pre_chain=[without_answers, *stamp],
        )
    )
    logging.basicConfig(level=max(threshold, logging.WARNING), handlers=[handler], force=True)
    # It warns of every tick that finds the one before at work: what is due is in the database, and waits for the next.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    # What it has to say our own events say.
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)


def _json() -> list[structlog.types.Processor]:
    return [_with_sentence, structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]


def _console(*, colors: bool) -> list[structlog.types.Processor]:
    # Plain tracebacks: the richer ones show local variables, which hold tokens and texts that name people.
    renderer = structlog.dev.ConsoleRenderer(
        colors=colors,
        pad_event_to=28,
        sort_keys=False,  # which source comes before what happened to it
        exception_formatter=structlog.dev.plain_traceback,
    )
    return [_sentence_only, renderer]
