"""What an act decides, told from what it only quotes, asks for, lists, excludes or leaves to others: tables of titles and articles."""

from __future__ import annotations

import pytest

from benchmarks.detection.evaluating import judged
from bot.detection.judging import judge
from bot.domain.acts import Kind, Outcome
from bot.domain.text import PageText
from bot.reading.acts.cutting import cut_acts
from tests.bot.detection.samples import act

OBJECT = "un traitement algorithmique des images de vidéoprotection"
LAW = "Vu la loi n° 2023-380 du 19 mai 2023, notamment son article 10 ;"
EARLIER = f"Vu l'arrêté n° 2026-12 du 3 mai 2026 autorisant la commune de Nice à mettre en œuvre {OBJECT} ;"


def ruled(title: str, article: str, *visas: str) -> tuple[Outcome, Kind | None]:
    text = "\n".join([*visas, "ARRÊTE", f"Article 1er : {article}", "Fait à Nice, le 2 juillet 2026", "Le préfet"])
    verdict = judge(act(text, title))
    return verdict.outcome, verdict.kind


@pytest.mark.parametrize(
    ("verb", "article", "kind"),
    [
        ("portant retrait de", "L'arrêté n° 2026-12 du 3 mai 2026 est retiré.", Kind.ABROGATION),
        ("modifiant", "À l'article 3 de l'arrêté n° 2026-12, le mot : « quatre » est remplacé par le mot : « six ».", Kind.MODIFICATION),
        ("suspendant", "L'exécution de l'arrêté n° 2026-12 est suspendue.", Kind.SUSPENSION),
    ],
)
def test_a_change_to_a_decree_that_a_visa_tells_to_be_one(verb: str, article: str, kind: Kind) -> None:
    title = f"Arrêté n° 2026-20 {verb} l'arrêté n° 2026-12 du 3 mai 2026"
    assert ruled(title, article, LAW, EARLIER) == (Outcome.DECREE, kind)


def test_what_is_ended_may_be_for_vsa_and_be_none() -> None:
    visa = "Vu l'arrêté n° 2026-12 du 3 mai 2026 attribuant une subvention pour un traitement algorithmique d'images de caméras ;"
    title = "Arrêté n° 2026-20 abrogeant l'arrêté n° 2026-12 du 3 mai 2026"
    assert ruled(title, "L'arrêté n° 2026-12 susvisé est abrogé.", LAW, visa)[0] is not Outcome.DECREE


@pytest.mark.parametrize(
    ("title", "article"),
    [
        (f"modifiant l'arrêté n° 2025-3 portant création d'un comité de suivi de {OBJECT}", "Le comité compte douze membres."),
        (f"abrogeant l'arrêté n° 2025-3 fixant la composition du comité d'évaluation de {OBJECT}", "L'arrêté n° 2025-3 est abrogé."),
    ],
)
def test_a_change_to_a_committee_is_for_a_person(title: str, article: str) -> None:
    assert ruled(f"Arrêté n° 2026-20 {title}", article, LAW)[0] is Outcome.UNCERTAIN


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (f"Par arrêté n° 2026-12 du 1er mars 2026, le préfet de la Drôme a autorisé {OBJECT} à Valence.", Outcome.NOT_CONCERNED),
        (f"ARRÊTÉ n° 2026-12\nautorisant {OBJECT} à Valence", Outcome.UNCERTAIN),
        (f"Préfecture de la Drôme\nDÉCISION n° 2026-12\nautorisant {OBJECT} à Valence", Outcome.UNCERTAIN),
    ],
)
def test_a_notice_is_not_concerned_unless_an_act_begins_below_it(text: str, outcome: Outcome) -> None:
    assert judge(act(text, "Information du public")).outcome is outcome


