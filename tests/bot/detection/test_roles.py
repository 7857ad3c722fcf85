"""Whole decrees in the prose of prefectures: who may, where, when, with how many cameras, what for; and what their lists left unread."""

from __future__ import annotations

import pytest

from bot.detection.judging import gather, judge
from bot.detection.text.document import document
from bot.domain.acts import Facts, Kind, Outcome, Verdict
from tests.bot.detection.samples import act

TITLE = "Arrêté n° 2026-1 {} un traitement algorithmique des images de vidéoprotection"
USE = "à mettre en œuvre un traitement algorithmique des images de vidéoprotection"
POLICE = f"La police nationale est autorisée {USE}"


def judged(article: str, more: str = "", title: str = TITLE.format("autorisant"), preamble: str = "") -> Verdict:
    law = "Vu la loi n° 2023-380 du 19 mai 2023, article 10 ;"
    return judge(act(f"{law}\n{preamble}\nARRÊTE\nArticle 1er : {article}\n{more}\nArticle 9 : Exécution.", title))


def facts(article: str, more: str = "") -> Facts:
    verdict = judged(article, more)
    assert verdict.outcome is Outcome.DECREE
    return verdict.facts


@pytest.mark.parametrize(
    ("article", "operators"),
    [
        (f"Le syndicat Trans-Nord et son exploitant Keolux sont autorisés {USE}.", ["Syndicat Trans-Nord", "Exploitant Keolux"]),
        (
            f"Le préfet autorise la commune d'Uzès, représentée par sa maire, et le groupement d'intérêt public « Gard Sûr » {USE}.",
            ["Commune d'Uzès", "Groupement d'intérêt public « Gard Sûr »"],
        ),
        (
            "La métropole Vire-Bocage et la société des bus de l'Étang peuvent mettre en œuvre un traitement algorithmique.",
            ["Métropole Vire-Bocage", "Société des bus de l'Étang"],
        ),
        (
            f"Les services de l'État (police nationale, gendarmerie nationale et douanes) sont autorisés {USE}.",
            ["Police nationale", "Gendarmerie nationale", "Douanes"],
        ),
        (
            (
                "La régie « Bus de Vire », exploitante du réseau, pourra mettre en œuvre un traitement algorithmique.\n"
                "Article 2 : Ses agents avertissent le centre de la police nationale."
            ),
            ["Régie « Bus de Vire »"],
        ),
        (
            f"Pour la sûreté du salon, la société Garde Claire, agissant pour le compte de l'exploitant du parc, est habilitée {USE}.",
            ["Société Garde Claire"],
        ),
        (
            (
                "L'office intercommunal du Bocage est admis à faire usage d'un traitement algorithmique.\n"
                "Article 2 : Le traitement est assuré au moyen du logiciel Obole, distribué par la société Bocage Numérique."
            ),
            ["Office intercommunal du Bocage"],
        ),
        (
            "Un traitement algorithmique est mis en œuvre par la SNCF ainsi que par le gestionnaire du stade, du 6 au 8 mai 2026.",
            ["SNCF", "Gestionnaire du stade"],
        ),
        (
            "Est autorisé, au profit du SDIS et du syndicat Trans-Nord, l'emploi d'un traitement algorithmique.",
            ["SDIS", "Syndicat Trans-Nord"],
        ),
        (f"Le comité du Grand Prix et la police nationale sont autorisés {USE}.", ["Police nationale", "Comité du Grand Prix"]),
        # Who it is, and whether a person, is not known: only that somebody else is named.
        (f"La commune d'Uzès et M TAG sont autorisées {USE}.", ["Commune d'Uzès"]),
        (f"M TAG et la commune d'Uzès sont autorisées {USE}.", ["Commune d'Uzès"]),
    ],
)
def test_every_coordinated_subject_may_and_who_is_in_no_list_makes_a_doubt(article: str, operators: list[str]) -> None:
    found = facts(article)
    assert (list(found.operators), "operators" in found.doubtful) == (operators, True)


