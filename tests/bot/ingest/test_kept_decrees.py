"""The PDF of a decree is kept before the decree is told, whatever stops the program in between."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.domain.records import Recueil
from bot.domain.text import PageText
from bot.ingest.archive import KeepPdfs, PdfArchive
from bot.ingest.reading_job import RULES
from bot.storage.store import Store, open_store
from sources.catalogue.authority import Catalogue
from tests.bot.ingest.wired import make_ingestor
from tests.bot.storage.building import one_recueil, to
from tests.present import present

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PDF = b"%PDF-1.4 the very file"
SHA256 = hashlib.sha256(PDF).hexdigest()
DECREE = """Préfecture de la Drôme
Arrêté n° 26-2026-0012 portant autorisation de l'emploi d'un traitement algorithmique des images issues d'un système de vidéoprotection
Le préfet de la Drôme,
Vu la loi n° 2023-380 du 19 mai 2023, notamment son article 10 ;
ARRÊTE
Article 1er : La commune de Valmont est autorisée à mettre en œuvre un traitement algorithmique des images de son système de
vidéoprotection, du 27 au 29 novembre 2026.
Fait à Valence, le 24 novembre 2026
"""
ROAD = """Préfecture de la Drôme
Arrêté n° 26-2026-0013 portant fermeture d'une route
Le préfet de la Drôme,
ARRÊTE
Article 1er : La route est fermée.
"""


def read_and_not_recorded(store: Store, archive: PdfArchive, text: str) -> Recueil:
    """A recueil whose program was killed when all its pages were stored and nothing else was."""
    recueil = one_recueil(store)
    download = present(archive.incoming(recueil.authority, recueil.url))
    download.parent.mkdir(parents=True, exist_ok=True)
    download.write_bytes(PDF)
    archive.add(download, SHA256)
    archive.release(SHA256, wholly_read=False)
    store.contents.fetched(recueil.id, SHA256, NOW)
    store.contents.begin(SHA256, len(PDF))
    store.contents.save(SHA256, [PageText(1, text)], page_count=1, complete=True, rules=RULES, now=NOW)
    return store.recueils.get(recueil.id)


async def go_on(archive: PdfArchive, folder: Path, text: str) -> tuple[int, bool]:
    """How many posts the next start queues, and whether the file is still among the unread ones."""
    nothing: Any = None  # neither a site nor a reader is asked
    with open_store(f"sqlite:///{folder / 'vigie.db'}") as store:
        recueil = read_and_not_recorded(store, archive, text)
        ingestor = make_ingestor(Catalogue({}), nothing, nothing, store, lambda: NOW, route=to("console"), archive=archive)
        ingested = await ingestor.ingest(recueil)
        return len(ingested.posts), archive.use(SHA256) is not None


@pytest.mark.parametrize(
    ("which", "text", "kept"), [("decrees", DECREE, True), ("decrees", ROAD, False), ("all", ROAD, True), ("none", DECREE, False)]
)
async def test_what_was_read_and_not_recorded_is_kept_at_the_next_start(tmp_path: Path, which: KeepPdfs, text: str, kept: bool) -> None:
    archive = PdfArchive(tmp_path / "unread", tmp_path / "keep", most_bytes=10**9, which=which)
    posts, is_unread = await go_on(archive, tmp_path, text)
    assert posts == (text is DECREE)
    assert (archive.find(SHA256) is not None) is kept
    assert not is_unread


async def test_what_cannot_be_kept_stays_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "keep").write_text("a file where the folder should be")
    posts, is_unread = await go_on(PdfArchive(tmp_path / "unread", tmp_path / "keep", most_bytes=10**9), tmp_path, DECREE)
    assert posts == 1, "nobody waits for a disk to learn of a decree"
    assert is_unread
