"""What may be dropped or told in silence: judgments, notices, changes that name nothing, other words for the same thing, ruined pages."""

from __future__ import annotations

import pytest

from bot.detection.judging import judge
from bot.domain.acts import Kind, Outcome, Verdict
from tests.bot.detection.samples import act

OBJECT = "un traitement algorithmique des images de vidéoprotection"
SUBMITTED = (
    f"Saisine sur un projet d'arrêté autorisant la commune de Gex à mettre en œuvre {OBJECT} : objets abandonnés, mouvements de foule.\n"
    "Gex, le 3 juin 2026"
)
LAW = "Vu la loi n° 2023-380 du 19 mai 2023 relative aux jeux Olympiques et Paralympiques de 2024, notamment son article 10 ;\n"
CLAIM = (
    "L'association Plein Jour demande au juge de suspendre l'exécution de l'arrêté n° 2026-31 par lequel le préfet a autorisé l'emploi "
    f"d'{OBJECT}.\nVu le code de justice administrative ;\nConsidérant que {OBJECT} est en cause ;\n"
)


def judgment(title: str, letterhead: str, opening: str, article: str) -> Verdict:
    return judge(act(f"{letterhead}\n{CLAIM}{opening} :\nArticle 1er : {article}\nFait à Lille, le 3 mai 2026", title))


@pytest.mark.parametrize(
    ("title", "letterhead"),
    [
        ("Ordonnance n° 2601234 du juge des référés du tribunal administratif de Lille du 3 mai 2026", ""),
        ("Arrêt de la cour administrative d'appel de Douai du 3 mai 2026", ""),
        ("Décision du Conseil d'État du 3 mai 2026", ""),
        ("Notification d'une ordonnance du juge des référés", ""),
        ("Recueil", "TRIBUNAL ADMINISTRATIF DE LILLE\nN° 2601234\nLe juge des référés"),
        ("TRIBUNAL ADMINISTRATIF DE GRENOBLE", "TRIBUNAL ADMINISTRATIF DE GRENOBLE\nN° 2601234\nOrdonnance du 3 mai 2026"),
        ("COUR ADMINISTRATIVE D'APPEL DE NANTES", "Audience du 3 mai 2026"),
        ("Annexe", "Par une requête et un mémoire, enregistrés le 2 mai 2026, l'association saisit le juge."),
        ("Acte", "RÉPUBLIQUE FRANÇAISE\nAU NOM DU PEUPLE FRANÇAIS"),
    ],
)
@pytest.mark.parametrize(
    ("opening", "article", "outcome"),
    [
        ("ORDONNE", "La requête de l'association est rejetée.", Outcome.NOT_CONCERNED),
        ("DÉCIDE", "Les conclusions à fin de suspension sont rejetées.", Outcome.NOT_CONCERNED),
        ("ORDONNE", "L'exécution de l'arrêté n° 2026-31 est suspendue.", Outcome.UNCERTAIN),
        ("DÉCIDE", "L'arrêté est annulé. Le surplus des conclusions est rejeté.", Outcome.UNCERTAIN),
        ("ORDONNE", "La suspension de l'exécution de l'arrêté est prononcée.", Outcome.UNCERTAIN),
        ("ORDONNE", "Il est enjoint au préfet de publier l'arrêté.", Outcome.UNCERTAIN),
    ],
)
def test_a_judgment_is_no_decree(title: str, letterhead: str, opening: str, article: str, outcome: Outcome) -> None:
    """Whatever it says of a decree. One that leaves it as it was is nobody's news; another is for a person."""
    assert judgment(title, letterhead, opening, article).outcome is outcome


@pytest.mark.parametrize(
    ("title", "article", "kind"),
    [
        (f"Arrêté n° 2026-40 suspendant, en exécution de l'ordonnance du juge des référés, l'emploi d'{OBJECT}", "", Kind.SUSPENSION),
        (
            f"Arrêté n° 2026-44 portant, après jugement du tribunal administratif de Nice n° 2401234, refus d'autoriser {OBJECT}",
            "La demande de la commune de Dole est rejetée.",
            Kind.REFUSAL,
        ),
    ],
)
def test_a_decree_that_speaks_of_a_judgment_is_one(title: str, article: str, kind: Kind) -> None:
    visa = "Vu l'ordonnance du juge des référés du tribunal administratif de Besançon, qui rejette la requête ;\n"
    text = f"Le préfet du Jura,\n{LAW}{visa}ARRÊTE\nArticle 1er : {article or 'Le présent arrêté entre en vigueur le 4 mai 2026.'}"
    verdict = judge(act(text, title))
    assert verdict.kind is kind


@pytest.mark.parametrize(
    ("title", "article", "outcome"),
    [
        ("Arrêté relatif aux gares du département", "Les flux des quais A et B font l'objet d'une analyse.", Outcome.UNCERTAIN),
        ("Arrêté réglementant la circulation sur la route départementale 12", "Les poids lourds sont déviés.", Outcome.NOT_CONCERNED),
    ],
)  # fmt: skip
def test_a_change_under_the_law_that_names_nothing(title: str, article: str, outcome: Outcome) -> None:
    assert judge(act(f"{LAW}ARRÊTE\nArticle 1er : {article}", title)).outcome is outcome


