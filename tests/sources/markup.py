"""Pages in the template of the national platform, written piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from html import escape

HOST = "https://www.test.gouv.fr"
ROOT = f"{HOST}/Publications/RAA"


def page(*body: str, title: str = "Recueil des actes administratifs", updated: str | None = None, aside: str = "") -> str:
    """A whole page with the furniture every real one has: skip links, menus, breadcrumb, footer."""
    tag = f'<div class="fr-tag"><span>Mis à jour le</span> <span>{updated}</span></div>' if updated else ""
    return f"""<!DOCTYPE html>
<html lang="fr"><head><meta charset="utf-8"><title>{escape(title)} - Les services de l'État</title></head><body>
<div class="fr-skiplinks"><ul><li><a class="fr-link" href="#main">Contenu</a></li></ul></div>
<header class="fr-header"><a href="/">Accueil</a><nav class="fr-nav"><ul>
<li><a class="fr-nav__link" href="/Publications">Publications</a></li>
<li><a class="fr-nav__link" href="/Actualites/Actualites-2026">Actualités 2026</a></li></ul></nav></header>
<main id="main"><nav class="fr-breadcrumb"><a href="/Publications">Publications</a></nav>
{aside}<h1>{escape(title)}</h1>{tag}
{"".join(body)}
<div class="fr-share"><ul><li><a class="fr-link" href="https://www.facebook.com/sharer.php?u=x">Facebook</a></li></ul></div></main>
<footer class="fr-footer"><a href="/Mentions-legales">Mentions légales</a></footer></body></html>"""


def sidemenu(*links: tuple[str, str]) -> str:
    """The menu beside the text, which repeats years and months."""
    items = "".join(f'<li class="fr-sidemenu__item"><a class="fr-sidemenu__link" href="{href}">{text}</a></li>' for href, text in links)
    return f'<nav class="fr-sidemenu"><ul class="fr-sidemenu__list">{items}</ul></nav>'


def grey_card(href: str, text: str) -> str:
    """A sub-section."""
    return (
        '<div class="fr-card fr-card--sm fr-card--grey fr-enlarge-link"><div class="fr-card__body"><div class="fr-card__content">'
        f'<h2 class="fr-card__title"><a href="{href}">{text}</a></h2></div></div></div>'
    )


def white_card(href: str, text: str, published: str | None = None, attributes: str = 'class="fr-card__link"') -> str:
    """An article or, with a file's address, a file."""
    end = f'<div class="fr-card__end"><p class="fr-card__detail">Publié le {published}</p></div>' if published else ""
    return (
        '<div class="fr-card fr-card--horizontal fr-card--sm fr-enlarge-link fr-mb-3w"><div class="fr-card__body">'
        f'<div class="fr-card__content"><h3 class="fr-card__title"><a {attributes} href="{href}">{text}</a></h3>{end}</div></div></div>'
    )


@lru_cache(maxsize=4096)
def file_href(number: int, name: str | None = None) -> str:
    """The address of a file as the platform writes it."""
    return f"/contenu/telechargement/{1000 + number}/{9000 + number}/file/{name or f'recueil-99-2026-{number:03}'}.pdf"


@lru_cache(maxsize=4096)
def download(number: int, day: str | None = None, *, title: str | None = None, name: str | None = None) -> str:
    """An intact download link."""
    date = f" - {day}" if day else ""
    return (
        f'<div class=""><a id="{number:032x}" class="fr-link fr-link--download" href="{file_href(number, name)}" target="_blank">'
        f'Télécharger {title or f"RAA n°{number}"} <span class="fr-link__detail">PDF - 1,25 Mb{date}</span></a></div>'
    )


def broken_download(number: int, day: str, *, name: str | None = None) -> str:
    """The link of a documents group, whose empty id swallows its class."""
    return (
        f'<li><a id= class="fr-link fr-link--download" href="{file_href(number, name)}" target="_blank">Télécharger RAA n°{number} '
        f'<span class="fr-link__detail">PDF - 1,25 Mb - {day}</span></a></li>'
    )


def documents_group(*items: str) -> str:
    """The list of files the platform adds to an article."""
    return f'<div class="fr-downloads-group fr-downloads-group--bordered"><h2>Documents associés</h2><ul>{"".join(items)}</ul></div>'


def select(*options: tuple[str, str], title: str = "Liste") -> str:
    """A list to choose from."""
    choices = "".join(f'<option value="{value}" title="{text}">{text}</option>' for value, text in options)
    return (
        f'<form method="post"><select class="fr-select" id="{title}-liste-docs"><option selected disabled hidden value="">Liste</option>'
        f"{choices}</select></form>"
    )


def pager(url: str, current: int, pages: int) -> str:
    """The pager of page number `current` of `pages` (from 1), as the platform writes it; nothing when there is one page."""
    if pages < 2:
        return ""
    base = url.removeprefix(HOST)

    def link(kind: str, number: int, text: str) -> str:
        target = base if number == 1 else f"{base}/(offset)/{10 * (number - 1)}"
        href = f' href="{target}"' if number != current and 1 <= number <= pages else ""
        return f'<li><a class="fr-pagination__link{kind}"{href}>{text}</a></li>'

    shown = sorted({1, max(1, current - 1), current, min(pages, current + 1)})
    items = [
        link(" fr-pagination__link--first", 1, "Première page"),
        link(" fr-pagination__link--prev", current - 1, "Précédent"),
        *(link("", number, str(number)) for number in shown),
        link(" fr-pagination__link--next", current + 1, "Suivant"),
        link(" fr-pagination__link--last", pages, "Dernière page"),
    ]
    return f'<nav role="navigation" class="fr-pagination"><ul class="fr-pagination__list">{"".join(items)}</ul></nav>'


def paged(base: str, rows: Sequence[str]) -> dict[str, str]:
    """The pages of a list of ten items a page."""
    chunks = [rows[start : start + 10] for start in range(0, len(rows), 10)] or [[]]
    return {
        base if rank == 1 else f"{base}/(offset)/{10 * (rank - 1)}": page(*chunk, pager(base, rank, len(chunks)))
        for rank, chunk in enumerate(chunks, 1)
    }
