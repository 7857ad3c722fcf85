from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from bot.app.logs import set_up_logging

SECRET = "123456:AAsecret-of-the-bot"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def _fail(token: str) -> None:
    text = f"à la demande de M. Jean DUPONT, avec {token}"
    raise RuntimeError("it broke" if text else "")


@pytest.mark.parametrize("style", ["console", "json", "auto"])
def test_a_fault_is_logged_with_its_traceback_and_without_its_variables(style: Literal["console", "json", "auto"]) -> None:
    stream = io.StringIO()
    set_up_logging("info", style, stream)
    try:
        _fail(SECRET)
    except RuntimeError:
        structlog.get_logger().exception("poll failed")
        logging.getLogger("library").exception("library failed")
    said = stream.getvalue()
    assert said.count("it broke") >= 2
    assert "_fail" in said
    assert SECRET not in said
    assert "DUPONT" not in said


@pytest.mark.parametrize("plain", [False, True])
def test_colours_are_for_terminals_that_want_them(plain: bool) -> None:
    stream = io.StringIO()
    stream.isatty = lambda: True  # type: ignore[method-assign]
    set_up_logging("info", "auto", stream, plain=plain)
    structlog.get_logger().info("starting")
    assert ("\x1b[" in stream.getvalue()) is not plain


def test_json_is_one_object_a_line() -> None:
    stream = io.StringIO()
    set_up_logging("info", "json", stream)
    structlog.get_logger().info("source polled", source="26:site", listed=3)
    structlog.get_logger().debug("too much")
    logging.getLogger("library").warning("from %s", "elsewhere")
    first, second = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (first["event"], first["source"], first["level"]) == ("source polled", "26:site", "info")
    assert (second["event"], second["level"]) == ("from elsewhere", "warning")


def test_libraries_that_log_whole_addresses_may_only_warn() -> None:
    stream = io.StringIO()
    set_up_logging("debug", "console", stream)
    for name in ("httpx", "httpcore.connection", "apscheduler.scheduler"):
        logging.getLogger(name).info("GET https://api.telegram.org/bot%s/getMe", SECRET)
    assert stream.getvalue() == ""


def test_a_line_for_people_says_when_to_the_second_and_of_what_first() -> None:
    stream = io.StringIO()
    set_up_logging("info", "console", stream)
    structlog.get_logger().warning("source failed", source="26:site", error="a long story", failures=1)
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \[warning  ] source failed +source=26:site error='a long story' failures=1\n", stream.getvalue()
    )


def test_a_tick_that_is_left_out_is_no_news_and_a_fault_of_the_scheduler_is() -> None:
    stream = io.StringIO()
    set_up_logging("debug", "console", stream)
    scheduler = logging.getLogger("apscheduler.scheduler")
    scheduler.warning('Execution of job "%s" skipped: maximum number of running instances reached (%d)', "tick", 1)
    scheduler.error("Job %s raised an exception", "tick")
    assert stream.getvalue().count("\n") == 1
    assert "raised an exception" in stream.getvalue()
