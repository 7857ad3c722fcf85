"""Processes that run one after the other ask a site as politely as one that runs all the time."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.requests import Request
from starlette.responses import Response

from tests import clock
from tests.bot.cli.conftest import Vigie
from tests.e2e.test_operations import Sites
from tests.small_france import published


class Polite(Sites):
    """The sites of the demo, with a robots.txt each; `refusal` is what all of them answer instead. `asked` are the addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.resources = published(self.today)
        self.refusal: Response | None = None
        self.asked: list[str] = []

    @property
    def hosts(self) -> set[str]:
        return {urlsplit(url).netloc for url in self.resources}

    def took(self) -> list[str]:
        asked, self.asked = self.asked, []
        return asked

    async def _answer(self, request: Request) -> Response:
        url = "https://" + request.path_params["address"]
        self.asked.append(url)
        if url.endswith("/robots.txt"):
            return Response("User-agent: *\nDisallow: /secret", media_type="text/plain")
        return self.refusal or await super()._answer(request)


@pytest.fixture
def sites() -> Iterator[Polite]:
    with Polite() as running:
        yield running


@pytest.fixture
def config(sites: Polite, tmp_path: Path) -> str:
    origins = "".join(f'"https://{host}" = "{sites.url}/{host}"\n' for host in sorted(sites.hosts))
    path = tmp_path / "vigie.toml"
    path.write_text(f'[http]\ninterval_seconds = 0\n[http.origins]\n{origins}[watch]\nauthorities = ["26", "06"]\n', encoding="utf-8")
    return str(path)


def refusal(headers: Mapping[str, str]) -> Response:
    return Response("<h1>Trop de requêtes</h1>", status_code=429, headers=headers, media_type="text/html")


def test_what_a_server_asks_for_outlives_the_process(sites: Polite, config: str, vigie: Vigie) -> None:
    assert vigie("--config", config, "poll", "26").code == 0
    now = clock.now()
    until = format_datetime(now + timedelta(hours=1), usegmt=True)
    sites.refusal = refusal({"Retry-After": until, "Date": format_datetime(now, usegmt=True)})
    sites.took()
    assert vigie("--config", config, "poll", "26").code == 3
    assert len(sites.took()) == 1
    sites.refusal = None
    for command in (
        ["poll", "26"], ["poll"], ["check", "06"], ["sources", "check", "06"], ["read", sites.decree_pdf],
    ):  # fmt: skip
        done = vigie("--config", config, *command)
        assert done.code != 0, command
        assert "resting for another" in done.out + done.err, command
        assert sites.took() == [], command


def test_robots_txt_is_read_once_a_day_whatever_runs(sites: Polite, config: str, vigie: Vigie) -> None:
    for command in (["poll", "26"], ["poll", "26"], ["check", "26"], ["sources", "check", "26"], ["read", sites.decree_pdf]):
        vigie("--config", config, *command)
    asked = [url for url in sites.took() if url.endswith("/robots.txt")]
    assert len(asked) == len(set(asked))


def test_a_round_of_all_leaves_the_sources_that_failed_until_they_are_due(sites: Polite, config: str, vigie: Vigie, tmp_path: Path) -> None:
    sites.refusal = Response("<h1>Interdit</h1>", status_code=403, media_type="text/html")
    assert vigie("--config", config, "poll", "26").code == 3
    sites.refusal = None
    sites.took()
    done = vigie("--config", config, "poll")
    assert done.code == 3, "it is still failing"
    assert re.search(r"not polled until \d{4}-\d\d-\d\d \d\d:\d\d UTC: 1 source that failed", done.err)
    assert {urlsplit(url).netloc for url in sites.took()} == {"www.alpes-maritimes.gouv.fr"}
    assert vigie("--config", config, "poll", "26").code == 0, "named, it is asked"
    assert any("drome" in url for url in sites.took())
    assert vigie("--config", config, "poll").code == 0
    assert any("drome" in url for url in sites.took())


def test_a_database_that_is_set_back_in_time_is_asked_all_the_same(sites: Polite, config: str, vigie: Vigie, tmp_path: Path) -> None:
    assert vigie("--config", config, "poll", "26").code == 0
    future = (clock.now() + timedelta(days=300)).strftime("%Y-%m-%d %H:%M:%S.%f")
    with closing(sqlite3.connect(tmp_path / "vigie.db")) as connection:
        connection.execute("UPDATE addresses SET updated_at = ?, next_start = ?", (future, future))
        connection.execute("UPDATE sources SET next_check_at = ?, failures = 1", (future,))
        connection.commit()
    sites.took()
    done = vigie("--config", config, "poll")
    assert (done.code, "not polled" in done.err) == (0, False)
    assert any("drome" in url for url in sites.took())