@pytest.mark.parametrize(
    ("article", "more", "operators"),
    [
        (
            f"La police nationale et le groupement de gendarmerie départementale de l'Orne sont autorisés {USE}.",
            "Article 2 : La gendarmerie nationale informe le préfet.",
            ("Police nationale", "Gendarmerie nationale"),
        ),
        (f"La préfecture de police (direction de l'ordre public et de la circulation) est autorisée {USE}.", "", ("Préfecture de police",)),
        (f"Le maire d'Uzès est autorisé, pour le compte de sa police municipale, {USE}.", "", ("Police municipale d'Uzès",)),
        (f"Les policiers municipaux d'Uzès sont autorisés {USE}.", "", ("Police municipale d'Uzès",)),
        (
            "L'emploi d'un traitement algorithmique par le service d'incendie et de secours est autorisé le 5 mai et le 6 mai 2026.",
            "",
            ("SDIS",),
        ),
        (
            f"La police nationale est autorisée {USE}. La commune d'Uzès, qui a renoncé à ses caméras, n'est pas concernée.",
            "",
            ("Police nationale",),
        ),
        (
            "L'autorisation donnée à la police nationale est renouvelée, au titre du Salon des lampes, pour un mois.",
            "",
            ("Police nationale",),
        ),
    ],
)
def test_one_body_is_told_once_and_nothing_beside_it(article: str, more: str, operators: tuple[str, ...]) -> None:
    found = facts(article, more)
    assert (found.operators, "operators" in found.doubtful) == (operators, False)


@pytest.mark.parametrize(
    ("where", "places"),
    [
        (
            "dans le secteur délimité au nord par la rue Pasteur, à l'est par le boulevard Carnot et au sud par le quai du Rhône",
            ["rue Pasteur", "boulevard Carnot", "quai du Rhône"],
        ),
        (
            "sur le périmètre de la place du Marché, de la Grande Rue et du parvis de l'église",
            ["place du Marché", "Grande Rue", "parvis de l'église"],
        ),
        ("en gares de Lens-Ville, Lens TGV et Uzès", ["gare de Lens-Ville", "gare de Lens TGV", "gare d'Uzès"]),
        ("rue Victor-Hugo (du n° 12 au n° 48) et place de la Liberté", ["rue Victor-Hugo", "place de la Liberté"]),
        ("dans le centre-ville, notamment place Jean Jaurès et rue Haute", ["centre-ville", "place Jean Jaurès", "rue Haute"]),
        ("au sein du palais des festivals, sur le Vieux-Port", ["palais des festivals", "Vieux-Port"]),
        ("sur l'emprise du circuit des Bruyères ouverte au public", ["circuit des Bruyères"]),
        ("sur l'autoroute A7", ["autoroute A7"]),
        ("sur les parkings P1 et P3", ["parking P1", "parking P3"]),
        ("sur les quais Haut et Jean-Moulin ainsi que le pont Neuf", ["quai Haut", "quai Jean-Moulin", "pont Neuf"]),
        ("rue des Places Neuves", ["rue des Places Neuves"]),
        ("sur la place du Marché ainsi que sur le parking de celle-ci", ["place du Marché"]),
        ("sur la place du Marché et le boulevard Neuf – 30700 UZÈS", ["place du Marché", "boulevard Neuf"]),
        ("en gare de Lens-Ville et de sept caméras en gare d'Uzès", ["gare de Lens-Ville", "gare d'Uzès"]),
        ("rue Haute. Les caméras de la place Foch ne sont plus exploitées", ["rue Haute"]),
        ("entre la promenade du Midi et la rue Haute", ["promenade du Midi", "rue Haute"]),
    ],
)
def test_a_kind_of_place_with_a_name_is_a_place_whatever_leads_to_it(where: str, places: list[str]) -> None:
    assert list(facts(f"{POLICE} {where}.").places) == places


@pytest.mark.parametrize(
    "article",
    [
        "La zone couverte comprend la rue Haute.",
        "La société Trans-Vire pourra mettre en œuvre, sur la rue Haute, le logiciel.",
        "Le logiciel est acquis sur un lot du marché national. La zone concernée est la rue Haute.",
    ],
)
def test_articles_that_tell_where_or_who_may_have_places(article: str) -> None:
    title = "Arrêté n° 2026-1 portant autorisation de traitement algorithmique des images de vidéoprotection"
    assert judged("Objet.", f"Article 2 : {article}", title).facts.places == ("rue Haute",)


@pytest.mark.parametrize("housed", ["Le recours est adressé 3 place de Fontenoy.", "Les lieux suivants sont retirés : rue de Lens."])
def test_an_address_and_what_is_left_out_are_no_places(housed: str) -> None:
    assert facts(f"{POLICE} rue Haute.", f"Article 2 : {housed}").places == ("rue Haute",)


