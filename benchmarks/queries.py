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
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Table, delete, func, insert, select, text

from bot.app.config.model import Settings
from bot.app.inventory import places_of, report_sources
from bot.app.wiring import namer_of, open_questions
from bot.domain.acts import Decree, Facts, Kind, Moment, Outcome
from bot.domain.posts import operator_slug
from bot.domain.records import RecueilState
from bot.gazetteer.gazetteer import gazetteer
from bot.ingest.health import PublicationHistory
from bot.queries.questions import Questions
from bot.storage.naming import renew_some_communes
from bot.storage.schema import acts, decree_operators, decrees, identities, recueils, search_rules, sightings
from bot.storage.search import renew_some_terms
from bot.storage.store import Store, open_store
from sources.catalogue.authority import load_authorities

MOST = 50.0
"""Milliseconds of processor time that 95 of 100 answers may take."""
NOW = datetime(2026, 9, 16, 10, 0, tzinfo=UTC)
_DAYS = 2_000
_ROWS = 2_000
# fmt: off
_WORDS = (
    "autorisation", "traitement", "algorithmique", "images", "vidéoprotection", "caméras", "période", "article", "arrêté", "sécurité",
    "public", "voie", "gare", "station", "événement", "manifestation", "sportive", "festive", "culturelle", "détection", "densité",
    "mouvement", "foule", "abandonnés", "intrusion", "zone", "interdite", "périmètre", "agents", "habilités",
)
# fmt: on
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
    parser.add_argument("--seed", type=int, default=1, help="what chance is drawn from (%(default)s)")
    parser.add_argument("--url", default="", help="an empty database; one that an earlier run has filled is used again")
    parser.add_argument("--keep", type=Path, help="keep the SQLite file in this folder, and use it again where it is there")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        url = options.url or f"sqlite:///{(options.keep or Path(folder)) / 'queries.db'}"
        with open_store(url) as store:
            if not store.decrees.recent(1).total:
                for step in fill(store, options.acts, options.decrees, options.seed):
                    print(step, file=sys.stderr, flush=True)
            costs = measure(store, options.asked, options.seed)
    print("\n".join(table(costs)))
    return 1 if any(cost.p95 > MOST for cost in costs) else 0


def table(costs: Sequence[Cost]) -> list[str]:
    """Return the lines of the table."""
    lines = [f"{'ms of processor time':42}{'p50':>8}{'p95':>8}{'asked':>8}"]
    return lines + [f"{cost.kind:42}{cost.p50:8.1f}{cost.p95:8.1f}{cost.asked:8}" for cost in costs]


# The store.


def fill(store: Store, act_count: int, decree_count: int, seed: int) -> Iterator[str]:
    """Fill an empty store as polls of years would; yield what each step took."""
    chance, began = random.Random(seed), _processor_time(store)
    authorities = load_authorities()
    towns = {code: _towns(tuple(authority.territory) or (code,)) for code, authority in authorities.items()}
    drawn = [_decree(number, chance, towns, decree_count) for number in range(1, decree_count + 1)]
    with store.database.writing() as connection:
        for target, rows in _rows(drawn, act_count, chance):
            while batch := list(islice(rows, _ROWS)):
                connection.execute(insert(target), batch)
        if connection.dialect.name == "postgresql":
            for target in (recueils, acts, decrees, sightings):
                last = select(func.setval(func.pg_get_serial_sequence(target.name, "id"), select(func.max(target.c.id)).scalar_subquery()))
                connection.execute(last)
        connection.execute(delete(search_rules))
    yield f"{act_count} acts, {decree_count} of them decrees: {(_processor_time(store) - began):.0f} s"
    namer = namer_of(places_of(authorities))
    yield f"communes of all decrees: {_renewed(store, lambda: _all(lambda: renew_some_communes(store.database, namer) > 0))}"
    yield f"index of the search: {_renewed(store, lambda: _all(lambda: renew_some_terms(store.database)))}"
    if store.database.engine.dialect.name == "postgresql":
        # The server does this by itself within minutes.
        with store.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _all(some: Callable[[], bool]) -> None:
    while some():
        pass