@pytest.mark.parametrize(
    ("article", "outcome"),
    [
        ("Le flux des drones alimente une exploitation automatique qui alerte le poste de commandement.", Outcome.UNCERTAIN),
        ("Une analyse vidéo automatisée des caméras signale les intrusions.", Outcome.UNCERTAIN),
        ("Les images sont visionnées en direct. Les analyses automatiques de l'air sont publiées chaque heure.", Outcome.NOT_CONCERNED),
        ("Un compteur branché sur les caméras estime l'affluence du parvis et prévient le régisseur.", Outcome.UNCERTAIN),
        ("L'outil évalue la foule présente sur les images puis avertit les agents.", Outcome.UNCERTAIN),
        ("Un tourniquet sert à compter les personnes et alerte la billetterie. Les images sont gardées dix jours.", Outcome.NOT_CONCERNED),
    ],
)
def test_an_automated_analysis_by_any_name(article: str, outcome: Outcome) -> None:
    title = "Arrêté autorisant la captation d'images au moyen de caméras installées sur des aéronefs"
    assert judge(act(f"Vu le code de la sécurité intérieure ;\nARRÊTE\nArticle 1er : {article}", title)).outcome is outcome


@pytest.mark.parametrize(
    ("article", "outcome"),
    [
        ("Les images sont transmises. Elles y sont exploitées par un logiciel dont l'état-major est doté.", Outcome.UNCERTAIN),
        ("Les prises de vue servent à détecter automatiquement les baigneurs.", Outcome.UNCERTAIN),
        ("Les images ne sont pas traitées par un logiciel. Elles sont visionnées en direct.", Outcome.NOT_CONCERNED),
    ],
)
def test_drones_under_the_law_whose_images_a_software_looks_at(article: str, outcome: Outcome) -> None:
    title = "Arrêté autorisant l'emploi de caméras aéroportées"
    assert judge(act(f"{LAW}ARRÊTE\nArticle 1er : Deux drones sont autorisés.\nArticle 2 : {article}", title)).outcome is outcome


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("algorithmi\n828 du 28 aoot 2023 rel tif aux\nLE PREF", Outcome.UNCERTAIN),
        ("un algorithme de tri des vœux\nl s candidats\nVu la l i", Outcome.NOT_CONCERNED),
    ],
)
def test_a_ruined_page_is_for_a_person_where_its_name_and_its_law_are_left(text: str, outcome: Outcome) -> None:
    assert judge(act(text, "Arrêté n° 2026-55")).outcome is outcome


@pytest.mark.parametrize(
    ("title", "outcome"),
    [
        ("Arrêté interdisant une manifestation non déclarée visant à dénoncer l'usage de caméras algorithmiques", Outcome.NOT_CONCERNED),
        ("Arrêté portant interdiction de la marche hostile au déploiement de la vidéosurveillance algorithmique", Outcome.NOT_CONCERNED),
        (f"Arrêté portant interdiction d'un rassemblement contre la vidéosurveillance et autorisant {OBJECT}", Outcome.DECREE),
        (f"Arrêté portant interdiction d'{OBJECT}", Outcome.UNCERTAIN),
        (
            "Arrêté portant restriction de la circulation rue Haute durant les travaux de pose de caméras algorithmiques",
            Outcome.NOT_CONCERNED,
        ),
        ("Arrêté interdisant le stationnement pour l'installation de mâts et de caméras à traitement algorithmique", Outcome.NOT_CONCERNED),
        (f"Arrêté réglementant la circulation pour l'installation de caméras et autorisant {OBJECT}", Outcome.DECREE),
    ],
)
def test_a_banned_gathering_decides_nothing_on_what_it_is_against(title: str, outcome: Outcome) -> None:
    assert judge(act(f"{LAW}ARRÊTE\nArticle 1er : Exécution.", title)).outcome is outcome


def test_a_rector_authorises_no_cameras() -> None:
    article = "Le traitement algorithmique est mis en œuvre le 2 mai 2026.\nL'image des bulletins est conservée."
    text = f"RECTORAT DE L'ACADÉMIE DE LILLE\nVu le code de l'éducation ;\nARRÊTE\nArticle 1er : {article}"
    assert judge(act(text, "Arrêté relatif au traitement algorithmique d'affectation des élèves")).outcome is Outcome.NOT_CONCERNED


@pytest.mark.parametrize(
    ("title", "text", "concerned"),
    [
        ("Avis n° 2026-4 relatif à un projet de traitement algorithmique des images", "Sous ces réserves, elle est favorable.", False),
        (
            "Arrêté n° 2026-9",
            f"{LAW}Vu que la commission rend l'avis suivant ;\nARRÊTE\nArticle 1er : La commune d'Uzès est autorisée à employer {OBJECT}.",
            True,
        ),
    ],
)
def test_a_commission_advises_and_decides_nothing(title: str, text: str, concerned: bool) -> None:
    assert (judge(act(text, title)).outcome is not Outcome.NOT_CONCERNED) is concerned


@pytest.mark.parametrize(
    ("opening", "after", "outcome"),
    [
        ("Avis de publication\nLe recueil n° 75-2026-12 du 5 juin 2026 contient les actes suivants :", "", Outcome.NOT_CONCERNED),
        ("Il est rappelé que le recueil spécial du 5 juin 2026 comporte les actes suivants :", "", Outcome.NOT_CONCERNED),
        (
            "Avis de publication\nLe recueil n° 75-2026-12 contient les actes suivants :",
            f"Arrêté portant autorisation de l'emploi d'{OBJECT}\n{LAW}\nARRÊTE\nArticle 1er : La commune de Nice est autorisée.",
            Outcome.DECREE,
        ),
    ],
)
def test_a_notice_that_another_recueil_appeared_holds_none_of_its_acts(opening: str, after: str, outcome: Outcome) -> None:
    entry = f"75-2026-06-04-00011 - Arrêté n° 2026-1 portant autorisation de l'emploi d'{OBJECT} (5 pages) Page 3\n"
    assert judge(act(f"PRÉFECTURE DE POLICE\n{opening}\n{entry}{after}", "")).outcome is outcome


