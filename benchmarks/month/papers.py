"""What stands in the recueils of the month: text as the reader gives it, so that no PDF need be drawn and opened. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.app.demo.scenario import MONTHS, demo_text
from bot.domain.text import PageText
from sources.catalogue.authority import Authority
from tests.france.publications import Recueil

_TREATMENT = "d'un traitement algorithmique sur des images issues d'un système de vidéoprotection"


@dataclass(frozen=True, slots=True)
class Paper:
    """One recueil as its authority published it, whoever shows it. `decree` is the number of the decree in it, None where there is none."""

    authority: Authority
    recueil: Recueil
    decree: str | None

    @property
    def name(self) -> str:
        """What tells the file from all others."""
        return f"{self.authority.code}/{self.recueil.year}/{self.recueil.number}"


def number_of(rank: int, recueil: Recueil) -> str:
    """The number of the decree in a recueil of the authority at this place of the catalogue: no other decree has it."""
    return f"{recueil.year}-{rank + 1}{recueil.number:04}"


def pages_of(paper: Paper) -> Sequence[PageText]:
    """The text of a recueil of one act, in the national template: cover, contents, separator page, act."""
    authority, day = paper.authority, paper.recueil.day
    of = authority.name.removeprefix("Préfecture ")
    act = f"{authority.code}-{day}-{paper.recueil.number:05}"
    if paper.decree is None:
        title, text = "Arrêté portant réglementation temporaire de la circulation", demo_text("road", day, number=f"{day.year}-1")
    else:
        title = f"Arrêté n° {paper.decree} portant autorisation de mise en œuvre {_TREATMENT}"
        text = demo_text("authorisation", day, number=paper.decree)
    text = text.replace("de la DRÔME".upper(), of.upper()).replace("de la Drôme", of)
    running = f"{authority.name} - {act} - {title}"
    published = f"PUBLIÉ LE {day.day if day.day > 1 else '1ER'} {MONTHS[day.month - 1].upper()} {day.year}"
    number = f"N°{authority.code}-{day.year}-{paper.recueil.number:03}"
    return (
        PageText(1, f"{authority.department.upper()}\nRECUEIL DES ACTES\nADMINISTRATIFS\n{number}\n{published}"),
        PageText(2, f"Sommaire\n{authority.name} / Cabinet\n{act} - {title} (1 page) Page 3\n2"),
        PageText(3, f"{authority.name}\n{act}\n{title}\n{running} 3"),
        PageText(4, f"{text}\n{running} 4"),
    )
