"""A decree is that of the authority that its number tells, whoever shows it, and is told once: whole polls over the real catalogue."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property, partial
from itertools import permutations
from pathlib import Path

import pytest

from bot.app.config.model import DestinationSettings
from bot.app.demo.scenario import demo_text
from bot.app.inventory import destination_of, places_of
from bot.delivery.channel import MessageComposer
from bot.delivery.console import ConsoleChannel
from bot.delivery.deliverer import Deliverer
from bot.domain.acts import Cover, Decree, Judged, Kind, Outcome, Place, Reading, Verdict
from bot.domain.health import SourceHealth, Status
from bot.domain.law import legal_advice
from bot.domain.posts import Destination, PostState, route_to
from bot.domain.records import RecueilState
from bot.domain.text import TextOrigin
from bot.ingest.judging import JudgedBy, issuer_of
from bot.ingest.poller import Poller
from bot.ingest.renewal import Redetection
from bot.ingest.review import Reviewer
from bot.operators.alerts import ANEW, source_changes
from bot.reading.acts.cutting import assemble
from sources.catalogue.authority import Issuers, Source, load_authorities
from tests.bot.ingest.test_judging import RECUEIL
from tests.bot.ingest.test_poller import QUARTER, TODAY, Bench, Site, reading, url
from tests.bot.ingest.wired import make_poller
from tests.bot.reading.test_var import PDFS, TEXTS, pages_and_table
from tests.bot.storage.finding import edits_of
from tests.bot.storage.ready import ready_store
from tests.examples import by_day
from tests.sources.markup import HOST, download, page

CATALOGUE = load_authorities()
ISSUERS = Issuers(CATALOGUE.values())
CODES = ("09", "50", "13", "69", "07", "26", "75", "92", "93", "94", "PP", "R-PACA", "R-IDF")
ROOTS = {code: f"{HOST}/Publications/RAA-{code}" for code in CODES}
NAMES = {"09": "de l'Ariège", "50": "de la Manche", "R-PACA": "de la région Provence-Alpes-Côte d'Azur"}
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


def paper(number: str, *, by: str = "09", act: str | None = "", recueil: str | None = "", origin: TextOrigin = TextOrigin.LAYER) -> Reading:
    """A recueil of one decree of this authority. `act` and `recueil` are the numbers of both, by default those of that authority."""
    prefix = {"R-PACA": "R93"}.get(by, by)
    text = demo_text("authorisation", TODAY, number=number).replace("PRÉFET DE LA DRÔME", f"PRÉFET {NAMES.get(by, '').upper()}")
    text = text.replace("Le préfet de la Drôme,", f"Le préfet {NAMES.get(by, '')},").replace("Valence", "Ville-sous-Bois")
    return numbered(
        reading(text),
        f"{prefix}-2026-08-14-00003" if act == "" else act,
        f"{prefix}-2026-240" if recueil == "" else recueil,
        origin=origin,
    )


def numbered(paper: Reading, act: str | None, recueil: str | None, *, origin: TextOrigin = TextOrigin.LAYER) -> Reading:
    acts = tuple(replace(one, id=act, pages=tuple(replace(each, origin=origin) for each in one.pages)) for one in paper.acts)
    return replace(paper, acts=acts, cover=Cover(recueil.split("-")[0] if recueil else None, recueil, TODAY))


@dataclass
class World(Bench):
    """Authorities of the catalogue on one host, and a destination for each of three of them besides one for all of France."""

    screens: dict[str, io.StringIO] = field(default_factory=lambda: {name: io.StringIO() for name in ("all", "09", "50", "13", "07")})
    shown: dict[str, list[str]] = field(default_factory=lambda: {code: [] for code in CODES})
    numbers: int = 0

    @property
    def destinations(self) -> list[Destination]:
        return [
            destination_of(DestinationSettings(name=name, platform="console", departments=() if name == "all" else (name,)), CATALOGUE)
            for name in self.screens
        ]

    @cached_property
    def watcher(self) -> Poller:
        sources = {code: Source(code, "site", "national", root, "newest-first", "download-list") for code, root in ROOTS.items()}
        polled = {code: replace(CATALOGUE[code], sources=(source,), not_covered=None) for code, source in sources.items()}
        return make_poller(
            CATALOGUE | polled, self.site, self.read, self.store, lambda: self.now,
            watched=sources, route=partial(route_to, self.destinations, None),
        )  # fmt: skip

    async def publish(self, code: str, *papers: Reading, listed: bool = True) -> None:
        """Files more on the site of this authority, seen at its next poll, and what that posts. `listed`: with a day in the listing."""
        for one in papers:
            self.numbers += 1
            self.papers[url(self.numbers)] = one
            self.shown[code].insert(0, download(self.numbers, "14/08/2026" if listed else ""))
        self.site.pages[ROOTS[code]] = page(*self.shown[code])
        self.now += QUARTER
        report, _ = await self.watcher.poll(next(one for one in self.watcher.sources if one.authority == code))
        assert (report.ok, report.new) == (True, len(papers))
        places = places_of(CATALOGUE)
        channels = [ConsoleChannel(name, each, MessageComposer(places, lambda: self.now, "fr")) for name, each in self.screens.items()]
        await Deliverer(self.store.outbox, channels, lambda: self.now).deliver_due()

    @property
    def known(self) -> tuple[Decree, ...]:
        """Every decree, the first one first."""
        return tuple(sorted(self.store.decrees.recent(100).decrees, key=lambda decree: decree.id or 0))

    @property
    def posted(self) -> dict[str, list[str]]:
        """The authorities of the decrees that each destination was sent."""
        posted = defaultdict[str, list[str]](list)
        for post in self.posts():
            assert post.state is PostState.SENT
            posted[post.destination].append(post.decree.authority)
        return dict(posted)

    @property
    def alerts(self) -> list[tuple[str, str]]:
        return [(alert.subject, alert.cause) for alert in self.store.alerts.unfinished()]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ready_store(tmp_path) as store:
        yield World(store, Site({root: page() for root in ROOTS.values()}))


async def test_two_pages_that_the_host_swaps_take_no_decree_from_its_authority(world: World) -> None:
    await world.publish("50", paper("2026-1", by="09"))
    await world.publish("09", paper("2026-2", by="50"))
    assert [(decree.authority, decree.publisher) for decree in world.known] == [("09", "50"), ("50", "09")]
    assert world.posted == {"all": ["09", "50"], "09": ["09"], "50": ["50"]}
    assert world.alerts == [("50:site", "misfiled"), ("09:site", "misfiled")]
    told = world.screens["09"].getvalue()
    for words in (
        "Ariège (09), Préfecture de l’Ariège",
        "Paru sur le site de : Préfecture de la Manche",
        "tribunal administratif de Toulouse",
    ):
        assert words in told
    # The host puts its pages right: the same decrees, each on the site of its own authority, and no second post.
    await world.publish("09", paper("2026-1", by="09"))
    await world.publish("50", paper("2026-2", by="50"))
    assert [[seen.authority for seen in decree.sightings] for decree in world.known] == [["50", "09"], ["09", "50"]]
    assert world.posted == {"all": ["09", "50"], "09": ["09"], "50": ["50"]}


@pytest.mark.parametrize("is_polled", [True, False])
async def test_what_the_other_authority_published_long_ago_is_recorded_in_silence(world: World, is_polled: bool) -> None:
    long_ago = TODAY - timedelta(days=25)
    if is_polled:
        await world.publish("09", paper("2026-3", act="09-2026-08-14-00007", recueil="09-2026-243"))
    await world.publish("50", paper("2026-4", by="50"))
    old = paper("2026-1", act="09-2026-07-20-00001", recueil="09-2026-200")
    new = paper("2026-2", act="09-2026-08-14-00008", recueil="09-2026-244")
    await world.publish("50", replace(old, cover=replace(old.cover, published=long_ago)), new)
    assert sorted(decree.published for decree in world.known if decree.authority == "09" and decree.published) == [
        long_ago, TODAY, *([TODAY] if is_polled else []),
    ]  # fmt: skip
    assert world.posted["09"] == ["09"] * (1 + is_polled)
    assert ("50:site", "misfiled") in world.alerts


async def test_a_decree_that_its_own_site_showed_first_is_seen_again_on_the_wrong_one(world: World) -> None:
    await world.publish("09", paper("2026-1"))
    await world.publish("50", paper("2026-1"))
    [decree] = world.known
    assert (decree.authority, [seen.authority for seen in decree.sightings]) == ("09", ["09", "50"])
    assert world.posted == {"all": ["09"], "09": ["09"]}
    assert world.alerts == [("50:site", "misfiled")]


async def test_operators_are_told_once_a_day_for_a_source_and_also_where_no_decree_is_found(world: World) -> None:
    ordinary = reading("Arrêté de circulation\nVu le code de la route ;\nARRÊTE\nArticle 1er : la rue est fermée.")
    await world.publish("50", *(numbered(ordinary, f"09-2026-08-14-0000{n}", f"09-2026-24{n}") for n in range(3)))
    [alert] = world.store.alerts.unfinished()
    assert (alert.subject, alert.cause) == ("50:site", "misfiled")
    assert alert.detail.startswith("Préfecture de l'Ariège 09-2026-24")
    world.now += ANEW
    world.store.alerts.change(world.now, dropped=[one.id for one in source_changes(_watched(), [alert], world.now).dropped])
    assert world.alerts == []
    await world.publish("50", numbered(ordinary, "09-2026-08-15-00001", "09-2026-250"))
    assert world.alerts == [("50:site", "misfiled")]


def _watched() -> list[SourceHealth]:
    return [SourceHealth("50:site", Status.OK)]


@pytest.mark.parametrize("publisher", by_day(["75", "92", "93", "94", "PP"], 2))
@pytest.mark.parametrize("department", by_day(["75", "92", "93", "94"], 2))
async def test_the_prefet_de_police_publishes_in_four_departments(world: World, publisher: str, department: str) -> None:
    signed = reading(police())
    cover = f"{department if publisher == 'PP' else publisher}-2026-440"
    await world.publish(publisher, numbered(signed, f"{department}-2026-08-14-00012", cover))
    [decree] = world.known
    assert (decree.authority, decree.facts.authority or "PP") == (publisher, "PP")
    assert (world.posted, world.alerts) == ({"all": [publisher]}, [])


@pytest.mark.parametrize("cover", ["R93-2026-120", "13-2026-240", None])
async def test_a_regional_decree_in_the_recueil_of_a_department_is_the_region_s(world: World, cover: str | None) -> None:
    await world.publish("13", paper("2026-5", by="R-PACA", recueil=cover))
    [decree] = world.known
    assert (decree.authority, decree.publisher) == ("R-PACA", "13")
    assert (world.posted, world.alerts) == ({"all": ["R-PACA"], "13": ["R-PACA"]}, [])
    await world.publish("R-PACA", paper("2026-5", by="R-PACA"))
    assert len(world.known) == 1


async def test_what_stands_in_the_recueil_of_a_region_under_the_number_of_its_department_is_the_region_s(world: World) -> None:
    await world.publish("R-PACA", paper("2026-5", by="13"))
    assert ([decree.authority for decree in world.known], world.alerts) == (["R-PACA"], [])


async def test_a_decree_of_a_neighbour_in_a_recueil_of_its_own_number_is_for_both(world: World) -> None:
    await world.publish("07", paper("2026-5", by="26", recueil="07-2026-240"))
    assert world.posted == {"all": ["26"], "07": ["26"]}
    assert world.alerts == [("07:site", "misfiled")]


@pytest.mark.parametrize(
    ("act", "cover"),
    [
        ("977-2026-08-14-00003", "50-2026-240"),
        ("ZZZ-2026-08-14-00003", "ZZZ-2026-240"),
        (None, "88X-2026-240"),
        # The region and the Vaucluse both number so.
        ("84-2026-08-14-00003", "84-2026-240"),
    ],
)
async def test_a_number_of_nobody_known_there_is_for_a_person(world: World, act: str | None, cover: str) -> None:
    odd = paper("2026-7", by="50", act=act, recueil=cover)
    await world.publish("50", odd)
    if act is None:
        assert [decree.authority for decree in world.known] == ["50"], "no number of the template says nothing"
        return
    assert (world.known, world.posted) == ((), {})
    reviewer = Reviewer(store=world.store, route=partial(route_to, world.destinations, None), clock=lambda: world.now, issuers=ISSUERS)
    [waiting] = reviewer.waiting(10)
    assert [item.text for item in waiting.evidence if item.cue == "number of no known authority"] == [act]
    assert len(reviewer.accept(waiting.id, kind=None, by="command").posts) == 2
    assert [decree.authority for decree in world.known] == ["50"]
    # What a person decided holds, at the next reading as well as under other rules.
    [recueil] = world.store.recueils.of("50")
    assert Redetection(store=world.store, clock=lambda: world.now, by=JudgedBy(ISSUERS)).differences(recueil.id) == []


@pytest.mark.parametrize(
    ("act", "cover", "whose"),
    [
        (None, "09-2026-240", "09"),
        (None, "50-2026-240", "50"),
        (None, "211.2026", "50"),
        (None, None, "50"),
        ("50-2026-08-14-00003", "09-2026-240", "50"),
        ("09-2026-08-14-00003", None, "09"),
    ],
)
async def test_the_number_of_the_act_decides_then_that_of_the_recueil(world: World, act: str | None, cover: str | None, whose: str) -> None:
    await world.publish("50", paper("2026-7", act=act, recueil=cover))
    assert [decree.authority for decree in world.known] == [whose]


async def test_a_decree_that_prints_a_number_of_the_template_as_its_own_is_known_by_it(world: World) -> None:
    await world.publish("50", paper("09-2026-08-14-00007", act=None, recueil=None))
    assert [(decree.authority, decree.facts.number) for decree in world.known] == [("09", "09-2026-08-14-00007")]


@pytest.mark.parametrize(("cover", "whose"), [("09-2026-240", ["09"]), ("50-2026-240", []), (None, [])])
async def test_a_number_that_was_recognised_counts_where_the_cover_says_the_same(world: World, cover: str | None, whose: list[str]) -> None:
    await world.publish("50", paper("2026-7", recueil=cover, origin=TextOrigin.OCR))
    assert [decree.authority for decree in world.known] == whose
    assert len(world.store.reviews.waiting(10)) == (0 if whose else 1)


async def test_what_is_judged_again_later_is_of_the_same_authority(world: World) -> None:
    await world.publish("50", paper("2026-1"))
    [recueil] = world.store.recueils.of("50")
    assert (recueil.state, recueil.number) == (RecueilState.READ, "09-2026-240")
    assert Redetection(store=world.store, clock=lambda: world.now, by=JudgedBy(ISSUERS)).differences(recueil.id) == []
    assert world.store.decrees.copy_of(world.known[0]) is not None


@pytest.mark.skipif(not TEXTS or not PDFS, reason="the recorded recueils (../shared/data) are not on this machine")
@pytest.mark.parametrize("path", [*TEXTS, *PDFS], ids=lambda path: path.stem)
def test_every_act_of_the_real_recueils_of_the_var_stays_its_own(path: Path) -> None:
    whole = assemble(pages_and_table(path)[0])
    recueil = replace(RECUEIL, authority="83", source="83:site", number=whole.cover.number)
    items = [Judged(act, Verdict(Outcome.NOT_CONCERNED)) for act in whole.acts]
    assert {ISSUERS.issuer(whole.cover.number, "83"), *(issuer_of(recueil, item, ISSUERS) for item in items)} == {"83"}


# One decree is one announcement, wherever and however often it appears; two decrees are two.
# The préfet de police's decrees appear in the recueil of Paris, on his own site as files of their own (drafts without signature among
# them), and in the recueils of the departments around.


RAA_75 = reading(police(heading="DUPA-2026-1017"), act_id="75-2026-08-14-00012")
RAA_92 = reading(f"RAA spécial Préfecture de Police\n{police()}", act_id="92-2026-08-14-00003")
DRAFT = reading(police(signature="Projet sans signature"))
PLACES = {"75": RAA_75, "92": RAA_92, "PP": DRAFT}


def on(paper: Reading, day: date | None) -> Reading:
    """The same with this day on its cover."""
    return replace(paper, cover=replace(paper.cover, published=day))


@pytest.mark.parametrize("order", by_day(permutations(PLACES), 2), ids="-".join)
async def test_three_places_are_one_decree_with_three_sightings_and_one_post(world: World, order: tuple[str, ...]) -> None:
    for code in order:
        await world.publish(code, PLACES[code])
    [decree] = world.known
    assert [(seen.authority, seen.url) for seen in decree.sightings] == list(zip(order, map(url, (1, 2, 3)), strict=True))
    assert [seen.seen_at for seen in decree.sightings] == sorted(seen.seen_at for seen in decree.sightings)
    assert len(world.posted["all"]) == 1
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
    assert len(world.posted["all"]) == 1


async def test_two_numbers_are_two_decrees_and_so_are_two_authorities(world: World) -> None:
    await world.publish("75", RAA_75)
    await world.publish("75", reading(police("2026-1018"), act_id="75-2026-08-14-00013"))
    await world.publish("26", reading(demo_text("authorisation", TODAY, number="2026-1017"), act_id="26-2026-08-14-00001"))
    assert [decree.facts.number for decree in world.known] == ["DUPA-2026-1017", "2026-1018", "2026-1017"]
    assert [len(decree.sightings) for decree in world.known] == [1, 1, 1]
    assert len(world.posted["all"]) == 3


@pytest.mark.parametrize("first", ["decree", "erratum"])
async def test_an_erratum_is_told_and_linked_to_what_it_corrects(world: World, first: str) -> None:
    text = demo_text("authorisation", TODAY, number="2026-123")
    papers = {
        "decree": reading(text, act_id="26-2026-08-14-00001"),
        "erratum": reading(f"ERRATUM\n{text.replace('17 août 2026', '18 août 2026')}", act_id="26-2026-08-15-00001"),
    }
    for name in (first, *(papers.keys() - {first})):
        await world.publish("26", papers[name])
    assert len(world.posted["all"]) == 2
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
    assert len(world.posted["all"]) == 2
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
    assert (world.known, world.posted) == ((), {})
