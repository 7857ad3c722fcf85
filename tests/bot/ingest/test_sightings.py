"""One decree is one announcement, wherever and however often it appears; two decrees are two.

The préfet de police's decrees appear in the recueil of Paris, on his own site as files of their own (drafts without signature among them),
and in the recueils of the departments around: here three sites, the real watcher, the real store and the real deliverer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import permutations
from pathlib import Path

import pytest

from bot.app.demo.scenario import demo_text
from bot.delivery.deliverer import Deliverer
from bot.domain.acts import Decree, Kind, Place, Reading
from bot.domain.law import legal_advice
from bot.ingest.poller import Poller
from sources.catalogue.authority import Authority, Source
from tests.bot.delivery.memory import ScriptedChannel
from tests.bot.ingest.test_poller import Bench, Site, reading, url
from tests.bot.ingest.wired import make_poller
from tests.bot.storage.finding import edits_of
from tests.bot.storage.ready import ready_store
from tests.examples import by_day
from tests.sources.markup import HOST, download, page

NOON = datetime(2026, 8, 14, 12, tzinfo=UTC)
TODAY = NOON.date()
ROOTS = {code: f"{HOST}/Publications/RAA-{code}" for code in ("75", "PP", "92", "26")}
SIGNED = "Fait à Paris, le 14 août 2026"


def police(number: str = "2026-1017", *, heading: str | None = None, signature: str = SIGNED) -> str:
    """A decree of the préfet de police. `heading` is how its number is printed in its title."""
    text = demo_text("authorisation", TODAY, number=number)
    for word, other in (
        ("PRÉFET DE LA DRÔME\nCabinet - Direction des sécurités", "PRÉFECTURE DE POLICE\nCabinet du préfet"),
        ("Le préfet de la Drôme,", "Le préfet de police,"),
        (f"Arrêté n° {number}", f"Arrêté n° {heading or number}"),
        ("Fait à Valence, le 14 août 2026\nLe préfet", f"{signature}\nLe préfet de police"),
        ("Valence", "Paris"),
    ):
        assert word in text
        text = text.replace(word, other)
    return text


RAA_75 = reading(police(heading="DUPA-2026-1017"), act_id="75-2026-08-14-00012")
RAA_92 = reading(f"RAA spécial Préfecture de Police\n{police()}", act_id="92-2026-08-14-00003")
DRAFT = reading(police(signature="Projet sans signature"))
PLACES = {"75": RAA_75, "92": RAA_92, "PP": DRAFT}


def on(paper: Reading, day: date | None) -> Reading:
    """The same with this day on its cover."""
    return replace(paper, cover=replace(paper.cover, published=day))


@dataclass
class World(Bench):
    """Four authorities on one host, and one destination. `numbers` counts the files that were published."""

    channel: ScriptedChannel = field(default_factory=lambda: ScriptedChannel("memory"))
    shown: dict[str, list[str]] = field(default_factory=lambda: {code: [] for code in ROOTS})
    numbers: int = 0

    @cached_property
    def watcher(self) -> Poller:
        sources = [Source(code, "site", "national", root, "newest-first", "download-list") for code, root in ROOTS.items()]
        authorities = {one.authority: Authority(one.authority, one.authority, one.authority, "Europe/Paris", (one,)) for one in sources}
        return make_poller(authorities, self.site, self.read, self.store, lambda: self.now, route=lambda decree: ("memory",))

    async def publish(self, code: str, paper: Reading, *, listed: bool = True) -> str:
        """A file more on the site of this authority, seen at its next poll and told; its address. `listed`: with a day in the listing."""
        self.numbers += 1
        address = url(self.numbers)
        self.papers[address] = paper
        self.shown[code].insert(0, download(self.numbers, "14/08/2026" if listed else ""))
        self.site.pages[ROOTS[code]] = page(*self.shown[code])
        self.now += timedelta(minutes=15)
        source = next(one for one in self.watcher.sources if one.authority == code)
        report, _ = await self.watcher.poll(source)
        assert (report.ok, report.new) == (True, 1)
        await Deliverer(self.store.outbox, [self.channel], lambda: self.now).deliver_due()
        return address

    @property
    def known(self) -> tuple[Decree, ...]:
        """Every decree, the first one first."""
        return self.store.decrees.recent(100).decrees[::-1]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ready_store(tmp_path) as store:
        yield World(store, Site({root: page() for root in ROOTS.values()}))


@pytest.mark.parametrize("order", by_day(permutations(PLACES), 2), ids="-".join)
async def test_three_places_are_one_decree_with_three_sightings_and_one_post(world: World, order: tuple[str, ...]) -> None:
    addresses = [await world.publish(code, PLACES[code]) for code in order]
    [decree] = world.known
    assert [(seen.authority, seen.url) for seen in decree.sightings] == list(zip(order, addresses, strict=True))
    assert [seen.seen_at for seen in decree.sightings] == sorted(seen.seen_at for seen in decree.sightings)
    assert len(world.channel.received) == 1
    # Whichever came first, the signed text told the day of its signature.
    assert decree.facts.signed == TODAY
    assert (decree.facts.number or "").endswith("2026-1017")


DAYS = {"75": TODAY, "92": None, "PP": date(2026, 9, 20)}


@pytest.mark.parametrize("order", by_day(permutations(PLACES), 2), ids="-".join)
async def test_it_was_published_when_the_first_of_its_places_was(world: World, order: tuple[str, ...]) -> None:
    for code in order:
        await world.publish(code, on(PLACES[code], DAYS[code]), listed=False)
    [decree] = world.known
    assert decree.published == TODAY
    told = legal_advice(decree, Place("PP", "Préfecture de police", "Paris"), world.now)
    assert (told.last_day, told.flags) == (date(2026, 10, 15), ())
    # A message that told a later last day, or none, is put right.
    seen = [DAYS[code] for code in order]
    edits = edits_of(world.store)
    assert bool(edits) is (seen[0] != TODAY)


async def test_what_is_published_again_or_corrected_is_the_same_decree(world: World) -> None:
    await world.publish("75", RAA_75)
    await world.publish("75", RAA_75)
    corrected = police(heading="DUPA 2026-1017").replace("24 caméras", "26 caméras").replace("place des Clercs", "place des Fêtes")
    await world.publish("75", reading(corrected, act_id="75-2026-08-15-00001"))
    await world.publish("PP", reading(corrected))
    [decree] = world.known
    assert [seen.authority for seen in decree.sightings] == ["75", "75", "75", "PP"]
    assert decree.facts.cameras == 24, "nothing that was read is overwritten"
    assert len(world.channel.received) == 1


async def test_two_numbers_are_two_decrees_and_so_are_two_authorities(world: World) -> None:
    await world.publish("75", RAA_75)
    await world.publish("75", reading(police("2026-1018"), act_id="75-2026-08-14-00013"))
    await world.publish("26", reading(demo_text("authorisation", TODAY, number="2026-1017"), act_id="26-2026-08-14-00001"))
    assert [decree.facts.number for decree in world.known] == ["DUPA-2026-1017", "2026-1018", "2026-1017"]
    assert [len(decree.sightings) for decree in world.known] == [1, 1, 1]
    assert len(world.channel.received) == 3


@pytest.mark.parametrize("first", ["decree", "erratum"])
async def test_an_erratum_is_told_and_linked_to_what_it_corrects(world: World, first: str) -> None:
    text = demo_text("authorisation", TODAY, number="2026-123")
    papers = {
        "decree": reading(text, act_id="26-2026-08-14-00001"),
        "erratum": reading(f"ERRATUM\n{text.replace('17 août 2026', '18 août 2026')}", act_id="26-2026-08-15-00001"),
    }
    for name in (first, *(papers.keys() - {first})):
        await world.publish("26", papers[name])
    assert len(world.channel.received) == 2
    decrees = {decree.kind: decree for decree in world.known}
    decree, erratum = decrees[Kind.AUTHORISATION], decrees[Kind.MODIFICATION]
    assert [(change.kind, change.decree, change.ends and change.ends.day.day) for change in decree.changed_by] == [
        (Kind.MODIFICATION, erratum.id, 18)
    ]
    assert [(change.decree, change.number) for change in erratum.changes] == [(decree.id, "2026-123")]
    assert (len(decree.sightings), len(erratum.sightings)) == (1, 1)


async def test_a_decree_that_ends_another_is_linked_to_it_across_sites(world: World) -> None:
    ending = (
        demo_text("abrogation", TODAY, number="2026-1200", abrogated="2026-1017")
        .replace("PRÉFET DE L'AISNE\nCabinet", "PRÉFECTURE DE POLICE")
        .replace("Le préfet de l'Aisne,", "Le préfet de police,")
    )
    await world.publish("92", reading(ending, act_id="92-2026-08-15-00001"))
    await world.publish("75", RAA_75)
    assert len(world.channel.received) == 2
    ended, granted = world.known
    assert [(change.kind, change.decree) for change in ended.changes] == [(Kind.ABROGATION, granted.id)]
    assert [(change.kind, change.decree) for change in granted.changed_by] == [(Kind.ABROGATION, ended.id)]


@pytest.mark.parametrize("again", ["œuvre", "oeuvre", "ŒUVRE"])
@pytest.mark.parametrize("once", by_day(["œuvre", "oeuvre"], 1))
async def test_what_a_person_rejected_is_not_told_when_it_appears_elsewhere(world: World, once: str, again: str) -> None:
    recital = f"Considérant qu'un traitement algorithmique des images de vidéoprotection a été mis en {once} ;"
    text = (
        f"Arrêté portant réglementation de la circulation\nVu le code de la route ;\n{recital}\nARRÊTE\nArticle 1er : la rue est fermée.\n"
        * 2
    )
    await world.publish("26", reading(text, act_id="26-2026-08-14-00001"))
    [review] = world.store.reviews.waiting(10)
    world.store.reviews.reject(review.id, world.now, "cli")
    await world.publish("92", reading(text.replace(once, again)))
    assert world.store.reviews.waiting(10) == []
    assert (world.known, world.channel.received) == ((), [])
