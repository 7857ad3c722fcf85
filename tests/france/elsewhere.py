"""The sites outside the national platform: Moselle, the regional prefectures, the préfecture de police."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from sources.catalogue.authority import Source
from tests.france.pages import Content, Pages, chunks
from tests.france.publications import Recueil
from tests.france.words import MONTHS

SESSION = "DIMSPHPSESSID"
"""The cookie without which the Moselle shows an unrelated page."""

_ACTS = "/index.php?op=raa&do=raa-acte"
_ACTS_ON_A_PAGE = 51


# --- Moselle -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moselle:
    """The acts one by one, behind an entry page that gives a cookie; or the list of bulletins, which is a root of its own."""

    source: Source
    path: str

    def content(self, recueils: Sequence[Recueil]) -> Content:
        newest = list(reversed(recueils))
        if "raa_rec" in self.path:
            return Content(lambda number: _bulletins(newest[:_ACTS_ON_A_PAGE]), {})
        entry = f'<p>Recueil des actes administratifs</p><p><a href="{escape(_ACTS)}">Actes</a></p>'
        return Content(lambda number: entry, {_ACTS: lambda: _dims(_acts(newest[:_ACTS_ON_A_PAGE]))})

    def address(self, recueil: Recueil) -> str:
        return _file_of_moselle(recueil)

    def pages(self, path: str, title: str, content: Content) -> Pages:
        return content.below | {path: lambda: _dims(content.blocks(1))}


def stranger() -> str:
    """What comes instead of a page of the Moselle to who has no session."""
    return _dims("<h1>Médecins agréés</h1><p>Liste des médecins agréés du département.</p>")


def _acts(recueils: Sequence[Recueil]) -> str:
    rows = []
    for position, recueil in enumerate(recueils):
        kind, info = f"li{position % 2 + 1}", f"info_acte{recueil.rank}"
        # As the site writes them: the row that opens after each act is never closed.
        rows.append(
            f'<tr class="{kind}"><td>Arrêté</td><td><a href="javascript:void(0);" '
            f"onclick=\"javascript:dims_switchdisplay('{info}');\">{recueil.title}</a></td><td>{recueil.shown_day}</td>"
            f'<td align="center"><a href="https://{recueil.host}{escape(_file_of_moselle(recueil))}"><img src="/common/img/data_view.png"/ '
            f'title="Télécharger"></a></td><tr><tr class="{kind}"><td colspan="4"><div id="{info}" style="display:none;"><table>'
            f"<tr><td>Libellé : </td><td>portant mesure n° {recueil.number}</td></tr><tr><td>Date de signature : </td>"
            f"<td>{recueil.shown_day}</td></tr></table></div></td></tr>"
        )
    head = '<tr class="entete"><td>Type</td><td>Référence</td><td>Date de publication</td><td>&nbsp;</td></tr>'
    return (
        f'<table><tr><td>Liste des actes publiés</td></tr><tr><td><table class="table_list">{head}{"".join(rows)}</table></td></tr></table>'
    )


def _bulletins(recueils: Sequence[Recueil]) -> str:
    rows = "".join(
        f'<tr class="li{position % 2 + 1}"><td>{recueil.number}</td><td><a href="javascript:void(0);">{recueil.title}</a></td>'
        f'<td>{recueil.shown_day}</td><td><a href="{escape(_file_of_moselle(recueil))}">Télécharger</a></td></tr>'
        for position, recueil in enumerate(recueils)
    )
    return f'<table><tr><td>Liste des recueils</td></tr><tr><td><table class="table_list">{rows}</table></td></tr></table>'


def _file_of_moselle(recueil: Recueil) -> str:
    digest = hashlib.md5(str(recueil.rank).encode(), usedforsecurity=False).hexdigest()
    return f"/index.php?dims_op=doc_file_download&docfile_md5id={digest}"


def _dims(body: str) -> str:
    head = '<!DOCTYPE html><html><head><meta charset="utf-8"><title>RAA</title></head>'
    return f'{head}<body><div class="soussous_menu">{body}</div></body></html>'


# --- regional prefectures ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Regions:
    """News that lead to years, years that lead to months; or fewer levels. `label` tells one publisher's years from another's."""

    source: Source
    path: str
    today: date
    label: str

    def content(self, recueils: Sequence[Recueil]) -> Content:
        return self._level(self.path, recueils, self.source.navigation, None)

    def address(self, recueil: Recueil) -> str:
        name = f"recueil {recueil.year}-{recueil.number} du {recueil.day:%d.%m.%Y}.pdf"
        return f"/{self.path.split('/')[1]}/irecontenu/telechargement/{recueil.rank}/{recueil.rank + 900_000}/file/{name}".replace(
            " ", "%20"
        )

    def pages(self, path: str, title: str, content: Content) -> Pages:
        return content.below | {path: lambda: _regional_page(title, content.blocks(1))}

    def _level(self, path: str, recueils: Sequence[Recueil], levels: Sequence[str], year: int | None) -> Content:
        if not levels:
            return Content(lambda number: "".join(self._row(recueil) for recueil in reversed(recueils)), {})
        level, *deeper = levels
        if level.startswith("year"):
            years = sorted({recueil.year for recueil in recueils} | {self.today.year}, reverse=True)
            base = f"/{self.path.split('/')[1]}/Documents-publications/Recueil-des-actes-administratifs"
            ways = [(f"{base}/{self.label.replace(' ', '-')}-{one}", f"{self.label} - {one}", one) for one in years]
            below = [
                (target, text, self._level(target, [recueil for recueil in recueils if recueil.year == one], deeper, one))
                for target, text, one in ways
            ]
            blocks = "".join(_news(target, text) for target, text, _ in ways)
        else:
            months = sorted({recueil.day.month for recueil in recueils} | ({self.today.month} if year == self.today.year else set()))
            spots = [(f"{path}/{MONTHS[month - 1]}/", MONTHS[month - 1], month) for month in months]
            below = [
                (target, text, self._level(target, [recueil for recueil in recueils if recueil.day.month == month], deeper, year))
                for target, text, month in spots
            ]
            items = "".join(f'<li><a href="{target}#titre"><p class="num">{text}</p></a></li>' for target, text, _ in spots)
            blocks = f'<h3>SOMMAIRE</h3><div id="sommaire-content" class="sommaire-content collapse in"><ol>{items}</ol></div>'
        pages: Pages = {}
        for target, text, content in below:
            pages |= self.pages(target, text, content)
        return Content(lambda number: blocks, pages)

    def _row(self, recueil: Recueil) -> str:
        return (
            f'<div class=""><a class="link-download" href="{self.address(recueil)}" target="_blank" data-xiti-type="download">'
            f'<span>{recueil.title} du {recueil.day:%d.%m.%Y}</span><img src="/ico-download.png"> PDF - 328,09 ko</a></div>'
        )


def _news(path: str, text: str) -> str:
    return f'<article class="news-list-item"><header><h2 class="news-list-title"><a href="{path}">{text}</a></h2></header></article>'


def _regional_page(title: str, body: str) -> str:
    return (
        f'<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>{title}</title></head><body><div id="main"><article>'
        f'<h1>{title}</h1><div class="texte">{body}</div><ul class="pager"><li>page 8/13</li></ul></article></div></body></html>'
    )


# --- préfecture de police ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Police:
    """One block of decrees, ten to a page, the newest first."""

    source: Source
    path: str

    def content(self, recueils: Sequence[Recueil]) -> Content:
        shown = chunks(list(reversed(recueils)))
        return Content(lambda number: self._block(shown[number - 1], number, len(shown)), {}, len(shown))

    def address(self, recueil: Recueil) -> str:
        return f"/sites/default/files/Documents/arrete_{recueil.year}-{recueil.number:05}.pdf"

    def pages(self, path: str, title: str, content: Content) -> Pages:
        def written(number: int) -> Callable[[], str]:
            return lambda: (
                f'<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>{title}</title></head><body><main>'
                f"<h1>{title}</h1>{content.blocks(number)}</main></body></html>"
            )

        return content.below | {path + _query(number): written(number) for number in range(1, content.length + 1)}

    def _block(self, recueils: Sequence[Recueil], number: int, pages: int) -> str:
        rows = "".join(
            f'<a href="{self.address(recueil)}" target="_blank"><div class="node node--type--tc13-decree node--type-tc13-decree">'
            f'<span>{recueil.title}</span><div class="field field--type-datetime">{recueil.shown_day}</div></div></a>'
            for recueil in recueils
        )
        further = f'<li class="pager__item"><a href="?page={number}" rel="next">Suivant</a></li>' if number < pages else ""
        return f'<div id="block-decree-list-block">{rows}<nav class="pager"><ul>{further}</ul></nav></div>'


def _query(number: int) -> str:
    return f"?page={number - 1}" if number > 1 else ""
