"""Places in the many words in which an article circumscribes the use, and words beside them that name none."""

from __future__ import annotations

import pytest

from bot.detection.judging import judge
from bot.detection.text.phrases import cleaned, is_sound
from tests.bot.detection.samples import act

USE = "La commune d'Albi est autorisée à mettre en œuvre un traitement algorithmique sur les images de vidéoprotection."


def places(article: str, *, lead: str = "Article 2 : ") -> tuple[str, ...]:
    return judge(
        act(f"Vu le code de la sécurité intérieure ;\nARRÊTE\nArticle 1er : {USE}\n{lead}{article}", "Arrêté n° 2026-1")
    ).facts.places


@pytest.mark.parametrize(
    ("article", "found"),
    [
        (
            "Le traitement est employé place Bellecour, rue Victor-Hugo et quai Tilsitt.",
            ("place Bellecour", "rue Victor-Hugo", "quai Tilsitt"),
        ),
        (
            "L'usage est strictement limité au viaduc de Millau et à l'aire de repos de Brocuéjouls.",
            ("viaduc de Millau", "aire de repos de Brocuéjouls"),
        ),
        (
            "Les secteurs concernés sont : le quartier Saint-Leu, la gare routière et l'esplanade de la Cathédrale.",
            ("quartier Saint-Leu", "gare routière", "esplanade de la Cathédrale"),
        ),
        ("Il est mis en œuvre dans le tunnel de la Croix-Rousse.", ("tunnel de la Croix-Rousse",)),
        ("Il est mis en œuvre sur le campus de Jussieu.", ("campus de Jussieu",)),
        (
            "Le périmètre est délimité au nord par le boulevard Gambetta, au sud par la Garonne et à l'est par la rue d'Alsace.",
            ("boulevard Gambetta", "Garonne", "rue d'Alsace"),
        ),
        ("Le dispositif est déployé aux abords immédiats du stade Geoffroy-Guichard.", ("stade Geoffroy-Guichard",)),
        (
            "Le périmètre comprend :\n- l'hippodrome de Longchamp ;\n- la porte de Passy ;\n- l'allée du Bord-de-l'Eau.",
            ("hippodrome de Longchamp", "porte de Passy", "allée du Bord-de-l'Eau"),
        ),
        ("Le traitement est mis en œuvre en gare de Rennes et sur son parvis.", ("gare de Rennes",)),
        (
            "Axes concernés : rue de Siam – rue Jean-Jaurès – place de Strasbourg.",
            ("rue de Siam", "rue Jean-Jaurès", "place de Strasbourg"),
        ),
        ("Sites : Zénith Sud, Corum, Opéra Comédie.", ("Zénith Sud", "Corum", "Opéra Comédie")),
        (
            "L'usage est limité au remblai, à la ravine Blanche, au souterrain des Arts et à l'aire d'arrivée du col de la Loge.",
            ("remblai", "ravine Blanche", "souterrain des Arts", "aire d'arrivée du col de la Loge"),
        ),
        ("Le traitement est mis en œuvre en souterrain et dans la cour.", ()),
        ("Il en est rendu compte à la cour d'appel d'Albi.", ()),
        # Definitions, and whose places an item tells.
        ("On entend par :\na) « la fête » : la foire ;\nb) « les lieux » : la rue Basse et\nle quai Neuf ;", ("rue Basse", "quai Neuf")),
        ("On entend par « périmètre » celui de l'annexe. « Les secteurs » désignent la rue Basse.", ("rue Basse",)),
        (
            "Sont visés :\n1. Pour la RATP, les stations Glacière (lignes 2 et\n6) et Opéra ;\n2. S'agissant de la SNCF, la gare d'Ivry.",
            ("Glacière", "Opéra", "gare d'Ivry"),
        ),
        # One name, though "et" stands in it.
        (
            "Les caméras sont situées au palais des Sports et des Congrès et au parc des Expositions et des Halles.",
            ("palais des Sports et des Congrès", "parc des Expositions", "Halles"),
        ),
        (
            "Caméras\nLieu\tNombre\nMaison des Arts et des Lettres\t4\nrue Basse\t3",
            ("Maison des Arts et des Lettres", "rue Basse"),
        ),
        # A street in general is none.
        ("Les caméras sont installées sur la voie publique à Albi : rue Basse et quai Neuf.", ("rue Basse", "quai Neuf")),
        ("Les panneaux d'information sont placés dans les lieux suivants :\n- mairie ;\n- office de tourisme.", ()),
        ("Elle ne s'étend qu'à la pinède des Lices et au port de Saint-Cyr.", ("pinède des Lices", "port de Saint-Cyr")),
        ("Les images sont prises rue du Bac, place Verte et quai des Belges.", ("rue du Bac", "place Verte", "quai des Belges")),
        ("Les lieux concernés sont :\n2.1.1. le musée Fabre ;\n2.1.2. la gare routière.", ("musée Fabre", "gare routière")),
    ],
)
def test_places(article: str, found: tuple[str, ...]) -> None:
    assert places(article) == found


def test_neither_days_nor_totals_in_the_rows_of_a_table_are_places() -> None:
    rows = (
        "Lieu\t                    Caméras\t               Créneau",
        "quai des Tanneurs\t       9 fixes\t               mardi 14 juillet 2026, 19 h 00 – 23 h 30",
        "jardin du Levant\t        4 fixes et 1 sur drone du 14 juillet 2026, 19 h 30,",
        "\t                                               au 15 juillet 2026, 0 h 30",
    )
    article = "Le traitement est mis en œuvre aux lieux et durant les créneaux ci-après :\n" + "\n".join(rows)
    assert places(article) == ("quai des Tanneurs", "jardin du Levant")
    annex = "Les lieux sont ceux de l'annexe.\nANNEXE\nLieu\t       Caméras\nquai Sud\t   9\nquai Nord\t  4\nNombre total\t   13"
    assert places(annex) == ("quai Sud", "quai Nord")


def test_the_address_of_a_place_in_brackets_is_none() -> None:
    article = "Les sites sont :\n- l'hôtel du département (2, avenue du Parc) ;\n- le donjon (14, rue Haute) ;\n- la place Verte."
    assert "avenue du Parc" not in places(article)
    assert "rue Haute" not in places(article)
    assert {"hôtel du département", "place Verte"} <= set(places(article))


def test_articles_numbered_in_letters_are_articles() -> None:
    """The last one speaks of remedies: the others are not of its kind."""
    listed = "Les lieux suivants : rue Solférino ; place de la République.\nARTICLE TROIS : Recours : tribunal administratif de Lille."
    assert places(listed, lead="ARTICLE DEUX : ") == ("rue Solférino", "place de la République")


def test_a_name() -> None:
    assert is_sound("pont Gustave-Flaubert (tablier)")


@pytest.mark.parametrize(
    "rubbish",
    [
        "rues piétonnisées et interdites à la circulation",
        "Feria, Monsieur le Maire",
        "place qui est",
    ],
)
def test_words_that_can_be_no_name(rubbish: str) -> None:
    assert not is_sound(rubbish)


def test_an_event_ends_where_a_bracket_closes_that_did_not_open() -> None:
    assert cleaned("Nuit des Phares) et ce qui suit") == "Nuit des Phares"
    assert cleaned("match à I’Olympique de Brévannes") == "match à l’Olympique de Brévannes"
    assert cleaned("Nuit des Phares (2e édition)") == "Nuit des Phares (2e édition)"
