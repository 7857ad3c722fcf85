"""The PDF of a decree is kept before the decree is told, whatever stops the program in between."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.domain import PageText
from bot.domain.records import Recueil
from bot.ingest.archive import Keep, KeepPdfs, Shelf
from bot.ingest.ingestor import Ingestor
from bot.ingest.reading_job import RULES
from bot.storage.store import Store, open_store
from tests.bot.storage.building import one_recueil, to

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


def read_and_not_recorded(store: Store, shelf: Shelf, text: str) -> Recueil:
    """A recueil whose program was killed when all its pages were stored and nothing else was."""
    recueil = one_recueil(store)
    download = shelf.incoming(recueil.authority, recueil.url)
    assert download is not None
    download.parent.mkdir(parents=True, exist_ok=True)
    download.write_bytes(PDF)
    shelf.keep(download, SHA256)
    shelf.release(SHA256, keep=True)
    store.contents.fetched(recueil.id, SHA256, NOW)
    store.contents.begin(SHA256, len(PDF))
    store.contents.save(SHA256, [PageText(1, text)], page_count=1, complete=True, rules=RULES, now=NOW)
    return store.recueils.get(recueil.id)


async def go_on(folder: Path, text: str, keep: Keep) -> tuple[int, bool]:
    """How many posts the next start queues, and whether the file is still on the shelf."""
    nothing: Any = None  # neither a site nor a reader is asked
    with open_store(f"sqlite:///{folder / 'vigie.db'}") as store:
        shelf = Shelf(folder / "shelf", most_bytes=10**9)
        recueil = read_and_not_recorded(store, shelf, text)
        harvester = Ingestor(
            authorities={}, fetcher=nothing, read=nothing, store=store, route=to("console"), clock=lambda: NOW, shelf=shelf, keep=keep
        )
        harvest = await harvester.take(recueil)
        return len(harvest.posts), shelf.take(SHA256) is not None


@pytest.mark.parametrize(
    ("which", "text", "kept"), [("decrees", DECREE, True), ("decrees", ROAD, False), ("all", ROAD, True), ("none", DECREE, False)]
)
async def test_what_was_read_and_not_recorded_is_kept_at_the_next_start(tmp_path: Path, which: KeepPdfs, text: str, kept: bool) -> None:
    keep = Keep(tmp_path / "keep", which=which)
    posts, on_the_shelf = await go_on(tmp_path, text, keep)
    assert posts == (text is DECREE)
    assert (keep.find(SHA256) is not None) is kept
    assert not on_the_shelf


async def test_what_cannot_be_kept_stays_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "keep").write_text("a file where the folder should be")
    posts, on_the_shelf = await go_on(tmp_path, DECREE, Keep(tmp_path / "keep"))
    assert posts == 1, "nobody waits for a disk to learn of a decree"
    assert on_the_shelf
