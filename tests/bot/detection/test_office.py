"""The office of the signatory: as printed, from the closed list, never a name."""

from __future__ import annotations

import pytest

from bot.detection.judging import judge
from bot.domain.acts import Verdict
from bot.domain.text import PageText
from tests.bot.detection.samples import act

TITLE = "Arrêté n° 2026-1 portant autorisation de l'emploi d'un traitement algorithmique des images issues d'un système de vidéoprotection"


def signed(end: str) -> Verdict:
    articles = "Article 1er : La SNCF est autorisée à mettre en œuvre un traitement algorithmique.\nArticle 2 : Exécution."
    return judge(act(f"Vu le code de la sécurité intérieure ;\nARRÊTE\n{articles}\n{end}", TITLE))


@pytest.mark.parametrize(
    ("end", "office"),
    [
        # A sub-prefect may sign elsewhere than at his seat, for the prefect.
        ("Fait à Toulon, le 5 mai 2026\nPour le préfet,\nle sous-préfet de Draguignan", "Le sous-préfet de Draguignan"),
        ("Rouen, le 5 mai 2026\nLA SOUS-PRÉFÈTE DU HAVRE", "La sous-préfète du Havre"),
        (
            "Valence, le 5 mai 2026\nPour la préfète,\nLe sous-préfet de Die, secrétaire général par suppléance",
            "Le sous-préfet de Die, secrétaire général par suppléance",
        ),
        ("Toulon, le 5 mai 2026\nLe secrétaire général de la préfecture du Var", "Le secrétaire général de la préfecture du Var"),
        ("Fait à Paris, le\nLe préfet de police", "Le préfet de police"),
        ("La haute-commissaire de la République\nen Polynésie française", "La haute-commissaire de la République en Polynésie française"),
        (
            "Pour le haut-commissaire de la République et par délégation,\nLe directeur de cabinet\nJean MODÈLE",
            "Le directeur de cabinet",
        ),
        (
            "Pour l'administrateur supérieur et par délégation,\nLa secrétaire générale de l'administration supérieure",
            "La secrétaire générale de l'administration supérieure",
        ),
        (
            "Fait à Mata-Utu, le 5 mai 2026\nLe préfet,\nadministrateur supérieur des îles Wallis et Futuna,\nchef du territoire",
            "Le préfet, administrateur supérieur des îles Wallis et Futuna, chef du territoire",
        ),
        (
            "Fait à Nouméa, le 5 mai 2026\nLa commissaire déléguée de la République pour la province Sud",
            "La commissaire déléguée de la République pour la province Sud",
        ),
        ("Fait à Bordeaux, le 5 mai 2026\nLa préfète de région\nJeanne MODÈLE", "La préfète de région"),
        ("Fait à Nouméa, le 5 mai 2026\nLe haut-commissaire aux sports", None),
        (
            "Rouen, le 5 mai 2026\nPour le préfet de la Seine-Maritime,\nle directeur de cabinet par intérim",
            "Le directeur de cabinet par intérim",
        ),
        ("Metz, le cinq mai 2026\nLe préfet,\nPour le préfet, le secrétaire général\nJean MODÈLE", "Le secrétaire général"),
        ("Toulon, le 5 mai 2026\n\nJeanne MODÈLE\npréfète du Var", "La préfète du Var"),
        ("Toulon, le 5 mai 2026\nJean MODÈLE, préfet du Var", "Le préfet du Var"),
        ("Toulon, le 5 mai 2026\nSigné\nJeanne MODÈLE\nDirectrice de cabinet", "La directrice de cabinet"),
        ("Pour le préfet du Var,\nSecrétaire générale\nToulon, le 5 mai 2026", "La secrétaire générale"),
        (
            "Pour le préfet et par délégation,\nJean MODÈLE\nAdjoint au chef du bureau de la sécurité publique",
            "L'adjoint au chef du bureau de la sécurité publique",
        ),
        ("Jean MODÈLE\nPréfet du Var\nLe 5 mai 2026", "Le préfet du Var"),
        ("Fait à Toulon,\nLe préfet,\nJean MODÈLE", "Le préfet"),
        ("Bastia, le 5 mai 2026\nLe coordonnateur pour la sécurité en Corse", "Le coordonnateur pour la sécurité en Corse"),
        ("Lille, le 5 mai 2026\nLe préfet délégué à la sécurité", "Le préfet délégué à la sécurité"),
        # Nor is it a title of whoever is represented, half of an office, or one of a list of those who are informed.
        ("Rennes, le 5 mai 2026\nPour le préfet de la région Bretagne,\npréfet d'Ille-et-Vilaine,\nLe grand chambellan", None),
        ("Article 3 : Copie à :\nMairie de Nice\nPréfet du Var", None),
        ("Toulon, le 5 mai 2026\nLa sous-préfète, adjointe au directeur de cabinet", "La sous-préfète, adjointe au directeur de cabinet"),
        ("Toulon, le 5 mai 2026\nLe préfet maritime", None),
        ("Toulon, le 5 mai 2026\nLe préfet du Territoire de Belfort", "Le préfet du Territoire de Belfort"),
        ("Fait à Gex, le 5 mai 2026\nLe sous-préfet de Gex et de Nantua,\nJean MODÈLE", "Le sous-préfet de Gex et de Nantua"),
        # Half of an office that the list does not hold is none.
        ("Toulon, le 5 mai 2026\nLa sous-préfète, adjointe au grand chambellan", None),
        ("Fait à Nice, le 5 mai 2026\nPour le préfet,\nle directeur du cabinet et de la sécurité", None),
    ],
)
def test_office(end: str, office: str | None) -> None:
    verdict = signed(end)
    assert verdict.facts.office == office
    assert "MODÈLE" not in repr(verdict)
    assert [quote.about for quote in verdict.evidence].count("office") == (office is not None)


def test_the_letterhead_of_the_next_page_signs_nothing() -> None:
    first = (
        "Vu le code de la sécurité intérieure ;\nARRÊTE\nArticle 1er : La SNCF est autorisée à mettre en œuvre un traitement algorithmique."
    )
    pages = (PageText(1, f"{first}\nToulon, le 5 mai 2026\nJean MODÈLE"), PageText(2, "PRÉFET DU VAR\nPlan des lieux"))
    assert judge(act(title=TITLE, pages=pages)).facts.office is None


@pytest.mark.parametrize(
    ("last", "office"),
    [
        ("Le présent arrêté est publié. Un recours est possible.\n\nLe préfet de police\nJean MODÈLE", "Le préfet de police"),
        ("Le présent arrêté peut faire l'objet d'un recours adressé à :\nLe préfet de police\n9 boulevard du Palais", None),
    ],
)
def test_an_office_on_its_line_below_the_last_sentence_signs(last: str, office: str | None) -> None:
    assert signed(f"Article 3 : {last}").facts.office == office


@pytest.mark.parametrize(
    ("text", "authority"),
    [
        ("Préfecture de police\nCabinet\nVu le code ;\nARRÊTE\nArticle 1er : {use}", "PP"),
        ("Le préfet de la Drôme,\nVu le code ;\nARRÊTE\nArticle 1er : {use}", None),
    ],
)
def test_authority(text: str, authority: str | None) -> None:
    use = "La SNCF est autorisée à mettre en œuvre un traitement algorithmique des images."
    assert judge(act(text.format(use=use), TITLE)).facts.authority == authority