@pytest.mark.parametrize(
    ("object_", "outcome"),
    [
        ("attribuant une subvention pour un logiciel de vidéoprotection algorithmique", Outcome.NOT_CONCERNED),
        ("portant délégation de signature pour les traitements algorithmiques des images", Outcome.NOT_CONCERNED),
        ("portant création d'un comité de suivi des traitements algorithmiques d'images", Outcome.UNCERTAIN),
        (f"autorisant la commune de Nice à mettre en œuvre {OBJECT}", Outcome.DECREE),
    ],
)
@pytest.mark.parametrize("verb", ["abrogeant", "modifiant"])
def test_the_object_of_the_other_decree_tells(verb: str, object_: str, outcome: Outcome) -> None:
    assert ruled(f"Arrêté n° 2026-20 {verb} l'arrêté n° 2026-12 {object_}", "L'arrêté n° 2026-12 est abrogé.")[0] is outcome


def test_a_title_that_stands_in_the_heading_ends_the_decree_that_it_names() -> None:
    title = f"Arrêté n° 2026-20 portant abrogation de la décision n° 2026-12 du 3 mai 2026 autorisant la mise en œuvre d'{OBJECT}"
    assert ruled("", "Le présent arrêté met fin à cet emploi.", title, "", LAW) == (Outcome.DECREE, Kind.ABROGATION)


def test_a_word_nobody_thought_of_before_another_decree_does_not_authorise() -> None:
    title = f"Additif à l'arrêté n° 2026-12 du 3 mai 2026 autorisant la commune de Nice à mettre en œuvre {OBJECT}"
    assert ruled(title, "Le mot « six » est remplacé par « sept ».", LAW) == (Outcome.DECREE, Kind.MODIFICATION)
    assert judge(act("", title)).kind is Kind.MODIFICATION


@pytest.mark.parametrize(
    ("title", "article", "kind"),
    [
        (
            "statuant sur la demande d'emploi d'un traitement algorithmique des images",
            "Il est fait droit à la demande.",
            Kind.AUTHORISATION,
        ),
        (
            "relatif à la demande de renouvellement de l'autorisation d'analyse algorithmique d'images",
            "La demande est refusée.",
            Kind.REFUSAL,
        ),
    ],
)
def test_a_request_is_answered_by_the_articles(title: str, article: str, kind: Kind) -> None:
    assert ruled(f"Arrêté n° 2026-20 {title}", article, LAW) == (Outcome.DECREE, kind)


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Table semestrielle des arrêtés du préfet", f"- Arrêté n° 2026-1 portant autorisation de l'emploi d'{OBJECT}"),
        ("Certificat d'affichage", f"75-2026-06-04-00011 - Arrêté n° 2026-1 portant autorisation de l'emploi d'{OBJECT} (5 pages) Page 3"),
    ],
)
def test_who_cannot_authorise_and_what_decides_nothing(title: str, body: str) -> None:
    verdict = judge(act(body, title))
    assert verdict.outcome is Outcome.NOT_CONCERNED
    assert verdict.evidence


def test_such_words_beside_a_decision_hide_no_decree() -> None:
    assert judge(act("", f"AP autorisant l'emploi d'{OBJECT}")).outcome is Outcome.DECREE


def test_a_notice_that_holds_the_whole_decree_is_one() -> None:
    text = f"Arrêté n° 2026-20 portant autorisation de l'emploi d'{OBJECT}\n{LAW}\nARRÊTE\nArticle 1er : La commune de Nice est autorisée."
    assert judge(act(text, f"Information du public sur {OBJECT}")).outcome is Outcome.DECREE


LISTED = f"75-2026-06-04-00011 - Arrêté n° 2026-1 portant autorisation de l'emploi d'{OBJECT} (5 pages)\t     Page 3\n"
FURTHER = "75-2026-06-04-00012 - Procès-verbal d'affichage (2 pages) Page 8\n"


