from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from bot.demo.scenario import demo_text
from bot.model import Act, Cover, Kind, Outcome, PageText, Reading, TextOrigin
from bot.storage.rows import Recueil, RecueilState
from bot.verdicts import concerned, decrees_of, early_result, judge_reading, read_result, uncertain_acts

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


def test_the_decrees_of_a_bulk_act_are_told_apart_and_found_at_their_own_page() -> None:
    bulk = act(3, vsa("2026-1"), vsa("2026-2"), title="Deux arrêtés")
    [group] = judge_reading(document(bulk))
    one, two = decrees_of("26", URL, DAY, group)
    assert [(decree.facts.number, decree.page) for decree in (one, two)] == [("2026-1", 3), ("2026-2", 4)]
    assert set(one.identities).isdisjoint(two.identities)
    assert all(decree.identities for decree in (one, two))


def test_decrees_without_a_number_in_one_act_are_still_two() -> None:
    texts = [vsa("X").replace("Arrêté n° X", "Arrêté").replace("2022-0145", "2022") for _ in range(2)]
    [group] = judge_reading(document(act(3, texts[0], texts[1].replace("Valence", "Romans"))))
    found = decrees_of("26", URL, DAY, group)
    keys = [key for decree in found for key in decree.identities]
    assert len(keys) == len(set(keys))


def test_the_parts_of_one_act_share_its_identifier_and_are_never_one_decree() -> None:
    texts = [vsa("X").replace("Arrêté n° X", "Arrêté").replace("2022-0145", "2022").replace("Valence", town) for town in ("Die", "Crest")]
    parts = [replace(act(3 + 4 * part, text), part=part) for part, text in enumerate([vsa("2026-1"), vsa("2026-2"), *texts], 1)]
    decrees = [decree for _, decree in read_result(RECUEIL, document(*parts), next_try_at=None).decrees]
    assert [(decree.act_id, decree.page) for decree in decrees] == [("26-2026-08-14-00001", page) for page in (7, 11, 15, 19)]
    keys = [key for decree in decrees for key in decree.identities]
    assert len(keys) == len(set(keys))
    # Cut or whole, in this recueil or another, a decree that has a number is the same.
    [whole] = decrees_of("26", URL, DAY, judge_reading(document(act(3, vsa("2026-1"))))[0])
    assert set(whole.identities) & set(decrees[0].identities)


def test_names_of_people_stay_out_of_titles() -> None:
    title = "Arrêté portant autorisation d'un traitement algorithmique à la demande de M. Jean DUPONT"
    [group] = judge_reading(document(act(3, vsa("2026-1"), title=title)))
    [decree] = decrees_of("26", URL, DAY, group)
    assert "DUPONT" not in decree.title
    doubtful = replace(group[0], verdict=replace(group[0].verdict, outcome=Outcome.UNCERTAIN, kind=None))
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
    result = early_result(RECUEIL, reading, next_try_at=datetime(2026, 8, 15, tzinfo=UTC))
    assert result is not None
    assert [(position, decree.facts.number) for position, decree in result.decrees] == [(0, "2026-1")]
    assert ([item.act for item in result.judged], result.early) == ([whole], True)
    assert early_result(RECUEIL, replace(reading, acts=(uncertain, part)), next_try_at=datetime(2026, 8, 15, tzinfo=UTC)) is None
    assert not read_result(RECUEIL, document(whole), next_try_at=None).early


def test_the_stronger_verdict_of_two_texts_counts_with_the_text_it_was_read_in() -> None:
    twice = of_pages(recognised(3, ORDINARY, other=vsa("2026-1")), recognised(4, "Fait à Valence"))
    [group] = judge_reading(document(twice))
    assert [item.verdict.outcome for item in group] == [Outcome.DECREE]
    assert {evidence.page for evidence in group[0].verdict.evidence} == {3}
    assert [page.text for page in group[0].act.pages] == [vsa("2026-1"), "Fait à Valence"]
    # The first text is the better one wherever it says as much.
    for text, other in ((vsa("2026-1"), ORDINARY), (ORDINARY, ORDINARY.upper()), (vsa("2026-1"), vsa("2026-2"))):
        [group] = judge_reading(document(of_pages(recognised(3, text, other=other))))
        assert group[0].act.pages[0].text == text
