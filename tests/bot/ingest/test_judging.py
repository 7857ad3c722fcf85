from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.app.demo.scenario import demo_text
from bot.domain.acts import Act, Cover, Kind, Outcome, Reading
from bot.domain.records import Decision, Recueil, RecueilState
from bot.domain.text import PageText, TextOrigin
from bot.domain.topics import WatchedTopics
from bot.ingest.judging import (
    accepted_decree,
    concerned,
    decision_keys,
    decree_of,
    early_result,
    judge_acts,
    judge_reading,
    read_result,
    uncertain_acts,
)
from bot.reading.acts.cutting import cut_inner
from tests.bot.reading.test_inner import TITLE, TOWNS, bulk, decree, table_of
from tests.bot.real_acts import DRONES
from tests.present import present

BOTH = ("vsa", "drones")
DAY = date(2026, 8, 14)
URL = "https://www.drome.gouv.fr/contenu/telechargement/1/2/file/recueil.pdf"
RECUEIL = Recueil(1, "26", "26:site", URL, "RAA", DAY, False, RecueilState.WAITING, 0, None, None, None, None)


def vsa(number: str) -> str:
    return demo_text("authorisation", DAY, number=number)


def document(*acts: Act, cover: Cover | None = None) -> Reading:
    return Reading(max(act.last_page for act in acts), cover or Cover(), acts)


def act(first_page: int, *texts: str, id: str | None = "26-2026-08-14-00001", title: str = "Arrêté") -> Act:  # noqa: A002 - as in Act
    pages = tuple(PageText(first_page + offset, text) for offset, text in enumerate(texts))
    return Act(id, title, "Cabinet", first_page, first_page + len(texts) - 1, pages)


def test_the_parts_of_one_act_share_its_identifier_and_are_never_one_decree() -> None:
    texts = [vsa("X").replace("Arrêté n° X", "Arrêté").replace("2022-0145", "2022").replace("Valence", town) for town in ("Die", "Crest")]
    parts = [replace(act(3 + 4 * part, text), part=part) for part, text in enumerate([vsa("2026-1"), vsa("2026-2"), *texts], 1)]
    decrees = [decree for _, decree in read_result(RECUEIL, document(*parts), next_try_at=None).decrees]
    assert [(decree.act_id, decree.page) for decree in decrees] == [("26-2026-08-14-00001", page) for page in (7, 11, 15, 19)]
    keys = [key for decree in decrees for key in decree.identities]
    assert len(keys) == len(set(keys))
    # Cut or whole, in this recueil or another, a decree that has a number is the same.
    whole = decree_of("26", URL, DAY, judge_reading(document(act(3, vsa("2026-1"))))[0])
    assert set(whole.identities) & set(decrees[0].identities)


def test_names_of_people_stay_out_of_titles() -> None:
    title = "Arrêté portant autorisation d'un traitement algorithmique à la demande de M. Jean DUPONT"
    [item] = judge_reading(document(act(3, vsa("2026-1"), title=title)))
    decree = decree_of("26", URL, DAY, item)
    assert "DUPONT" not in decree.title
    doubtful = replace(item, verdict=replace(item.verdict, outcome=Outcome.UNCERTAIN, kind=None))
    [uncertain] = uncertain_acts("26", URL, [doubtful])
    assert "DUPONT" not in uncertain.title


def test_the_cover_dates_a_decree_before_the_listing_does() -> None:
    cover = Cover("26", "26-2026-300", date(2026, 8, 13))
    result = read_result(RECUEIL, document(act(3, vsa("2026-1")), cover=cover), next_try_at=None)
    assert [decree.published for _, decree in result.decrees] == [date(2026, 8, 13)]
    undated = read_result(RECUEIL, document(act(3, vsa("2026-1"))), next_try_at=None)
    assert [decree.published for _, decree in undated.decrees] == [DAY]


def test_each_decree_points_at_its_act() -> None:
    ordinary = act(3, "Arrêté de circulation\nVu le code de la route ;\nARRÊTE\nArticle 1er : la rue est fermée.", id="26-2026-08-14-00001")
    again = datetime(2026, 8, 15, tzinfo=UTC)
    result = read_result(RECUEIL, document(ordinary, act(4, vsa("2026-1"), id="26-2026-08-14-00002")), next_try_at=again)
    assert [item.verdict.outcome for item in result.judged] == [Outcome.NOT_CONCERNED, Outcome.DECREE]
    assert [(position, decree.kind, decree.act_id, decree.page) for position, decree in result.decrees] == [
        (1, Kind.AUTHORISATION, "26-2026-08-14-00002", 4)
    ]
    assert result.next_try_at == again


