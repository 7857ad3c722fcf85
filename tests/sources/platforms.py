"""Pages in the templates of the sites outside the national platform, written piece by piece."""

from __future__ import annotations

from html import escape

# Moselle

MOSELLE = "https://mc.moselle.gouv.fr"
ENTRY = f"{MOSELLE}/raa.html"
ACTS = f"{MOSELLE}/index.php?op=raa&do=raa-acte"
BULLETINS = f"{ENTRY}?adminedit=1?op=raa&do=raa_rec&page=1"


def moselle_file(number: int) -> str:
    """The canonical address of a file."""
    return f"{MOSELLE}/index.php?dims_op=doc_file_download&docfile_md5id={number:032x}"


def act(number: int, day: str, label: str | None = "portant interdiction", *, reference: str | None = None, row: str = "li1") -> str:
    """The two rows of an act as the site writes them: each `<tr>` between them stands where `</tr>` is meant."""
    href = escape(moselle_file(number))
    switch = f"javascript:dims_switchdisplay('info_acte{number}');"
    subject = f"<tr><td>Libell&eacute; : </td><td>{escape(label)}</td></tr>" if label is not None else ""
    return f"""<tr class="{row}">
<td>Arr&ecirc;t&eacute;</td>
<td><a href="javascript:void(0);" onclick="{switch}">{reference or f"CAB n&deg;{number}"}</a></td>
<td>{day}</td>
<td align="center"><a href="{href}"><img src="/common/img/data_view.png"/ title="T&eacute;l&eacute;charger"></a></td>
<tr>
<tr class="{row}"><td colspan="4" width="100%"><div id="info_acte{number}" style="display:none;"><table width="100%">{subject}
<tr><td>Direction : </td><td>Cabinet</td></tr><tr><td>Date de signature : </td><td>01/01/2026</td></tr>
<tr><td><a href="{MOSELLE}/index.php?op=raa&do=raa-acte-detail&id_acte={number}">Fiche compl&egrave;te</a></td><td></td></tr>
</table></div></td></tr>"""


def acts_page(*rows: str, heading: str = "Liste des actes publi&eacute;s", pager: str = "") -> str:
    """The list of acts."""
    return f"""<html><head><title>RAA</title></head><body><div class="soussous_menu"><table width="100%">
<tr><td style="font-weight:bold;">{heading}</td></tr><tr><td align="center"><table class="table_list">
<tr class="entete"><td>Type</td><td>R&eacute;f&eacute;rence</td><td>Date de publication</td><td>&nbsp;</td></tr>
{"".join(rows)}</table></td></tr></table>{pager}</div><a href="/mentions.html">Mentions l&eacute;gales</a></body></html>"""


def bulletin(number: int, day: str) -> str:
    """A row of the list of bulletins."""
    return (
        f"""<tr class="li2"><td>Recueil</td><td><a href="javascript:void(0);">num&eacute;ro {number}</a></td><td>{day}</td>"""
        f"""<td><a href="/data/doc-1/{number}/recueil_{number}.pdf"><img src="/common/img/data_view.png"></a></td><tr>"""
    )


STRANGER = """<html><body><h1>M&eacute;decins agr&eacute;&eacute;s</h1><table><tr class="li1"><td>Liste</td><td>Docteurs</td>
<td>01/02/2020</td><td><a href="/index.php?dims_op=doc_file_download&docfile_md5id=abc">Liste</a></td></tr></table></body></html>"""


# Regional prefectures

REGIONS = "https://www.prefectures-regions.gouv.fr"
REGION = f"{REGIONS}/ile-de-france"
INDEX = f"{REGION}/Documents-publications"


def region_page(*body: str, aside: str = "") -> str:
    """A page with the furniture every one has, links to files in it."""
    return f"""<!DOCTYPE html><html lang="fr"><body><header><a href="/ile-de-france">Accueil</a>
<a href="/ile-de-france/Documents-publications/Rapport-2026">Rapport 2026</a></header>
<main id="main"><div class="container main-container"><div class="col-main"><article class="article">
<div class="texte">{"".join(body)}</div></article></div>{aside}</div></main>
<footer><a class="link-download" href="{region_href(999)}"><span>Charte</span></a></footer></body></html>"""


def region_href(number: int, name: str | None = None) -> str:
    """The address of a file as the sites write it."""
    return f"/ile-de-france/irecontenu/telechargement/{1000 + number}/{9000 + number}/file/{name or f'recueil-75-2026-{number:03}'}.pdf"


def region_file(number: int, title: str | None = None, *, name: str | None = None, size: str = "328,09 ko") -> str:
    """A link to a file: title, image, size."""
    return (
        f'<div class=""><a class="link-download" href="{region_href(number, name)}" target="_blank" data-xiti-type="download">'
        f"<span>{title or f'recueil-75-2026-{number:03}'}</span>"
        f'<img title="télécharger" alt="télécharger" src="/ico-download.png"> PDF - {size}</a></div>'
    )


def news(*entries: tuple[str, str]) -> str:
    """The list that names the years: address and title of each."""
    return "".join(
        f'<article class="news-list-item"><header><h2 class="news-list-title"><a href="{href}">{title}</a></h2></header></article>'
        for href, title in entries
    )


def contents(*entries: tuple[str, str]) -> str:
    """The table of contents that names the months."""
    items = "".join(f'<li><a href="{href}"><p class="num">{title}</p><p></p></a></li>' for href, title in entries)
    return f'<div class="sommaire-bloc"><h3>SOMMAIRE</h3><div id="sommaire-content" class="sommaire-content"><ol>{items}</ol></div></div>'


def next_page(href: str) -> str:
    """The pager of an index."""
    return (
        '<div class="content-pagination"><ul class="pagination"><li class="active"><span>1</span></li>'
        f'<li class="next"><a href="{href}">Suivant</a></li></ul></div>'
    )


# Préfecture de police

POLICE = "https://www.prefecturedepolice.interieur.gouv.fr"
DECREES = f"{POLICE}/actualites-et-presse/arretes/accueil-arretes"


def police_href(name: str) -> str:
    """The address of a file as the site writes it."""
    return f"/sites/default/files/Documents/{name}.pdf"


def decree(name: str, title: str, day: str | None = "20/08/2026") -> str:
    """One entry of the list."""
    date = f'<div class="field field--name-field-date field--type-datetime field__item">{day}</div>' if day else ""
    return (
        f'<div class="views-row"><a href="{police_href(name)}" target="_blank">'
        f'<div class="node node--type--tc13-decree node--view-mode-list">'
        f'<div class="node__content">{date}<h3><span class="field--name-title">{title}</span></h3></div></div></a></div>'
    )


def police_page(*decrees: str, pager: str = "", block: str = "block-decree-list-block") -> str:
    """The page of decrees."""
    return f"""<!DOCTYPE html><html lang="fr"><body><header><a href="/">Accueil</a><a href="{police_href("charte")}">Charte</a></header>
<main><h1>Arrêtés</h1><div id="{block}" class="block"><div class="view-content">{"".join(decrees)}</div>{pager}</div></main>
<footer><a href="{police_href("plan")}"><span>Plan d'accès</span></a></footer></body></html>"""


def police_pager(current: int, pages: int) -> str:
    """The pager of page number `current` of `pages` (from 0)."""
    around = [("Précédent", current - 1), ("Suivant", current + 1)]
    links = "".join(f'<li><a href="?page={page}"><span>{word}</span></a></li>' for word, page in around if 0 <= page < pages)
    return f'<nav class="pager"><ul class="pager__items">{links}</ul></nav>'
