"""What answers cost on a large store: `python -m benchmarks.queries [--acts N] [--decrees N] [--url URL] [--keep FOLDER]`.

Fills a store with generated acts and decrees (SQLite in a temporary folder, else an empty database at `--url`), puts the questions
that people put, and prints the processor time of each kind: half of them took at most p50, 95 of 100 at most p95. With PostgreSQL on this
machine the time of its processes is counted too. Exit code 1 where a p95 is above 50 ms.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path

from sqlalchemy import text

from bot.app.config.model import Settings
from bot.app.inventory import places_of, report_sources
from bot.app.wiring import namer_of, open_questions
from bot.detection.facts.identity import identities
from bot.domain.acts import Facts, Moment, Outcome
from bot.gazetteer.gazetteer import gazetteer
from bot.ingest.health import PublicationHistory
from bot.queries.questions import Questions
from bot.storage.naming import renew_some_communes
from bot.storage.store import Store, open_store
from sources.catalogue.authority import load_authorities
from tests.bot.storage.building import act, new_recueil, result_of

MOST = 50.0
"""Milliseconds of processor time that 95 of 100 answers may take."""
NOW = datetime(2026, 9, 16, 10, 0, tzinfo=UTC)
_DAYS = 2_000
_TITLE = "Arrêté n° {} portant autorisation d'un traitement algorithmique des images issues d'un système de vidéoprotection"
_OTHER = "stationnement " * 20
_WORDS = tuple(Path(__file__).with_name("words.txt").read_text("utf-8").split())
"""Words that every decree has; each has rare ones besides."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor time of one kind of question, in milliseconds, over `asked` of them."""

    kind: str
    asked: int
    p50: float
    p95: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, ask, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queries", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--acts", type=int, default=240_000, help="how many acts, decrees among them (%(default)s)")
    parser.add_argument("--decrees", type=int, default=24_000, help="how many of them are decrees (%(default)s)")
    parser.add_argument("--asked", type=int, default=60, help="questions of each kind (%(default)s)")
    parser.add_argument("--url", default="", help="an empty database; one that an earlier run has filled is used again")
    parser.add_argument("--keep", type=Path, help="keep the SQLite file in this folder, and use it again where it is there")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        url = options.url or f"sqlite:///{(options.keep or Path(folder)) / 'queries.db'}"
        with filled(url, options.acts, options.decrees) as store:
            costs = measure(store, options.asked)
    print("\n".join(table(costs)))
    return 1 if any(cost.p95 > MOST for cost in costs) else 0


def table(costs: Sequence[Cost]) -> list[str]:
    """Return the lines of the table."""
    lines = [f"{'ms of processor time':42}{'p50':>8}{'p95':>8}{'asked':>8}"]
    return lines + [f"{cost.kind:42}{cost.p50:8.1f}{cost.p95:8.1f}{cost.asked:8}" for cost in costs]


# The store.


@contextmanager
def filled(url: str, act_count: int, decree_count: int) -> Iterator[Store]:
    """Open a store, and fill it where it is empty."""
    with open_store(url) as store:
        if not store.decrees.recent(1).total:
            print(fill(store, act_count, decree_count), file=sys.stderr, flush=True)
        yield store