def test_the_places_in_the_name_of_an_event_are_not_watched() -> None:
    found = facts(f"{POLICE}, dans le cadre des Nuits du Bois de Vincennes, en gare de Lens.")
    assert (found.event, found.places) == ("Nuits du Bois de Vincennes", ("gare de Lens",))


@pytest.mark.parametrize(
    ("said", "communes"),
    [
        ("sur les images de la vidéoprotection des communes de Lens et d'Uzès", ["Lens", "Uzès"]),
        ("pour la commune de Die", ["Die"]),
        ("dans les parkings P1 à P4", []),
        ("sur\nPREFECTURE DE L'ORNE - page 2\nla route de Vire", []),
        ("À L'OCCASION DES FÊTES DE MAI", []),
        (".\nArticle 2 : Sites :\nCommune\tSite\nLens\tplace Foch\nLe Havre\tport de l'Heure", ["Lens", "Le Havre"]),
        (". Sont concernées les communes suivantes :\n- Lens,\n- Uzès", ["Lens", "Uzès"]),
        (". Sont concernées les communes suivantes :\nLens : place Foch, quai Neuf\nUzès : rue Basse", ["Lens", "Uzès"]),
        (" dans les communes du Gard énumérées ci-après :\n- Alès ;\n- Uzès", ["Alès", "Uzès"]),
        (". Territoire : Lens, Alès, Uzès", ["Lens", "Alès", "Uzès"]),
        (" place Foch ; communes de Lens, Liévin", ["Lens", "Liévin"]),
        (" sur l'aérodrome de Bel-Air (Lens et Uzès)", ["Lens", "Uzès"]),
        (" avec le logiciel de la société Kaldéa, attributaire du lot 1 (Île-de-France)", []),
        (" sur l'aire de Bel-Air (R)", []),
        (" au Havre, à Lens et aux Sables-d'Olonne", ["Le Havre", "Lens", "Les Sables-d'Olonne"]),
        (" au Stade Bollaert et aux Terrasses", []),
        (".\nArticle 2 : Périmètre (Lens) : place Foch", ["Lens"]),
        (" sur : aérodrome de Bel-Air (Lens) ; route départementale 40 (Uzès)", ["Lens", "Uzès"]),
        (" à Cordes-sur-Ciel et aux Cabannes", ["Cordes-sur-Ciel", "Les Cabannes"]),
    ],
)
def test_communes_by_whose_cameras_and_for_whom(said: str, communes: list[str]) -> None:
    found = facts(f"{POLICE} {said}.")
    assert (list(found.communes), found.operators) == (communes, ("Police nationale",))


@pytest.mark.parametrize(
    ("said", "unsure"),
    [("sur la commune de Lens", False), (".\nArticle 2 : Sites :\nCommune\tSite\nLens\tplace Foch", False), ("à Lens", True), ("", False)],
)
def test_the_rules_alone_are_sure_of_a_commune_that_is_called_one(said: str, unsure: bool) -> None:
    text = document(act(f"ARRÊTE\nArticle 1er : {POLICE} {said}."), "vsa")
    assert ("communes" in gather(text, text.segment, ())[0].doubtful) is unsure


