from __future__ import annotations

import pytest

from sources.text import is_aside, names_a_part, names_recueil, unlike

FOLDER = "https://www.test.gouv.fr/Publications"
ROOT = f"{FOLDER}/Recueil-des-actes-administratifs"


@pytest.mark.parametrize(
    "name",
    [
        "Recueil-des-actes-administratifs", "Recueil-des-actes-administratifs2", "Recueil-Actes-Administratifs", "RAA", "RAA2", "R.A.A",
        "Recueil-d-actes-administratifs", "Recueils-hebdomadaires-et-speciaux-des-actes-administratifs", "RAA-et-Archives",
        "Recueil-des-actes-administratifs-R.A.A", "Le-recueil-des-actes-administratifs", "Actes-administratifs",
        "Bulletin-d-informations-administratives-Recueil-des-actes-administratifs", "Recueils des actes administratifs (RAA)",
    ],
)  # fmt: skip
def test_names_of_the_recueil(name: str) -> None:
    assert names_recueil(f"{FOLDER}/{name.replace(' ', '%20')}", "…")
    assert names_recueil(f"{FOLDER}/x", name)


@pytest.mark.parametrize(
    "name",
    ["Actes-administratifs-des-communes", "Recueil-des-usages-locaux", "Contra-actes", "Avis", "Araa", "Arretes", "Publications-legales"],
)
def test_names_of_something_else(name: str) -> None:
    assert not names_recueil(f"{FOLDER}/{name}", name)
    # Only the last segment tells what a page is.
    assert not names_recueil(f"{ROOT}/{name}", name)


@pytest.mark.parametrize(
    "name", ["Speciaux", "Réguliers", "Nominatifs", "Recueils-de-l-annee-en-cours", "RAA-departemental", "Numeros-speciaux", "Recueils"]
)
def test_parts_of_the_recueil(name: str) -> None:
    assert names_a_part(f"{ROOT}/{name}", "…")
    assert names_a_part(f"{ROOT}/x", name)


@pytest.mark.parametrize("name", ["FAQ", "Foire-aux-questions", "Informations-generales", "Contact", "Avis-d-enquete"])
def test_what_is_no_part(name: str) -> None:
    assert not names_a_part(f"{ROOT}/{name}", name)


@pytest.mark.parametrize(
    "name",
    [
        "[TEST] RAA", "Archives des RAA", "Recueils des années antérieures", "Recueil des actes administratifs de la région",
        "RAA de la préfecture de Corse", "Recueil des actes administratifs Occitanie", "RAA régional", "Délégations de signature", "FAQ",
        "S'abonner au recueil", "Foire aux questions sur le recueil", "Recueil : foire-aux-questions",
    ],
)  # fmt: skip
def test_what_is_aside(name: str) -> None:
    assert is_aside(f"{FOLDER}/x", name, root=ROOT)


@pytest.mark.parametrize(
    "name", ["Recueil des actes administratifs", "RAA et archives", "RAA de la Corse-du-Sud", "RAA de la Haute-Corse", "Attestation"]
)
def test_what_is_not_aside(name: str) -> None:
    assert not is_aside(f"{FOLDER}/x", name, root=ROOT)


def test_a_folder_of_tests_makes_a_test_of_all_below() -> None:
    assert is_aside(f"{FOLDER}/TEST-RAA/RAA", "RAA", root=ROOT)


def test_words_of_the_root_are_its_own() -> None:
    root = f"{ROOT}/Recueil-des-Actes-Administratifs-Occitanie"
    assert not is_aside(f"{ROOT}/x", "Recueil des actes administratifs Occitanie", root=root)
    assert is_aside(f"{ROOT}/x", "Recueil des actes administratifs Auvergne", root=root)


def test_likeness_counts_the_words_that_are_new() -> None:
    assert unlike("Recueil des actes administratifs", ROOT) == 0
    assert unlike("Recueil des actes administratifs de la commission", ROOT) == 3
