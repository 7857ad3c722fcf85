"""Which cue a verdict rests on, where it stood, on which page. The texts are invented."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.detection.judging import as_decree, judge
from bot.detection.rules.evidence import EVENT, PRODUCT, SIGN
from bot.detection.text.cues import VerdictReason, cues, name_of, named, reason_words
from bot.domain.acts import Act, Evidence, Kind, Outcome, Where
from bot.domain.text import PageText, TextOrigin
from tests.bot.detection.samples import ABOUT

OBJECT = "l'emploi d'un traitement algorithmique des images issues d'un système de vidéoprotection"
TITLE = f"Arrêté n° 2026-7 portant autorisation de {OBJECT}"
VISAS = (
    "Vu le code de la sécurité intérieure ;\nVu la loi n° 2023-380 du 19 mai 2023, notamment son article 10 ;\n"
    "Vu le décret n° 2023-828 du 28 août 2023 relatif aux modalités de mise en œuvre des traitements algorithmiques sur les images "
    "collectées au moyen de systèmes de vidéoprotection ;\n"
)
ARTICLES = (
    "ARRÊTE\nArticle 1er : La SNCF est autorisée à mettre en œuvre le traitement algorithmique des images dénommé « Cityvision ».\n"
    "Article 2 : Il signale les mouvements de foule et les départs de feux.\nFait à Lande, le 3 mai 2026\n"
)
PROCESSING = "algorithmic processing of images"
LAW = "loi n° 2023-380 du 19 mai 2023, article 10"
DECREE = "décret n° 2023-828 du 28 août 2023"

Told = tuple[str, int, str | None, str | None]


def pages(*texts: str, first: int = 6) -> tuple[PageText, ...]:
    return tuple(PageText(number, text) for number, text in enumerate(texts, start=first))


def act(title: str, *texts: str, title_from: Where | None = Where.TITLE, title_page: int | None = None) -> Act:
    own = pages(*texts)
    return Act(None, title, None, 6, 5 + max(len(own), 1), own, title_from=title_from, title_page=title_page)


def told(evidence: tuple[Evidence, ...], *about: str) -> list[Told]:
    wanted = about or ABOUT
    return [(quote.about, quote.page, quote.where, quote.cue) for quote in evidence if quote.about in wanted]


WHOLE = act(TITLE, f"PRÉFET\n{TITLE}\n", VISAS, ARTICLES)
BESIDE: list[Told] = [
    ("support", 7, "visa", LAW),
    ("support", 7, "visa", DECREE),
    ("support", 8, "operative", EVENT),
    ("support", 8, "operative", EVENT),
]
CASES: dict[str, tuple[Act, Outcome, list[Told]]] = {
    "an authorisation": (
        WHOLE,
        Outcome.DECREE,
        [
            ("verdict", 6, "title", PROCESSING),
            ("verb", 6, "title", "authorisation"),
            ("support", 8, "operative", PROCESSING),
            *BESIDE,
            ("support", 8, "operative", PRODUCT),
        ],
    ),
    "a renewal whose title the pages do not repeat": (
        act(TITLE.replace("autorisation", "renouvellement de l'autorisation"), VISAS, "ARRÊTE\nArticle 1er : Exécution."),
        Outcome.DECREE,
        [
            ("verdict", 6, "title", PROCESSING),
            ("verb", 6, "title", "renewal"),
            ("support", 6, "visa", LAW),
            ("support", 6, "visa", DECREE),
        ],
    ),
    "a title that says neither what nor how": (
        act("Arrêté n° 2026-7", VISAS, ARTICLES),
        Outcome.DECREE,
        [
            ("verdict", 7, "operative", PROCESSING),
            ("verb", 7, "operative", "authorisation"),
            ("support", 6, "visa", LAW),
            ("support", 6, "visa", DECREE),
            ("support", 7, "operative", EVENT),
            ("support", 7, "operative", EVENT),
            ("support", 7, "operative", PRODUCT),
        ],
    ),
    "a title that says which way its article goes": (
        act(
            "Arrêté n° 2026-8 modifiant l'arrêté n° 2026-7 du 3 mai 2026",
            "Vu le code ;\nARRÊTE\n"
            "Article 1er : À l'article 2 de l'arrêté autorisant le traitement algorithmique des images de vidéoprotection, "
            "le mot « dix » est remplacé par le mot « vingt ».",
        ),
        Outcome.DECREE,
        [("verdict", 6, "operative", PROCESSING), ("verb", 6, "title", "modification")],
    ),
    "two layers interleaved": (
        act(
            "",
            "Vu le décret n° 2023-828 du 28 août 2023 ;\nVu l'arrêté préfectoral n° 20231030 VS 75 ;\n"
            "portant autorisation de l'emploi dans\nd'un traitement algorithmique des images issues d'un système de vidéoprotection\n"
            "Arrêté n° 2026-77\nLe préfet de police,\nVu le code de la sécurité intérieure ;\n",
        ),
        Outcome.DECREE,
        [("verdict", 6, "visa", PROCESSING), ("verb", 6, "visa", "authorisation"), ("support", 6, "visa", DECREE)],
    ),
    "a visa that quotes the decree": (
        act("Arrêté n° 2026-9 portant mesures de police", VISAS, "ARRÊTE\nArticle 1er : Le port du casque est interdit."),
        Outcome.NOT_CONCERNED,
        [
            ("verdict", 6, "visa", PROCESSING),
            ("against", 6, "visa", "only quoted"),
            ("support", 6, "visa", LAW),
            ("support", 6, "visa", DECREE),
        ],
    ),
    "a delegation of signature": (
        act(
            "Arrêté portant délégation de signature",
            f"Vu le code ;\nARRÊTE\nArticle 1er : Délégation est donnée pour les décisions portant autorisation de {OBJECT}.",
        ),
        Outcome.NOT_CONCERNED,
        [("verdict", 6, "operative", PROCESSING), ("against", 6, "title", "delegation of signature")],
    ),
    "powers handed over under a title that does not say so": (
        act(
            "Arrêté n° 2026-10",
            f"Vu le code ;\nARRÊTE\nArticle 1er : Délégation est donnée au directeur pour les décisions portant autorisation de {OBJECT}.",
        ),
        Outcome.UNCERTAIN,
        [
            ("verdict", 6, "operative", PROCESSING),
            ("doubt", 6, "operative", "nothing decides"),
            ("against", 6, "operative", "delegation of powers"),
        ],
    ),
    "a prohibition": (
        act("Arrêté portant mesures", "Vu le code ;\nARRÊTE\nArticle 1er : Aucun traitement algorithmique des images n'est employé."),
        Outcome.NOT_CONCERNED,
        [("against", 6, "operative", "said not to be there")],
    ),
    "number plates": (
        act(
            "Arrêté portant mesures",
            "Vu le code ;\nARRÊTE\nArticle 1er : Un traitement algorithmique des images des plaques d'immatriculation est autorisé.",
        ),
        Outcome.NOT_CONCERNED,
        [("against", 6, "operative", "number plates")],
    ),
    "a word that comes to nothing": (
        act("Arrêté portant mesures", "Vu le code ;\nARRÊTE\nArticle 1er : Le tarif est fixé par un algorithme."),
        Outcome.NOT_CONCERNED,
        [("sign", 6, "operative", SIGN)],
    ),
    "a recital": (
        act(
            "Arrêté portant interdiction de rassemblement",
            "Vu le code ;\nConsidérant qu'un traitement algorithmique des images de vidéoprotection a été employé ;",
            "ARRÊTE\nArticle 1er : Les rassemblements sont interdits.",
        ),
        Outcome.UNCERTAIN,
        [("verdict", 6, "recital", PROCESSING), ("doubt", 6, "recital", "only before the articles")],
    ),
    "articles against the title": (
        act(TITLE, "Vu le code ;\nARRÊTE\n", "Article 1er : La demande d'emploi d'un traitement algorithmique des images est rejetée."),
        Outcome.UNCERTAIN,
        [
            ("verdict", 6, "title", PROCESSING),
            ("verb", 6, "title", "authorisation"),
            ("contradiction", 7, "operative", "articles against the title"),
        ],
    ),
    "the title of a notice": (
        act(f"Avis de consultation du public : projet d'arrêté portant autorisation de {OBJECT}"),
        Outcome.UNCERTAIN,
        [
            ("verdict", 6, "title", PROCESSING),
            ("doubt", 6, "title", "title of something else"),
            ("against", 6, "title", "public consultation"),
        ],
    ),
    "words of other things": (
        act("Arrêté autorisant un système de vidéoprotection intelligente", "ARRÊTE\nArticle 1er : Le maire est autorisé à l'installer."),
        Outcome.UNCERTAIN,
        [("verdict", 6, "title", "augmented or intelligent cameras"), ("doubt", 6, "title", "words of other things")],
    ),
    "a title cut off": (
        act("Arrêté n° 2026-11 portant autorisation de l'emploi da"),
        Outcome.UNCERTAIN,
        [("verdict", 6, "title", "use of something in a place"), ("doubt", 6, "title", "title cut off")],
    ),
    "damaged words": (
        act("Arrêté n° 2026-11", "Vu le décret n° 2023-828 ;\nLe trait##gorithm des im##es est aut##isé."),
        Outcome.UNCERTAIN,
        [
            ("verdict", 6, "visa", "what is left of its name"),
            ("doubt", 6, "visa", "damaged words"),
            ("support", 6, "visa", DECREE),
        ],
    ),
    "the law without its object": (
        act("Arrêté n° 2026-12", "Vu la loi n° 2023-380 du 19 mai 2023, notamment son article 10 ;", "ARRÊTE\nArticle 1er : Exécution."),
        Outcome.UNCERTAIN,
        [("verdict", 6, "visa", LAW), ("doubt", 6, "visa", "law without object"), ("support", 6, "visa", LAW)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_which_cue_where_and_on_which_page(name: str) -> None:
    given, outcome, expected = CASES[name]
    verdict = judge(given)
    assert (verdict.outcome, told(verdict.evidence)) == (outcome, expected)


def test_a_title_is_told_as_what_it_was_read_from() -> None:
    evidence = judge(act(TITLE, VISAS, ARTICLES, title_from=Where.TITLE, title_page=7)).evidence
    assert told(evidence, "verdict", "verb") == [("verdict", 7, Where.TITLE, PROCESSING), ("verb", 7, Where.TITLE, "authorisation")]
    assert next((quote.page, quote.where) for quote in evidence if quote.about == "number") == (7, Where.TITLE)
    assert next((quote.page, quote.where) for quote in evidence if quote.about == "software") == (7, Where.OPERATIVE)


def test_the_page_of_the_decree_is_told_beside_that_of_the_contents() -> None:
    listed = replace(WHOLE, title_from=Where.CONTENTS, title_page=2)
    assert told(judge(listed).evidence, "verdict", "support")[:3] == [
        ("verdict", 2, "contents", PROCESSING),
        ("support", 6, "heading", PROCESSING),
        ("support", 8, "operative", PROCESSING),
    ]


def test_the_verb_is_quoted_with_what_it_bears_on() -> None:
    evidence = {quote.about: quote.text for quote in judge(WHOLE).evidence}
    assert evidence["verb"].startswith("portant autorisation de l'emploi")
    bare = {quote.about: quote.text for quote in judge(act("Arrêté n° 2026-7", VISAS, ARTICLES)).evidence}
    assert bare["verb"].startswith("est autorisée à mettre en œuvre")


def test_nobody_is_named_in_a_title_that_could_not_be_read_further() -> None:
    blank = PageText(6, "", origin=TextOrigin.UNREADABLE)
    (quote,) = judge(Act(None, "AP Mme Camille EXEMPLE", None, 6, 6, (blank,)), stand_alone=True).evidence
    assert told((quote,)) == [("unreadable", 6, "title", "nothing readable")]
    assert "EXEMPLE" not in quote.text


def test_every_cue_that_is_told_has_a_name_of_the_closed_list() -> None:
    data = cues("vsa").tables
    tables = [*data["objects"].values(), data["around"], data["around"]["other_thing"], data["never"], data["related"]]
    names = {key.replace("_", " ") for table in tables for key in table}
    names |= (
        {kind.value for kind in Kind}
        | {"use"}
        | {reason.value for reason in VerdictReason}
        | {basis.label for basis in cues("vsa").legal_bases}
    )
    names |= {EVENT, PRODUCT, SIGN}
    quotes = [quote for given, _, _ in CASES.values() for quote in judge(given).evidence if quote.about in ABOUT]
    assert {quote.cue for quote in quotes} <= names
    assert all(quote.where is not None for quote in quotes)


def test_each_reason_has_words() -> None:
    assert all(reason_words(reason.value) == reason.words for reason in VerdictReason)
    assert reason_words("nothing decides") == "it speaks of it, and neither its title nor an article decides"
    assert reason_words(PROCESSING) is None
    assert reason_words(None) is None


def test_a_pattern_of_several_tells_which_of_them_met() -> None:
    found = named({"first_one": ["ab", "c d"], "second": ["xcde"]})
    assert [name_of(match) for match in found.finditer("ab cd xcde")] == ["first one", "first one", "second"]


@pytest.mark.parametrize(
    ("title", "text", "kind"),
    [
        (f"Avis : projet d'arrêté portant renouvellement de l'autorisation de {OBJECT}", "", Kind.RENEWAL),
        (f"Arrêté relatif à {OBJECT} à l'occasion de la Nuit du refus", "", Kind.AUTHORISATION),
        ("Arrêté n° 2026-1", f"ARRÊTE\nArticle 1er : Le maire est informé.\nArticle 2 : {OBJECT} est suspendu.", Kind.SUSPENSION),
        ("Arrêté n° 2026-1", "ARRÊTE\nArticle 1er : L'arrêté du 3 mai 2026 est abrogé.", Kind.ABROGATION),
    ],
)
def test_what_an_act_would_be_if_it_were_a_decree(title: str, text: str, kind: Kind) -> None:
    assert as_decree(act(title, *([text] if text else []))).kind is kind


@pytest.mark.parametrize("name", [name for name, (_, outcome, _) in CASES.items() if outcome is Outcome.DECREE])
def test_of_a_decree_it_is_the_kind_of_its_verdict(name: str) -> None:
    assert as_decree(CASES[name][0]).kind is judge(CASES[name][0]).kind
