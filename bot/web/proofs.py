"""Makes the dossier of a decree for a court, as a file to take away."""

from __future__ import annotations

from functools import partial

from bot.queries.dossier import ZIP, DossierInput
from bot.web.documents import Document, PageRequest, Route, SiteContext
from bot.web.pictures import PagePictures
from bot.web.rendering import asked_decree, in_turn, missing


def proof(site: SiteContext, request: PageRequest) -> Document:
    """Return the dossier of a decree; 404 in a site of files, where it would be out of date, and 410 of one that was withdrawn."""
    known = asked_decree(site, request)
    if known is None or site.pictures is None or site.dossier is None or site.settings.files:
        return missing(site, request)
    if known.withdrawn_at is not None:
        return missing(site, request, status=410)
    page = site.settings.address(f"/arretes/{known.id}") if site.settings.public_url else ""
    given = site.dossier(known, page)
    return Document(b"", later=partial(in_turn, site, request, partial(_made, site.pictures, given)))


async def _made(pictures: PagePictures, given: DossierInput) -> Document:
    name = f"vigie-preuve-{given.decree.id}.zip"
    return Document(await pictures.dossier(given), ZIP, headers={"Content-Disposition": f'attachment; filename="{name}"'})


PROOFS: tuple[Route, ...] = (Route("/arretes/{id}/preuve.zip", proof, twins=False),)
