"""The predetermined events in the many words that decrees find for them, and words beside them that name none."""

from __future__ import annotations

import pytest

from bot.detection.judging import judge
from bot.detection.text.document import document
from bot.domain.topics import purposes_of
from tests.bot.detection.samples import act

NAMED = {
    "abandoned_object": [
        "un paquet abandonné",
        "tout sac laissé sans surveillance",
        "abandon d'un bagage",
        "un objet oublié sur le quai",
        "un colis isolé ou suspect",
        "les bagages non accompagnés",
        "des valises sans détenteur",
        "un bagage sans son propriétaire",
        "un colis que personne ne surveille",
    ],
    "weapon": [
        "l'usage d'armes blanches",
        "la présence d'une arme à feu",
        "un individu porteur d'une arme",
        "des arrnes blanches",
        "une personne armée",
    ],
    "wrong_way": [
        "un véhicule circulant à contre-sens",
        "une progression en sens inverse du flux",
        "le non-respect du sens commun de circulation",
        "un cycliste avançant à l'inverse du flux",
        "le non-respect du sens unique",
        "le non-respect du sens de marche",
        "la marche à contre-flux",
        "la remontée d'un sens unique",
    ],
    "forbidden_zone": [
        "un véhicule dans une zone qui lui est interdite",
        "toute intrusion dans les emprises",
        "présence dans des locaux interdits au public",
        "franchissement par une personne ou un véhicule d'une zone sensible",
        "le franchissement d'une ligne virtuelle",
        "l'entrée dans un périmètre interdit",
        "la présence d'une personne sur les voies ferrées interdites",
        "l'accès à des locaux non autorisés",
        "la pénétration dans un secteur fermé au public",
        "le passage dans un couloir réservé",
        "un véhicule en zone piétonne",
        "l'entrée d'un piéton là où la circulation est interdite",
        "une présence dans un secteur fermé aux visiteurs",
        "qu'une personne est entrée dans un espace dont l'accès est défendu",
    ],
    "person_down": [
        "une présence au sol d'une personne",
        "une personne gisant au sol",
        "la chute d'un usager",
        "un individu allongé",
        "une personne inanimée",
        "un voyageur tombé",
    ],
    "crowd_movement": [
        "la foule et ses mouvements",
        "une bousculade",
        "un mouvement collectif de panique",
        "la dispersion soudaine d'un groupe",
        "les mouvements anormaux de la foule",
        "un reflux brutal de la foule",
        "les mouvernents de foule",
        "une foule qui se disperse",
    ],
    "crowd_density": [
        "un seuil de densité dépassé",
        "une affluence anormale de public",
        "la saturation d'un quai",
        "une foule trop compacte",
        "un attroupement anormal",
        "un regroupement de personnes inhabituel",
        "une suroccupation de l'espace",
        "un nombre trop élevé de personnes au mètre carré",
        "une affluence supérieure à trois personnes par mètre carré",
        "un nombre de visiteurs excédant la jauge",
        "le dépassement de la capacité de la halle",
    ],
    "fire": [
        "la présence de flammes",
        "un début d'incendie",
        "exclusivement les départs de feux",
        "un dégagement de fumée",
        "un feu naissant",
        "l'apparition d'un incendie",
        "un départ de flamme",
        "qu'un feu se déclare",
        "l'apparition d'un feu",
        "les feux",
    ],
}
NONE = [
    "le service d'incendie et de secours",
    "les agents armés",
    "la zone de chalandise",
    "un sac à dos",
    "la circulation dans le sens de la marche",
    "un feu d'artifice",
    "le mouvement des trains",
    "un rassemblement festif",
    "une personne à la fenêtre",
    "l'accès au public",
    "les agents et leurs mouvements",
    "le coup de feu prend",
    "l'apparition d'un feu d'artifice",
    "les feux tricolores",
    "une affluence de cent mille visiteurs",
]


def purposes(sentence: str) -> list[str]:
    text = (
        "Vu le code de la sécurité intérieure ;\nARRÊTE\nArticle 1er : La commune d'Albi est autorisée à mettre en œuvre un traitement "
        f"algorithmique des images de vidéoprotection.\nArticle 2 : {sentence}"
    )
    return list(judge(act(text, "Arrêté n° 2026-1")).facts.purposes)


