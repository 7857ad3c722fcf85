"""The pages over a real store, as `vigie run` and `vigie serve` open them."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from bot.app.config import DatabaseSettings, Settings, WebSettings
from bot.app.website import keep_serving, open_pages
from bot.storage.errors import NotWritable, Unavailable
from bot.storage.store import Store
from bot.web.listening import bound
from sources.catalogue.authority import load_authorities
from tests.bot.queries.conftest import NOW, decree
from tests.bot.queries.test_over_the_store import record
from tests.bot.storage.ready import ready_store


def settings(folder: Path, listen: str = "") -> Settings:
    return Settings(database=DatabaseSettings(url=f"sqlite:///{folder / 'vigie.db'}"), web=WebSettings(listen=listen))


async def page(application: object) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://vigie.test") as client:  # type: ignore[arg-type]
        return await client.get("/")


async def test_pages_follow_the_store_that_another_process_writes(tmp_path: Path) -> None:
    with ready_store(tmp_path) as writer, open_pages(settings(tmp_path), load_authorities()) as application:
        assert "SNCF" not in (await page(application)).text
        record(writer, decree(1, operator="SNCF"), "La gare.")
        assert "SNCF" in (await page(application)).text
        [stored] = writer.decrees.recent(1).decrees
        writer.reviews.withdraw(stored.id or 0, NOW, "cli")
        assert "SNCF" not in (await page(application)).text


def test_the_store_of_the_pages_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Store] = []
    keep = Store.__init__

    def note(store: Store, *arguments: object) -> None:
        keep(store, *arguments)  # type: ignore[arg-type]
        opened.append(store)

    ready_store(tmp_path).close()
    monkeypatch.setattr(Store, "__init__", note)
    with open_pages(settings(tmp_path), load_authorities()), pytest.raises(NotWritable):
        opened[0].reviews.withdraw(1, NOW, "web")


def test_without_a_database_there_are_no_empty_pages(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no database"), open_pages(settings(tmp_path), load_authorities()):
        pass
    assert list(tmp_path.iterdir()) == []


async def test_a_port_that_is_taken_is_logged_once_and_tried_again(tmp_path: Path) -> None:
    ready_store(tmp_path).close()
    naps, served = 0, asyncio.Event()
    with closing(bound("127.0.0.1:0")) as other, capture_logs() as logs:
        listen = f"127.0.0.1:{other.getsockname()[1]}"

        async def nap(_: float) -> None:
            nonlocal naps
            naps += 1
            if naps == 2:
                other.close()
                served.set()

        serving = asyncio.create_task(keep_serving(settings(tmp_path, listen), load_authorities(), nap))
        await served.wait()
        async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=3)) as client:
            while True:
                try:
                    answer = await client.get(f"http://{listen}/")
                except httpx.ConnectError:
                    continue
                break
        assert answer.status_code == 200
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    assert [line["event"] for line in logs] == ["web.cannot_listen", "web.serving"]
    assert logs[0]["listen"] == listen
