"""What pages cost on a large store: `python -m benchmarks.web [--decrees N] [--asked N] [--keep FOLDER]`.

Fills a store with generated decrees (as `benchmarks.queries`, whose file with `--keep` it uses again), requests pages of each kind from the
application itself, without sockets, and prints the processor time of an answer: made anew, and kept. Half of them took at most p50, 95 of
100 at most p95. Then the memory that serving them took. Exit code 1 where a p95 is above 50 ms made anew or 1 ms kept, or that memory above
20 MB.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Callable, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.queries import NOW, filled, shares
from bot.app.config.model import Settings, WebSettings
from bot.app.website import site_of
from bot.gazetteer.gazetteer import gazetteer
from bot.storage.store import Store, open_store
from bot.web.documents import SiteContext
from bot.web.server import Application, Cache, VisitorLimits
from bot.web.site import addresses
from sources.catalogue.authority import load_authorities

MOST_ANEW, MOST_KEPT = 50.0, 1.0
"""Milliseconds of processor time that 95 of 100 answers may take."""
MOST_MEMORY = 20.0
"""MB that serving pages may add."""
_KEPT_ASKED = 10
"""How often more a kept page is requested: it takes so little that chance would decide."""


@dataclass(frozen=True, slots=True)
class PageCost:
    """Processor time of one kind of page, in milliseconds; `bytes_sent` is its size as it is sent."""

    kind: str
    anew: tuple[float, float]
    kept: tuple[float, float]
    bytes_sent: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, request, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--decrees", type=int, default=24_000, help="how many decrees (%(default)s)")
    parser.add_argument("--asked", type=int, default=40, help="pages of each kind (%(default)s)")
    parser.add_argument("--keep", type=Path, help="keep the SQLite file in this folder, and use it again where it is there")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{(options.keep or Path(folder)) / 'queries.db'}"
        with filled(url, options.decrees * 2, options.decrees):
            pass
        with open_store(url, read_only=True) as store:
            costs, megabytes = measure(store, options.asked)
    print("\n".join([*table(costs), f"memory that pages took: {megabytes:.1f} MB"]))
    return 1 if megabytes > MOST_MEMORY or any(cost.anew[1] > MOST_ANEW or cost.kept[1] > MOST_KEPT for cost in costs) else 0


def table(costs: Sequence[PageCost]) -> list[str]:
    """Return the lines of the table."""
    lines = [f"{'ms of processor time':24}{'anew p50':>10}{'p95':>8}{'kept p50':>10}{'p95':>8}{'kB':>8}"]
    row = "{:24}{:10.1f}{:8.1f}{:10.2f}{:8.2f}{:8.1f}"
    return lines + [row.format(cost.kind, *cost.anew, *cost.kept, cost.bytes_sent / 1000) for cost in costs]


def measure(store: Store, asked: int) -> tuple[list[PageCost], float]:
    """Request pages of each kind so often, other ones each time, and return what they took, and the MB of memory that all took together."""
    site = site_of(Settings(web=WebSettings(public_url="https://vigie.example")), load_authorities(), store, lambda: NOW)
    # A bot has the places of France loaded, and has read when its sources publish.
    gazetteer()
    site.overview()
    gc.collect()
    before = _resident()
    with ThreadPoolExecutor(1) as executor:
        costs = [asyncio.run(_cost(site, executor, kind, some, asked)) for kind, some in _kinds(site).items()]
    gc.collect()
    return costs, (_resident() - before) / 1e6


def _kinds(site: SiteContext) -> dict[str, Callable[[], str]]:
    chance = random.Random(1)
    decrees = site.decrees.recent(200, 0)
    named = [named.code for decree in decrees.decrees for named in decree.communes] or ["26362"]
    codes = sorted({decree.authority for decree in decrees.decrees if decree.authority.isdigit()})
    return {
        "home": lambda: "/",
        "in force": lambda: "/envigueur",
        "departments": lambda: "/departements",
        "a department": lambda: f"/departements/{chance.choice(codes)}?page={chance.randint(1, 3)}",
        "a town": lambda: f"/communes/{chance.choice(named)}",
        "a decree": lambda: f"/arretes/{chance.randint(1, decrees.total)}",
        "an operator": lambda: f"/operateurs/sncf?page={chance.randint(1, 100)}",
        "search, a town": lambda: f"/recherche?q={chance.choice(('Valence', '26000', 'Romans', 'Lyon'))}",
        "search, rare words": lambda: f"/recherche?q=mot{chance.randint(100, 50_000)}",
        "search, common words": lambda: f"/recherche?q=zone+{chance.choice(('gare', 'images', 'voie'))}&page={chance.randint(1, 50)}",
        "sources": lambda: "/sources",
        "feed": lambda: "/flux/arretes.atom",
        "feed of a department": lambda: f"/flux/departements/{chance.choice(codes)}.json",
        "calendar": lambda: "/flux/envigueur.ics",
        "API": lambda: "/api/v1/decrees",
        "map of decrees": lambda: f"/sitemap-arretes-{chance.randint(1, max(1, decrees.total // 2_000))}.xml",
    }


async def _cost(site: SiteContext, executor: ThreadPoolExecutor, kind: str, some: Callable[[], str], asked: int) -> PageCost:
    revisions = itertools.count(1)
    changing = _application(replace(site, revision=lambda: next(revisions)), executor)
    lasting = _application(site, executor)
    await _ask(changing, some())
    anew = [await _ask(changing, some()) for _ in range(asked)]
    address = some()
    await _ask(lasting, address)
    kept = [await _ask(lasting, address) for _ in range(asked * _KEPT_ASKED)]
    size = anew[-1][1]
    return PageCost(kind, shares(took for took, _ in anew), shares(took for took, _ in kept), size)


def _application(site: SiteContext, executor: ThreadPoolExecutor) -> Application:
    return Application(site, addresses(), lambda: NOW, VisitorLimits(1_000_000, time.monotonic), executor, Cache())


async def _ask(application: Application, address: str) -> tuple[float, int]:
    """Return the milliseconds of processor time of one answer, of all threads, and how many bytes it had."""
    path, _, query = address.partition("?")
    scope: dict[str, Any] = {
        "type": "http", "method": "GET", "path": path, "query_string": query.encode(), "client": ("198.51.100.7", 4242),
        "headers": [(b"accept-encoding", b"gzip"), (b"user-agent", b"benchmark")],
    }  # fmt: skip
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    began = time.process_time()
    await application(scope, _nothing, send)
    took = (time.process_time() - began) * 1000
    if sent[0]["status"] not in {200, 404, 410}:
        raise RuntimeError(f"{address}: status {sent[0]['status']}")
    return took, len(sent[-1]["body"])


async def _nothing() -> MutableMapping[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


def _resident() -> int:
    """Return the bytes of memory that this process has now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


if __name__ == "__main__":
    sys.exit(main())