@pytest.mark.parametrize(
    ("title", "text", "outcome"),
    [
        ("RAA spécial n° 9", f"Sommaire\nArrêté n° 2026-1 autorisant {OBJECT}, p. 9\nArrêté de clôture, p. 12", Outcome.NOT_CONCERNED),
        # The line may be all of the decree that could be read, or the decree is on a page of the file.
        ("Sommaire", f"{LISTED}{FURTHER}", Outcome.DECREE),
        ("Recueil des actes administratifs", f"Sommaire\n{LISTED.replace('Page 3', 'Page 1')}", Outcome.DECREE),
        (
            "Recueil des actes administratifs",
            f"Sommaire\n{LISTED}Arrêté n° 2026-1\n{LAW}\nARRÊTE\nArticle 1er : La commune de Nice est autorisée à employer {OBJECT}.",
            Outcome.DECREE,
        ),
    ],
)
def test_a_table_of_contents_alone_under_the_title_of_a_recueil_lists_acts_of_others(title: str, text: str, outcome: Outcome) -> None:
    verdict, *others = map(judge, cut_acts([PageText(1, f"{title}\n{text}")]))
    assert (verdict.outcome, *(other.outcome for other in others)) == (outcome, *[Outcome.NOT_CONCERNED] * len(others))
    assert verdict.evidence


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ("sous réserve de l'autorisation prévue à l'article 10 de la loi n° 2023-380", Outcome.UNCERTAIN),
        ("après délivrance d'une autorisation distincte au titre de l'article 10 de la loi du 19 mai 2023", Outcome.UNCERTAIN),
        ("leur activation étant subordonnée à l'obtention de l'autorisation exigée par l'article 10 de la loi", Outcome.UNCERTAIN),
        ("sous réserve du respect des garanties de l'article 10 de la loi n° 2023-380", Outcome.DECREE),
    ],
)
def test_what_waits_for_another_authorisation_is_for_a_person(condition: str, outcome: Outcome) -> None:
    title = f"Arrêté n° 2026-8 autorisant {OBJECT} au palais de Gex"
    article = f"La société est autorisée à installer vingt caméras et à employer {OBJECT}, {condition}."
    assert ruled(title, article, "Vu le code de la sécurité intérieure ;")[0] is outcome


@pytest.mark.parametrize(
    ("title", "article"),
    [
        ("Arrêté fixant le barème du traitement algorithmique d'affectation au lycée", "La mise en œuvre du traitement est autorisée."),
        ("Arrêté autorisant la pose de caméras de suivi des crues", "Les images servent à un algorithme de prévision des crues."),
    ],
)  # fmt: skip
def test_algorithms_that_look_at_nothing_or_at_no_public_place(title: str, article: str) -> None:
    assert ruled(title, article, "Vu le code ;")[0] is Outcome.NOT_CONCERNED


@pytest.mark.parametrize(
    ("title", "article", "outcome"),
    [
        ("Arrêté habilitant des agents au traitement algorithmique", "Les agents reçoivent les signalements.", Outcome.UNCERTAIN),
        (
            "Arrêté relatif à des mesures accrues",
            f"La commune, par des mesures accrues, est autorisée à mettre en œuvre {OBJECT}.",
            Outcome.DECREE,
        ),
    ],
)
def test_a_title_that_may_be_cut_keeps_its_doubt(title: str, article: str, outcome: Outcome) -> None:
    assert ruled(title, article, "Vu le code ;")[0] is outcome


@pytest.mark.parametrize(
    ("visa", "article", "outcome"),
    [
        (EARLIER, "La vente d'alcool est interdite.", Outcome.NOT_CONCERNED),
        (EARLIER, "Les caméras de la rue Haute sont ajoutées.", Outcome.UNCERTAIN),
        (f"{LAW}\n{EARLIER}", "La vente d'alcool est interdite.", Outcome.UNCERTAIN),
        (f"Considérant qu'un arrêté distinct permet {OBJECT} ;", "La vente d'alcool est interdite.", Outcome.NOT_CONCERNED),
        (f"Considérant que la commune a renoncé à l'emploi d'{OBJECT} ;", "La vente d'alcool est interdite.", Outcome.NOT_CONCERNED),
        (
            f"Considérant que, n'ayant pas demandé {OBJECT}, la commune déploie des agents ;",
            "Le stationnement est interdit.",
            Outcome.NOT_CONCERNED,
        ),
    ],
)
def test_what_only_the_preamble_speaks_of(visa: str, article: str, outcome: Outcome) -> None:
    assert ruled("Arrêté portant diverses mesures à l'occasion de la finale", article, visa)[0] is outcome