def _renewed(store: Store, work: Callable[[], None]) -> str:
    """Do it, and return what it took, and the longest of its transactions, for which others wait to write."""
    began = last = _processor_time(store)
    longest = 0.0

    def ended(_writing: bool, _began: float, _error: object) -> None:
        nonlocal last, longest
        now = _processor_time(store)
        longest, last = max(longest, now - last), now

    store.database.when_used, before = ended, store.database.when_used
    work()
    store.database.when_used = before
    return f"{_processor_time(store) - began:.0f} s, {longest:.2f} s at most a transaction"


def _decree(number: int, chance: random.Random, towns: dict[str, tuple[str, ...]], count: int) -> Decree:
    """One of an authority that has many or few, of a period of days to months, most of which name a town."""
    codes = sorted(towns)
    authority = codes[min(int(chance.expovariate(6 / len(codes))), len(codes) - 1)]
    published = NOW.date() - timedelta(days=_DAYS * (count - number) // count)
    starts = published + timedelta(days=chance.randrange(1, 10))
    town = towns[authority][min(int(chance.expovariate(0.5)), len(towns[authority]) - 1)]
    named = chance.random()
    operators = (f"Commune de {town}",) if named < 0.3 else ("SNCF",) if named < 0.8 else ("Police nationale",)
    facts = Facts(
        number=f"{published.year}-{number:05}",
        signed=published - timedelta(days=1),
        starts=Moment(starts),
        ends=Moment(starts + timedelta(days=chance.choice((2, 4, 10, 30)))),
        event=chance.choice((None, "festival d'été", "marché de Noël", "match de football")),
        operators=operators,
        places=(f"gare de {town}",) if 0.3 <= named < 0.7 else ("centre-ville",),
    )
    title = f"Arrêté n° {facts.number} portant autorisation d'un traitement algorithmique des images issues d'un système de vidéoprotection"
    url = f"https://prefecture.example/{authority}/{number}.pdf"
    return Decree(authority, Kind.AUTHORISATION, title, facts, (), url, 3, published, f"{authority}-{published}-{number:05}", number)


def _towns(departments: Sequence[str]) -> tuple[str, ...]:
    """The largest communes of these departments, by their names."""
    places = gazetteer()
    communes = (places.at(row) for code in departments for row in places.of_department(code))
    found = [commune for commune in communes if commune.part_of is None]
    return tuple(commune.name for commune in sorted(found, key=lambda commune: -(commune.population or 0))[:20])


def _rows(drawn: Sequence[Decree], act_count: int, chance: random.Random) -> Iterator[tuple[Table, Iterator[dict[str, Any]]]]:
    """The rows of each table, in an order that foreign keys allow: a recueil a decree, with the decree and its share of other acts."""
    others = (act_count - len(drawn)) // len(drawn)
    yield recueils, (_recueil(decree) for decree in drawn)
    yield decrees, (_stored(decree) for decree in drawn)
    yield decree_operators, (row for decree in drawn for row in _operators(decree))
    yield identities, (key for decree in drawn for key in _keys(decree))
    yield sightings, (_sighting(decree) for decree in drawn)
    yield acts, (_act(decree, position, chance) for decree in drawn for position in range(others + 1))


def _found_at(decree: Decree) -> datetime:
    return datetime.combine(decree.published or date.min, datetime.min.time(), UTC) + timedelta(hours=7, seconds=(decree.id or 0) % 3600)


def _recueil(decree: Decree) -> dict[str, Any]:
    row: dict[str, Any] = {"id": decree.id, "authority": decree.authority, "source": f"{decree.authority}:site", "url": decree.url}
    row |= {"title": f"RAA {decree.id}", "published": decree.published, "is_detail": False, "state": RecueilState.READ, "attempts": 1}
    return row | {"found_at": _found_at(decree), "silent": False, "digest": f"{decree.id:064}", "page_count": 40}


def _stored(decree: Decree) -> dict[str, Any]:
    facts = decree.facts
    row: dict[str, Any] = {"id": decree.id, "authority": decree.authority, "kind": decree.kind, "title": decree.title, "facts": facts}
    row |= {"evidence": (), "recueil_id": decree.id, "url": decree.url, "page": 3, "published": decree.published, "act_id": decree.act_id}
    row |= {"found_at": _found_at(decree), "listed_on": decree.published, "signed_on": facts.signed}
    return row | {"starts_on": facts.starts and facts.starts.day, "ends_on": facts.ends and facts.ends.day}


def _operators(decree: Decree) -> Iterator[dict[str, Any]]:
    return ({"decree_id": decree.id, "operator": operator_slug(name), "name": name} for name in decree.facts.operators)


def _keys(decree: Decree) -> Iterator[dict[str, Any]]:
    prefix = f"number:{decree.authority}:{decree.facts.number}:"
    yield {"key": f"{prefix}signed:{decree.facts.signed}", "decree_id": decree.id, "prefix": prefix}
    yield {"key": f"act:{(decree.act_id or '').lower()}", "decree_id": decree.id, "prefix": None}


def _sighting(decree: Decree) -> dict[str, Any]:
    row: dict[str, Any] = {"decree_id": decree.id, "recueil_id": decree.id, "authority": decree.authority, "url": decree.url, "page": 3}
    return row | {"seen_at": _found_at(decree), "facts": decree.facts, "published": decree.published}


def _act(decree: Decree, position: int, chance: random.Random) -> dict[str, Any]:
    is_decree = position == 0
    words = [*_WORDS, *(f"mot{int(chance.paretovariate(0.8)) % 50_000}" for _ in range(40))] if is_decree else ["stationnement"] * 20
    row: dict[str, Any] = {"recueil_id": decree.id, "position": position, "title": decree.title if is_decree else "Arrêté de circulation"}
    row |= {"act_id": decree.act_id if is_decree else None, "first_page": 3 + position, "last_page": 3 + position, "evidence": ()}
    row |= {"outcome": Outcome.DECREE if is_decree else Outcome.NOT_CONCERNED, "kind": decree.kind if is_decree else None}
    return row | {"text": " ".join(words), "decree_id": decree.id if is_decree else None}


# The questions.


def measure(store: Store, asked: int, seed: int) -> list[Cost]:
    """Put each kind of question so often, with other words each time, and return what it took."""
    chance, authorities = random.Random(seed), load_authorities()
    places = places_of(authorities)
    history = PublicationHistory(store)
    questions = open_questions(
        places, store, lambda: report_sources(Settings(), authorities, store, history, clock=_now), page_size=5, clock=_now
    )
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
    times.sort()
    return Cost(kind, asked, times[len(times) // 2], times[min(int(len(times) * 0.95), len(times) - 1)])


def _now() -> datetime:
    return NOW


def _processor_time(store: Store) -> float:
    """Return the processor time in seconds that this process has used, and those of a PostgreSQL server of this machine for it."""
    used = time.process_time()
    if store.database.engine.dialect.name == "postgresql":
        for backend in _backends(store):
            with suppress(OSError):
                fields = Path(f"/proc/{backend}/schedstat").read_text().split()
                used += int(fields[0]) / 1e9
    return used


_KNOWN_BACKENDS: dict[int, list[int]] = {}


def _backends(store: Store) -> list[int]:
    if id(store) not in _KNOWN_BACKENDS:
        with store.database.reading() as connection:
            query = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'")
            _KNOWN_BACKENDS[id(store)] = list(connection.execute(query).scalars())
    return _KNOWN_BACKENDS[id(store)]


if __name__ == "__main__":
    sys.exit(main())