@pytest.mark.parametrize(
    ("said", "communes"),
    [
        (" sur les communes de Lens, la Seyne sur mer et Uzès", ["Lens", "La Seyne sur Mer", "Uzès"]),
        (" sur la commune de Lens en annexe", ["Lens"]),
        (" à Port-Vendres", ["Port-Vendres"]),
        (" à Lens\nDemandeur : la police", ["Lens"]),
        (". RAPPELER À AVERTIR le public", []),
        (".\nPÉRIMÈTRE DE LA VILLE BASSE\nIl est clos", []),
        (" à l'exclusion des parvis", []),
        (" sur les images de vidéoprotection dont la commune de Die dispose", []),
        (" sur les images de vidéoprotection par la commune de Die", []),
        (".\nVidéoprotection ville\tTotal\nA\t46", []),
        (".\nSite de la haute tour\nCommune de Lens 6", []),
        (", depuis les locaux du SDIS à Lens", []),
        (", au vu de l'attaque au bélier du 3 mai 2016 à Lens et de celle d'Uzès", []),
        (" par le préfet du Nord, à Lens", []),
        (" avec une application dont le siège est à Lens", []),
        (" avec le logiciel Perception (société Videtics, siège social à Lens)", []),
        (" au droit des communes de Lens et d'Uzès", ["Lens", "Uzès"]),
        (".\nArticle 2 : Elle concerne le territoire des communes suivantes :\n– Lens\n– Uzès", ["Lens", "Uzès"]),
        (".\nArticle 2 : Le périmètre concerne exclusivement la commune de Lens", ["Lens"]),
        (".\nArticle 2 : Elle intéresse :\na) commune de Lens : quai Bas ;\nb) commune d'Uzès : place Foch", ["Lens", "Uzès"]),
        (".\nArticle 2 : Elle intéresse :\na) commune de Lens ;\nb) la police", []),
        (" sur la commune de NICE", ["Nice"]),
        (" à TOULON et à LA SEYNE-SUR-MER", ["Toulon", "La Seyne-sur-Mer"]),
        (" sur la commune de l'ÎLE-D'YEU", ["L'Île-d'Yeu"]),
        (" sur EDF", []),
        (".\nArticle 2 : Le présent arrêté est publié. À Lens, le lundi 5 mai 2026", []),
        (" à Lens le 5 mai 2026", ["Lens"]),
        (".\nArticle 2 : Outil d'une page\tLogiciel (éditeur) Cityvision (Wintics).", []),
        (" avec un outil de la société Vix, immatriculée à Lens", []),
        (", avec un report déporté à Lens", []),
        (", au vu de la réunion tenue en mairie, à Lens", []),
        (" à\tService des sécurités", []),
        (" à Cour-Cheverny, à Préfailles et à Avrillé", ["Cour-Cheverny", "Préfailles", "Avrillé"]),
        (" sur la commune de La\nSeyne-sur-Mer", ["La Seyne-sur-Mer"]),
        (" à l'occasion de la visite du pape à Lourdes", ["Lourdes"]),
        (" à l'occasion du festival Jazz à Vienne", []),
        (" à l'occasion de la Notte di a Memoria", []),
        (".\nArticle 2 : Sont retenus :\n• à Lens : place Foch ;\n• au Petit-Quevilly : rue Haute", ["Lens", "Le Petit-Quevilly"]),
        (" à l'occasion du festival Jazz à Vienne, à Vienne", ["Vienne"]),
    ],
)
def test_whom_it_names_or_where_else_something_is_or_was_is_no_commune_of_the_decree(said: str, communes: list[str]) -> None:
    assert list(facts(f"{POLICE} {said}.").communes) == communes


@pytest.mark.parametrize(
    ("more", "unsure"),
    [
        ("La gendarmerie nationale tient les entrées.", True),
        ("L'accès du public au périmètre est filtré par la gendarmerie nationale.", True),
        ("La gendarmerie nationale est informée des signalements.", False),
        ("La gendarmerie nationale a accès aux images.", False),
    ],
)
def test_who_is_authorised_is_doubtful_beside_a_body_of_another_article(more: str, unsure: bool) -> None:
    found = facts(f"{POLICE} en gare de Lens.", f"Article 2 : {more}")
    assert ("operators" in found.doubtful) is unsure


@pytest.mark.parametrize(
    ("article", "more", "starts", "ends"),
    [
        ("de 8h à 19h le 5 mai 2026 et de 9h à 18h le 6 mai 2026", "", "2026-05-05T08:00", "2026-05-06T18:00"),
        ("de 8h à 19h du 5 au 7 mai 2026 et de 9h à 18h du 8 au 9 mai 2026", "", "2026-05-05T08:00", "2026-05-09T18:00"),
        ("les samedis et dimanches 13, 14, 20 et 21 juin 2026, de 13h00 à 23h00", "", "2026-06-13T13:00", "2026-06-21T23:00"),
        (
            "à l'occasion du match du 27 juin 2026",
            "Article 2 : L'autorisation est limitée au samedi 27 juin 2026, de 15h00 à 23h30.",
            "2026-06-27T15:00",
            "2026-06-27T23:30",
        ),
        (
            "à l'occasion de la messe de minuit le 24 décembre 2026 de 20 h à 23 h",
            "",
            "2026-12-24T20:00",
            "2026-12-24T23:00",
        ),
    ],
)
def test_hours_before_their_day_or_in_another_article(article: str, more: str, starts: str, ends: str) -> None:
    found = facts(f"{POLICE} {article}.", more)
    assert [moment and moment.isoformat() for moment in (found.starts, found.ends)] == [starts, ends]