def test_the_same_words_have_the_same_digest() -> None:
    one = read_result(RECUEIL, document(act(3, vsa("2026-1"))), next_try_at=None)
    two = read_result(RECUEIL, document(act(3, vsa("2026-1").upper())), next_try_at=None)
    other = read_result(RECUEIL, document(act(3, vsa("2026-2"))), next_try_at=None)
    assert one.digest == two.digest != other.digest


def recognised(number: int, text: str, other: str = "", origin: TextOrigin = TextOrigin.OCR) -> PageText:
    return PageText(number, text, origin, other)


ORDINARY = "Arrêté portant réglementation de la circulation\nVu le code de la route ;\nARRÊTE\nArticle 1er : la rue est fermée."


def of_pages(*pages: PageText, id: str | None = "26-2026-08-14-00001", title: str = "Arrêté") -> Act:  # noqa: A002 - as in Act
    return Act(id, title, "Cabinet", pages[0].number, pages[-1].number, pages)


def test_an_act_is_concerned_from_the_first_sign_in_either_text_or_in_its_title() -> None:
    pending = recognised(4, "", origin=TextOrigin.PENDING)
    assert concerned(of_pages(recognised(3, vsa("2026-1")), pending))
    assert concerned(of_pages(recognised(3, ORDINARY, other=vsa("2026-1")), pending))
    assert concerned(of_pages(pending, title="Arrêté autorisant un traitement algorithmique des images de vidéoprotection"))
    assert not concerned(of_pages(recognised(3, ORDINARY), pending))
    assert not concerned(of_pages(pending))
    # A sign of a topic counts where that is watched.
    assert [concerned(of_pages(recognised(3, DRONES), pending), WatchedTopics(names)) for names in (("vsa",), BOTH)] == [False, True]


def test_an_act_is_judged_for_each_topic_in_the_text_where_it_is_strongest() -> None:
    [one, two] = judge_reading(document(of_pages(recognised(3, vsa("2026-1"), other=DRONES))), WatchedTopics(BOTH))
    assert [(item.verdict.topic, item.verdict.outcome, item.act.text) for item in (one, two)] == [
        ("vsa", Outcome.DECREE, vsa("2026-1")),
        ("drones", Outcome.DECREE, DRONES),
    ]


def test_an_act_of_which_nothing_tells_what_it_is_about_is_concerned_once_a_page_is_given_up() -> None:
    lost, pending = recognised(3, "", origin=TextOrigin.UNREADABLE), recognised(4, "", origin=TextOrigin.PENDING)
    assert concerned(of_pages(lost, pending))
    assert not concerned(of_pages(lost, pending, title="Arrêté portant réglementation de la circulation sur la RD 6"))


def test_early_only_decrees_in_acts_wholly_read_are_told() -> None:
    doubt = "Considérant qu'un traitement algorithmique des images de vidéoprotection a été mis en œuvre sur place ;\nARRÊTE"
    whole = of_pages(recognised(3, vsa("2026-1")), id="26-2026-08-14-00001")
    uncertain = of_pages(recognised(4, ORDINARY.replace("ARRÊTE", doubt)), id="26-2026-08-14-00002")
    part = of_pages(recognised(5, vsa("2026-2")), recognised(6, "", origin=TextOrigin.PENDING), id="26-2026-08-14-00003")
    reading = Reading(6, Cover(), (whole, uncertain, part), pending_pages=(6,))
    result = present(early_result(RECUEIL, reading, next_try_at=datetime(2026, 8, 15, tzinfo=UTC)))
    assert [(position, decree.facts.number) for position, decree in result.decrees] == [(0, "2026-1")]
    assert ([item.act for item in result.judged], result.early) == ([whole], True)
    assert early_result(RECUEIL, replace(reading, acts=(uncertain, part)), next_try_at=datetime(2026, 8, 15, tzinfo=UTC)) is None
    assert not read_result(RECUEIL, document(whole), next_try_at=None).early


def test_the_stronger_verdict_of_two_texts_counts_with_the_text_it_was_read_in() -> None:
    twice = of_pages(recognised(3, ORDINARY, other=vsa("2026-1")), recognised(4, "Fait à Valence"))
    [item] = judge_reading(document(twice))
    assert item.verdict.outcome is Outcome.DECREE
    assert {evidence.page for evidence in item.verdict.evidence} == {3}
    assert [page.text for page in item.act.pages] == [vsa("2026-1"), "Fait à Valence"]
    # The first text is the better one wherever it says as much.
    for text, other in ((vsa("2026-1"), ORDINARY), (ORDINARY, ORDINARY.upper()), (vsa("2026-1"), vsa("2026-2"))):
        [item] = judge_reading(document(of_pages(recognised(3, text, other=other))))
        assert item.act.pages[0].text == text


