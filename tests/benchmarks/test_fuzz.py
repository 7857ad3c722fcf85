"""The targets of fuzzing hold for what they begin with and for known nasty bytes, and notice a broken promise."""

from __future__ import annotations

import pytest

from benchmarks.fuzz import targets
from benchmarks.fuzz.__main__ import seeds
from bot.messages.announcement import TelegramText
from bot.web.documents import Document

NASTY = (
    b"",
    b"\x00",
    b"\xff\xfe\xfd",
    b"\x0c" * 60,
    b"<" * 3000,
    "é\u202e\ud7ff😀".encode(),
    b"article 1er " * 400,
    b"%3Cscript%3E?q=<script>",
)


@pytest.mark.parametrize("target", targets.TARGETS)
def test_a_target_holds_for_its_seeds_and_for_nasty_bytes(target: str) -> None:
    begins = seeds(target)
    assert begins
    for data in (*begins[:12], *NASTY):
        targets.TARGETS[target](data)


def test_a_post_with_foreign_markup_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "telegram_text", lambda said: TelegramText(said.decree.title, said.decree.title, None))
    with pytest.raises(ValueError, match="Unsupported start tag"):
        targets.messages(b"<script>")


def test_an_answer_of_an_unknown_status_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "respond", lambda *_: Document(b"", status=500))
    with pytest.raises(AssertionError):
        targets.web(b"arretes/12")
