from __future__ import annotations

import structlog
from structlog.testing import capture_logs

from bot.domain.crowd import EACH, GroupedLog


def test_a_few_are_told_each_by_itself_at_once() -> None:
    with capture_logs() as logs:
        crowds = GroupedLog(structlog.get_logger())
        for code in ("01", "02", "03"):
            crowds.warning("source failed", source=f"{code}:site", cause="moved", error=f"404 of {code}")
        crowds.info("source works again", source="04:site", after_failures=2)
        crowds.flush()
    assert EACH == 3
    assert logs == [
        *(
            {"event": "source failed", "log_level": "warning", "source": f"{code}:site", "cause": "moved", "error": f"404 of {code}"}
            for code in ("01", "02", "03")
        ),
        {"event": "source works again", "log_level": "info", "source": "04:site", "after_failures": 2},
    ]


def test_the_others_of_a_crowd_are_one_line_with_their_cause() -> None:
    with capture_logs() as logs:
        crowds = GroupedLog(structlog.get_logger())
        for number in range(1, 31):
            crowds.warning("source failed", source=f"{number:02}:site", cause="unreachable", error="no answer")
        crowds.warning("source failed", source="99:site", cause="moved", error="404")
        before = len(logs)
        crowds.flush()
    assert before == EACH + 1, "another cause is another crowd"
    assert [line["source"] for line in logs[:before]] == ["01:site", "02:site", "03:site", "99:site"]
    named = ", ".join(f"{number:02}:site" for number in range(4, 16))
    assert logs[before:] == [
        {"event": "source failed", "log_level": "warning", "others": 27, "cause": "unreachable", "sources": f"{named} and 15 more"}
    ]


def test_after_a_flush_the_next_is_told_by_itself_and_nothing_twice() -> None:
    with capture_logs() as logs:
        crowds = GroupedLog(structlog.get_logger())
        for number in range(EACH + 1):
            crowds.info("source works again", source=f"{number}:site")
        crowds.flush()
        crowds.flush()
        crowds.info("source works again", source="9:site")
    assert [line.get("source") or line["sources"] for line in logs] == ["0:site", "1:site", "2:site", "3:site", "9:site"]
