"""Run the targets for a while each, every one in a process of its own, and print what was reached and found.

`python -m benchmarks.fuzz [TARGET ...] [--seconds 60] [--keep build/fuzz]`. Exit code 1 when an input broke a promise: it is kept as a
file below `--keep`, and `python -m benchmarks.fuzz TARGET --again FILE` shows its traceback. What it showed belongs into a test.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fuzz.targets import TARGETS

SEEDS = Path(__file__).parents[2] / "tests"
_WRITTEN = Path(__file__).with_name("seeds.toml")
_LONGEST = 20_000
"""Bytes of one input: a page of a decree has 3,000."""
_SLOW = 20
"""Seconds after which one input is a finding."""
_DONE = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_REACHED = re.compile(r"cov: (\d+)")
_BESIDE = 2
"""Targets that run at once."""


@dataclass(frozen=True, slots=True)
class Round:
    """Holds what one target's process said: inputs tried, branches reached, files of what was found."""

    target: str
    inputs: int
    reached: int
    found: tuple[Path, ...]


def seeds(target: str) -> list[bytes]:
    """Return what a target begins with: texts of the labelled corpus, and what tests ask."""
    if target in {"acts", "detection"}:
        return [file.read_bytes() for file in sorted((SEEDS / "corpus" / "acts").iterdir())[::12]]
    if target == "questions":
        lines = [line for file in sorted((SEEDS / "e2e" / "conversations").glob("*.txt")) for line in file.read_text("utf-8").splitlines()]
        return [line.partition(":")[2].strip().encode() for line in lines if line.startswith("person:")]
    return [seed.encode() for seed in tomllib.loads(_WRITTEN.read_text("utf-8"))[target]]


def run_target(target: str, seconds: int, keep: Path) -> Round:
    """Run one target in a process of its own for so many seconds."""
    inputs, found = keep / target / "inputs", keep / target / "found"
    inputs.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(target)):
        (inputs / f"seed-{number}").write_bytes(seed)
    before = set(found.iterdir())
    options = [f"-max_total_time={seconds}", f"-timeout={_SLOW}", f"-max_len={_LONGEST}", "-print_final_stats=1", "-rss_limit_mb=2048"]
    command = [sys.executable, "-m", "benchmarks.fuzz.fuzzer", target, f"-artifact_prefix={found}/", *options, str(inputs)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603 - our own module
    tried, reached = _DONE.findall(done.stderr), _REACHED.findall(done.stderr)
    new = tuple(sorted(set(found.iterdir()) - before))
    if done.returncode and not new:
        raise SystemExit(f"{target}: the fuzzer itself ended with {done.returncode}\n{done.stderr[-2000:]}")
    return Round(target, int(tried[-1]) if tried else 0, int(reached[-1]) if reached else 0, new)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the targets that the arguments name, all without."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], help="default: all")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: 60)")
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="folder of inputs and findings")
    parser.add_argument("--again", type=Path, help="give this file to the one target that is named, and end")
    asked = parser.parse_args(arguments)
    if asked.again is not None:
        for target in asked.targets:
            TARGETS[target](asked.again.read_bytes())
        return 0
    with ThreadPoolExecutor(_BESIDE) as pool:
        rounds = list(pool.map(lambda target: run_target(target, asked.seconds, asked.keep), asked.targets or list(TARGETS)))
    print(f"{'target':<10} {'inputs':>9} {'branches':>9}  found")
    for one in rounds:
        print(f"{one.target:<10} {one.inputs:>9,} {one.reached:>9,}  {', '.join(map(str, one.found)) or '-'}")
    return 1 if any(one.found for one in rounds) else 0


if __name__ == "__main__":
    sys.exit(main())
