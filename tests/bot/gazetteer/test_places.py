"""The packed data of communes, departments and regions."""

from __future__ import annotations

from bot.gazetteer.gazetteer import gazetteer


def test_departments_and_regions_are_all_there() -> None:
    places = gazetteer()
    departments = [f"{number:02}" for number in range(1, 96) if number != 20] + ["2A", "2B", "971", "972", "973", "974", "976"]
    assert all((found := places.department(code)) and found.region for code in departments)
    region = places.region("84")
    assert region is not None
    assert region.departments == ("01", "03", "07", "15", "26", "38", "42", "43", "63", "69", "73", "74")
    assert 60_000_000 < sum(place.population for code in departments if (place := places.department(code))) < 75_000_000


def test_a_former_code_leads_to_the_commune_of_today() -> None:
    places = gazetteer()
    for former in ("93059", "93066", "75066"):
        commune = places.commune(former)
        assert commune is not None
        assert (commune.code, commune.name) == ("93066", "Saint-Denis")
    assert places.commune("99999") is None
    assert places.commune("") is None


def test_arrondissements_are_places_of_their_own() -> None:
    places = gazetteer()
    part, whole = places.commune("75115"), places.commune("75056")
    assert part is not None
    assert whole is not None
    assert (part.name, part.department, part.part_of, part.postcodes) == ("Paris 15e", "75", "75056", ("75015",))
    assert whole.part_of is None


def test_departments_of_communes_overseas_and_in_corsica() -> None:
    places = gazetteer()
    assert [found.department for code in ("2A004", "97411", "97502", "98735") if (found := places.commune(code))] == [
        "2A",
        "974",
        "975",
        "987",
    ]


def test_the_source_of_the_data_is_said() -> None:
    assert gazetteer().source.startswith("@etalab/decoupage-administratif ")
