"""Checks the folders of topics, every key, pattern and word: `python -m tools.topics [FOLDER]`, those of Vigie without a folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from bot.app.config.topics import check_topics


def main(arguments: Sequence[str]) -> int:
    """Prints what is wrong, with file and line, and returns the exit code: 2 where something is."""
    wrong = [problem for folder in arguments for problem in check_topics(Path(folder))] if arguments else check_topics()
    print(*wrong, sep="\n", end="\n" if wrong else "", file=sys.stderr)
    return 2 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
