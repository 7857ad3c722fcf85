"""Files much larger than the memory they may take, and a program killed in the middle of one: a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

from tests.sources.http.conftest import SITE, names_in
from tests.sources.http.server import Answer, Asked, Server

_MIB = 1024 * 1024
LARGE = int(os.environ.get("VIGIE_LARGE_MIB", "60")) * _MIB
"""`VIGIE_LARGE_MIB=400` for the long form."""

BLOCK = hashlib.sha256(b"block").digest() * (_MIB // 32)
HEAD = b"%PDF-1.7\n"
URL = f"{SITE}/a.pdf"
PATH = "/var/a.pdf"

PROGRAM = """
import asyncio, json, pathlib, re, sys
from sources.http.client import Client
from sources.http.connection import ClientOptions

def peak():  # of this program only: ru_maxrss remembers what was there before exec
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1])

async def main(base, target):
    options = ClientOptions(frozenset({"www.var.gouv.fr"}), "Vigie/1", origins={"https://www.var.gouv.fr": base}, respect_robots=False,
                            max_file_bytes=1 << 30, interval_seconds=0)
    async with Client(options) as client:
        await client.download("https://www.var.gouv.fr/small.pdf", target)
        before = peak()
        saved = await client.download("https://www.var.gouv.fr/a.pdf", target)
        after = peak()
    sys.stderr.write(json.dumps({"size": saved.size, "sha256": saved.sha256, "kib": after - before, "peak_kib": after}))

asyncio.run(main(sys.argv[1], pathlib.Path(sys.argv[2])))
"""


def generated(size: int, *, then_wait: bool = False) -> Answer:
    """`size` bytes made as they are sent; `then_wait`: more are announced, and never come."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        announced = size + (_MIB if then_wait else 0)
        writer.write(f'HTTP/1.1 200 OK\r\nContent-Length: {announced}\r\nETag: "1"\r\n\r\n'.encode() + HEAD)
        for start in range(len(HEAD), size, _MIB):
            writer.write(BLOCK[: size - start])
            await writer.drain()
        if then_wait:
            await asyncio.Event().wait()

    return answer


def sha256_of(size: int) -> str:
    expected = hashlib.sha256(HEAD)
    for start in range(len(HEAD), size, _MIB):
        expected.update(BLOCK[: size - start])
    return expected.hexdigest()


async def program(server: Server, target: Path) -> asyncio.subprocess.Process:
    server.routes["/var/small.pdf"] = generated(_MIB)
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, f"{server.base}/var", str(target), stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )


async def test_a_large_file_takes_no_memory_to_speak_of(server: Server, tmp_path: Path) -> None:
    server.routes[PATH] = generated(LARGE)
    child = await program(server, tmp_path / "a.pdf")
    _, told = await child.communicate()
    assert child.returncode == 0, told.decode()
    result: dict[str, Any] = json.loads(told)
    print(result)
    assert (result["size"], result["sha256"]) == (LARGE, sha256_of(LARGE))
    assert result["kib"] < 8 * 1024


async def test_a_killed_program_leaves_a_part_and_no_file(server: Server, tmp_path: Path) -> None:
    server.routes[PATH] = generated(9 * _MIB, then_wait=True)
    child = await program(server, tmp_path / "a.pdf")
    async with asyncio.timeout(60):
        while not any(size > 8 * _MIB for size in sizes_in(tmp_path)):
            assert child.returncode is None
            await asyncio.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    await child.communicate()
    assert [re.sub(r"\.[a-z0-9_]{8}\.", ".*.", name) for name in names_in(tmp_path)] == [".a.pdf.*.part", "a.pdf"]
    assert size_of(tmp_path / "a.pdf") == _MIB, "the file of before"


def sizes_in(folder: Path) -> list[int]:
    with contextlib.suppress(FileNotFoundError):
        return [size_of(path) for path in folder.iterdir() if path.name.startswith(".")]
    return []


def size_of(path: Path) -> int:
    return path.stat().st_size
