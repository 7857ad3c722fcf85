"""Small corpora in a temporary folder."""

from __future__ import annotations

from pathlib import Path

AUTHORISATION = (
    "Arrêté n° 2026-00100 portant autorisation de l'emploi d'un traitement algorithmique des images issues d'un système de vidéoprotection"
)
BODY = f"""{AUTHORISATION}
Le préfet de police,
Vu la loi n° 2023-380 du 19 mai 2023, notamment son article 10 ;
Arrête :
Article 1er : La SNCF est autorisée à mettre en œuvre un traitement algorithmique des images du 3 au 6 mai 2026.
Article 2 : Exécution.
Fait à Paris, le 2 mai 2026
"""
DECREE = f"""[[act]]
file = "acts/decree.txt"
title = "{AUTHORISATION}"
outcome = "decree"
kind = "authorisation"
number = "2026-00100"
signed = "2026-05-02"
starts = "2026-05-03"
ends = "2026-05-06"
operators = ["SNCF"]
partial = true
"""
ROAD = """[[act]]
file = "acts/road.txt"
title = "Arrêté portant interdiction de circuler"
outcome = "not_concerned"
"""


def folder(root: Path, labels: str = DECREE + ROAD, **texts: str) -> Path:
    """A corpus with one label file; `decree` and `road` are its texts unless others are given."""
    (root / "labels").mkdir(parents=True)
    (root / "acts").mkdir()
    (root / "labels" / "some.toml").write_text(labels, encoding="utf-8")
    for name, text in ({"decree": BODY, "road": "ARRÊTE\nArticle 1er : La rue est fermée.\n"} | texts).items():
        (root / "acts" / f"{name}.txt").write_text(text, encoding="utf-8")
    return root