def test_a_change_under_a_heading_that_is_only_a_number_rests_on_the_law_by_its_article() -> None:
    visas = "Vu l'article 47 de la loi n° 2026-201 ;\nVu l'arrêté du 2 mai 2026 ;"
    articles = "ARRÊTE\nArticle 1er : L'annexe 2 de l'arrêté du 2 mai 2026 est remplacée."
    assert judge(act(f"Arrêté n° 2026-ABC-0912\n\nLe préfet du Jura\n\n{visas}\n{articles}", "")).outcome is Outcome.UNCERTAIN


@pytest.mark.parametrize(
    ("title", "outcome"),
    [
        ("Arrêté n° 2026-12 – VS algorithmique – festival", Outcome.UNCERTAIN),
        ("Arrêté relatif aux analyses automatiques de sang", Outcome.NOT_CONCERNED),
    ],
)
def test_a_title_in_the_jargon_of_services_is_for_a_person(title: str, outcome: Outcome) -> None:
    articles = (
        "Le préfet du Jura\nVu le code de la sécurité intérieure ;\nARRÊTE\nArticle 1er : La commune est autorisée.\nArticle 2 : Exécution."
    )
    assert judge(act(articles, title)).outcome is outcome
    assert judge(act(f"PRÉFECTURE\n{title}\n{articles}")).outcome is outcome


def test_what_is_annulled_in_part_is_for_a_person() -> None:
    text = f"Vu la requête ;\n{LAW}Article 1er : L'arrêté n° 31 autorisant {OBJECT} est annulé en tant qu'il vise Lens."
    assert judge(act(text, "Décision n° 2601234")).outcome is Outcome.UNCERTAIN


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("ne permet, ni à l'État ni à la commune, d'y appliquer un traitement algorithmique des images", Outcome.NOT_CONCERNED),
        ("ne permet pas l'identification et porte sur un traitement algorithmique des images", Outcome.UNCERTAIN),
    ],
)
def test_an_agreement_on_images_that_no_algorithm_sees(said: str, outcome: Outcome) -> None:
    text = f"CONVENTION\nrelative au déport des images de vidéoprotection\nArticle 1er : La présente convention de la commune {said}."
    assert judge(act(text)).outcome is outcome


@pytest.mark.parametrize(
    ("title", "text"),
    [
        (f"Avis du 3 mai 2026 sur le projet d'arrêté portant autorisation d'{OBJECT}", f"Article 1er : Il est favorable à {OBJECT}."),
        ("", f"La commission départementale de vidéoprotection,\n{LAW}Vu la saisine sur {OBJECT} ;\nEst d'avis que la demande est fondée."),
        ("Avis de la CNIL", f"Sur l'emploi d'{OBJECT}, elle rappelle que la loi s'applique."),
        (
            "",
            f"Commission départementale de vidéoprotection\nExtrait du relevé des avis\nObjet : projet d'{OBJECT}\nÉmet un AVIS FAVORABLE",
        ),
        ("", f"COMMISSION LOCALE\nAVIS n° 2026-09/14\nsur un projet d'arrêté autorisant {OBJECT}\n{LAW}Émet un avis favorable."),
        (
            "Procès-verbal de la séance du 3 mai 2026 de la commission départementale",
            f"Point 2 : projet d'arrêté autorisant {OBJECT}. Avis favorable.",
        ),
        (
            "",
            f"COMMISSION LOCALE\nCompte rendu de la réunion du 3 mai 2026\nPoint 2 : projet d'arrêté autorisant {OBJECT}.\nAvis favorable.",
        ),
        ("Commission départementale de vidéoprotection - relevé d'avis du 2 juin 2026", SUBMITTED),
        ("", f"Préfecture de l'Ain\nAVIS rendus en la séance du 2 juin 2026\n{SUBMITTED}"),
        ("", f"Préfecture\nCommission départementale de vidéoprotection\nAVIS N° 2026-12\nSéance du 2 juin 2026\n{SUBMITTED}"),
        ("", f"La commission, après débat,\nObserve que dix caméras seraient reliées ;\nÉMET UN AVIS FAVORABLE.\n{SUBMITTED}"),
    ],
)
def test_an_opinion_is_no_decree(title: str, text: str) -> None:
    assert judge(act(f"La commission,\n{LAW}{text}" if title else text, title)).outcome is Outcome.NOT_CONCERNED


def test_a_decree_that_bears_the_title_of_an_opinion_on_its_draft_is_for_a_person() -> None:
    text = f"Le préfet du Jura,\n{LAW}ARRÊTE\nArticle 1er : Est autorisé {OBJECT}, du 4 au 6 mai 2026.\nArticle 2 : Exécution."
    assert judge(act(text, f"Avis relatif au projet d'arrêté autorisant {OBJECT}")).outcome is Outcome.UNCERTAIN


