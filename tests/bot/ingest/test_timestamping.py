"""Time stamps by a real authority, openssl on loopback: what is stamped, what is kept out, and that a log holds the one before."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.domain.acts import Facts
from bot.domain.publication import Look, LookRun
from bot.ingest.timestamping import NotStamped, TimestampAuthority, Timestamper, day_log
from bot.storage.store import Store
from tests.bot.storage.building import NOW, one_recueil, to
from tests.bot.storage.finding import reading_of
from tests.bot.storage.ready import ready_store
from tests.servers.timestamps import TimestampServer, openssl

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the program openssl")

SHA256 = hashlib.sha256(b"recueil").hexdigest()
DAY = date(2024, 4, 18)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TimestampServer]:
    with TimestampServer(tmp_path) as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """One decree, whose file has come."""
    with ready_store(tmp_path) as opened:
        recueil = one_recueil(opened)
        opened.recordings.record(reading_of(recueil, Facts("2024-1")), to(), NOW)
        opened.contents.fetched(recueil.id, SHA256, NOW)
        yield opened


def run(source: str = "26:site", count: int = 9) -> LookRun:
    at = datetime(2024, 4, 18, 8, tzinfo=UTC)
    first = Look("https://a.example/raa", at, at + timedelta(seconds=1), 200, etag='"5f2"')
    return LookRun(source, "https://a.example/raa", first, replace(first, status=304, asked_at=at + timedelta(hours=9)), count, "ab" * 32)


async def test_a_token_is_verified_by_openssl_itself(server: TimestampServer) -> None:
    token = await TimestampAuthority(server.url, server.ca).token(SHA256)
    (server.folder / "recueil.tsr").write_bytes(token)
    openssl("ts", "-verify", "-digest", SHA256, "-in", "recueil.tsr", "-CAfile", "ca.pem", folder=server.folder)


async def test_a_token_for_another_hash_is_kept_out(server: TimestampServer) -> None:
    authority = TimestampAuthority(server.url, server.ca)
    server.answer = await authority.token(hashlib.sha256(b"another").hexdigest())
    with pytest.raises(NotStamped, match="mismatch"):
        await authority.token(SHA256)


async def test_a_token_of_an_expired_certificate_is_kept_out(tmp_path: Path) -> None:
    with TimestampServer(tmp_path, until="20200101000000Z") as server, pytest.raises(NotStamped, match="certificate"):
        await TimestampAuthority(server.url, server.ca).token(SHA256)


async def test_a_token_of_an_authority_that_is_not_trusted_is_kept_out(server: TimestampServer) -> None:
    with pytest.raises(NotStamped, match="does not accept"):
        await TimestampAuthority(server.url, None).token(SHA256)


def refuse(server: TimestampServer) -> None:
    server.status = 503


def rubbish(server: TimestampServer) -> None:
    server.answer = b"\x30\x03rubbish"


def flood(server: TimestampServer) -> None:
    server.answer = bytes(100_000)


@pytest.mark.parametrize(
    ("fault", "why"), [(refuse, "answers 503"), (rubbish, "does not accept"), (flood, "too much")], ids=["refusal", "rubbish", "flood"]
)
async def test_what_is_no_token_is_logged_once_and_asked_for_again(
    server: TimestampServer, store: Store, fault: Callable[[TimestampServer], None], why: str
) -> None:
    timestamper = Timestamper(store.timestamps, lambda _: (), TimestampAuthority(server.url, server.ca), lambda: NOW)
    fault(server)
    with capture_logs() as logs:
        await timestamper.stamp()
        await timestamper.stamp()
    assert [why in entry["error"] for entry in logs if entry["event"] == "timestamps.failed"] == [True]
    assert len(store.timestamps.waiting(9)) == 2
    server.status, server.answer = 200, None
    await timestamper.stamp()
    assert store.timestamps.waiting(9) == []


async def test_the_file_of_a_decree_and_the_log_of_each_day_are_stamped_once(server: TimestampServer, store: Store) -> None:
    now, asked = [NOW], list[date]()

    def runs_on(day: date) -> list[LookRun]:
        asked.append(day)
        return [run(count=day.day)]

    timestamper = Timestamper(store.timestamps, runs_on, TimestampAuthority(server.url, server.ca), lambda: now[0])
    for later in (timedelta(), timedelta(hours=1), timedelta(days=2)):
        now[0] = NOW + later
        await timestamper.stamp()
    days = [DAY + timedelta(days=number) for number in range(3)]
    assert (asked, server.queries) == (days, 4)
    file, *logs = store.timestamps.of(SHA256, frozenset(days))
    assert (file.sha256, file.day, file.text) == (SHA256, None, None)
    assert file.token is not None
    texts = [log.text or "" for log in logs]
    assert [text.splitlines()[1] for text in texts] == ["previous none", *(f"previous {log.sha256}" for log in logs[:-1])]
    assert [hashlib.sha256(text.encode()).hexdigest() for text in texts] == [log.sha256 for log in logs]
    for log in logs:
        (server.folder / "releves.txt").write_text(log.text or "")
        (server.folder / "releves.tsr").write_bytes(log.token or b"")
        openssl("ts", "-verify", "-data", "releves.txt", "-in", "releves.tsr", "-CAfile", "ca.pem", folder=server.folder)


def test_a_log_has_a_line_for_each_run_whatever_a_header_holds() -> None:
    hostile = replace(run("07:site"), first=replace(run().first, etag='"x\ny"'))
    asked, last = "2024-04-18T08:00:00+00:00", "2024-04-18T17:00:00+00:00 2024-04-18T08:00:01+00:00 304"
    assert [line.split("\t") for line in day_log(DAY, [run(), hostile], "cd" * 32).splitlines()] == [
        ["vigie looks 2024-04-18 UTC"],
        [f"previous {'cd' * 32}"],
        *(
            [source, "https://a.example/raa", f"{asked} 2024-04-18T08:00:01+00:00 200 {etag}", f'{last} "5f2"', "9", "ab" * 32]
            for source, etag in (("26:site", '"5f2"'), ("07:site", '"x y"'))
        ),
    ]
