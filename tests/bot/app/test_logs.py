from __future__ import annotations

import ast
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
import structlog

from bot.app.logs import EACH, flush_groups, sentences, set_up_logging, without_chats

LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}

SECRET = "123456:AAsecret-of-the-bot"


pytestmark = pytest.mark.usefixtures("restored_logging")


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
        structlog.get_logger().exception("poll.crashed")
        logging.getLogger("library").exception("library failed")
    said = stream.getvalue()
    assert said.count("it broke") >= 2
    assert "_fail" in said
    assert SECRET not in said
    assert "DUPONT" not in said


def test_json_is_one_object_a_line() -> None:
    stream = io.StringIO()
    set_up_logging("info", "json", stream)
    structlog.get_logger().info("source.polled", source="26:site", listed=3)
    structlog.get_logger().debug("too much")
    logging.getLogger("library").warning("from %s", "elsewhere")
    first, second = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (first["event"], first["message"], first["source"], first["level"]) == ("source.polled", "Source polled", "26:site", "info")
    assert (second["event"], second["message"], second["level"]) == ("library.logged", "from elsewhere", "warning")
    assert second["logger"] == "library"


def _events(tree: ast.AST) -> Iterator[str]:
    """Yield the ids that a module logs: literals, the first argument of a method of the logger (the second of `log.log`)."""
    nodes = list(ast.walk(tree))
    direct = {call.func: call.args for call in nodes if isinstance(call, ast.Call)}
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr in LEVELS and ast.unparse(node.value) in {"log", "self._log"}:
            place = f"line {node.lineno}"
            assert node in direct, f"{place}: the methods of a logger are only called, so that its events can be listed"
            event = direct[node][1 if node.attr == "log" else 0]
            assert isinstance(event, ast.Constant), f"{place}: an event is a literal"
            yield str(event.value)


def test_the_events_in_the_code_are_those_of_the_table() -> None:
    modules = [path for package in ("bot", "sources") for path in Path(package).rglob("*.py")]
    texts = [text for path in modules if re.search(r"\b_?log\b", text := path.read_text(encoding="utf-8"))]
    logged = {event for text in texts for event in _events(ast.parse(text))}
    assert logged == sentences().keys() - {"library.logged"}


def test_an_event_has_a_plain_id_and_a_sentence_that_begins_with_a_capital() -> None:
    assert [event for event in sentences() if not re.fullmatch(r"[a-z_]+\.[a-z_]+", event)] == []
    assert [sentence for sentence in sentences().values() if not re.fullmatch(r"[A-Z][^.!\n]+[^.!\s]", sentence)] == []


def test_libraries_that_log_whole_addresses_may_only_warn() -> None:
    stream = io.StringIO()
    set_up_logging("debug", "console", stream)
    for name in ("httpx", "httpcore.connection", "apscheduler.scheduler"):
        logging.getLogger(name).info("GET https://api.telegram.org/bot%s/getMe", SECRET)
    assert stream.getvalue() == ""


def test_a_line_for_people_says_when_to_the_second_and_of_what_first() -> None:
    stream = io.StringIO()
    set_up_logging("info", "console", stream)
    structlog.get_logger().warning("source.failed", source="26:site", error="a long story", failures=1)
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \[warning  ] Source failed +source=26:site error='a long story' failures=1\n", stream.getvalue()
    )


def _lines(stream: io.StringIO) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [{key: value for key, value in line.items() if key not in {"timestamp", "message"}} for line in lines]


def test_a_few_of_a_group_are_written_each_by_itself_at_once() -> None:
    stream = io.StringIO()
    set_up_logging("info", "json", stream)
    log = structlog.get_logger()
    for code in ("01", "02", "03"):
        log.warning("source.failed", source=f"{code}:site", cause="moved", error=f"404 of {code}", group="source")
    log.info("source.recovered", source="04:site", after_failures=2, group="source")
    flush_groups()
    assert EACH == 3
    assert _lines(stream) == [
        *(
            {"event": "source.failed", "level": "warning", "source": f"{code}:site", "cause": "moved", "error": f"404 of {code}"}
            for code in ("01", "02", "03")
        ),
        {"event": "source.recovered", "level": "info", "source": "04:site", "after_failures": 2},
    ]


def test_the_others_of_a_group_are_one_line_with_their_cause() -> None:
    stream = io.StringIO()
    set_up_logging("info", "json", stream)
    log = structlog.get_logger()
    for number in range(1, 31):
        log.warning("source.failed", source=f"{number:02}:site", cause="unreachable", error="no answer", group="source")
    log.warning("source.failed", source="99:site", cause="moved", error="404", group="source")
    before = _lines(stream)
    flush_groups()
    assert len(before) == EACH + 1, "another cause is another group"
    assert [line["source"] for line in before] == ["01:site", "02:site", "03:site", "99:site"]
    named = ", ".join(f"{number:02}:site" for number in range(4, 16))
    assert _lines(stream)[len(before) :] == [
        {"event": "source.failed", "level": "warning", "others": 27, "cause": "unreachable", "sources": f"{named} and 15 more"}
    ]


def test_after_a_flush_the_next_is_written_by_itself_and_nothing_twice() -> None:
    stream = io.StringIO()
    set_up_logging("info", "json", stream)
    log = structlog.get_logger()
    for number in range(EACH + 1):
        log.info("source.recovered", source=f"{number}:site", group="source")
    flush_groups()
    flush_groups()
    log.info("source.recovered", source="9:site", group="source")
    assert [line.get("source") or line["sources"] for line in _lines(stream)] == ["0:site", "1:site", "2:site", "3:site", "9:site"]


@pytest.mark.parametrize(
    ("destination", "logged"),
    [("chat:4711", "a chat that follows something"), ("chat:-1004711", "a chat that follows something"), ("telegram", "telegram")],
)
def test_no_line_says_which_chat_follows_something(destination: str, logged: str) -> None:
    line = without_chats(None, "info", {"event": "post.sent", "destination": destination, "chat": 4711})
    assert line["destination"] == logged
    assert ("chat" in line) is (destination == "telegram")
