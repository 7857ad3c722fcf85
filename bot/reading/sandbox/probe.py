"""Tests by one process what readers on this machine really cannot do, and that they still recognise a scan."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.domain.text import PageText
from bot.reading.model import ReadingLimits
from bot.reading.pages.recognition import EngineKind, engine_kind, find_data
from bot.reading.sandbox.process import NotUnderstood, RecogniseOrder, StartOrder, confine, decode
from bot.reading.sandbox.worker import Worker, child_command, child_environment

SCAN = Path(__file__).with_name("scan.pdf")
"""One page, an image of the words below."""
_ITS_WORDS = "ARRÊTÉ PRÉFECTORAL"
_LONGEST = 60.0


@dataclass(frozen=True, slots=True)
class Confinement:
    """What is in force, True where the attempt was refused. `missing` says why something is not, in the words of the system."""

    no_network: bool
    no_programs: bool
    no_writing: bool
    no_other_files: bool
    no_other_processes: bool
    missing: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Nothing of it is missing."""
        return self.no_network and self.no_programs and self.no_writing and self.no_other_files and self.no_other_processes


def confinement_in_force() -> Confinement:
    """Start a process confined as a reader and report its attempts; blocks for 0.1 s. Raises OSError, ValueError or SubprocessError on
    failure."""
    start = StartOrder(os.devnull, 1024**3, 30)
    done = subprocess.run(  # noqa: S603 - our own command, without a shell
        child_command("bot.reading.sandbox.probe", start),
        capture_output=True,
        env=child_environment(os.environ),
        cwd="/",
        timeout=60,
        check=False,
    )
    try:
        fields = json.loads(done.stdout)
    except ValueError as error:
        raise ValueError(f"the attempt ended with status {done.returncode}") from error
    return Confinement(**{**fields, "missing": tuple(fields["missing"])})


@dataclass(frozen=True, slots=True)
class OcrLack:
    """Reports why scanned pages cannot be read on this machine, and the remedy."""

    says: str
    todo: str

    def __str__(self) -> str:
        return f"{self.says}: {self.todo}"


async def ocr_lacks() -> OcrLack | None:
    """Have a reading process recognise a scan, in its confinement. Return what keeps it from that, None where nothing does."""
    data, kind = find_data(), await asyncio.to_thread(engine_kind)
    if data is None:
        return OcrLack("Tesseract's French data is missing", "apt-get install tesseract-ocr-fra")
    if kind is None:
        return OcrLack("Tesseract is missing", "pip install 'vigie-vsa[ocr]'")
    most, commands = ReadingLimits().memory_bytes, kind is EngineKind.COMMAND
    try:
        text, ended = await _recognised(StartOrder(str(SCAN), most, round(_LONGEST), data=data, commands=commands))
    except (OSError, NotUnderstood) as error:
        text, ended = "", str(error)
    if text.strip() == _ITS_WORDS:
        return None
    why = f"it read {text!r} where {_ITS_WORDS!r} stands" if text else ended
    return OcrLack(f"a reading process could not recognise a scan ({why})", "that is no fault of a PDF: report it with these words")


async def _recognised(start: StartOrder) -> tuple[str, str]:
    """Return what the page holds for a process that is started so, and why it holds nothing. Raises OSError, NotUnderstood."""
    process = await Worker.start(start)
    line = b""
    try:
        async with asyncio.timeout(_LONGEST):
            process.send(RecogniseOrder(1).line())
            await process.stdout.readline()
            line = await process.stdout.readline()
    except TimeoutError:
        pass
    finally:
        ended = await process.end()
    page = decode(line) if line else None
    return (page.text, "its engine gave nothing") if isinstance(page, PageText) else ("", ended)


def main(argument: str) -> None:
    """Confine this process, try, and print what was found as JSON."""
    missing = confine(StartOrder.parse(argument))
    found = Confinement(
        no_network=_refused(_reach_out),
        no_programs=_refused(_fork),
        no_writing=_refused(_write_file),
        no_other_files=_refused(lambda: _open_for_reading("/etc/passwd"))
        and _refused(lambda: _open_for_reading(f"/proc/{os.getppid()}/environ")),
        no_other_processes=_refused(lambda: os.kill(os.getppid(), 0)),  # signal 0 only tests whether one could be sent
        missing=missing,
    )
    sys.stdout.write(json.dumps(asdict(found)))


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return True
    return False


def _reach_out() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        # Nothing is sent; an address for documentation, which only a way out of this machine leads to.
        found.connect(("192.0.2.1", 9))


def _fork() -> None:
    process = os.fork()
    if process == 0:
        os._exit(0)
    os.waitpid(process, 0)


def _write_file() -> None:
    path = Path("/tmp") / f"vigie-{os.getpid()}"  # noqa: S108 - made to be refused, removed otherwise
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    path.unlink()


def _open_for_reading(path: str) -> None:
    os.close(os.open(path, os.O_RDONLY))


if __name__ == "__main__":
    main(sys.argv[1])