def fill(store: Store, act_count: int, decree_count: int) -> str:
    """Fill an empty store as polls of years would, a recueil for each decree, and return what it took."""
    chance, began = random.Random(1), _processor_time(store)
    authorities = load_authorities()
    towns = {code: _towns(tuple(authority.territory) or (code,)) for code, authority in authorities.items()}
    others = [
        act("Arrêté de circulation", first=4 + place, outcome=Outcome.NOT_CONCERNED, text=_OTHER)
        for place in range(act_count // decree_count - 1)
    ]
    for number in range(1, decree_count + 1):
        authority, published, facts = _drawn(number, chance, towns, decree_count)
        found_at = datetime.combine(published, datetime.min.time(), UTC) + timedelta(hours=7, seconds=number % 3600)
        new = replace(new_recueil(str(number), authority=authority), published=published)
        [recueil] = store.recueils.add([new], found_at)
        words = " ".join([*_WORDS, *(f"mot{int(chance.paretovariate(0.8)) % 50_000}" for _ in range(40))])
        act_id = f"{authority}-{published}-{number:05}"
        decree = act(_TITLE.format(facts.number), facts=facts, text=words, act_id=act_id)
        result = result_of(recueil, decree, *others, keys=[identities(authority, act_id, facts, "")])
        store.recordings.record(result, lambda _: (), found_at)
    namer = namer_of(places_of(authorities))
    while renew_some_communes(store.database, namer):
        pass
    took = _processor_time(store) - began
    if store.database.engine.dialect.name == "postgresql":
        # The server does this by itself within minutes.
        with store.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    return f"{act_count} acts, {decree_count} of them decrees: {took:.0f} s"


def _drawn(number: int, chance: random.Random, towns: Mapping[str, tuple[str, ...]], count: int) -> tuple[str, date, Facts]:
    """A decree of an authority that has many or few, of a period of days to months, most of which name a town."""
    codes = sorted(towns)
    authority = codes[min(int(chance.expovariate(6 / len(codes))), len(codes) - 1)]
    published = NOW.date() - timedelta(days=_DAYS * (count - number) // count)
    starts = published + timedelta(days=chance.randrange(1, 10))
    town = towns[authority][min(int(chance.expovariate(0.5)), len(towns[authority]) - 1)]
    named = chance.random()
    facts = Facts(
        number=f"{published.year}-{number:05}",
        signed=published - timedelta(days=1),
        starts=Moment(starts),
        ends=Moment(starts + timedelta(days=chance.choice((2, 4, 10, 30)))),
        event=chance.choice((None, "festival d'été", "marché de Noël", "match de football")),
        operators=(f"Commune de {town}",) if named < 0.3 else ("SNCF",) if named < 0.8 else ("Police nationale",),
        places=(f"gare de {town}",) if 0.3 <= named < 0.7 else ("centre-ville",),
    )
    return authority, published, facts


def _towns(departments: Sequence[str]) -> tuple[str, ...]:
    """The largest communes of these departments, by their names."""
    places = gazetteer()
    communes = (places.at(row) for code in departments for row in places.of_department(code))
    found = [commune for commune in communes if commune.part_of is None]
    return tuple(commune.name for commune in sorted(found, key=lambda commune: -(commune.population or 0))[:20])


# The questions.


def measure(store: Store, asked: int) -> list[Cost]:
    """Put each kind of question so often, with other words each time, and return what it took."""
    chance, authorities = random.Random(1), load_authorities()
    places = places_of(authorities)
    history = PublicationHistory(store)
    overview = partial(report_sources, Settings(), authorities, store, history, clock=lambda: NOW)
    questions = open_questions(places, store, overview, Settings(), page_size=5, clock=lambda: NOW)
    total = store.decrees.recent(1).total
    # A bot that runs has read long ago when its sources publish.
    questions.state()
    return [_cost(store, kind, ask, asked) for kind, ask in _kinds(store, questions, total, chance).items()]


def _kinds(store: Store, questions: Questions, total: int, chance: random.Random) -> dict[str, Callable[[], object]]:
    last = -(-total // 5)
    codes = sorted({decree.authority for decree in store.decrees.recent(200).decrees if decree.authority.isdigit()})
    largest = codes[0]
    towns = [f"{town} {code}" for code in codes[:20] for town in _towns((code,))[:3]]

    return {
        "recent": questions.recent,
        "recent, any page": lambda: questions.recent(chance.randint(1, last)),
        "recent, last page": lambda: questions.recent(last),
        "department": lambda: questions.department(chance.choice(codes)),
        "department with most, any page": lambda: questions.department(largest, chance.randint(1, 200)),
        "in force": questions.in_force,
        "in force in a department": lambda: questions.in_force(chance.choice(codes)),
        "search, a word of all decrees": lambda: questions.search("vidéoprotection"),
        "search, a word of all decrees, last page": lambda: questions.search("vidéoprotection", last),
        "search, three words of all decrees": lambda: questions.search(" ".join(chance.sample(_WORDS, 3))),
        "search, a word of half of them": lambda: questions.search("SNCF", chance.randint(1, 20)),
        "search, rare words": lambda: questions.search(f"mot{chance.randint(100, 50_000)}"),
        "search, a misspelt word": lambda: questions.search("vidéoprotectoin"),
        "a town": lambda: questions.town(chance.choice(towns)),
        "a town's second page": lambda: questions.town(chance.choice(towns), 2),
        "one decree": lambda: questions.show(str(chance.randint(1, total))),
        "one decree by its number": lambda: questions.show(f"2025-{chance.randint(1, total):05}"),
        "state": questions.state,
        "figures": questions.figures,
    }


def _cost(store: Store, kind: str, ask: Callable[[], object], asked: int) -> Cost:
    ask()
    times = []
    for _ in range(asked):
        began = _processor_time(store)
        ask()
        times.append((_processor_time(store) - began) * 1000)
    return Cost(kind, asked, *shares(times))


def shares(times: Iterable[float]) -> tuple[float, float]:
    """Return what half of them, and what 95 of 100 do not exceed."""
    found = sorted(times)
    return found[len(found) // 2], found[min(int(len(found) * 0.95), len(found) - 1)]


def _processor_time(store: Store) -> float:
    """Return the processor time in seconds that this process has used, and those of a PostgreSQL server of this machine for it."""
    used = time.process_time()
    if store.database.engine.dialect.name == "postgresql":
        for backend in _backends(store):
            with suppress(OSError):
                fields = Path(f"/proc/{backend}/schedstat").read_text().split()
                used += int(fields[0]) / 1e9
    return used


@lru_cache(maxsize=1)
def _backends(store: Store) -> list[int]:
    with store.database.reading() as connection:
        query = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'")
        return list(connection.execute(query).scalars())


if __name__ == "__main__":
    sys.exit(main())
