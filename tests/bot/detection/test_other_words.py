"""Operators, events, counts of cameras and numbers in words that other tests do not have."""

from __future__ import annotations

import pytest

from benchmarks.detection.labelled import as_labels
from bot.domain.acts import Facts, Kind
from tests.bot.detection.samples import act, judge

OBJECT = "un traitement algorithmique des images de vidéoprotection"
LAW = "Vu la loi n° 2023-380 du 19 mai 2023, notamment son article 10 ;"


def facts(*articles: str, title: str = "Arrêté n° 2026-412", visas: str = LAW) -> Facts:
    numbered = "\n".join(f"Article {rank} : {article}" for rank, article in enumerate(articles, 1))
    return judge(act(f"{visas}\nARRÊTE\n{numbered}\nFait à Nice, le 2 juillet 2026", title)).facts


@pytest.mark.parametrize(
    ("words", "event"),
    [
        ("pour la tenue du Grand Prix de Nevers", "Grand Prix de Nevers"),
        ("en vue du Salon du livre", "Salon du livre"),
        ("au titre de la fête nationale du 14 juillet", "fête nationale du 14 juillet"),
        ("à l'occasion des fêtes des 13 et 14 juillet 2026", "fêtes des 13 et 14 juillet 2026"),
        ("à l'occasion des cérémonies des 10 et 11 novembre", "cérémonies des 10 et 11 novembre"),
        ("à l'occasion des fêtes de Nevers des 13 et 14 juillet 2026", "fêtes de Nevers"),
        ("en vue de la sécurité des personnes", None),
        ("décision justifiée par la tenue du Salon du livre", "Salon du livre"),
        ("décision motivée par le Salon du livre", "Salon du livre"),
    ],
)
def test_events(words: str, event: str | None) -> None:
    assert facts(f"La commune de Cannes est autorisée, {words}, à employer {OBJECT}.").event == event


@pytest.mark.parametrize(
    ("title", "article", "event"),
    [
        ("d'une épreuve cycliste", "de la course Blois – Vendôme", "course Blois – Vendôme"),
    ],
)
def test_an_article_may_name_more_clearly_what_the_title_names(title: str, article: str, event: str) -> None:
    printed = f"Arrêté n° 2026-412 autorisant l'emploi d'{OBJECT} à l'occasion {title}"
    assert facts(f"À l'occasion {article}, la commune de Nevers est autorisée à employer {OBJECT}.", title=printed).event == event


@pytest.mark.parametrize(
    "title",
    [
        "portant, à l'occasion de la Fête des Foins, autorisation d'{}",
        "portant, à l'occasion de la Fête des Foins, emploi d'{}",
        "portant, à l'occasion de la Fête des Foins, mise en œuvre d'{}",
        "autorisant {} à l'occasion de la Fête des Foins\n\nLa sous-préfète de Dole,",
        "autorisant {} à l'occasion de la Fête des Foins\n\nLe secrétaire général chargé de l'administration de l'État,",
    ],
)
def test_an_event_ends_where_its_title_does(title: str) -> None:
    printed = f"Arrêté n° 2026-412 {title.format(OBJECT)}"
    assert facts(f"La commune de Dole est autorisée à employer {OBJECT}.", title=printed).event == "Fête des Foins"


@pytest.mark.parametrize(
    ("recital", "event"),
    [
        ("l'autorisation a été délivrée à l'occasion de la Fête des Foins, donnée sur le mail", "Fête des Foins"),
        ("l'arrêté du 2 mai 2026 a été pris à l'occasion de la Fête des Foins", "Fête des Foins"),
        ("le registre manquait à l'occasion du contrôle du 4 mai 2026", None),
    ],
)
def test_a_recital_may_name_the_event_of_a_decree_that_is_suspended(recital: str, event: str | None) -> None:
    visas = f"{LAW}\nVu l'arrêté n° 2026-400 du 2 mai 2026 autorisant la commune de Metz à employer {OBJECT} ;\nConsidérant que {recital} ;"
    title = f"Arrêté n° 2026-412 suspendant {OBJECT}"
    assert facts("L'autorisation délivrée par l'arrêté n° 2026-400 est suspendue.", title=title, visas=visas).event == event


