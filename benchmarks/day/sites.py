"""All sites of France on one day, and what they served of each recueil, and when."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from html import unescape
from pathlib import Path
from time import process_time
from urllib.parse import urlsplit

import httpx

from benchmarks.day.papers import Paper, paper
from sources.catalogue.authority import Authority
from tests.france.country import Answer, France
from tests.france.national import as_it_may_be, file_path
from tests.france.paper import pdf
from tests.france.publications import Recueil
from tests.france.serving import ADDRESS, Shortcut

KNOWN = timedelta(days=62)
"""How much of the past the sites show, and the bot has seen: it has been watching for two months."""

LATENCY = 0.4
"""Seconds until an answer begins: a connection, TLS and the server."""

BYTES_PER_SECOND = 1_000_000.0

ELSEWHERE = "127.0.0.2"
"""The address of the sites that are not on the national portal. (Each of them has one of its own in reality.)"""

_ON_A_HOLIDAY = 8
"""One recueil in so many comes on a holiday that falls on a working day, as on a Sunday."""

_PIECE = 256 * 1024

_NAME = re.compile(rb"\[\[([^\]]+)\]\]")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is simulated: these authorities, from `start` on for so many days. `decrees` is the share of recueils that hold one: far more
    than real ones, to have figures."""

    authorities: Mapping[str, Authority]
    start: datetime
    days: float
    seed: int = 1
    holidays: frozenset[date] = frozenset()
    decrees: float = 0.25
    troubles: bool = False
    """Sites that are down, sources that are new, files that are replaced, a clock that is wrong: see `benchmarks.day.brackets`."""

    @property
    def end(self) -> datetime:
        """When it ends."""
        return self.start + timedelta(days=self.days)

    def is_working(self, moment: datetime) -> bool:
        """Whether it is in working hours: from 8 to 20, local time, Monday to Friday, no holiday."""
        return moment.weekday() < 5 and moment.date() not in self.holidays and 8 <= moment.hour < 20


@dataclass(slots=True)
class Seen:
    """When a recueil was shown by a list to who asked for it, when its file was asked for, and when the file had come."""

    listed: datetime | None = None
    asked: datetime | None = None
    came: datetime | None = None


class Day(France):
    """The sites of a plan, as they are from `start` on, and what they publish, by its name. `now` is the clock."""

    def __init__(self, plan: Plan, start: datetime, now: Callable[[], datetime]) -> None:
        self.plan = plan
        authorities = plan.authorities
        oldest = (start - KNOWN).date()
        super().__init__(authorities, start, is_kept=lambda each: each.day >= oldest and _is_kept(each, plan.holidays))
        self._clock = now
        self._is_replaced = is_replaced if plan.troubles else lambda _one, _now: False
        self.papers: dict[str, Paper] = {}
        self._files: dict[tuple[str, str], Paper] = {}
        self.seen: dict[str, Seen] = defaultdict(Seen)
        self._unlisted: dict[str, list[tuple[Paper, str]]] = defaultdict(list)
        ranks = {code: rank for rank, code in enumerate(authorities)}
        for branch in self._branches:
            source = branch.sources[0]
            host = urlsplit(source.root).netloc
            authority = authorities[source.authority]
            decrees = plan.decrees if is_measured(authority) else 0.0
            for recueil in branch.recueils:
                one = paper(plan.seed, ranks[source.authority], authority, recueil, decrees)
                shown = urlsplit(self.address(source, recueil))
                path = file_path(recueil) if as_it_may_be(source).wants_details else shown.path + (f"?{shown.query}" if shown.query else "")
                self.papers[one.name] = self._files[host, path] = one
                if recueil.up > start:
                    self._unlisted[host].append((one, shown.path.removeprefix("/")))

    def published(self, since: datetime, until: datetime) -> list[Paper]:
        """What came on line in this time."""
        return [paper for paper in self.papers.values() if since <= paper.recueil.up < until]

    def answer(self, host: str, target: str, headers: Mapping[str, str]) -> Answer:
        """What a site answers now."""
        self.at(self._clock())
        one = self._files.get((host, target))
        if one is None:
            answer = super().answer(host, target, headers)
            if answer.status == httpx.codes.OK:
                self._note(host, answer.body.decode())
            return answer
        if one.recueil.up > self.now:
            return Answer(404, b"<h1>Page introuvable</h1>")
        seen = self.seen[one.name]
        if seen.asked is None:
            seen.asked = self.now
            seen.came = self.now + timedelta(seconds=one.size / BYTES_PER_SECOND)
        return Answer(200, _file(one) + b"\n" * self._is_replaced(one, self.now), "application/pdf")

    def _note(self, host: str, html: str) -> None:
        text = unescape(html)
        for one, path in list(self._unlisted[host]):
            if one.recueil.up <= self.now and path in text:
                self.seen[one.name].listed = self.now
                self._unlisted[host].remove((one, path))


def is_replaced(one: Paper, now: datetime) -> bool:
    """Whether another file stands at the address of a paper: of one in fifteen, a day and a half after it came."""
    return one.recueil.number % 15 == 0 and now > one.recueil.up + timedelta(hours=36)


class Door(Shortcut):
    """The door of a day: answers take their time, and the sites that are not on the national portal are at another address.

    `seconds` is the processor time that the sites themselves took: no part of what the bot costs.
    """

    def __init__(self, day: Day, monotonic: Callable[[], float]) -> None:
        super().__init__(day, monotonic)
        self.day = day
        self.seconds = 0.0

    @property
    def origins(self) -> dict[str, str]:
        """For `ClientOptions.origins`."""
        shared = {urlsplit(source.root).netloc for source in self.france.sources if source.reader == "national"}
        return {f"https://{host}": f"http://{ADDRESS if host in shared else ELSEWHERE}/{host}" for host in self.france.hosts}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, after a while."""
        await asyncio.sleep(LATENCY)
        before = process_time()
        response = await super().handle_async_request(request)
        response.headers["Date"] = format_datetime(self.day.now.astimezone(UTC), usegmt=True)
        self.seconds += process_time() - before
        if not isinstance(response.stream, httpx.AsyncByteStream):
            raise TypeError("a door answers in a stream")
        response.stream = _Paced(response.stream)
        return response


class _Paced(httpx.AsyncByteStream):
    """A body that comes as fast as the line lets it."""

    def __init__(self, body: httpx.AsyncByteStream) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for body in self._body:
            for begin in range(0, len(body), _PIECE):
                piece = body[begin : begin + _PIECE]
                await asyncio.sleep(len(piece) / BYTES_PER_SECOND)
                yield piece


def is_measured(authority: Authority) -> bool:
    """Whether decrees are published here: a department that has its own list, on the national portal."""
    return authority.code[0].isdigit() and [source.reader for source in authority.sources] == ["national"]


def name_in(path: Path) -> str:
    """The name of the paper that a file stands for. Raises ValueError where it stands for none."""
    with path.open("rb") as file:
        found = _NAME.search(file.read(1024))
    if found is None:
        raise ValueError(f"{path} is no file of the simulated sites")
    return found[1].decode()


def _file(one: Paper) -> bytes:
    """A file of its size."""
    body = pdf("a recueil")
    head = f"%PDF-1.4\n%[[{one.name}]]\n%".encode()
    return head + b" " * max(0, one.size - len(head) - len(body)) + b"\n" + body


def _is_kept(recueil: Recueil, holidays: Collection[date]) -> bool:
    return recueil.day not in holidays or recueil.number % _ON_A_HOLIDAY == 0