def closed(number: str, closing: str) -> str:
    text = vsa(number)
    return text[: text.index("Fait à ")] + closing


def test_of_a_decree_in_two_texts_what_only_the_second_has_or_has_otherwise_under_stamps_is_doubtful() -> None:
    first = closed("2026-1", "Fait à Valence, le 2 mai 2026\nLe").replace("24 caméras", "…")
    second = closed("2026-1", "Fait à Valence, le 7 mai 2026\nLe préfet de la Drôme")
    [item] = judge_reading(document(of_pages(recognised(3, first, other=second))))
    facts = item.verdict.facts
    assert (facts.signed, facts.office, facts.cameras) == (date(2026, 5, 2), "Le préfet de la Drôme", 24)
    assert set(facts.doubtful) == {"signed", "office", "cameras"}
    assert [quote.page for quote in item.verdict.evidence if quote.about == "office"] == [3]
    [same] = judge_reading(document(of_pages(recognised(3, second, other=second.upper()))))
    assert same.verdict.facts.doubtful == ()


@pytest.mark.parametrize(
    ("closing", "confidence", "signed", "doubtful"),
    [
        ("Fait à Valence, le", 93, "2026-08-14", True),  # lost on the scan
        ("Fait à Valence, le 14 août 2026", 60, "2026-08-14", False),  # badly read, but as the identifier has it
        ("Fait à Valence, le 11 août 2026", 93, "2026-08-11", True),
        ("Fait à Valence, le 11 août 2026", None, "2026-08-11", False),  # no scan
        ("Fait à Valence, le", None, None, False),
    ],
)
def test_on_scans_the_day_of_the_identifier_stands_beside_that_of_signature(
    closing: str, confidence: int | None, signed: str | None, doubtful: bool
) -> None:
    page = PageText(3, closed("2026-1", closing), TextOrigin.OCR, confidence=confidence)
    [item] = judge_reading(document(of_pages(page)))
    decree = decree_of("26", URL, DAY, item)
    assert decree.facts.signed == (date.fromisoformat(signed) if signed else None)
    assert ("signed" in decree.facts.doubtful) is doubtful
    assert all(quote.page == 3 for quote in decree.evidence if quote.about == "signed")
    assert not any("signed:2026-08-14" in key for key in decree.identities) or "14 août" in closing


def test_a_day_that_a_text_layer_has_stays_sure_beside_a_scanned_annex() -> None:
    page = PageText(3, closed("2026-1", "Fait à Valence, le 11 août 2026"))
    [item] = judge_reading(document(of_pages(page, PageText(4, "Plan", TextOrigin.OCR, confidence=93))))
    decree = decree_of("26", URL, DAY, item)
    assert decree.facts.sure.signed == date(2026, 8, 11)


# What decrees say of each other


def test_a_decree_carries_how_those_that_it_names_are_known() -> None:
    text = demo_text("abrogation", DAY, number="2026-150", abrogated="2026-1")
    [ending] = [decree for _, decree in read_result(RECUEIL, document(act(3, text)), next_try_at=None).decrees]
    [granted] = [decree for _, decree in read_result(RECUEIL, document(act(3, vsa("2026-1"))), next_try_at=None).decrees]
    assert [reference.number for reference in ending.facts.references] == ["2026-1"]
    [begins] = ending.reference_prefixes
    assert begins is not None
    assert any(key.startswith(begins) for key in granted.identities)
    assert len(granted.reference_prefixes) == len(granted.facts.references)


def test_the_police_prefect_s_decree_names_his_decrees_whoever_publishes_it() -> None:
    police = vsa("2026-1").replace("PRÉFET DE LA DRÔME", "PRÉFECTURE DE POLICE").replace("Le préfet de la Drôme,", "Le préfet de police,")
    ending = "Article 1er : L'arrêté n° 2026-7 du 3 mai 2026 autorisant un traitement algorithmique est abrogé."
    police = police.replace("ARRÊTE", f"ARRÊTE\n\n{ending}", 1)
    [decree] = [decree for _, decree in read_result(replace(RECUEIL, authority="92"), document(act(3, police)), next_try_at=None).decrees]
    assert (decree.authority, decree.facts.authority) == ("92", "PP")
    assert [begins for begins in decree.reference_prefixes if begins == "number:PP:2026-7:"]


