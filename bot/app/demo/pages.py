"""Listing pages in the markup of the national platform, as the replay serves them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from html import escape


@dataclass(frozen=True, slots=True)
class DemoLink:
    """An anchor: root-relative address, text, and the date the page shows beside it."""

    href: str
    text: str
    day: date | None = None


def cards(title: str, links: Iterable[DemoLink]) -> str:
    """Years, months or articles as cards."""
    return _page(title, "\n".join(_card(link) for link in links))


def file_cards(title: str, links: Iterable[DemoLink]) -> str:
    """Cards whose title is the PDF itself."""
    return _page(title, "\n".join(_card(link, f' target="_blank" title="format pdf - 0,20 Mb - {_day(link)}"') for link in links))


def downloads(title: str, links: Iterable[DemoLink]) -> str:
    """Plain download links."""
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
