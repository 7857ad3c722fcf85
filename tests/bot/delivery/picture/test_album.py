from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.delivery.picture.album import Album, draw
from bot.delivery.picture.wire import Drawn, NoPicture, NoPictureReason
from bot.domain.acts import Decree, Evidence, Where
from tests.bot.delivery.memory import PLACES, post
from tests.bot.delivery.picture.papers import DECREE, PERIOD, TITLE
from tests.bot.messages.samples import decree
from tests.standalone import build_standalone


def _at(where: Path | None, _: Decree) -> Path | None:
    return where


FOUND = decree(
    page=1, evidence=(Evidence("verdict", 1, TITLE, Where.HEADING), Evidence("period", 1, PERIOD, Where.OPERATIVE))
)  # fmt: skip


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / "kept.pdf"
    path.write_bytes(build_standalone([DECREE]))
    return path


async def test_a_picture_comes_with_its_words(kept: Path) -> None:
    asked: list[Decree] = []

    def locate(one: Decree) -> Path:
        asked.append(one)
        return kept

    picture = await Album(locate=locate, places=PLACES).of(FOUND, "fr")
    assert asked == [FOUND]
    assert picture.data.startswith(b"\x89PNG")
    assert "Drôme (26)" in picture.alt
    assert f"« {PERIOD} »" in picture.alt
    assert "masqués" in picture.alt


async def test_a_picture_is_drawn_once_for_all_languages(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Path] = []

    async def counted(path: Path, *args: object) -> Drawn:
        drawn.append(path)
        return await draw(path, *args)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr("bot.delivery.picture.album.draw", counted)
    pictures = Album(locate=lambda _: kept, places=PLACES)
    french, english = await pictures.of(FOUND, "fr"), await pictures.of(FOUND, "en")
    assert french.data == english.data
    assert french.alt != english.alt
    assert drawn == [kept]


async def test_many_pictures_do_not_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Path] = []

    async def fake(path: Path, *_: object) -> Drawn:
        drawn.append(path)
        return Drawn(b"png", 1, 1, (), 0)

    monkeypatch.setattr("bot.delivery.picture.album.draw", fake)
    pictures = Album(locate=lambda one: Path(one.url), places=PLACES)
    for number in [*range(20), 19, 12, 0]:
        await pictures.of(replace(FOUND, url=f"/{number}.pdf"), "fr")
    assert [path.stem for path in drawn[20:]] == ["0"]


async def test_a_post_without_a_picture_is_told_and_goes_on(tmp_path: Path) -> None:
    with pytest.raises(NoPicture) as none:
        await Album(locate=lambda _: None, places=PLACES).of(FOUND, "fr")
    assert none.value.why is NoPictureReason.NO_FILE
    damaged = tmp_path / "kept.pdf"
    damaged.write_bytes(b"%PDF-1.7 and no more")
    for where, level in ((None, "info"), (damaged, "warning")):
        with capture_logs() as logs:
            assert await Album(locate=partial(_at, where), places=PLACES).for_posts("fr")(post()) is None
        assert [line["log_level"] for line in logs] == [level]


async def test_a_page_that_gave_no_picture_is_not_drawn_again_for_a_while(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    async def too_slow(_: Path, page: int, *__: object) -> Drawn:
        tries.append(page)
        raise NoPicture(NoPictureReason.TOO_SLOW, "30 s")

    monkeypatch.setattr("bot.delivery.picture.album.draw", too_slow)
    now = [1000.0]
    pictures = Album(locate=lambda _: kept, places=PLACES, seconds=lambda: now[0])

    async def of(page: int) -> NoPicture:
        with pytest.raises(NoPicture) as none:
            await pictures.of(replace(FOUND, page=page, evidence=()), "fr")
        return none.value

    # Every destination of the decree wants it at the same time.
    told = await asyncio.gather(*(of(1) for _ in range(11)))
    assert {(none.why, none.more) for none in told} == {(NoPictureReason.TOO_SLOW, "30 s")}
    assert tries == [1]
    await of(2)
    now[0] += 599
    await of(1)
    assert tries == [1, 2]
    now[0] += 1
    await of(1)
    assert tries == [1, 2, 1]
    for page in range(100, 200):
        await of(page)
    await of(1)
    assert tries[-1] == 1, "only so many are remembered"