FORM = [("Responsable", "Police municipale de Lens"), ("{}", "Corso des Mimosas"), ("Sites", "- place Foch\n- quai du Port"),
        ("{}", "Regardia"), ("{}", "Ardenne Calcul SAS (Sedan)"), ("Images", "Celles de la vidéoprotection")]  # fmt: skip


@pytest.mark.parametrize(
    "head", ["Article 3 – Événement\n", "Art. 3. – Manifestation. – ", "Article 3 : Occasion\n", "Article 3 (Événement concerné)\n"]
)
@pytest.mark.parametrize(
    ("body", "event"),
    [
        ("Le marathon des Deux-Ponts, édition 2027.", "marathon des Deux-Ponts, édition 2027"),
        ("L'Armada de la Seine\n", "Armada de la Seine"),
        ("Un mouvement de foule.", None),
    ],
)
def test_an_article_headed_so_may_give_the_event_alone(head: str, body: str, event: str | None) -> None:
    articles = f"La commune de Dole est autorisée à employer {OBJECT}.\n{head}{body}\nArticle 4 : Le public est informé."
    assert facts(articles).event == event


@pytest.mark.parametrize("heads", [("Manifestation", "Logiciel", "Fournisseur"), ("Événement", "Nom du logiciel", "Éditeur")])
@pytest.mark.parametrize("numbered", [True, False])
def test_a_form_tells_what_and_for_whom(heads: tuple[str, str, str], numbered: bool) -> None:
    names = iter(heads)
    rows = [(head if head != "{}" else next(names), value) for head, value in FORM]
    printed = ""
    for rank, (head, value) in enumerate(rows, 1):
        first, *below = value.split("\n")
        printed += "\n" + f"{rank}     {head}"[0 if numbered else 6 :].ljust(34) + "".join(f"{line}\n{'':34}" for line in [first, *below])
    read = facts(
        f"Le traitement algorithmique des images que décrit ce tableau est autorisé dans les conditions qu'il fixe.\n{printed}\n\n"
        "Ampliation : mairie de Lens ; compagnie de gendarmerie de Lens."
    )
    assert (read.operators, read.event, read.software, read.vendor) == (
        ("Police municipale de Lens",), "Corso des Mimosas", "Regardia", "Ardenne Calcul",
    )  # fmt: skip
    assert read.places == ("place Foch", "quai du Port")


@pytest.mark.parametrize(
    "tail",
    [
        "à analyser par algorithme les images de dix caméras",
        "au traitement algorithmique des images de la vidéoprotection",
        "par un traitement algorithmique, les images de la vidéoprotection",
        "trois traitements algorithmiques sur les images de la vidéoprotection",
        "d'appliquer un traitement algorithmique aux images de la vidéoprotection",
    ],
)
def test_what_is_done_at_an_event_is_no_part_of_its_name(tail: str) -> None:
    assert (
        facts(f"La commune de Sète est autorisée, à l'occasion du tournoi de joutes, {tail}.", f"Est employé {OBJECT}.").event
        == "tournoi de joutes"
    )


@pytest.mark.parametrize(
    ("end", "office"),
    [
        ("La préfète,\npour elle, le directeur de cabinet,\nAnaïs VERDIER", "Le directeur de cabinet"),
        (
            "La directrice de cabinet,\npour le préfet et par délégation,\nAnaïs VERDIER\nNice, le 2 juillet 2026",
            "La directrice de cabinet",
        ),
        ("Le préfet,\npour le préfet et par délégation,\nAnaïs VERDIER\nNice, le 2 juillet 2026", None),
        ("La sous-préfète d'Arles,\nAnaïs VERDIER", "La sous-préfète d'Arles"),
    ],
)
def test_the_office_of_whoever_signs_for_a_prefect(end: str, office: str | None) -> None:
    town = "Arles" if "Arles" in end else "Nice"
    text = f"{LAW}\nARRÊTE\nArticle 1 : La commune de Sète est autorisée à employer {OBJECT}."
    text += f"\n{end}" if "2026" in end else f"\nFait à {town}, le 2 juillet 2026\n\n{end}"
    assert judge(act(text, "Arrêté n° 2026-412")).facts.office == office