@pytest.mark.parametrize(
    ("article", "outcome"),
    [
        ("est activé un module d'analyse en temps réel, qui avertit l'agent lorsqu'un objet reste immobile", Outcome.UNCERTAIN),
        ("la fonction dite « d'assistance à la détection » signale les intrusions", Outcome.UNCERTAIN),
        ("le module d'aide à l'exploitation met en avant les véhicules à contresens", Outcome.UNCERTAIN),
        ("un module\nd'analyse d'images signale à l'opérateur un attroupement ou une intrusion", Outcome.UNCERTAIN),
        ("un module logiciel d'aide à l'opérateur signale les intrusions", Outcome.UNCERTAIN),
        ("l'attention du veilleur est attirée, en temps réel, sur les bagages abandonnés", Outcome.UNCERTAIN),
        ("l'enregistreur analyse les images en continu et appelle l'attention de l'agent sur les objets abandonnés", Outcome.UNCERTAIN),
        ("les images sont analysées par un boîtier, qui avertit le poste des intrusions", Outcome.UNCERTAIN),
        (
            "les fonctions d'analyse (intrusions) sont inactives ; il ne vaut pas autorisation de traitement algorithmique",
            Outcome.NOT_CONCERNED,
        ),
        ("un module de formation des agents traite des intrusions", Outcome.NOT_CONCERNED),
        ("un logiciel d'analyse en temps réel des images, destiné à signaler les attroupements, est employé", Outcome.UNCERTAIN),
        ("un outil d'analyse en direct des flux sert à repérer les rassemblements", Outcome.UNCERTAIN),
        ("une solution logicielle d'analyse en continu signale les regroupements à partir des images", Outcome.UNCERTAIN),
        ("les images sont vues par un logiciel d'analyse en temps réel signalant les comportements anormaux", Outcome.UNCERTAIN),
        ("les images des caméras font l'objet d'une analyse automatisée", Outcome.UNCERTAIN),
        ("il ne comporte pas de logiciel d'analyse des images", Outcome.NOT_CONCERNED),
        ("un logiciel de lecture des plaques d'immatriculation analyse les images et signale les véhicules", Outcome.NOT_CONCERNED),
        ("le logiciel d'enregistrement conserve les images, que des agents visionnent en temps réel", Outcome.NOT_CONCERNED),
    ],
)
def test_what_analyses_under_another_name_is_for_a_person_where_it_looks_for_an_event(article: str, outcome: Outcome) -> None:
    text = f"Le préfet du Jura\nVu le code ;\nARRÊTE\nArticle 1er : Le système est modifié : {article}.\nArticle 2 : Exécution."
    assert judge(act(text, "Arrêté portant modification d'un système de vidéoprotection")).outcome is outcome


@pytest.mark.parametrize(
    ("title", "article", "visa", "outcome"),
    [
        ("le comptage de nids par {}", "L'association est autorisée à compter les nids par {}.", "Vu le code rural ;", Outcome.UNCERTAIN),
        ("le suivi de sternes au moyen de {}", "Elle est autorisée à mettre en œuvre {} d'un drone.", "Vu le code ;", Outcome.UNCERTAIN),
        ("l'inspection du viaduc par {}", "La société est autorisée à employer {} de caméras.", "Vu le code ;", Outcome.UNCERTAIN),
        ("l'emploi de {}", "La police nationale est autorisée à employer {} de caméras.", "Vu le code ;", Outcome.DECREE),
        ("l'emploi de {}", "La société est autorisée à employer {} de caméras.", LAW, Outcome.DECREE),
    ],
)
def test_what_may_look_at_something_else_than_people_is_for_a_person(title: str, article: str, visa: str, outcome: Outcome) -> None:
    use = "un traitement algorithmique des images"
    text = f"Le préfet du Jura,\n{visa}\nARRÊTE\nArticle 1er : {article.format(use)}\nArticle 2 : Exécution."
    assert judge(act(text, f"Arrêté autorisant {title.format(use)}")).outcome is outcome


@pytest.mark.parametrize(
    ("title", "text", "outcome"),
    [
        ("Arrêté relatif à la foire", f"{LAW}Considérant que la foire attire", Outcome.UNCERTAIN),
        ("Arrêté relatif à la foire", "Vu le code ;\nVu la loi n° 2023-380 du 19 mai 2023 relative aux jeux", Outcome.UNCERTAIN),
        ("Arrêté relatif à la foire", "Vu le code ;\nVu le décret n° 2023-828 du 28 août 2023 ;\nConsidérant", Outcome.UNCERTAIN),
        ("Arrêté relatif à la foire", "Vu la demande d'emploi d'un traitement algorithmique des images ;", Outcome.UNCERTAIN),
        ("Arrêté n° 2026-12 portant autorisation de l'emploi d'un traitem", "", Outcome.UNCERTAIN),
        ("Arrêté autorisant la mise en œuvre d'un", "", Outcome.UNCERTAIN),
        ("Arrêté autorisant la mise en œuvre d'un plan de chasse", "", Outcome.NOT_CONCERNED),
        ("Arrêté relatif à la foire", "Vu le code de la route ;\nConsidérant que la foire", Outcome.NOT_CONCERNED),
    ],
)
def test_what_is_cut_off_and_could_be_a_decree_is_for_a_person(title: str, text: str, outcome: Outcome) -> None:
    assert judge(act(f"Le préfet du Jura,\n{text}" if text else title, title)).outcome is outcome


