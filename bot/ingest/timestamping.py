"""Has files of decrees and each day's log of looks stamped by a time stamping authority (RFC 3161), and verifies its answers by the program
`openssl`. Whatever fails is tried again, and nothing waits for it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import structlog

from bot.domain.publication import Look, LookRun
from bot.storage.timestamps import Timestamps
from sources.http.scratch import ScratchFolder

log = structlog.get_logger()

_AT_ONCE = 20
"""Requests of one turn: who begins with a thousand decrees does not ask for all of them together."""
_SECONDS = 30.0
_MOST_BYTES = 64 * 1024
"""Of an answer: one with its certificates takes some six thousand bytes."""


def day_log(day: date, runs: Iterable[LookRun], before: str | None) -> str:
    """Return the log of looks of a day, a line for each run. `before`: SHA-256 of the log of the day before, so that none can be changed
    later."""
    lines = [f"vigie looks {day.isoformat()} UTC", f"previous {before or 'none'}"]
    lines += ["\t".join((run.source, run.page, _seen(run.first), _seen(run.last), str(run.count), run.digest)) for run in runs]
    return "".join(f"{' '.join(line.splitlines())}\n" for line in lines)


def _seen(look: Look) -> str:
    return f"{look.asked_at.astimezone(UTC).isoformat()} {look.answered_at.astimezone(UTC).isoformat()} {look.status} {look.etag or '-'}"


class NotStamped(Exception):
    """There is no token that can be relied upon; why, for an operator, without the address of the service."""


class TimestampAuthority:
    """Asks one service, and takes only tokens that `openssl ts -verify` accepts: for this hash and request, by a valid certificate."""

    def __init__(self, url: str, certificates: Path | None, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`certificates`: PEM of those that are trusted, None for those of the system."""
        self._url = url
        self._trusted = ("-CApath", "/etc/ssl/certs") if certificates is None else ("-CAfile", str(certificates.absolute()))
        self._transport = transport

    async def token(self, sha256: str) -> bytes:
        """Return the answer for this hash, DER. Raises NotStamped, and OSError where the machine has no room."""
        with ScratchFolder("timestamp") as folder:
            query, answer = folder / "query.tsq", folder / "answer.tsr"
            await _openssl("-query", "-digest", sha256, "-sha256", "-cert", "-out", str(query))
            content = await self._asked(await asyncio.to_thread(query.read_bytes))
            await asyncio.to_thread(answer.write_bytes, content)
            await _openssl("-verify", "-queryfile", str(query), "-in", str(answer), *self._trusted)
        return content

    async def _asked(self, query: bytes) -> bytes:
        headers, content = {"Content-Type": "application/timestamp-query"}, b""
        try:
            async with (
                asyncio.timeout(_SECONDS),
                httpx.AsyncClient(transport=self._transport, timeout=_SECONDS) as client,
                client.stream("POST", self._url, content=query, headers=headers) as response,
            ):
                if response.status_code != httpx.codes.OK:
                    raise NotStamped(f"the service answers {response.status_code}")
                async for piece in response.aiter_bytes():
                    content += piece
                    if len(content) > _MOST_BYTES:
                        raise NotStamped("the service answers too much")
        except (httpx.HTTPError, TimeoutError) as error:
            raise NotStamped(f"the service does not answer ({type(error).__name__})") from error
        return content


async def _openssl(*arguments: str) -> None:
    """Run `openssl ts`. Raises NotStamped with its reason."""
    program = shutil.which("openssl")
    if program is None:
        raise NotStamped("the program openssl is missing")
    pipe, environ = asyncio.subprocess.PIPE, {"PATH": os.defpath, "LANG": "C.UTF-8"}
    process = await asyncio.create_subprocess_exec(program, "ts", *arguments, stdout=pipe, stderr=pipe, env=environ)
    try:
        async with asyncio.timeout(_SECONDS):
            _, said = await process.communicate()
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise NotStamped("openssl takes too long") from error
    if process.returncode:
        reasons = [part for line in said.decode("utf-8", "replace").splitlines() for part in line.split(":")[5:6] if part]
        raise NotStamped(f"openssl does not accept it: {', '.join(dict.fromkeys(reasons)) or 'no reason given'}"[:300])


class Timestamper:
    """Adds what is to be stamped, and asks for what is not stamped yet."""

    def __init__(
        self, stamps: Timestamps, runs_on: Callable[[date], Iterable[LookRun]], authority: TimestampAuthority, clock: Callable[[], datetime]
    ) -> None:
        """`runs_on` returns the looks of a day (UTC)."""
        self._stamps, self._runs_on, self._authority, self._clock = stamps, runs_on, authority, clock
        self._failure = ""

    async def stamp(self) -> None:
        """Do what is due. A service that fails is logged once, and asked again the next time. Raises StorageError."""
        await asyncio.to_thread(self._add_due)
        for sha256 in await asyncio.to_thread(self._stamps.waiting, _AT_ONCE):
            try:
                token = await self._authority.token(sha256)
            except (NotStamped, OSError) as error:
                if str(error) != self._failure:
                    log.warning("timestamps.failed", error=str(error))
                self._failure = str(error)
                return
            await asyncio.to_thread(self._stamps.keep, sha256, token, self._clock())
            self._failure = ""

    def _add_due(self) -> None:
        self._stamps.add_recueils()
        last, yesterday = self._stamps.last_day(), self._clock().astimezone(UTC).date() - timedelta(days=1)
        day = yesterday if last is None or last.day is None else last.day + timedelta(days=1)
        before = None if last is None else last.sha256
        while day <= yesterday:
            text = day_log(day, self._runs_on(day), before)
            self._stamps.add_day(day, text)
            before = hashlib.sha256(text.encode()).hexdigest()
            day += timedelta(days=1)