@pytest.mark.parametrize(("words", "purpose"), [(words, purpose) for purpose, several in NAMED.items() for words in several])
def test_an_event_by_its_words(words: str, purpose: str) -> None:
    assert purposes(f"Le traitement sert à détecter : {words}.") == [purpose]


@pytest.mark.parametrize("words", NONE)
def test_words_that_name_no_event(words: str) -> None:
    assert purposes(f"Le traitement a pour objet de détecter : {words}.") == []


@pytest.mark.parametrize(
    "said",
    [
        "La détection des intrusions et celle des armes, dont le produit est doté, demeurent désactivées.",
        "La détection des armes n'a pas été retenue.",
        "Les chutes et les armes ne font pas partie de ce qui est recherché.",
        "Le logiciel ne recherche ni les armes ni les chutes.",
        "Ne sont pas autorisées la détection des armes et celle des chutes.",
        "Aucun signalement ne porte sur les armes.",
        "Est refusée la détection des armes.",
        "Est exclue toute détection des armes.",
        "Est exclue la présence des armes.",
        "La demande est rejetée en tant qu'elle vise la détection des armes.",
        "Le surplus de la demande, relatif aux armes, est rejeté.",
        "Il n'est pas fait droit à la demande de détecter les armes.",
        "Il est mis fin à la détection du franchissement de zones interdites.",
    ],
)
def test_an_event_that_is_named_to_say_that_it_is_not_looked_for_is_none(said: str) -> None:
    assert purposes(f"Les départs de feu sont signalés. {said}") == ["fire"]


@pytest.mark.parametrize(
    "said",
    [
        "Les signalements ne peuvent porter que sur les armes.",
        "Est exclue l'identification des personnes, les armes sont signalées.",
    ],
)
def test_a_negation_of_something_else_excludes_no_event(said: str) -> None:
    assert purposes(said) == ["weapon"]


@pytest.mark.parametrize(
    "sentence",
    [
        "Sont signalés :\n- les départs de feu ;\n- les mouvements de foule.\nNe sont pas recherchés :\n- les armes ;\n- les chutes.",
        "Sont signalés, à l'exclusion de tout autre :\n- les départs de feu ;\n- les mouvements de foule ;\nSont exclus :\n- les chutes.",
        (
            "Paramètres\n"
            "Événements\t         Activé\t     Non activé\n"
            "mouvements de foule\t    X\n"
            "armes\t                                 X\n"
            "départs de feu\t         X"
        ),
        (
            "Événements\t         Décision\n"
            "mouvements de foule\t    retenu\n"
            "armes (art. R. 311-2)\t  non retenu\n"
            "départs de feu\t         retenu\n"
            "chutes\t        refusé"
        ),
        "Événements\t       Ville\t    Police\nmouvements de foule\t    X\t   –\ndéparts de feu\t    –\t    X\nchutes\t    –\t    –",
    ],
)
def test_events_by_list_box_column_or_number(sentence: str) -> None:
    assert purposes(sentence) == ["crowd_movement", "fire"]


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ("aux 1° à 8°", list(purposes_of("vsa"))),
        ("aux points 6 et 7", ["crowd_movement", "crowd_density"]),
    ],
)
def test_events_by_their_numbers(numbers: str, found: list[str]) -> None:
    assert purposes(f"Le traitement signale les événements mentionnés {numbers} de l'article 3 du décret du 28 août 2023.") == found
    assert purposes(f"Le traitement respecte les principes mentionnés {numbers} de l'article 3 de la loi n° 78-17.") == []


def test_loose_words_count_only_where_events_are_told() -> None:
    assert purposes("Les bousculades de l'an passé et la saturation des quais ont été déplorées.") == []


@pytest.mark.parametrize(
    "footer",
    [
        "- 1 -",
        "Page 1 sur 2",
        "page 1",
    ],
)
def test_the_number_of_a_page_cuts_no_phrase(footer: str) -> None:
    pages = (f"Le traitement signale les personnes\n{footer}\n", "allongées au sol.")
    two = act("x").pages[0]
    parts = tuple(type(two)(number, text) for number, text in enumerate(pages, 1))
    assert "les personnes\nallongees au sol" in document(act("", "Arrêté", pages=parts), "vsa").folded.text