@pytest.mark.parametrize(
    ("when", "weekdays"),
    [
        ("tous les week-ends du 4 juillet au 30 août 2026 de 14h à 23h", [(5, 6)]),
        ("chaque samedi du 2 au 30 mai 2026 de 22h à 4h", [(5,)]),
        ("du 1er au 31 octobre 2026, tous les jours de 6h à 22h, sauf les dimanches", []),
    ],
)
def test_the_days_of_the_week_on_which_hours_hold(when: str, weekdays: list[tuple[int, ...]]) -> None:
    assert [slot.weekdays for slot in facts(f"{POLICE} {when}.").slots] == weekdays


@pytest.mark.parametrize(
    ("article", "more", "doubtful"),
    [
        (f"{POLICE} sur les images de 5 caméras place Neuve. Une caméra filme la place des Clercs, trois la rue.", "", "cameras"),
        (f"{POLICE} sur les images de 5 caméras place Neuve, sans suivre une personne d'une caméra à l'autre.", "", ""),
        (
            POLICE + ".",
            "Article 2 : Sont signalés : la présence d'armes ; les départs de feu ; les vols à la tire.",
            "purposes",
        ),
        (POLICE + ".", "Article 2 : Sont signalés : la présence d'armes ; les départs de feu.", ""),
        (f"{POLICE} quai de la Douane, rampe du Merle Blanc, place de la Liberté.", "", "places"),
        (f"{POLICE} chacune des nuits du vendredi 30 octobre au lundi 2 novembre 2026, de 18h00 à 2h00.", "", "ends"),
    ],
)
def test_what_was_listed_and_not_read_makes_the_fact_doubtful(article: str, more: str, doubtful: str) -> None:
    found = facts(article, more).doubtful
    assert doubtful in found if doubtful else not found


def test_the_event_of_a_refusal_stands_in_the_request() -> None:
    visa = (
        "Vu la demande par laquelle le maire d'Uzès sollicite l'emploi d'un traitement algorithmique à l'occasion de la Fête des lampes ;"
    )
    verdict = judged(
        "Le traitement algorithmique sollicité par le maire d'Uzès n'est pas autorisé.", "", TITLE.format("portant refus d'autoriser"), visa
    )
    assert (verdict.kind, verdict.facts.event) == (Kind.REFUSAL, "Fête des lampes")


@pytest.mark.parametrize(
    ("title", "article", "preamble"),
    [
        (
            "Arrêté n° 2026-1 instaurant un périmètre de protection",
            "Un périmètre est instauré. Le public est informé du traitement algorithmique des images autorisé par ailleurs.",
            "Considérant que l'emploi d'un traitement algorithmique des images fait l'objet d'un arrêté distinct ;",
        ),
        (
            "Arrêté autorisant la captation d'images par des aéronefs",
            "La gendarmerie est autorisée à capter des images au moyen de deux caméras installées sur des aéronefs.",
            "Considérant qu'il n'est pas envisagé de soumettre les images à un traitement algorithmique au sens de l'article 10 ;",
        ),
    ],
)
def test_another_decree_and_what_nobody_intends_are_not_asked_about(title: str, article: str, preamble: str) -> None:
    assert judged(article, "", title, preamble).outcome is Outcome.NOT_CONCERNED


def test_a_bird_watch_that_may_see_a_walker_is_asked_about() -> None:
    text = (
        "Vu le code de l'environnement ;\nConsidérant que le dispositif signale l'approche d'une personne dans la zone de quiétude ;\n"
        "ARRÊTE\n"
        "Article 1er : L'association Tétras est autorisée à mettre en œuvre un traitement algorithmique des images de douze caméras.\n"
        "Article 2 : Exécution."
    )
    assert (
        judge(act(text, "Arrêté portant autorisation du comptage d'oiseaux par analyse algorithmique d'images")).outcome
        is Outcome.UNCERTAIN
    )


@pytest.mark.parametrize(
    ("heading", "number"),
    [
        ("Arrêté n° AP 1012-2026-057 autorisant un traitement algorithmique", "1012-2026-057"),
        ("AP 26/812 - Arrêté autorisant un traitement algorithmique", "26/812"),
        ("Arrêté n°PREF-CAB-2026-418Modifiant l'arrêté n° 2026-12 autorisant un traitement algorithmique", "PREF-CAB-2026-418"),
    ],
)
def test_letters_before_and_glued_after_a_number_are_no_part_of_it(heading: str, number: str) -> None:
    assert judged(f"{POLICE}.", "", heading).facts.number == number