@pytest.mark.parametrize(
    ("title", "recital", "outcome"),
    [
        ("la captation d'images par drones", f"un arrêté distinct autorise {OBJECT}", Outcome.NOT_CONCERNED),
        ("l'ouverture du village", f"l'emploi d'{OBJECT} fait l'objet d'une décision distincte", Outcome.NOT_CONCERNED),
        ("l'ouverture du village", f"la police dispose d'{OBJECT}, autorisé par arrêté du 2 mai 2026 de la préfète", Outcome.NOT_CONCERNED),
        ("un périmètre de protection", f"{OBJECT} complète le dispositif", Outcome.NOT_CONCERNED),
        ("les palpations dans la gare", f"{OBJECT} y est employé", Outcome.NOT_CONCERNED),
        ("diverses mesures", f"{OBJECT} est nécessaire", Outcome.UNCERTAIN),
    ],
)
def test_a_recital_on_another_decree_or_beside_another_measure_is_no_question(title: str, recital: str, outcome: Outcome) -> None:
    text = f"Le préfet du Jura,\nVu le code ;\nConsidérant que {recital} ;\nARRÊTE\nArticle 1er : Accord.\nArticle 2 : Exécution."
    assert judge(act(text, f"Arrêté autorisant {title}")).outcome is outcome


def test_an_article_on_another_decree_is_no_question() -> None:
    said = "Il est couvert par des caméras dont les images font l'objet d'un traitement algorithmique autorisé par l'arrêté n° 2026-12"
    text = "Le préfet du Jura,\nVu le code ;\nARRÊTE\nArticle 1er : Un périmètre est créé. {}.\nArticle 2 : Exécution."
    title = "Arrêté instituant un périmètre de protection"
    assert judge(act(text.format(said), title)).outcome is Outcome.NOT_CONCERNED
    later = said.replace("autorisé par l'arrêté n° 2026-12", "qu'un arrêté distinct autorisera")
    assert judge(act(text.format(later), title)).outcome is Outcome.UNCERTAIN


@pytest.mark.parametrize(("law", "outcome"), [(LAW, Outcome.UNCERTAIN), ("Vu le code des transports ;\n", Outcome.NOT_CONCERNED)])
@pytest.mark.parametrize("drones", ["des vols de drones", "de survols d'aéronefs", "de drones"])
def test_software_that_signals_drones_looks_at_no_images_of_theirs(law: str, drones: str, outcome: Outcome) -> None:
    use = f"un logiciel de signalement automatique {drones}"
    article = f"Article 1er : Le survol est interdit, et {use} est mis en œuvre, sans images."
    text = f"Le préfet du Jura\n{law}ARRÊTE\n{article}\nArticle 2 : Exécution."
    assert judge(act(text, f"Arrêté autorisant, à Dole, le recours à {use}")).outcome is outcome


@pytest.mark.parametrize(
    ("visa", "recital", "article", "outcome"),
    [
        (
            LAW,
            "qu'aucune disposition du code ne permet de soumettre ces images à une analyse algorithmique",
            "Le présent arrêté ne vaut pas autorisation de traitement algorithmique.",
            Outcome.NOT_CONCERNED,
        ),
        (
            "",
            "l'absence d'aucune analyse algorithmique ; qu'une telle analyse relèverait de l'article 10 de la loi n° 2023-380",
            "Huit caméras sont installées.",
            Outcome.NOT_CONCERNED,
        ),
        (
            "",
            "l'absence d'aucune analyse algorithmique de visages ; que la commune respecte l'article 10 de la loi n° 2023-380",
            "Huit caméras sont installées.",
            Outcome.UNCERTAIN,
        ),
        (
            "Vu le code de la sécurité intérieure, notamment ses articles L. 251-1 à L. 255-1 et R. 251-1 à R. 253-4 ;\n",
            "la demande de la commune et l'avis de la commission départementale du 3 mai 2026",
            "L'analyse algorithmique des images, telle que la prévoit l'article 10 de la loi n° 2023-380, est exclue.",
            Outcome.NOT_CONCERNED,
        ),
        # So short that the images of the title and the algorithm of the article are near each other.
        ("", "la demande", "L'analyse algorithmique des flux, au sens de l'article 10 de la loi, est exclue.", Outcome.NOT_CONCERNED),
    ],
)
def test_what_no_text_allows_or_another_decision_would_is_not_done(visa: str, recital: str, article: str, outcome: Outcome) -> None:
    text = f"Le préfet du Jura\n{visa}Considérant {recital} ;\nARRÊTE\nArticle 1er : {article}\nArticle 2 : Exécution."
    assert judge(act(text, "Arrêté autorisant un système de vidéoprotection")).outcome is outcome


