"""Which communes a decree names in its facts, and which it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.acts import Decree, Facts, Kind, Naming
from bot.gazetteer.naming import communes_of

POLICE = ("75", "92", "93", "94")
PLAIN = Decree("26", Kind.AUTHORISATION, "Arrêté préfectoral", Facts(), (), "https://example.org/a.pdf", 1, None)


def _named(decree: Decree, *departments: str) -> list[str]:
    return [commune.code for commune in communes_of(decree, departments)]


def _in_places(place: str, *departments: str) -> list[str]:
    return _named(replace(PLAIN, facts=Facts(places=(place,))), *departments)


@pytest.mark.parametrize(
    ("place", "departments", "codes"),
    [
        # Names, with the article, the capitals, the accents and the abbreviations that texts have.
        ("gare de Montélimar", ["26"], ["26198"]),
        ("GARE DE MONTELIMAR", ["26"], ["26198"]),
        ("centre-ville de Romans-sur-Isère", ["26"], ["26281"]),
        ("place de la Victoire à Bordeaux", ["33"], ["33063"]),
        ("réseau de caméras du Mans", ["72"], ["72181"]),
        ("port du Havre", ["76"], ["76351"]),
        ("Mairie des Lilas", POLICE, ["93045"]),
        ("gare de St-Etienne", ["42"], ["42218"]),
        ("ÉVRY-COURCOURONNES", ["91"], ["91228"]),
        ("Evry-Courcouronnes", ["91"], ["91228"]),
        ("Nanterre-Université", POLICE, ["92050"]),
        ("gare de Die", ["26"], ["26113"]),
        ("gare de Romans-Bourg-de-Péage", ["26"], ["26057", "26281"]),
        ("gare de Romans – Bourg-de-Péage", ["26"], ["26057", "26281"]),
        ("Saint-Denis – Porte de Paris", POLICE, ["93066"]),
        ("basilique de Saint-Denis", POLICE, ["93066"]),
        ("à Orange", ["84"], ["84087"]),
        ("Antony, Massy et Palaiseau", ["91", "92"], ["92002", "91377", "91477"]),
        # Streets, offices, landscapes, teams, saints.
        ("rue de Saint-Denis", POLICE, []),
        ("rue d'Antibes", ["06"], []),
        ("avenue du Général de Nice", ["06"], []),
        ("porte de Montreuil", POLICE, []),
        ("tribunal administratif de Nice", ["06"], []),
        ("préfecture du Rhône à Lyon", ["69"], ["69123"]),
        ("aéroport de Nice", ["06"], []),
        ("Aéroport d'Orly", POLICE, []),
        ("cathédrale Saint-Étienne", ["42"], []),
        ("quartier Saint-Étienne", ["42"], []),
        ("Strasbourg - Saint-Denis", POLICE, []),
        ("Seine-Saint-Denis", POLICE, []),
        ("match Nice – Cannes, stade de la Plaine", ["06"], []),
        ("Paris Saint-Germain", POLICE, []),
        ("jeux Olympiques de Paris 2024", POLICE, []),
        ("brigade de sapeurs-pompiers de Paris", POLICE, []),
        # Words that are names too, and longer names that hold one.
        ("marché des places de port", ["974"], []),
        ("Grand Port maritime", ["974"], []),
        ("la Loire", ["49"], []),
        ("bords de la Mayenne", ["53"], []),
        ("Cours Lafayette", ["69"], []),
        ("Les Halles de Lyon", ["69"], ["69123"]),
        ("Orange et ses clients", ["84"], []),
        ("Roquelaure-le-Lac", ["32"], []),
        ("Port-Clair", ["01"], []),
        ("Valence sur Rhône", ["26"], []),
        ("valence des ions", ["26"], []),
        # Another department's, or of two in one region.
        ("gare de Montélimar", ["07"], []),
        ("commune de Saint-Martin", ["32", "54", "65", "66", "67"], []),
        # Arrondissements.
        ("Forum des Halles, Paris 1er", POLICE, ["75101", "75056"]),
        ("3e arrondissement de Lyon", ["69"], ["69383", "69123"]),
        ("8e et 16e arrondissements", POLICE, ["75108", "75056", "75116"]),
        ("1er, 8ème et 16ème arrondissements de Paris", POLICE, ["75101", "75056", "75108", "75116"]),
        ("1er, 2e et 5e arrondissements de Lyon", ["69"], ["69381", "69123", "69382", "69385"]),
        ("Lyon 1er, 2e et 5e", ["69"], ["69381", "69123", "69382", "69385"]),
        ("Lyon, le 5e jour", ["69"], ["69123"]),
        ("3e arrondissement", ["69", "13"], []),
        ("12 place Louis-Armand, 75012 Paris", POLICE, ["75112", "75056"]),
        # Sites and stations.
        ("Paris La Défense Arena", POLICE, ["92050"]),
        ("La Défense Grande Arche", POLICE, ["92026", "92050", "92062"]),
        ("esplanade de la Défense", POLICE, ["92026", "92050", "92062"]),
        ("ministère de la Défense", POLICE, []),
        ("zone de défense", POLICE, []),
        ("gare de Paris-Gare de Lyon", POLICE, ["75112", "75056"]),
        ("gare de Lyon-Part-Dieu", ["69"], ["69383", "69123"]),
        ("Michel-Ange - Molitor", POLICE, ["75116", "75056"]),
        ("avenue du Parc des Princes", POLICE, []),
        ("Stade de France", ["26"], []),
        ("commune déléguée de Pierrefitte-sur-Seine, gare de Pierrefitte-sur-Seine", POLICE, ["93066"]),
        # Nothing at all.
        ("", ["26"], []),
        ("gare de Montélimar", [], []),
        ("🎥 " * 50, ["26"], []),
    ],
)
def test_a_place_names_its_commune_and_no_other(place: str, departments: list[str], codes: list[str]) -> None:
    assert sorted(_in_places(place, *departments)) == sorted(codes)


@pytest.mark.parametrize(
    ("operator", "departments", "codes"),
    [
        ("Commune de Cannes", ["06"], ["06029"]),
        ("Commune du Temple-sur-Lot", ["47"], ["47306"]),
        ("Police municipale du Marin", ["972"], ["97217"]),
        ("Police municipale de NICE", ["06"], ["06088"]),
        ("Commune de Port", ["01"], ["01307"]),
        ("Commune de Port-Clair", ["01"], []),
        ("Commune de Valence le Neuf", ["26"], []),
        ("Bataillon de marins-pompiers de Marseille", ["13"], ["13055"]),
        ("Métropole de Lyon", ["69"], []),
        ("Eurométropole de Strasbourg", ["67"], []),
        ("Brigade de sapeurs-pompiers de Paris", POLICE, []),
        ("Préfecture de police", POLICE, []),
    ],
)
def test_an_operator_names_the_commune_whose_whole_name_it_bears(operator: str, departments: list[str], codes: list[str]) -> None:
    assert _named(replace(PLAIN, facts=Facts(operators=(operator,))), *departments) == codes


@pytest.mark.parametrize(
    ("name", "departments", "codes"),
    [
        ("Die", ["26"], ["26113"]),
        ("Le Havre", ["76"], ["76351"]),
        ("Pierrefitte-sur-Seine", POLICE, ["93066"]),
        ("Die", ["07"], []),
        ("Saint-Martin", ["32", "54", "65", "66", "67"], []),
        ("gare de Die", ["26"], []),
    ],
)
def test_a_commune_in_which_a_decree_applies_counts_by_its_whole_name(name: str, departments: list[str], codes: list[str]) -> None:
    assert _named(replace(PLAIN, facts=Facts(communes=(name,))), *departments) == codes


def test_a_place_that_is_to_be_verified_names_its_commune_too() -> None:
    assert _named(replace(PLAIN, facts=Facts(places=("gare de Valence",), doubtful=("places",))), "26") == ["26362"]


def test_title_and_event_name_communes_but_not_those_of_teams() -> None:
    decree = replace(
        PLAIN,
        title="Arrêté autorisant la commune de Béziers à employer un traitement algorithmique à l'occasion de la Feria de Béziers",
        facts=Facts(event="match opposant Montpellier à l'équipe de Sète"),
    )
    assert _named(decree, "34") == ["34032"]


def test_each_commune_is_said_once_with_the_words_that_name_it_and_its_name_before_a_site() -> None:
    decree = replace(PLAIN, facts=Facts(places=("Stade de France", "parvis de la gare de Saint-Denis", "gare de Saint-Denis")))
    (commune,) = communes_of(decree, POLICE)
    assert (commune.code, commune.how, commune.evidence) == ("93066", Naming.NAMED, "de la gare de Saint-Denis")


def test_a_site_is_another_name() -> None:
    (commune,) = communes_of(replace(PLAIN, facts=Facts(places=("parvis du Stade de France",))), POLICE)
    assert (commune.how, commune.evidence) == (Naming.ALIAS, "parvis du Stade de France")