def test_the_prefecture_of_police_beside_the_fire_brigade() -> None:
    named = "L'autorisation délivrée à la préfecture de police et à la brigade de sapeurs-pompiers de Paris d'employer"
    assert facts(f"{named} {OBJECT} est renouvelée.").operators == ("Préfecture de police", "Brigade de sapeurs-pompiers de Paris")


def test_a_modification_named_by_its_noun_and_an_authorisation_that_says_who_may() -> None:
    modified = (
        f"{LAW}\narrête :\nArticle 1\nL'autorisation accordée à la commune d'Alès par l'arrêté n° 2026-400 du 2 mai 2026 est modifiée.\n"
    )
    verdict = judge(
        act(
            f"{modified}Article 2\nLe nombre total des caméras est porté à 9.",
            "AP n° 2026-412\nÉlargissement du périmètre d'un traitement algorithmique",
        )
    )
    assert verdict.kind is Kind.MODIFICATION
    may = f"{LAW}\nARRETE\n\n§ 1. La police nationale peut, à l'occasion du carnaval d'Alès, faire usage d'{OBJECT}."
    may += "\n\n§ 2. Lieux : halle du Marché, quai Vert."
    verdict = judge(act(f"{may}\n\n§ 3. Le présent arrêté sera publié.", "Arrêté n° 2026-412\nTraitement algorithmique – carnaval"))
    assert (verdict.kind, verdict.facts.places) == (Kind.AUTHORISATION, ("halle du Marché", "quai Vert"))


@pytest.mark.parametrize(
    ("title", "number"),
    [
        ("Arrêté n° CAB 1042 DS du 18 juin 2027 autorisant", "CAB 1042 DS"),
        ("A R R Ê T É\ndu 11 août 2026 autorisant\nn° 30-2026-08-11-00001\nVu la décision n° 2023-850 DC ;", "30-2026-08-11-00001"),
    ],
)
def test_numbers_with_a_service_behind_or_on_a_line_of_their_own(title: str, number: str) -> None:
    verdict = judge(act(f"{title}\n{LAW}\nARRÊTE\nArticle 1 : La commune d'Alès est autorisée à mettre en œuvre {OBJECT}."))
    assert verdict.facts.number == number


def test_a_maker_whose_name_goes_on_and_cameras_that_are_added() -> None:
    found = facts(
        f"La commune d'Alès est autorisée à mettre en œuvre {OBJECT}.",
        "La solution Cévenole est éditée par la société Fabrique des Images, de Nîmes.",
    )
    assert found.vendor == "Fabrique des Images"
    assert (
        facts(f"Est autorisé {OBJECT}.", "L'annexe est complétée par une ligne ainsi rédigée : « quai Vert, 7 caméras ».").cameras is None
    )


@pytest.mark.parametrize(
    ("article", "places"),
    [
        # Lines without a mark, then a heading.
        ("Il ne porte que sur les lieux suivants :\n  gare de Dax et ses abords\n  halte de Peyrou\n  quai Vert\n\nQuand ?", 3),
        ("La circulation est déviée par :\n– rue du Bac ;\n– rue Verte.", 0),
    ],
)
def test_lists_of_places_without_marks_or_without_the_word(article: str, places: int) -> None:
    assert len(facts(f"La commune de Dax est autorisée à mettre en œuvre {OBJECT}.", article).places) == places


def test_places_of_a_form_above_the_visas() -> None:
    form = "Demandeur :     police nationale\nLieux :         Marina de Cap-Vert\n               Place du Souvenir\nPériode :       juin"
    article = f"Le demandeur est autorisé à mettre en œuvre {OBJECT}."
    text = f"Arrêté n° 2026-412\nautorisant {OBJECT}\n\n{form}\n\n{LAW}\nARRÊTE\nArticle 1 : {article}"
    assert judge(act(text)).facts.places == ("Marina de Cap-Vert", "Place du Souvenir")