@pytest.mark.parametrize(
    ("title", "outcome"),
    [
        ("Arrêté autorisant, à Dole, le recours à un logiciel de signalement automatique", Outcome.DECREE),
        ("Arrêté autorisant, à Dole, le recours à une aide technique", Outcome.UNCERTAIN),
    ],
)
def test_a_decree_under_the_law_that_names_its_events_and_no_algorithm(title: str, outcome: Outcome) -> None:
    visa = "Vu le décret n° 2023-828 relatif aux modalités de mise en œuvre des traitements algorithmiques sur les images collectées ;\n"
    article = "Article 1er : La commune de Dole met en œuvre l'aide décrite. Elle signale les mouvements de foule et les départs de feu."
    assert judge(act(f"Le préfet du Jura\n{LAW}{visa}ARRÊTE\n{article}\nArticle 2 : Exécution.", title)).outcome is outcome


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("Le présent arrêté n'autorise aucun autre traitement algorithmique.", Outcome.UNCERTAIN),
        ("Aucun traitement algorithmique n'a lieu en dehors de ces dates.", Outcome.UNCERTAIN),
        ("Aucun traitement algorithmique de reconnaissance faciale n'est mis en œuvre.", Outcome.UNCERTAIN),
        ("Le système ne comporte aucun traitement algorithmique.", Outcome.NOT_CONCERNED),
    ],
)
@pytest.mark.parametrize("law", [LAW, ""])
def test_what_is_excluded_elsewhere_or_of_another_kind_says_nothing_of_what_is_done(law: str, said: str, outcome: Outcome) -> None:
    article = "Article 1er : Un module d'analyse signale les objets abandonnés et les départs de feu."
    text = f"Le préfet du Jura\n{law}Vu le code ;\nARRÊTE\n{article}\nArticle 2 : {said}"
    assert judge(act(text, "Arrêté autorisant un système de vidéoprotection")).outcome is outcome


def test_what_a_recital_gives_up_is_not_done_though_the_act_names_events_under_the_law() -> None:
    said = "Considérant que le recours au traitement algorithmique des images de vidéoprotection n'est pas retenu ;\n"
    article = "Article 1er : La captation d'images par drones est autorisée pour prévenir les mouvements de foule et les départs de feu."
    text = f"Le préfet du Jura\n{LAW}{said}ARRÊTE\n{article}\nArticle 2 : Exécution."
    assert judge(act(text, "Arrêté autorisant la captation d'images par drones")).outcome is Outcome.NOT_CONCERNED


DRONES = "la captation d'images au moyen de caméras installées sur des aéronefs"


@pytest.mark.parametrize(
    ("title", "recital", "outcome"),
    [
        (f"{DRONES} à l'occasion des assises de la vidéosurveillance algorithmique", "", Outcome.NOT_CONCERNED),
        (f"{DRONES} lors du congrès mondial du traitement algorithmique d'images", "", Outcome.NOT_CONCERNED),
        (
            f"à l'occasion du Forum de l'intelligence artificielle, {DRONES}",
            "la présence d'éditeurs de traitements algorithmiques d'images ; qu'elle ne relève pas de la loi n° 2023-380, article 10",
            Outcome.NOT_CONCERNED,
        ),
        # … unless the title or an article has it beside that name.
        ("à l'occasion du Forum de l'analyse d'images, {}", "", Outcome.DECREE),
        ("lors des assises de la vidéo l'emploi d'{}", "", Outcome.DECREE),
        ("dans le cadre de l'expérimentation du traitement algorithmique, l'emploi d'{}", "", Outcome.DECREE),
    ],
)
def test_what_an_event_is_called_is_no_object(title: str, recital: str, outcome: Outcome) -> None:
    said = title.format(OBJECT)
    article = f"Article 1er : La police nationale est autorisée à procéder à {DRONES}." if said == title else f"Article 1er : {said}."
    text = f"Le préfet du Jura\nVu le code ;\nConsidérant {recital or 'la demande'} ;\nARRÊTE\n{article}\nArticle 2 : Exécution."
    assert judge(act(text, f"Arrêté autorisant {said}")).outcome is outcome


def test_a_title_on_what_signals_something_else_is_of_nothing() -> None:
    title = "Arrêté autorisant une solution d'alerte automatique des populations"
    article = "Article 1er : La solution diffuse des alertes : départ de feu, mouvement de foule."
    assert judge(act(f"Le préfet du Jura\nVu le code ;\nARRÊTE\n{article}\nArticle 2 : Exécution.", title)).outcome is Outcome.NOT_CONCERNED


