"""A process that stands in for the reading process: it says and does, page by page, what a script in place of the PDF tells it.

It imports nothing but the standard library, so that it starts at once. `write` makes the script; `run` is the process.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HANG = "hang"
DIE = "die"
LIE = "lie"
"""In place of a recognised text: what the process does instead."""


def write(path: Path, survey: Mapping[int, tuple[str, str]], recognised: Mapping[int, str], together: int = 1) -> Path:
    """A file that looks like a PDF. `survey` gives origin and text of every page, `recognised` what OCR finds on those that are pending.

    No page is recognised before so many as `together` are being recognised at the same time (in the first round only).
    """
    script = {"survey": survey, "recognised": recognised, "together": together, "log": str(path.with_suffix(".log"))}
    path.write_text("%PDF-\n" + json.dumps(script), "utf-8")
    path.with_suffix(".log").touch()
    return path


def log(path: Path) -> list[tuple[int, str]]:
    """What was asked: process and order, in order of time."""
    entries = [line.split(" ", 1) for line in path.with_suffix(".log").read_text("utf-8").splitlines()]
    return [(int(process), order) for process, order in entries]


def pages_asked(path: Path) -> list[int]:
    """The pages that were to be recognised, in that order."""
    return [int(order.split()[1]) for _, order in log(path) if order.startswith("recognise")]


def run(argument: str) -> None:
    """Be the reading process."""
    script = json.loads(Path(json.loads(argument)["path"]).read_text("utf-8").split("\n", 1)[1])
    survey: dict[str, list[str]] = script["survey"]
    _say({"pages": len(survey)})
    for line in sys.stdin:
        order = json.loads(line)
        with Path(script["log"]).open("a", encoding="utf-8") as asked:
            asked.write(f"{os.getpid()} {' '.join(f'{name} {value}' for name, value in order.items())}\n")
        if "survey" in order:
            for number in range(order["survey"], len(survey) + 1):
                if number not in order["known"]:
                    _page(number, *survey[str(number)])
        else:
            _wait_for_company(script)
            _recognise(order["recognise"], script["recognised"][str(order["recognise"])])


def _wait_for_company(script: Mapping[str, Any]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        asked = [line for line in Path(script["log"]).read_text("utf-8").splitlines() if " recognise " in line]
        if len(asked) >= script["together"]:
            return
        time.sleep(0.005)


def _recognise(number: int, text: str) -> None:
    if text == DIE:
        os._exit(9)
    if text == HANG:
        time.sleep(600)
    _page(number + 1 if text == LIE else number, "ocr", text)


def _page(number: int, origin: str, text: str) -> None:
    _say({"number": number, "origin": origin, "text": text, "other": "", "confidence": 90 if origin == "ocr" else None, "seconds": 0.1})


def _say(message: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    run(sys.argv[1])