def test_a_figure_at_the_end_of_a_page_stays() -> None:
    page = act("Total\n12").pages
    assert "total\n12" in document(act("", "Arrêté", pages=page), "vsa").folded.text


@pytest.mark.parametrize(
    ("told", "purposes"),
    [
        ("signale la densité trop importante de personnes. Sont expressément écartés les objets abandonnés.", {"crowd_density"}),
        ("signale les mouvements de foule. Demeurent formellement exclus la détection d'armes et les départs de feu.", {"crowd_movement"}),
        (
            "signale :\nA : objet abandonné\t     B : départ de feu\nLes autres événements ne sont pas recherchés.",
            {"abandoned_object", "fire"},
        ),
        ("détecte\n1. le mouvement de foule\nAucun autre événement n'est recherché.", {"crowd_movement"}),
        ("détecte un mouvement de foule. Il n'est pas recherché de personne au sol.", {"crowd_movement"}),
        ("signale un colis laissé à l'abandon et une foule en mouvement.", {"abandoned_object", "crowd_movement"}),
        ("signale les piétons entrés dans l'enclos des chevaux, fermé au public.", {"forbidden_zone"}),
        ("signale la présence d'armes, à l'exception de l'intrusion dans une zone interdite.", {"weapon"}),
        (
            "signale la présence d'armes et la présence de vélos dans les allées piétonnes où ils sont interdits.",
            {"weapon", "forbidden_zone"},
        ),
        ("signale un départ de feu et une trop forte affluence de visiteurs.", {"fire", "crowd_density"}),
        ("signale, place d'Armes et rue Foch, les départs de feu.", {"fire"}),
        (
            "signale tous ceux de l'article 3 du décret, hormis la densité de personnes, la présence d'armes et les départs de feu.",
            {"abandoned_object", "wrong_way", "forbidden_zone", "person_down", "crowd_movement"},
        ),
    ],
)
def test_what_is_excluded_bears_on_its_own_sentence(told: str, purposes: set[str]) -> None:
    above = "Vu la loi n° 2023-380 du 19 mai 2023, article 10 ;\nARRÊTE"
    text = f"{above}\nArticle 1er : Le traitement algorithmique d'images {told}\nArticle 2 : Divers."
    assert set(judge(act(text, "Arrêté autorisant un traitement algorithmique d'images")).facts.purposes) == purposes


@pytest.mark.parametrize(("said", "purposes"), [("les événements retenus ci-dessus", ("crowd_density",)), ("ce qui importe", ())])
def test_articles_may_refer_to_the_recital_that_names_the_events(said: str, purposes: tuple[str, ...]) -> None:
    text = (
        "Vu la loi n° 2023-380 du 19 mai 2023, article 10 ;\nConsidérant que seule se justifie la détection de "
        f"la densité de personnes ;\nARRÊTE\nArticle 1er : Le traitement algorithmique d'images signale {said}.\nArticle 2 : Divers."
    )
    assert judge(act(text, "Arrêté autorisant un traitement algorithmique d'images")).facts.purposes == purposes


@pytest.mark.parametrize(
    ("items", "doubtful"),
    [
        ("les départs de feux, les attroupements soudains et la densité trop importante de personnes.", True),
        ("les départs de feux, les mouvements de foule et la densité trop importante de personnes.", False),
        ("ceux de l'article 3 du décret, sauf la présence d'armes et les départs de feu.", True),
        ("1° départs de feux ;\n2° mouvements de foule ;\n3° densité trop importante de personnes.", False),
        ("1° départs de feux ;\n2° attroupements soudains ;\n3° densité trop importante de personnes.", True),
    ],
)
def test_a_list_with_an_item_that_was_not_read_is_not_told_as_whole(items: str, doubtful: bool) -> None:
    text = f"ARRÊTE\nArticle 1er : La SNCF est autorisée à mettre en œuvre un traitement algorithmique afin de détecter :\n{items}"
    facts = judge(act(text, "Arrêté autorisant un traitement algorithmique des images")).facts
    assert facts.purposes
    assert ("purposes" in facts.doubtful) is doubtful
