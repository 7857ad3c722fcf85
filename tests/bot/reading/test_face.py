"""What the package offers is the same whichever of its modules was imported first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import bot.reading

MODULES = sorted(path.stem for path in Path(bot.reading.__file__).parent.glob("*.py") if path.stem != "__init__")


def test_no_module_hides_what_the_package_offers() -> None:
    # Importing a module sets its name on the package.
    assert not set(MODULES) & set(bot.reading.__all__)


def test_everything_on_offer_is_there() -> None:
    assert all(callable(getattr(bot.reading, name)) for name in bot.reading.__all__)
    with pytest.raises(AttributeError, match="no attribute 'read_docx'"):
        bot.reading.read_docx  # type: ignore[attr-defined]  # noqa: B018 - asked for to be refused


def test_a_reading_process_imports_nothing_that_only_its_parent_needs() -> None:
    script = "import bot.reading.child, sys; sys.stdout.write(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout.split()
    assert not {"asyncio", "structlog", "bot.reading.acts", "bot.reading.reader", "tesserocr", "PIL"} & set(loaded)
