"""The pages over a real store, as `vigie run` and `vigie serve` open them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp
from structlog.testing import capture_logs

from bot.app.config.model import DatabaseSettings, Settings, WebSettings
from bot.app.website import keep_serving, open_data_of, open_pages, site_of
from bot.operators.alerts import PagesState
from bot.storage.errors import NotWritable, Unavailable
from bot.storage.store import Store
from bot.web.open_data import AT_MOST_EVERY
from bot.web.server import bound
from bot.web.site import BrokenLink, SiteFile, addresses, files_of
from sources.catalogue.authority import load_authorities
from tests.bot.queries.conftest import NOW, decree, record
from tests.bot.storage.ready import ready_store
from tests.present import present


def settings(folder: Path, listen: str = "") -> Settings:
    return Settings(database=DatabaseSettings(url=f"sqlite:///{folder / 'vigie.db'}"), web=WebSettings(listen=listen))


async def page(application: ASGIApp, address: str = "/", headers: Mapping[str, str] | None = None) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://vigie.test") as client:
        return await client.get(address, headers=headers)


async def test_pages_follow_the_store_that_another_process_writes(tmp_path: Path) -> None:
    with ready_store(tmp_path) as writer, open_pages(settings(tmp_path), load_authorities(), lambda: NOW) as application:
        assert "/arretes/1" not in (await page(application)).text
        assert (await page(application, "/arretes/1")).status_code == 404
        record(writer, decree(1), "La gare.")
        assert '"/arretes/1"' in (await page(application)).text
        assert (await page(application, "/arretes/1")).status_code == 200
        writer.reviews.withdraw(1, NOW, "cli")
        assert "/arretes/1" not in (await page(application)).text
        gone = await page(application, "/arretes/1")
        assert (gone.status_code, "SNCF" in gone.text) == (410, False)


async def test_whole_files_are_served_with_etag_and_range(tmp_path: Path) -> None:
    with ready_store(tmp_path) as writer:
        record(writer, decree(1), "La gare.")
        data = open_data_of(settings(tmp_path), load_authorities(), writer, tmp_path / "vigie-open-data", lambda: NOW)
        assert data.refresh()
        with open_pages(settings(tmp_path), load_authorities(), lambda: NOW) as application:
            address = "/donnees/arretes.csv"
            whole = await page(application, address)
            assert (whole.status_code, whole.text.splitlines()[1].partition(",")[0]) == (200, "1")
            assert whole.headers["access-control-allow-origin"] == "*"
            part = await page(application, address, {"Range": "bytes=3-4"})
            assert (part.status_code, part.text) == (206, "id")
            same = await page(application, address, {"If-None-Match": whole.headers["etag"]})
            assert (same.status_code, same.content) == (304, b"")
        writer.reviews.withdraw(1, NOW, "cli")
        later = open_data_of(settings(tmp_path), load_authorities(), writer, tmp_path / "vigie-open-data", lambda: NOW + AT_MOST_EVERY)
        assert later.refresh()
        assert len(present(later.file("arretes.csv")).read_text("utf-8").splitlines()) == 1


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
    faults: list[str | None] = []
    with closing(bound("127.0.0.1:0")) as other, capture_logs() as logs:
        listen = f"127.0.0.1:{other.getsockname()[1]}"

        state = PagesState(listen)

        async def nap(_: float) -> None:
            nonlocal naps
            naps += 1
            faults.append(state.fault)
            if naps == 2:
                other.close()
                served.set()

        serving = asyncio.create_task(keep_serving(settings(tmp_path, listen), load_authorities(), state, nap))
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
    assert all(faults), "the operators are told why"
    assert (len(faults), state.fault) == (2, "")


def test_every_link_of_a_site_of_files_leads_to_a_file(tmp_path: Path) -> None:
    with ready_store(tmp_path) as store:
        for number in range(1, 24):
            record(store, decree(number, "26" if number > 3 else "PP", operator="SNCF"), "La gare de Valence.")
        configured = Settings(web=WebSettings(public_url="https://exemple.fr/vigie", contact="vigie@exemple.fr"))
        pages = site_of(configured, load_authorities(), store, lambda: NOW)
        data = open_data_of(configured, load_authorities(), store, tmp_path / "data", lambda: NOW)
        assert data.refresh()
        pages = replace(pages, settings=replace(pages.settings, files=True), open_data=data.file)
        found = list(files_of(pages, addresses(), NOW))
    names = {one.name for one in found if isinstance(one, SiteFile)}
    assert not any("api" in name for name in names), "files answer no questions"
    [data_page] = [one for one in found if isinstance(one, SiteFile) and one.name == "donnees/index.html"]
    assert b"API" not in data_page.document.body
    assert [one for one in found if isinstance(one, BrokenLink)] == []
    assert {"index.html", "en/index.html", "404.html", "robots.txt", "sitemap.xml", ".well-known/security.txt"} <= names
    assert {f"arretes/{number}/index.html" for number in range(1, 24)} <= names