def test_an_erratum_is_a_modification_and_not_the_decree_seen_once_more() -> None:
    [decree] = [decree for _, decree in read_result(RECUEIL, document(act(3, vsa("2026-1"))), next_try_at=None).decrees]
    again = act(3, "ERRATUM\n" + vsa("2026-1"), id="26-2026-08-15-00001")
    [erratum] = [decree for _, decree in read_result(RECUEIL, document(again), next_try_at=None).decrees]
    assert erratum.kind is Kind.MODIFICATION
    assert not set(erratum.identities) & set(decree.identities)
    assert any(key.startswith(erratum.reference_prefixes[0] or "?") for key in decree.identities)


# What people decided


RECITAL = "Considérant qu'un traitement algorithmique des images de vidéoprotection a été mis en œuvre ;"
DOUBT = ORDINARY.replace("ARRÊTE", f"{RECITAL}\nARRÊTE") * 3
REJECTED = Decision(Outcome.NOT_CONCERNED, None, datetime(2026, 8, 14, tzinfo=UTC), "cli")
RENEWAL = Decision(Outcome.DECREE, Kind.RENEWAL, datetime(2026, 8, 14, tzinfo=UTC), "cli")


def outcomes(*acts: Act, decided: Mapping[str, Decision]) -> list[tuple[Outcome, Kind | None]]:
    result = read_result(RECUEIL, document(*acts), next_try_at=None, decided=decided)
    assert {position for position, _ in result.decrees} == {
        position for position, item in enumerate(result.judged) if item.verdict.outcome is Outcome.DECREE
    }
    return [(item.verdict.outcome, item.verdict.kind) for item in result.judged]


def under(first: Act, decision: Decision) -> dict[str, Decision]:
    return dict.fromkeys(decision_keys(RECUEIL, document(first)), decision)


def test_what_a_person_rejected_is_no_decree_whatever_the_rules_say() -> None:
    for item in (act(3, DOUBT), act(3, vsa("2026-1")), act(3, vsa("2026-1"), vsa("2026-2"))):
        assert outcomes(item, decided={})[0][0] is not Outcome.NOT_CONCERNED
        assert outcomes(item, decided=under(item, REJECTED)) == [(Outcome.NOT_CONCERNED, None)]
    [judged] = read_result(RECUEIL, document(act(3, DOUBT)), next_try_at=None, decided=under(act(3, DOUBT), REJECTED)).judged
    assert judged.verdict.evidence[0].about == "decided"
    assert len(judged.verdict.evidence) > 1, "what was doubtful is kept"


def test_what_a_person_accepted_is_a_decree_of_that_kind() -> None:
    for item in (act(3, DOUBT), act(3, ORDINARY * 3), act(3, vsa("2026-1"))):
        assert outcomes(item, decided=under(item, RENEWAL)) == [(Outcome.DECREE, Kind.RENEWAL)]


def test_a_decision_holds_when_one_more_page_is_read_and_falls_on_no_other_act() -> None:
    partly, whole = act(3, DOUBT, ""), act(3, DOUBT, "Annexe : plan des lieux")
    other = act(5, DOUBT + "Article 2 : une autre rue est fermée.", id="26-2026-08-14-00002")
    assert outcomes(whole, other, decided=under(partly, REJECTED)) == [(Outcome.NOT_CONCERNED, None), (Outcome.UNCERTAIN, None)]
    scan = replace(partly, id=None, pages=(PageText(3, "", TextOrigin.UNREADABLE), PageText(4, "")), title="AP signé")
    assert outcomes(scan, decided={}) == [(Outcome.UNCERTAIN, None)]
    assert outcomes(scan, decided=under(scan, REJECTED)) == [(Outcome.NOT_CONCERNED, None)]


def test_early_decrees_are_told_as_people_decided() -> None:
    again = datetime(2026, 8, 15, tzinfo=UTC)
    one = of_pages(recognised(3, vsa("2026-1")), id="26-2026-08-14-00001")
    two = of_pages(recognised(4, DOUBT), id="26-2026-08-14-00002")
    part = of_pages(recognised(5, ORDINARY), recognised(6, "", origin=TextOrigin.PENDING), id="26-2026-08-14-00003")
    reading = Reading(6, Cover(), (part, one, two), pending_pages=(6,))
    assert early_result(RECUEIL, reading, next_try_at=again, decided=under(one, REJECTED)) is None
    result = present(early_result(RECUEIL, reading, next_try_at=again, decided=under(one, REJECTED) | under(two, RENEWAL)))
    assert [(decree.act_id, decree.kind) for _, decree in result.decrees] == [("26-2026-08-14-00002", Kind.RENEWAL)]


