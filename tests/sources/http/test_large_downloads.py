"""Files much larger than the memory they may take, and a program killed in the middle of one: a process of its own."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from sources.http import Client
from sources.http.download.part_files import note_of, stable_path
from sources.http.download.resuming import OVERLAP, Note
from tests.sources.http.conftest import SITE
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
from sources.http import Client, ClientOptions

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


@pytest.fixture
def half() -> int:
    return 9 * _MIB + 12_345


def note_in(target: Path) -> Note | None:
    path = note_of(stable_path(target, URL))
    return Note.from_json(path.read_text()) if path.exists() else None


async def test_a_killed_program_leaves_what_another_goes_on_with(server: Server, client: Client, tmp_path: Path, half: int) -> None:
    target = tmp_path / "a.pdf"
    total = half + _MIB
    server.routes[PATH] = generated(half, then_wait=True)
    child = await program(server, target)
    async with asyncio.timeout(60):
        while (note := note_in(target)) is None or note.size < 2 * 4 * _MIB:
            assert child.returncode is None
            await asyncio.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    await child.communicate()

    content = HEAD + BLOCK * 11
    first = note.size - OVERLAP
    told: list[Asked] = []

    async def rest(asked: Asked, writer: asyncio.StreamWriter) -> None:
        told.append(asked)
        head = f'HTTP/1.1 206 Partial\r\nContent-Range: bytes {first}-{total - 1}/{total}\r\nETag: "1"\r\n'
        head += f"Content-Length: {total - first}\r\n\r\n"
        writer.write(head.encode() + content[first:total])
        await writer.drain()

    server.routes[PATH] = rest
    saved = await client.download(URL, target)
    assert told[0].headers["range"] == f"bytes={first}-"
    assert (saved.size, saved.sha256) == (total, hashlib.sha256(content[:total]).hexdigest())
    assert saved.sha256 == _sha256_on_disk(target)
    assert names_in(tmp_path) == ["a.pdf"]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _sha256_on_disk(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
