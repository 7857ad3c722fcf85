"""Which faults the tests catch: `python -m benchmarks.mutants [--only WORDS]`.

Each mutant of `mutants.toml` is a fault that somebody might make in the core of the program: dates, windows of the law, identity, steps of
the outbox, what is new, redaction, robots, limits. It is put into a copy of the checkout, the tests named with it run there, and they must
fail. Before, the same tests must pass without it. Exit code 1 when a mutant survives, 2 when one is not found: the code that it changes
was written anew, and it must be too.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
TABLE = Path(__file__).with_name("mutants.toml")
COPIED = ("bot", "sources", "tests", "benchmarks", "pyproject.toml")
LONGEST = 600.0
"""Seconds that the tests of one mutant may take: one that hangs is caught too."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault: `old` becomes `new` in the one of these `files` that holds it. `breaks` says which promise is broken."""

    breaks: str
    files: str
    old: str
    new: str
    tests: tuple[str, ...]


class NotFound(Exception):
    """The text of a mutant is not there exactly once."""


def load(path: Path = TABLE) -> tuple[Mutant, ...]:
    """Return the mutants of the table."""
    entries = tomllib.loads(path.read_text("utf-8"))["mutant"]
    return tuple(Mutant(**{**entry, "tests": tuple(entry["tests"])}) for entry in entries)


def locate(mutant: Mutant, root: Path) -> Path:
    """Return the file that the mutant changes. Raises NotFound."""
    counts = {path: path.read_text("utf-8").count(mutant.old) for path in sorted(root.glob(mutant.files))}
    if sum(counts.values()) != 1:
        raise NotFound(f"{mutant.breaks}: the text to change is {sum(counts.values())} times in {mutant.files}, not once: {mutant.old!r}")
    return next(path for path, count in counts.items() if count)


@contextmanager
def mutated(mutant: Mutant, root: Path) -> Iterator[Path]:
    """Change the file below this folder meanwhile. Raises NotFound."""
    path = locate(mutant, root)
    text = path.read_text("utf-8")
    path.write_text(text.replace(mutant.old, mutant.new), "utf-8")
    try:
        yield path
    finally:
        path.write_text(text, "utf-8")


def failing(tests: Iterable[str], root: Path, *, first: bool) -> list[str] | None:
    """Run these tests below the folder and return those that fail (`first`: only the first), None where they cannot even begin."""
    # No compiled files: one of the same size and second as the text before would be taken for it.
    environ = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    stop = ["-x"] if first else []
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", *stop, *tests]
    try:
        done = subprocess.run(  # noqa: S603 - pytest, on tests of the table
            command, cwd=root, env=environ, capture_output=True, text=True, timeout=LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        return ["(it hangs)"]
    failed = re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", done.stdout, re.MULTILINE)
    return failed if failed or done.returncode == 0 else None


def main(arguments: Sequence[str] | None = None) -> None:
    """Try each mutant and print what catches it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--only", default="", metavar="WORDS", help="those whose promise holds these words")
    options = parser.parse_args(arguments)
    mutants = [mutant for mutant in load() if options.only.lower() in mutant.breaks.lower()]
    try:
        for mutant in mutants:
            locate(mutant, CHECKOUT)
    except NotFound as lost:
        parser.error(str(lost))
    sys.exit(0 if _try_all(mutants) else 1)


def _try_all(mutants: Sequence[Mutant]) -> bool:
    with tempfile.TemporaryDirectory(prefix="vigie-mutants-") as name:
        root = Path(name)
        for copied in COPIED:
            source = CHECKOUT / copied
            if source.is_dir():
                shutil.copytree(source, root / copied, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, root / copied)
        for tests in dict.fromkeys(mutant.tests for mutant in mutants):
            if (failed := failing(tests, root, first=False)) != []:
                print(f"without a mutant {' '.join(tests)} does not pass: {failed}")
                return False
        survivors = [mutant for mutant in mutants if not _is_caught(mutant, root)]
    print(f"{len(mutants) - len(survivors)} of {len(mutants)} are caught")
    return not survivors


def _is_caught(mutant: Mutant, root: Path) -> bool:
    with mutated(mutant, root) as path:
        failed = failing(mutant.tests, root, first=True)
    by = "SURVIVES" if failed == [] else f"caught by {failed[0]}" if failed else "caught: it cannot even be imported"
    print(f"{mutant.breaks} ({path.relative_to(root)}): {by}", flush=True)
    return failed != []


if __name__ == "__main__":
    main()