def test_an_operator_who_gives_up_does_not_hide_an_abrogation() -> None:
    recital = f"Considérant que la commune a renoncé à l'emploi d'{OBJECT} ;"
    outcome, _ = ruled("Arrêté n° 2026-20 abrogeant l'arrêté n° 2026-12", "L'arrêté n° 2026-12 est abrogé.", LAW, recital)
    assert outcome is not Outcome.NOT_CONCERNED


@pytest.mark.parametrize(
    ("sentence", "outcome"),
    [
        ("Il n'est recouru ni à un traitement algorithmique au sens de l'article 10 de la loi n° 2023-380.", Outcome.NOT_CONCERNED),
        ("La commune est autorisée à employer un système de caméras, muni d'un traitement algorithmique des images.", Outcome.DECREE),
    ],
)  # fmt: skip
def test_what_is_said_not_to_be_done(sentence: str, outcome: Outcome) -> None:
    article = f"Six caméras de vidéoprotection sont installées. {sentence}" if outcome is Outcome.NOT_CONCERNED else sentence
    title = "Arrêté autorisant la vidéoprotection du marché" if outcome is Outcome.NOT_CONCERNED else "Arrêté n° 2026-20"
    assert ruled(title, article, "Vu le code de la sécurité intérieure ;")[0] is outcome


def test_what_a_person_must_see() -> None:
    article = "Après les mots « signalements automatiques » sont insérés les mots « des caméras du parc »."
    assert ruled("Arrêté relatif aux caméras dotées d'une détection automatique", article, "Vu le code ;")[0] is Outcome.UNCERTAIN


def test_automatic_detection_of_smoke_or_of_incidents_is_in_any_building() -> None:
    title = "Arrêté relatif au centre commercial"
    assert ruled(title, "Le système de détection automatique d'incendie est entretenu.", "Vu le code ;")[0] is Outcome.NOT_CONCERNED


def test_an_article_of_a_code_at_a_line_s_beginning_opens_no_decree() -> None:
    title = f"Arrêté n° 2026-20 portant autorisation de l'emploi d'{OBJECT} le 3 juillet 2026"
    visas = "Vu le code de la sécurité intérieure, notamment son\narticle L. 252-1 ;\nVu le décret ;"
    text = f"{title}\n{visas}\nARRÊTE\nArticle 1er : La commune de Nice est autorisée, le 3 juillet 2026 de 14h00 à 23h00."
    assert len(judged(act(text, title))) == 1


@pytest.mark.parametrize("elision", ["l'", "I'", "1'"])
def test_an_elision_misread_still_quotes_another_decree(elision: str) -> None:
    text = f"Arrêté n° 2026-20\nportant abrogation de {elision}arrêté n° 2026-12 portant autorisation de l'emploi d'{OBJECT}\nVu le code ;"
    assert judge(act(text)).kind is Kind.ABROGATION


def test_a_page_number_inside_a_title_is_no_part_of_it() -> None:
    title = f"Arrêté n° 2026-20 portant autorisation de l'emploi d'{OBJECT} à l'occasion de la fête du (7 pages) Page 14 Citron"
    assert judge(act("", title)).facts.event == "fête du Citron"


@pytest.mark.parametrize(
    ("done", "kind"),
    [
        ("est renouvelée pour un mois", Kind.RENEWAL),
        ("est prolongée jusqu'au 5 mai 2026", Kind.RENEWAL),
        ("est accordée à la commune de Die", Kind.AUTHORISATION),
    ],
)
def test_an_object_that_names_only_the_use_is_what_the_articles_make_of_it(done: str, kind: Kind) -> None:
    law = "Vu la loi n° 2023-380 du 19 mai 2023, article 10 ;"
    heading = "Objet : nouvel emploi d'un traitement algorithmique d'images"
    text = f"{heading}\n{law}\nARRÊTE\nArticle 1 : L'autorisation {done}.\nArticle 2 : Exécution."
    assert judge(act(text, "AP caméras mai 2026")).kind is kind