HARD_NEGATIVES = [
    ("Arrêté autorisant un système de vidéoprotection", "Il est exploité, hors toute fonction d'analyse, sur douze caméras."),
    (
        "Arrêté portant organisation de la direction départementale",
        "Le bureau exerce la fonction d'analyse criminelle, suit la vidéoprotection et les mouvements de foule.",
    ),
    ("Arrêté portant agrément d'un centre de formation", "Un module d'analyse des risques traite de vidéoprotection et d'intrusion."),
    ("Arrêté autorisant l'exploitation d'une carrière", "Un module d'analyse des poussières est installé."),
    ("Arrêté portant subvention au projet VSA de l'association", "La subvention est versée."),
    ("Arrêté portant renouvellement d'agrément du laboratoire pour l'analyse automatisée du lait", "Le laboratoire est agréé."),
    ("Arrêté autorisant un système de vidéoprotection – intelligente mobilité SARL", "La société est autorisée à exploiter 4 caméras."),
    ("Arrêté fixant les tarifs des taxis", "Le tarif est augmenté. La vidéo a augmenté les charges."),
    ("Arrêté relatif à l'analyse automatisée des données de stationnement", "Les places sont comptées."),
    ("Arrêté autorisant une manifestation nautique", "Une vidéo d'analyse de la course est diffusée."),
    ("Arrêté relatif à la réalité augmentée au musée", "Une exposition de vidéo augmentée est ouverte."),
    ("Arrêté portant délégation de signature (VSA, ICPE)", "Délégation est donnée."),
    ("Arrêté portant composition de la commission de vidéoprotection", "Sont nommés."),
    ("Arrêté autorisant un système de vidéoprotection – commune de Vsaulx", "La commune est autorisée."),
    ("Arrêté portant mise en demeure – module d'analyse des rejets", "La société analyse ses rejets."),
    ("Arrêté autorisant la captation d'images par aéronefs", "Les images ne peuvent faire l'objet d'aucune analyse automatisée."),
    ("Jugement du tribunal administratif n° 2604417", "L'arrêté de vidéoprotection est annulé en tant qu'il autorise plus de dix caméras."),
    ("Arrêté annulant l'arrêté de chasse en tant qu'il porte sur le loup", "Annulé."),
    ("Rectificatif à l'arrêté n° 2026-12 de vidéoprotection", "Au lieu de dix caméras, lire douze."),
    ("Erratum au recueil n° 12", "Sans incidence sur le reste."),
    ("Convention de coordination de la police municipale", "La convention ne prévoit pas de traitement algorithmique des images."),
    ("Convention relative au raccordement d'images", "Elle n'autorise en aucun cas une analyse automatisée des images de vidéoprotection."),
    ("Arrêté autorisant la surveillance des crues par analyse automatisée d'images", "Le niveau d'eau est mesuré."),
    ("Arrêté autorisant l'analyse automatisée de photographies d'espèces protégées", "Les pièges photographiques."),
    ("Avis d'appel d'offres VSA", "Marché de vidéo augmentée."),
    ("Arrêté portant ouverture d'un concours – épreuve d'analyse automatisée", "Les candidats."),
    ("Arrêté relatif au jumelage intelligent", "La vidéo intelligente du jumelage."),
    ("Arrêté n° 20261234 VS 92 – SA Transports", "La société anonyme est autorisée à exploiter un système de vidéoprotection."),
    ("Arrêté autorisant un comptage routier", "La société est autorisée à poser des capteurs dotés d'un algorithme d'analyse d'images."),
    ("Arrêté relatif à un véhicule VSAV", "Sapeurs-pompiers."),
    ("Arrêté relatif à l'analyse automatique des gaz du tunnel", "Les caméras voient l'incendie."),
]
"""Titles and articles with the words of titles in jargon, of errata, judgments and agreements, on other things."""


def test_other_uses_of_these_words_cost_at_most_one_question_in_twenty_five() -> None:
    text = "Le préfet du Jura\nVu le code ;\nARRÊTE\nArticle 1er : {}\nArticle 2 : Exécution."
    asked = [title for title, article in HARD_NEGATIVES if judge(act(text.format(article), title)).outcome is not Outcome.NOT_CONCERNED]
    assert len(HARD_NEGATIVES) > 25
    assert len(asked) <= 1, asked


@pytest.mark.parametrize("verb", ["faire traiter", "soumettre à une analyse"])
def test_what_an_operator_may_have_analysed_is_authorised_though_its_title_has_no_verb(verb: str) -> None:
    text = f"{LAW}ARRÊTE\nArticle premier\nLa gendarmerie peut {verb}, par un traitement algorithmique, les images de cinq caméras."
    verdict = judge(act(f"{text}\nFait à Gex, le 3 mai 2026", f"Arrêté n° 2026-8 - Corso fleuri - {OBJECT.removeprefix('un ')}"))
    assert (verdict.outcome, verdict.kind) == (Outcome.DECREE, Kind.AUTHORISATION)


@pytest.mark.parametrize(
    "title", ["relatif au recours, par la ville de Gex, à", "portant recours par le service de secours à", "concernant le recours à"]
)
@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("Le préfet peut à tout moment y mettre fin.", Outcome.DECREE),
        ("Le traitement est interrompu sans délai dès que la fête est annulée.", Outcome.DECREE),
        ("Le traitement est interrompu en cas d'orage.", Outcome.DECREE),
        ("Le traitement est interrompu à compter de ce jour.", Outcome.UNCERTAIN),
        ("La ville est requise de mettre fin à cet emploi.", Outcome.UNCERTAIN),
    ],
)
def test_what_may_stop_a_use_does_not_stop_it(title: str, said: str, outcome: Outcome) -> None:
    text = f"{LAW}ARRÊTE\nArticle 1 : La ville de Gex applique le logiciel aux images.\nArticle 2 : {said}\nFait à Gex, le 3 mai 2026"
    assert judge(act(text, f"Arrêté n° 2026-8 {title} {OBJECT}")).outcome is outcome


@pytest.mark.parametrize(
    ("recital", "article", "outcome"),
    [
        (
            "qu'un traitement algorithmique ne saurait être autorisé ici ; qu'elle y a renoncé",
            "Il n'y a ni son ni enquête.",
            Outcome.NOT_CONCERNED,
        ),
        ("qu'un traitement algorithmique ne peut être employé par une société", "Le public est informé.", Outcome.NOT_CONCERNED),
        (
            "la demande",
            "Il lui appartient de présenter une demande sur le fondement de l'article 10 de la loi n° 2023-380.",
            Outcome.NOT_CONCERNED,
        ),
        (
            "la demande",
            "Le raccordement à un logiciel d'analyse des images supposerait l'autorisation de l'article 10 de la loi n° 2023-380.",
            Outcome.NOT_CONCERNED,
        ),
        (
            "que l'analyse algorithmique des images ne trouve pas de base légale dans ce code",
            "Elle ne peut soumettre les images à aucun traitement algorithmique sans l'autorisation de l'article 10 de la loi n° 2023-380.",
            Outcome.NOT_CONCERNED,
        ),
        ("la demande", "L'analyse est faite sur le fondement de l'article 10 de la loi n° 2023-380.", Outcome.UNCERTAIN),
        ("la demande", "Le module d'analyse automatique des images (détection de présence) est mis en service.", Outcome.UNCERTAIN),
    ],
)
def test_an_ordinary_system_of_cameras_with_what_was_asked_beside_it(recital: str, article: str, outcome: Outcome) -> None:
    text = (
        f"Le préfet de l'Ain\nVu le code de la sécurité intérieure ;\nConsidérant {recital} ;\nConsidérant les vols commis dans ce "
        "magasin pendant les soldes d'hiver et l'avis de la commission ;\nARRÊTE\nArticle 1 : La société est autorisée à installer "
        f"vingt caméras.\nArticle 2 : {article}\nFait à Gex, le 3 mai 2026"
    )
    assert judge(act(text, "Arrêté n° 2026-8 portant autorisation d'un système de vidéoprotection")).outcome is outcome