def test_the_decree_that_a_person_says_an_act_is_has_its_facts_and_keys() -> None:
    item = act(3, vsa("2026-1"))
    [found] = [decree for _, decree in read_result(RECUEIL, document(item), next_try_at=None).decrees]
    said = accepted_decree(RECUEIL, item, "vsa", Kind.RENEWAL)
    assert said == replace(found, kind=Kind.RENEWAL, evidence=said.evidence)
    assert said.evidence


# The table of a bulk act, and the decrees that it lists.


DECREE, UNCERTAIN, NOT_CONCERNED = Outcome.DECREE, Outcome.UNCERTAIN, Outcome.NOT_CONCERNED
PLAIN = "Vidéoprotection - arrêtés d'août 2026"
"""A title under which detection takes a table for a decree; under `TITLE` it leaves it in doubt."""
NOON = datetime(2026, 8, 14, 12, tzinfo=UTC)
LINE = "Arrêté portant autorisation d'un traitement algorithmique des images de vidéoprotection"


def vsa_pages(number: int) -> list[str]:
    return [demo_text("authorisation", date(2026, 8, 14), number=f"2026-{number}")]


def cut(title: str, *, listed: int, found: int) -> tuple[Act, ...]:
    """Four decrees on ordinary cameras, then `found` on VSA, under a table that lists `listed` of these."""
    table = "\n".join((table_of(*TOWNS), *(f"{LINE} - gare n° {number}" for number in range(listed))))
    return cut_inner(bulk(*map(decree, TOWNS), *(vsa_pages(number) for number in range(found)), title=title, table=table))


@pytest.mark.parametrize("title", [TITLE, PLAIN])
@pytest.mark.parametrize(
    ("listed", "found", "outcome", "cue"),
    [(1, 1, NOT_CONCERNED, "listed and found"), (1, 2, NOT_CONCERNED, "listed and found"), (2, 1, UNCERTAIN, "listed and not found")],
)
def test_a_table_is_none_of_the_decrees_that_it_lists(title: str, listed: int, found: int, outcome: Outcome, cue: str) -> None:
    (judged,), *rest = judge_acts(cut(title, listed=listed, found=found), stand_alone=False)
    assert [item.verdict.outcome for (item,) in rest] == [NOT_CONCERNED] * 4 + [DECREE] * found
    assert (judged.verdict.outcome, judged.verdict.kind, judged.verdict.evidence[-1].cue) == (outcome, None, cue)
    assert "traitement algorithmique" in judged.verdict.evidence[-1].text


@pytest.mark.parametrize(("title", "outcome"), [(TITLE, UNCERTAIN), (PLAIN, DECREE)])
def test_a_table_that_is_all_that_tells_of_a_decree_is_not_passed_over(title: str, outcome: Outcome) -> None:
    acts = cut(title, listed=1, found=0)
    assert [item.verdict.outcome for (item,) in judge_acts(acts, stand_alone=False)] == [outcome] + [NOT_CONCERNED] * 4
    # Neither what is a decree on another topic, nor what follows under another identifier, is what it lists.
    drones = replace(acts[1], pages=(PageText(20, DRONES),))
    assert judge_acts([acts[0], drones], WatchedTopics(("vsa", "drones")), stand_alone=False)[0][0].verdict.outcome is outcome
    other = replace(acts[1], id="26-2026-08-14-00009", pages=(PageText(20, vsa_pages(1)[0]),))
    assert judge_acts([*acts, other], stand_alone=False)[0][0].verdict.outcome is outcome


def test_what_a_bulk_act_holds_is_one_decree_be_it_told_early_or_late() -> None:
    acts = cut(PLAIN, listed=1, found=1)
    assert [decree.page for _, decree in read_result(RECUEIL, document(*acts), next_try_at=None).decrees] == [acts[-1].first_page]
    pages = [page for act in acts for page in act.pages]
    pending = replace(pages[-1], text="", origin=TextOrigin.PENDING)
    part = replace(document(*acts[:-1], replace(acts[-1], pages=(pending,))), pending_pages=(pending.number,))
    assert early_result(RECUEIL, part, next_try_at=NOON) is None
