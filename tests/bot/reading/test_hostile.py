"""Files made to harm whoever reads them, each through the real reading process: what is read, what is told, and that it ends.

A page that cannot be reached is told as unreadable: never does one vanish.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.reading.model import Unreadable
from tests.bot.reading import hostile, papers
from tests.bot.reading import hostile_pages as pages
from tests.bot.reading.attempts import kinds, read
from tests.bot.reading.hostile import GOOD, tree
from tests.bot.reading.papers import BODY, stream
from tests.standalone import build_standalone

Save = Callable[[bytes], Path]
Build = Callable[[], bytes]
TEN = papers.pages_of([GOOD] * 10)
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents 7 0 R >>"


def in_object_stream(first: bytes, entries: bytes = b"") -> bytes:
    return hostile.object_stream(stream(first + PAGE, b"/Type /ObjStm /N 1 /First %d " % len(first) + entries))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "the file is empty", id="nothing"),
        pytest.param(bytes(5000), "does not start like one", id="zeros"),
        pytest.param(b"<!DOCTYPE html><title>Accueil</title>", "does not start like one", id="a web page"),
        pytest.param(b"<" * 2000 + TEN, "does not start like one", id="a long web page before it"),
        pytest.param(b"%PDF-1.7\n", "damaged beyond reading", id="a header only"),
        pytest.param(build_standalone([BODY])[:400], "damaged beyond reading", id="its beginning"),
        pytest.param(tree(b"", b"/Count 2000000000"), "damaged beyond reading", id="two thousand million pages"),
        pytest.param(papers.locked("secret"), "locked with a password", id="a password"),
        pytest.param(tree(b"", b"/Count 0"), "damaged beyond reading", id="no page"),
    ],
)
async def test_a_file_of_which_nothing_is_read_says_why(saved: Save, content: bytes, message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        await read(saved(content))


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        # Tables that lie.
        pytest.param(lambda: TEN.replace(b"startxref\n", b"startxref\n9"), "read " * 10, id="its table is not where it says"),
        pytest.param(lambda: b"<html>Erreur</html>\n" * 9 + TEN, "read " * 10, id="a web page before it"),
        pytest.param(lambda: papers.pages_of([GOOD] * 2, catalogue=b"/Version /9.9"), "read read", id="a version to come"),
        pytest.param(hostile.previous_cycle, "read read", id="a table before itself"),
        pytest.param(lambda: hostile.xref_stream(b"/Prev SELF"), "read read", id="a table stream before itself"),
        pytest.param(lambda: hostile.xref_stream(in_itself=True), "read unreadable", id="a page in the table stream"),
        pytest.param(lambda: in_object_stream(b"6 0 "), "read read", id="a page in an object stream"),
        pytest.param(lambda: in_object_stream(b"6 0 ", b"/Extends 8 0 R"), "read read", id="an object stream that extends itself"),
        pytest.param(lambda: in_object_stream(b"8 0 "), "read unreadable", id="an object stream in itself"),
        pytest.param(lambda: hostile.object_stream(hostile.bomb_in_object_stream(PAGE)), "read unreadable", id="a bomb of objects"),
        pytest.param(lambda: hostile.trailer_first(cut=True), "read unreadable unreadable", id="cut, its table is at its start"),
        pytest.param(lambda: TEN[: len(TEN) // 10], "damaged " + "unreadable " * 9, id="a tenth"),
        pytest.param(lambda: TEN[: len(TEN) // 2], "read " * 5 + "unreadable " * 5, id="half"),
        pytest.param(lambda: TEN[: TEN.rindex(b"xref\n0")], "read " * 10, id="no table"),
        pytest.param(lambda: build_standalone([BODY] * 3)[:-300], "read " * 3, id="its end"),
        # Page trees that lie.
        pytest.param(lambda: tree(b"4 0 R 6 0 R", b"/Count 1"), "read unreadable", id="one too few"),
        pytest.param(lambda: b"\xef\xbb\xbf\n" + tree(b"4 0 R 6 0 R", b"/Count 1"), "read unreadable", id="one too few, after a mark"),
        pytest.param(lambda: hostile.nested_tree(b"/Count 3"), "read read read unreadable", id="one too few, in branches"),
        pytest.param(lambda: hostile.xref_stream().replace(b"/Count 2", b"/Count 1"), "read unreadable", id="one too few, a table stream"),
        pytest.param(lambda: hostile.nested_tree(b"/Count 4"), "read read read read", id="branches"),
        pytest.param(lambda: hostile.locked_tree(says=1), "read unreadable unreadable", id="two too few, encrypted"),
        pytest.param(lambda: hostile.locked_tree(says=3), "read read read", id="encrypted without a password"),
        pytest.param(lambda: tree(b"4 0 R 6 0 R", b"/Count 4"), "read read unreadable unreadable", id="two too many"),
        *(
            pytest.param(lambda count=count: tree(b"4 0 R 6 0 R", count), "read read", id=f"says {count.decode()}")
            for count in (b"", b"/Count 0", b"/Count -3", b"/Count 1000000000", b"/Count (x)", b"/Count 2 0 R")
        ),
        pytest.param(lambda: tree(b"4 0 R 4 0 R 6 0 R", b"/Count 3"), "read damaged read", id="a page twice"),
        pytest.param(lambda: tree(b"null 4 0 R 6 0 R", b"/Count 3"), "unreadable read read", id="null"),
        pytest.param(lambda: tree(b"null 4 0 R 6 0 R", b"/Count 2"), "unreadable read", id="null, not counted"),
        pytest.param(lambda: tree(b"99 0 R 4 0 R", b"/Count 2"), "unreadable read", id="a page that is not there"),
        pytest.param(lambda: tree(b"4 0 R 12 (x) 6 0 R", b"/Count 4"), "read unreadable unreadable read", id="what is no page"),
        pytest.param(lambda: tree(b"4 0 R 2 0 R 6 0 R", b"/Count 3"), "read read unreadable", id="a loop"),
        pytest.param(lambda: hostile.deep_tree(500), "read read", id="500 deep"),
        pytest.param(lambda: hostile.deep_tree(10_000), "read unreadable", id="10,000 deep"),
        pytest.param(lambda: hostile.linearized(1), "read read", id="made for the web, says 1"),
        pytest.param(lambda: hostile.linearized(5), "read read", id="made for the web, says 5"),
        # Beside the contents of pages.
        # The value that the file gives to its field is drawn, as any reader does.
        pytest.param(pages.scripted, "text read", id="scripts everywhere"),
        pytest.param(lambda: pages.attachments(bytes(50 * 1024**2)), "partly read unreadable", id="attached zeros"),
        pytest.param(
            lambda: pages.attachments(hostile.tree(b"4 0 R 6 0 R", b"/Count 1")), "partly read read unreadable", id="attached lies"
        ),
        pytest.param(lambda: pages.attachments(pages.attachments(TEN)), "partly read partly read unreadable", id="attached to attached"),
        pytest.param(lambda: pages.notes(5000), "read read", id="5,000 notes"),
        pytest.param(pages.xfa, "partly partly", id="a form that is a program"),
    ],
)
async def test_what_lies_costs_its_own_pages_only(saved: Save, build: Build, expected: str) -> None:
    assert kinds(await read(saved(build()))) == expected.strip()


async def test_no_program_is_started_and_no_address_opened(saved: Save, tmp_path: Path) -> None:
    # `read` sees that no file appears and no process stays.
    assert kinds(await read(saved(pages.actions(str(tmp_path / "started"))))) == "read read"
