"""The public pages over a database that two programs write at the same time: never older than the last commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update
from starlette.types import ASGIApp

from bot.app.config.model import DatabaseSettings, Settings
from bot.app.website import open_pages
from bot.domain.acts import Facts
from bot.storage.schema import decrees
from bot.storage.store import Store
from sources.catalogue.authority import load_authorities
from tests.bot.storage.building import NOW
from tests.bot.storage.finding import found

pytestmark = pytest.mark.postgresql

_ROUNDS = 4


@pytest.fixture
def pages(url: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ASGIApp]:
    """The pages over the database of `store`, which they open themselves, as `vigie serve` does."""
    # The whole files beside a server are in the user's own folder.
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert store.database.name
    with open_pages(Settings(database=DatabaseSettings(url=url)), load_authorities(), lambda: NOW) as application:
        yield application


async def get(pages: ASGIApp, address: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url="http://vigie.test") as client:
        return await client.get(address)


async def test_pages_are_right_after_two_programs_wrote_at_once(pages: ASGIApp, store: Store, opener: Callable[[], Store]) -> None:
    other = opener()
    known = [found(store, Facts(f"2026-{number}")) for number in range(_ROUNDS)]
    for number, gone in enumerate(known):
        before = store.decrees.revision()
        assert (await get(pages, f"/arretes/{gone}")).status_code == 200
        new, *_ = await asyncio.gather(
            asyncio.to_thread(found, store, Facts(f"2025-{number}")),
            asyncio.to_thread(other.reviews.withdraw, gone, NOW, "cli"),
            # Made while they write, and kept: it may be of before or after, but not for longer than that.
            *(get(pages, address) for address in ("/", "/departements/26", f"/arretes/{gone}", "/flux/arretes.atom")),
        )
        assert store.decrees.revision() >= before + 2
        assert (await get(pages, f"/arretes/{new}")).status_code == 200
        assert (await get(pages, f"/arretes/{gone}")).status_code == 410
        for address in ("/", "/departements/26", "/flux/arretes.atom"):
            text = (await get(pages, address)).text
            assert (f'/arretes/{new}"' in text, f'/arretes/{gone}"' in text) == (True, False), address


# SQLite has one writer: there the second waits for the first.
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_what_was_not_committed_is_shown_only_after_it_was(pages: ASGIApp, store: Store, opener: Callable[[], Store]) -> None:
    first, second = found(store, Facts("2026-1")), found(store, Facts("2026-2"))
    other, seen = opener(), [store.decrees.revision()]

    async def statuses() -> list[int]:
        seen.append(store.decrees.revision())
        return [(await get(pages, f"/arretes/{decree}")).status_code for decree in (first, second)]

    with store.database.writing() as slow:
        slow.execute(update(decrees).where(decrees.c.id == first).values(withdrawn_at=NOW))
        # Whoever commits first counts first: neither waits for the other before that.
        await asyncio.to_thread(other.reviews.withdraw, second, NOW, "cli")
        assert await statuses() == [200, 410]
    assert await statuses() == [410, 410]
    await asyncio.to_thread(other.reviews.reinstate, first, NOW, "cli")
    assert await statuses() == [200, 410]
    assert seen == sorted(set(seen))
