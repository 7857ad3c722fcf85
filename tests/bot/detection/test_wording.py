"""Words that mean one thing in one place and another next door: found by an examiner, each a class rather than a text."""

from __future__ import annotations

from bot.detection.judging import judge
from bot.domain.acts import Facts, Kind, Outcome, Verdict
from tests.bot.detection.samples import act

TITLE = "Arrêté n° 2026-0412"
OBJECT = "un traitement algorithmique des images de vidéoprotection"


def ruled(article: str, title: str = TITLE) -> Verdict:
    visa = "Vu la loi n° 2023-380 du 19 mai 2023, notamment son article 10 ;"
    return judge(act(f"{visa}\nARRÊTE\nArticle 1er : {article}\nFait à Nice, le 2 juillet 2026", title))


def facts(article: str, title: str = TITLE) -> Facts:
    return ruled(f"La commune de Cannes est autorisée à mettre en œuvre {OBJECT}.\n{article}", title).facts


def test_a_town_that_ends_in_n_is_not_refused() -> None:
    """Squeezed, "Dijon est autorisée" holds "n'est autorisée"."""
    verdict = ruled(f"La commune de Dijon est autorisée à mettre en place {OBJECT}.")
    assert (verdict.outcome, verdict.kind) == (Outcome.DECREE, Kind.AUTHORISATION)
    assert verdict.facts.places == ()


def test_not_authorised_is_a_refusal() -> None:
    verdict = ruled(f"La commune de Dijon n'est pas autorisée à mettre en œuvre {OBJECT}.")
    assert (verdict.outcome, verdict.kind) == (Outcome.DECREE, Kind.REFUSAL)


def test_the_name_of_an_event_says_nothing_of_the_act() -> None:
    verdict = judge(act("", f"Arrêté n° 2026-77 relatif à l'emploi d'{OBJECT} à l'occasion de l'inauguration du Pont suspendu"))
    assert (verdict.outcome, verdict.kind) == (Outcome.DECREE, Kind.AUTHORISATION)


def test_a_title_may_amend_after_its_event() -> None:
    title = f"Arrêté n° 2026-77 relatif à l'emploi d'{OBJECT} à l'occasion du match, modifiant l'arrêté n° 2026-70"
    assert judge(act("", title)).kind is Kind.MODIFICATION


def test_a_use_that_is_excluded_is_none() -> None:
    article = "La gendarmerie est autorisée à capter des images, sans captation du son ni traitement algorithmique des images."
    text = f"Vu le code de la sécurité intérieure ;\nARRÊTE\nArticle 1er : {article}"
    assert judge(act(text, "Arrêté portant autorisation d'un système de vidéoprotection")).outcome is Outcome.NOT_CONCERNED


def test_what_is_excluded_of_a_use_does_not_exclude_it() -> None:
    article = f"La commune de Dijon est autorisée à employer {OBJECT}, dont l'usage est interdit aux tiers."
    assert ruled(article, "Arrêté n° 2026-412").outcome is Outcome.DECREE


def test_the_owner_of_the_cameras_is_not_the_operator() -> None:
    article = f"La gendarmerie est autorisée à mettre en œuvre {OBJECT} de la ville de Dax."
    assert ruled(article).facts.operators == ("Gendarmerie nationale",)


def test_an_article_is_known_however_it_is_printed() -> None:
    verdict = judge(act(f"Vu le code ;\nARRÊTE\nArticle ter : La ville de Cannes est autorisée à employer {OBJECT}.", TITLE))
    assert verdict.facts.operators == ("Commune de Cannes",)


def test_a_list_without_end_gives_no_places_without_end() -> None:
    items = "".join(f"- quai numéro {index} ;\n" for index in range(300))
    assert len(facts(f"Article 2 : Les caméras sont implantées :\n{items}").places) == 80


def test_a_word_eaten_on_both_sides_is_for_a_person_to_see() -> None:
    title = "Arrêté portant autorisation de l'emploi dans six gares d'un lraitement □lgorithmique des images issues d'un système"
    assert judge(act("", title)).outcome is Outcome.UNCERTAIN