LOOKED_FOR = "Sont signalés les objets abandonnés et les mouvements de foule."
LASTS = "Du 4 juillet 2026 à 8 h au 6 juillet 2026 à 20 h."


@pytest.mark.parametrize(
    ("title", "articles", "outcome"),
    [
        ("", ("L'exploitant met en œuvre le traitement.", LOOKED_FOR, LASTS), Outcome.DECREE),
        ("", ("L'exploitant peut pratiquer la veille par l'outil.", LOOKED_FOR, LASTS), Outcome.DECREE),
        ("", ("La commune peut, ces jours-là, faire analyser par un logiciel les images.", LOOKED_FOR, LASTS), Outcome.DECREE),
        ("", ("La commune ne peut faire analyser par un logiciel les images.", LOOKED_FOR, LASTS), Outcome.UNCERTAIN),
    ],
)
def test_a_decree_in_words_that_it_defines_has_all_parts_of_one(title: str, articles: tuple[str, ...], outcome: Outcome) -> None:
    defined = ("On entend par « outil » un logiciel d'analyse automatisée des images, par « exploitant » la SNCF.", *articles)
    numbered = "\n".join(f"Article {rank} : {article}" for rank, article in enumerate(defined, 1))
    verdict = judge(act(f"{LAW}ARRÊTE\n{numbered}\nFait à Gex, le 3 mai 2026", f"Arrêté n° BSI-2026-8 {title}"))
    assert (verdict.outcome, verdict.kind) == (outcome, Kind.AUTHORISATION if outcome is Outcome.DECREE else None)


@pytest.mark.parametrize(("given", "outcome"), [("de l'arrêté n° 2026-3 du 2 mai 2026, ", Outcome.DECREE), ("", Outcome.UNCERTAIN)])
def test_what_ends_may_be_defined_in_an_article_of_its_own(given: str, outcome: Outcome) -> None:
    text = (
        f"Article 1 : Par « autorisation », lire celle {given}donnée à la SNCF pour analyser par algorithme les images de la gare.\n"
        "Article 2 : La fête est annulée.\nArticle 3 : L'article 10 de la loi n° 2023-380 du 19 mai 2023 s'y oppose.\n"
        "Article 4 : L'autorisation est abrogée.\nFait à Gex, le 3 juin 2026"
    )
    assert judge(act(text, "Arrêté n° 2026-8 mettant fin à l'autorisation accordée à la SNCF")).outcome is outcome


@pytest.mark.parametrize(
    ("article", "outcome", "kind"),
    [
        ("La demande de la commune d'être autorisée à employer {} n'est pas accueillie.", Outcome.DECREE, Kind.REFUSAL),
        ("Il n'y a donc pas lieu de faire droit à la demande de la commune d'employer {}.", Outcome.DECREE, Kind.REFUSAL),
        ("Il n'est pas donné suite à la demande d'employer {}.", Outcome.DECREE, Kind.REFUSAL),
        ("La commune ne peut employer {}.", Outcome.UNCERTAIN, None),
        ("La commune est autorisée à employer {}, à des fins exclusives de réglage.", Outcome.UNCERTAIN, None),
        ("Il est fait usage d'{}, ce qui ne constitue pas une autorisation au sens de l'article 10.", Outcome.UNCERTAIN, None),
        ("La commune ne peut employer {} qu'entre 8 heures et 20 heures.", Outcome.DECREE, Kind.AUTHORISATION),
    ],
)
def test_what_is_not_allowed_is_no_authorisation(article: str, outcome: Outcome, kind: Kind | None) -> None:
    verdict = judge(act(f"{LAW}ARRÊTE\nArticle 1er : {article.format(OBJECT)}\nFait à Gex, le 3 mai 2026", "Arrêté n° 2026-8"))
    assert (verdict.outcome, verdict.kind) == (outcome, kind)


@pytest.mark.parametrize(
    ("title", "opening", "outcome"),
    [
        (f"Projet d'arrêté portant autorisation d'{OBJECT}", "", Outcome.UNCERTAIN),
        ("Arrêté n° 2026-8", "PROJET\nArrêté n° 2026-8\n", Outcome.UNCERTAIN),
        (f"Arrêté n° 2026-8 autorisant {OBJECT} pour la fête du Projet", "", Outcome.DECREE),
    ],
)
def test_a_draft_is_for_a_person(title: str, opening: str, outcome: Outcome) -> None:
    text = f"{opening}{LAW}ARRÊTE\nArticle 1er : La commune de Gex est autorisée à employer {OBJECT}.\nFait à Gex, le 3 mai 2026"
    assert judge(act(text, title)).outcome is outcome
