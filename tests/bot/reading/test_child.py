"""The limits a reading process sets on itself, seen from a process that really sets them; and what it imports."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

from bot.reading.sandbox.process import StartOrder

LIMITED = """
import json, resource, sys
from bot.reading.sandbox.process import StartOrder, limit
{before}
limit(StartOrder.parse(sys.argv[1]))
names = ("AS", "CPU", "FSIZE", "CORE", "NOFILE")
print(json.dumps({{name: resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in names}}))
"""
START = StartOrder("unused.pdf", memory_bytes=512 * 1024**2, cpu_seconds=30)


def limits_of_a_child(before: str = "") -> Mapping[str, list[int]]:
    command = [sys.executable, "-c", LIMITED.format(before=before), START.argument()]
    answer: dict[str, list[int]] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return answer


def test_the_child_limits_itself() -> None:
    assert limits_of_a_child() == {"AS": [512 * 1024**2] * 2, "CPU": [30, 31], "FSIZE": [0, 0], "CORE": [0, 0], "NOFILE": [64, 64]}


def test_a_limit_already_lower_stays() -> None:
    assert limits_of_a_child("resource.setrlimit(resource.RLIMIT_CPU, (10, 20))")["CPU"] == [20, 20]


def test_a_reading_process_imports_nothing_that_only_its_parent_needs() -> None:
    script = "import bot.reading.sandbox.child, sys; sys.stdout.write(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout.split()
    parents = {"asyncio", "structlog", "bot.domain.acts", "bot.reading.acts.cutting", "bot.reading.reader", "tesserocr", "PIL", "pydantic"}
    assert not parents & set(loaded)
