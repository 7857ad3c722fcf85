"""A reading process starts for each file: it must not wait for what only its parent needs."""

from __future__ import annotations

import subprocess
import sys


def test_a_reading_process_imports_nothing_that_only_its_parent_needs() -> None:
    script = "import bot.reading.sandbox.child, sys; sys.stdout.write(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout.split()
    parents = {"asyncio", "structlog", "bot.domain.acts", "bot.reading.acts.cutting", "bot.reading.reader", "tesserocr", "PIL"}
    assert not parents & set(loaded)
