"""Define what the demo's prefectures publish: three sites of different kinds, today."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from importlib.resources import files
from string import Template

from bot.app.demo.pdfs import MONTHS, ActSpec, RecueilSpec, build_recueil
from bot.app.demo.replay import CannedAnswer

_SLUGS = ("Janvier", "Fevrier", "Mars", "Avril", "Mai", "Juin", "Juillet", "Aout", "Septembre", "Octobre", "Novembre", "Decembre")

DROME = "https://www.drome.gouv.fr"
ALPES_MARITIMES = "https://www.alpes-maritimes.gouv.fr"
AISNE = "https://www.aisne.gouv.fr"


def scenario(today: date, *, is_special_online: bool = True) -> dict[str, CannedAnswer]:
    """Return answers by canonical URL, as of `today`: Drôme with one authorisation among two recueils, of which the special one goes online
    after the other, Alpes-Maritimes with a scanned authorisation, Aisne with an abrogation; beside them decrees on further topics, one of
    which the special recueil ends.
    """
    return {**_drome(today, is_special_online=is_special_online), **_alpes_maritimes(today), **_aisne(today)}


def french(day: date) -> str:
    """Return a day as `1er août 2026`."""
    return f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"


def demo_text(name: str, today: date, **more: str) -> str:
    """Return one of the texts beside this file, in force from tomorrow for three days."""
    fields = {"start": french(today + timedelta(days=1)), "end": french(today + timedelta(days=3)), "signed": french(today)}
    return Template(_text_file(f"{name}.txt")).substitute(fields, **more)


def _text_file(name: str) -> str:
    return files("bot.app.demo").joinpath("texts", name).read_text(encoding="utf-8")


def _drome(today: date, *, is_special_online: bool) -> dict[str, CannedAnswer]:
    root, year = f"{DROME}/Publications/Recueil-des-actes-administratifs-RAA", today.year
    year_page = f"{root}/RAA-{year}-consulter-le-recueil-des-services-de-l-Etat-dans-la-Drome"
    month_page = f"{year_page}/{_SLUGS[today.month - 1]}-{year}"
    ordinary = _recueil(
        today, "DRÔME", f"26-{year}-301", "Préfecture de la Drôme / Direction des sécurités",
        road={"number": f"{year}-1101"}, videoprotection={"number": f"{year}-1102"}, aerial={"number": f"{year}-1105"},
    )  # fmt: skip
    with_decree = _recueil(
        today, "DRÔME", f"26-{year}-302", "Préfecture de la Drôme / Cabinet",
        road={"number": f"{year}-1103"}, authorisation={"number": f"{year}-1104"},
        aerial_abrogation={"number": f"{year}-1106", "abrogated": f"{year}-1105"},
    )  # fmt: skip
    links = [
        DemoLink(_file(1302, f"recueil-26-{year}-302"), f"RAA SPECIAL N°26-{year}-302 du {today:%d/%m/%Y}", today),
        DemoLink(_file(1301, f"recueil-26-{year}-301"), f"recueil n°26-{year}-301 du {today:%d/%m/%Y}", today),
    ]
    return {
        root: _html(cards("Recueil des actes administratifs (RAA)", [DemoLink(_path(year_page), f"RAA {year}")])),
        year_page: _html(cards(f"RAA {year}", [DemoLink(_path(month_page), f"{MONTHS[today.month - 1]} {year}", today)])),
        month_page: _html(downloads(f"{MONTHS[today.month - 1]} {year}", links if is_special_online else links[1:])),
        DROME + links[0].href: _pdf(with_decree),
        DROME + links[1].href: _pdf(ordinary),
    }


def _alpes_maritimes(today: date) -> dict[str, CannedAnswer]:
    root, year = f"{ALPES_MARITIMES}/Publications/Recueil-des-actes-administratifs-RAA", today.year
    year_page = f"{root}/Annee-{year}"
    month_page = f"{year_page}/{_SLUGS[today.month - 1]}-{year}"
    recueil = _recueil(
        today, "ALPES-MARITIMES", f"06-{year}-277", "Préfecture des Alpes-Maritimes / Direction des sécurités", scanned=True,
        authorisation_scanned={"number": f"{year}-1950"},
    )  # fmt: skip
    link = DemoLink(_file(2277, f"recueil-277-{year}-06"), f"Recueil 277-{year}-06", today)
    return {
        root: _html(cards("Recueil des actes administratifs (RAA)", [DemoLink(_path(year_page), f"Année {year}")])),
        year_page: _html(cards(f"Année {year}", [DemoLink(_path(month_page), f"{MONTHS[today.month - 1].capitalize()} {year}")])),
        month_page: _html(file_cards(f"{MONTHS[today.month - 1].capitalize()} {year}", [link])),
        ALPES_MARITIMES + link.href: _pdf(recueil),
    }


def _aisne(today: date) -> dict[str, CannedAnswer]:
    root, year = f"{AISNE}/Publications/Recueil-des-Actes-Administratifs", today.year
    year_page = f"{root}/Recueil-des-Actes-Administratifs-Annee-{year}"
    detail = f"{root}/RAA_02-{year}-011"
    recueil = _recueil(
        today, "AISNE", f"02-{year}-011", "Préfecture de l'Aisne / Cabinet",
        abrogation={"number": f"{year}-0720", "abrogated": f"{year}-0688"}, access={"number": f"{year}-0721"},
    )  # fmt: skip
    pdf = DemoLink(_file(3011, f"RAA_02-{year}-011"), f"RAA_02-{year}-011", today)
    return {
        root: _html(cards("Recueil des Actes Administratifs", [DemoLink(_path(year_page), f"Année {year}")])),
        year_page: _html(cards(f"Année {year}", [DemoLink(_path(detail), f"RAA_02-{year}-011")])),
        detail: _html(downloads(f"RAA_02-{year}-011", [pdf])),
        AISNE + pdf.href: _pdf(recueil),
    }


def _recueil(today: date, department: str, number: str, service: str, *, scanned: bool = False, **acts: Mapping[str, str]) -> bytes:
    code, titles = number.split("-", 1)[0], tomllib.loads(_text_file("titles.toml"))
    return build_recueil(
        RecueilSpec(
            department=department,
            number=number,
            published=today,
            acts=tuple(
                ActSpec(
                    service=service,
                    id=f"{code}-{today:%Y-%m-%d}-{fields['number'][-4:]:>05}",
                    title=Template(titles[name]).substitute(fields),
                    pages=(demo_text(name, today, **fields),),
                    scanned=scanned,
                )
                for name, fields in acts.items()
            ),
        )
    )


def _file(number: int, name: str) -> str:
    return f"/contenu/telechargement/{number}/{number * 7}/file/{name}.pdf"


def _path(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def _html(page: str) -> CannedAnswer:
    return CannedAnswer(page.encode())


def _pdf(body: bytes) -> CannedAnswer:
    return CannedAnswer(body, "application/pdf")


# Listing pages in the markup of the national platform.


@dataclass(frozen=True, slots=True)
class DemoLink:
    """Holds an anchor: root-relative address, text, and the date the page shows beside it."""

    href: str
    text: str
    day: date | None = None


def cards(title: str, links: Iterable[DemoLink]) -> str:
    """Return years, months or articles as cards."""
    return _page(title, "\n".join(_card(link) for link in links))


def file_cards(title: str, links: Iterable[DemoLink]) -> str:
    """Return cards whose title is the PDF itself."""
    return _page(title, "\n".join(_card(link, f' target="_blank" title="format pdf - 0,20 Mb - {_day(link)}"') for link in links))


def downloads(title: str, links: Iterable[DemoLink]) -> str:
    """Return plain download links."""
    blocks = (
        f'<div class=""><a class="fr-link fr-link--download" href="{escape(link.href)}" target="_blank">Télécharger {escape(link.text)}'
        f'<span class="fr-link__detail">PDF - 0,20 Mb{" - " + _day(link) if link.day else ""}</span></a></div>'
        for link in links
    )
    return _page(title, "\n".join(blocks))


def _card(link: DemoLink, attributes: str = "") -> str:
    shown = link.day is not None and not attributes
    published = f'<div class="fr-card__end"><p class="fr-card__detail">Publié le {_day(link)}</p></div>' if shown else ""
    anchor = f'<a class="fr-card__link" href="{escape(link.href)}"{attributes}>{escape(link.text)}</a>'
    return (
        '<div class="fr-card fr-card--horizontal fr-card--sm fr-enlarge-link fr-mb-3w"><div class="fr-card__body">'
        f'<div class="fr-card__content"><h2 class="fr-card__title">{anchor}</h2>{published}</div></div></div>'
    )


def _page(title: str, content: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="fr"><head><meta charset="utf-8"><title>{escape(title)}</title></head>\n'
        f'<body><main role="main"><h1>{escape(title)}</h1>\n{content}\n</main></body></html>\n'
    )


def _day(link: DemoLink) -> str:
    return "" if link.day is None else f"{link.day:%d/%m/%Y}"
