"""Files made to harm, and a process that was taken over: a reason each time, and nothing left behind."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.delivery.picture import album as drawing
from bot.delivery.picture.album import draw
from bot.delivery.picture.wire import Draw, Drawing, NoPicture, NoPictureReason
from bot.reading.sandbox.process import StartOrder, landlock_version
from bot.reading.sandbox.worker import child_environment
from tests.bot.delivery.picture.papers import DECREE
from tests.bot.reading import papers
from tests.standalone import build_standalone

Save = Callable[[bytes], Path]
real = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64") or landlock_version() == 0,
    reason="this kernel cannot confine a process whole",
)


@pytest.mark.parametrize(
    ("content", "whys"),
    [
        (b"", {NoPictureReason.NOT_READABLE}),
        (b"<html>introuvable</html>", {NoPictureReason.NOT_READABLE}),
        (papers.locked("secret"), {NoPictureReason.NOT_READABLE}),
        (papers.pages_of([papers.stream(b"q Q")]), {NoPictureReason.BLANK}),
        (papers.undrawable(), {NoPictureReason.UNREAD, NoPictureReason.BLANK, NoPictureReason.LOST}),
        (papers.endless_form(), {NoPictureReason.UNREAD, NoPictureReason.BLANK, NoPictureReason.LOST, NoPictureReason.TOO_SLOW}),
        (papers.endless_tree(), {NoPictureReason.NOT_READABLE, NoPictureReason.NO_SUCH_PAGE}),
    ],
)  # fmt: skip
async def test_files_that_have_no_picture(saved: Save, content: bytes, whys: set[NoPictureReason]) -> None:
    with pytest.raises(NoPicture) as none:
        await draw(saved(content), 1, ("vidéoprotection",), Drawing(seconds=20, memory_bytes=300 * 1024**2))
    assert none.value.why in whys


async def test_a_page_that_takes_too_long(saved: Save) -> None:
    with pytest.raises(NoPicture) as none:
        await draw(saved(papers.pages_of([papers.bomb()])), 1, (), Drawing(seconds=1, memory_bytes=512 * 1024**2))
    assert none.value.why in {NoPictureReason.TOO_SLOW, NoPictureReason.LOST}


@pytest.mark.parametrize("broken", [0.3, 0.6, 0.95])
async def test_files_cut_short_are_drawn_or_refused(saved: Save, broken: float) -> None:
    whole = build_standalone([DECREE])
    why, png = None, b""
    try:
        png = (await draw(saved(whole[: int(len(whole) * broken)]), 1, ("vidéoprotection",))).png
    except NoPicture as none:
        why = none.why
    assert (
        png.startswith(b"\x89PNG")
        if png
        else why in {NoPictureReason.NOT_READABLE, NoPictureReason.NO_SUCH_PAGE, NoPictureReason.BLANK, NoPictureReason.UNREAD}
    )


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("garbage", NoPictureReason.MISBEHAVED),
        ("list", NoPictureReason.MISBEHAVED),
        ("wide", NoPictureReason.MISBEHAVED),
        ("flat", NoPictureReason.MISBEHAVED),
        ("unasked", NoPictureReason.MISBEHAVED),
        ("negative", NoPictureReason.MISBEHAVED),
        ("unknown", NoPictureReason.MISBEHAVED),
        ("endless", NoPictureReason.MISBEHAVED),
        ("short", NoPictureReason.LOST),
        ("mute", NoPictureReason.LOST),
        ("killed", NoPictureReason.LOST),
        ("hangs", NoPictureReason.TOO_SLOW),
    ],
)
@pytest.mark.usefixtures("started_readers")
async def test_a_process_that_was_taken_over(saved: Save, monkeypatch: pytest.MonkeyPatch, what: str, why: NoPictureReason) -> None:
    monkeypatch.setattr(drawing, "_CHILD", "tests.bot.delivery.picture.liar")
    with pytest.raises(NoPicture) as none:
        await draw(saved(build_standalone([DECREE])), 1, (what,), Drawing(seconds=2 if what == "hangs" else 30))
    assert none.value.why is why
    assert str(none.value).startswith(why.value)
    assert not list(drawing_children())


def drawing_children() -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command, parent = (entry / "cmdline").read_bytes(), int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        # Not the process of other tests that forks theirs.
        if parent == os.getpid() and b"bot.delivery.picture" in command and b"tests.reading_zygote" not in command:
            found.append(entry.name)
    return found


ATTEMPTS = """
import os, socket, sys
import bot.delivery.picture.child as child
from bot.delivery.picture.wire import NoPicture, NoPictureReason

def attempt(path, order, engine):
    refused = []
    for name, act in {
        "settings": lambda: open("/etc/passwd").close(),
        "write": lambda: open(f"{path}.new", "w").close(),
        "network": lambda: socket.socket().close(),
        "fork": lambda: os._exit(0) if os.fork() == 0 else None,
        "own file": lambda: open(path, "rb").close(),
    }.items():
        try:
            act()
        except OSError:
            refused.append(name)
    raise NoPicture(NoPictureReason.BLANK, ", ".join(refused))

child.draw_page = attempt
child.main(sys.argv[1])
"""


@real
def test_the_process_gives_up_everything_before_it_opens_the_file(saved: Save) -> None:
    start = StartOrder(str(saved(build_standalone([DECREE]))), 1024**3, 30)
    order = Draw(1, (), 1280, 1810).line()
    # Its input stays open: at its end it would leave at once.
    with subprocess.Popen(
        [sys.executable, "-P", "-c", ATTEMPTS, start.argument()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=child_environment(os.environ),
        cwd="/",
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(order)
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        process.kill()
    assert answer == {"why": "BLANK", "more": "settings, write, network, fork"}