@pytest.mark.parametrize(
    "sentence",
    [
        "Est complétée l'autorisation donnée à l'occasion du corso de Luchon, par l'arrêté n° 2026-400 du 2 mai 2026, d'employer ",
        "La police nationale peut, à l'occasion du corso de Luchon et dans les limites ci-dessous, faire usage d'",
    ],
)
def test_an_event_ends_where_its_sentence_goes_on(sentence: str) -> None:
    assert facts(f"{sentence}{OBJECT}.").event == "corso de Luchon"


def test_articles_numbered_by_ordinals_and_a_court_in_short() -> None:
    text = (
        f"{LAW}\nARRÊTE\nARTICLE PREMIER. – Le SDIS est autorisé à employer {OBJECT}.\nARTICLE DEUXIEME. – Le maire de Luchon est chargé de"
    )
    found = judge(act(f"{text} l'exécution du présent arrêté.\nRecours : T.A. de Toulouse, deux mois.", "Arrêté n° 2026-412")).facts
    assert (found.operators, found.court) == (("SDIS",), "Tribunal administratif de Toulouse")


def test_the_street_of_a_court_is_no_place_under_watch() -> None:
    title = f"Arrêté n° 2026-412 autorisant {OBJECT}. Vous pouvez saisir le tribunal administratif de Pau (cours Lyautey, place Verte)"
    assert facts(f"La commune de Dax est autorisée à mettre en œuvre {OBJECT}.", title=title).places == ()


@pytest.mark.parametrize(
    ("article", "starts"),
    [
        ("Le registre est remis avant le 6 juillet 2026 à 12 heures.", None),
        ("L'abrogation prend effet à compter du 6 juillet 2026.", "2026-07-06"),
    ],
)
def test_a_day_beside_an_end_is_none_of_its_days(article: str, starts: str | None) -> None:
    title = f"Arrêté n° 2026-412 abrogeant l'arrêté n° 2026-400 du 2 mai 2026 autorisant {OBJECT}"
    found = as_labels(facts("L'arrêté n° 2026-400 du 2 mai 2026 est abrogé.", article, title=title))
    assert (found.get("starts"), found.get("ends")) == (starts, None)


@pytest.mark.parametrize(
    "title",
    [
        "Décision préfectorale SPC-2026-088",
    ],
)
def test_a_decision_of_a_prefect_has_its_number(title: str) -> None:
    assert facts(f"La commune de Lens est autorisée à employer {OBJECT}.", title=f"{title} – {OBJECT}").number == "SPC-2026-088"


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("BPA n° 2026/218", "2026/218"),
        ("Dossier n° 2026/218", None),
    ],
)
def test_a_number_may_stand_on_a_line_of_its_own_behind_a_service(line: str, number: str | None) -> None:
    text = f"PRÉFET DU NORD\n\n{line}\n\nArrêté autorisant {OBJECT}\n\nLe préfet du Nord,\n{LAW}\nARRÊTE\n"
    found = judge(act(f"{text}Article 1 : La commune de Lens est autorisée à employer {OBJECT}.\nFait à Lille, le 2 juillet 2026"))
    assert found.facts.number == number


@pytest.mark.parametrize(
    "opening",
    [
        "J'AI DÉCIDÉ ce qui suit :",
        "Je décide :",
    ],
)
def test_a_letter_may_decide_in_points(opening: str) -> None:
    asked = "Monsieur le Maire,\nVous m'avez prié d'autoriser l'emploi de vingt caméras.\n"
    points = "\nI. – La police municipale de Lens est autorisée à traiter par un algorithme les images de onze caméras.\n"
    title = f"Décision n° 2026-44 – {OBJECT.removeprefix('un ')}"
    closing = "Je vous prie d'agréer, Monsieur le Maire, mes salutations.\n\nLe préfet,\nLéon Vasseur"
    found = judge(
        act(f"Le préfet du Nord\n{asked}{LAW[3:]}\nEn conséquence, {opening}\n{points}II. – Le public est informé.\n\n{closing}", title)
    ).facts
    assert (found.cameras, found.office) == (11, "Le préfet")
