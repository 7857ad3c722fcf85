from __future__ import annotations

import pytest

from bot.detection.judging import judge
from bot.detection.text.phrases import excerpt, without_names
from tests.bot.detection.samples import act


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("M. Jean EXEMPLE, préfet", "[…], préfet"),
        ("les obsèques du petit Exemple", "les obsèques […]"),
        ("OBSÈQUES DE JEAN EXEMPLE", "OBSÈQUES […]"),
        ("le mariage d'Anne Exemple et Jean d'Exemple, en ville", "le mariage […], en ville"),
        ("la messe en mémoire de Jean Exemple", "la messe […]"),
        ("la marche en hommage au jeune Exemple", "la marche […]"),
        ("la veillée en mémoire des victimes", "la veillée en mémoire des victimes"),
        ("l'hommage à la Résistance", "l'hommage à la Résistance"),
        ("la messe de Saint-Hubert", "la messe de Saint-Hubert"),
        ("Mme Camille d'Exemple-Test", "[…]"),
        ("délégation à Monsieur Jean-Marc de la TOUR", "délégation à […]"),
        ("M Jean EXEMPLE", "[…]"),
        ("MM. Dupond et Durand", "[…] et Durand"),
        ("Madame la directrice", "Madame la directrice"),
        ("Monsieur le préfet de la Drôme", "Monsieur le préfet de la Drôme"),
        ("ligne M 14", "ligne M 14"),
        ("M. J. EXEMPLE, gérant", "[…], gérant"),
        ("MONSIEUR JEAN EXEMPLE", "[…]"),
        ("MONSIEUR LE PRÉFET DE LA DRÔME", "MONSIEUR LE PRÉFET DE LA DRÔME"),
        ("représentée par son maire Jean EXEMPLE, est", "représentée par son maire […], est"),
        ("Mme le maire, Anne-Marie EXEMPLE-TEST", "Mme le maire, […]"),
        ("M le maire EXEMPLE", "M le maire […]"),
        ("REPRÉSENTÉE PAR SON MAIRE JEAN EXEMPLE,", "REPRÉSENTÉE PAR SON MAIRE […],"),
        ("LE MAIRE DE CANNES EST AUTORISÉ", "LE MAIRE DE CANNES EST AUTORISÉ"),
        ("présentée par Jean Exemple, maire", "présentée par […], maire"),
        ("le colonel Jean EXEMPLE", "le colonel […]"),
        ("Le préfet,\nJean EXEMPLE", "Le préfet,\n[…]"),
        ("Affaire suivie par : J. Exemple\nTél.", "Affaire suivie par : […]\nTél."),
        ("Affaire suivie par Mme Jeanne EXEMPLE\n01 02", "Affaire suivie par […]\n01 02"),
        ("AFFAIRE SUIVIE PAR : JEAN EXEMPLE\nARRÊTÉ", "AFFAIRE SUIVIE PAR : […]\nARRÊTÉ"),
        ("Dossier suivi par le capitaine Exemple\n", "Dossier suivi par le capitaine […]\n"),
        ("rue du Commandant Guilbaud", "rue du Commandant Guilbaud"),
        ("place du président WILSON", "place du président WILSON"),
    ],
)
def test_names(text: str, shown: str) -> None:
    assert without_names(text) == shown


def test_an_excerpt_that_begins_or_ends_inside_a_name_shows_none_of_it() -> None:
    text = "délégation à Mme Camille EXEMPLE, directrice, et à M. Jean EXEMPLE"
    for start in range(len(text)):
        for end in range(start, len(text) + 1):
            shown = excerpt(text, start, end)
            assert not any(part in shown for part in ("Cam", "mille", "EXE", "MPLE", "Jea"))
    assert excerpt(text, 0, len(text)) == "délégation à […], directrice, et à […]"


def test_who_is_named_after_an_event_or_a_place_leaves_no_letter() -> None:
    title = "Arrêté n° 2026-412 autorisant l'emploi d'un traitement algorithmique des images"
    allowed = "Article 1 : La SNCF est autorisée, à l'occasion du mariage de M. Paul Dubreuil."
    articles = f"{allowed}\nArticle 2 : Lieux :\n- villa de M. Dubreuil\n- place Foch"
    facts = judge(act(f"Vu la loi n° 2023-380 du 19 mai 2023, article 10 ;\nARRÊTE\n{articles}", title)).facts
    assert (facts.event, facts.places) == ("mariage", ("place Foch",))
