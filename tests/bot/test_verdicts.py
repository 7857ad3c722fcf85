from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from bot.demo.scenario import demo_text
from bot.model import Act, Cover, Kind, Outcome, PageText, Reading
from bot.storage.rows import Recueil, RecueilState
from bot.verdicts import decrees_of, judge_reading, read_result, uncertain_acts

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
