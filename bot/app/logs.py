"""Logging: one line per event, for people on a terminal, as JSON elsewhere if asked. Nothing secret, no private names."""

from __future__ import annotations

import logging
from typing import Literal, TextIO

import structlog


def set_up_logging(level: str, style: Literal["auto", "console", "json"], stream: TextIO, *, plain: bool = False) -> None:
    """Send the logs of Vigie and of its libraries to `stream`, from `level` up.

    `auto` colours on a terminal only, and not where `plain` is wanted. `stream` removes the secrets (`RedactedStream`): all logging
    ends there, that of libraries and tracebacks too.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    last: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if style == "json"
        # Plain tracebacks: the richer ones show local variables, which hold tokens and texts that name people.
        else structlog.dev.ConsoleRenderer(
            colors=style == "auto" and stream.isatty() and not plain,
            pad_event_to=28,
            sort_keys=False,  # which source comes before what happened to it
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%SZ", utc=True),
    ]
    structlog.configure(
        processors=[*shared, *_exceptions(style), last],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_exceptions(style), last], foreign_pre_chain=shared
        )
    )
    logging.basicConfig(level=max(threshold, logging.WARNING), handlers=[handler], force=True)
    # It warns of every tick that finds the one before at work: what is due is in the database, and waits for the next.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def _exceptions(style: str) -> list[structlog.types.Processor]:
    # The console renderer formats exceptions itself.
    return [structlog.processors.format_exc_info] if style == "json" else []
