"""The dossier of a decree: what is in it, that it can be checked by the programs of a clerk, and that it is the same when made twice."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import pypdfium2 as pdfium
import pytest

from bot.domain.acts import Decree
from bot.domain.publication import FileVersion, Look, Online
from bot.domain.records import Content
from bot.domain.text import PageText
from bot.messages.words import with_plain_spaces
from bot.queries.dossier import DossierInput, changed_pages, dossier, with_pages
from bot.storage.timestamps import Timestamp
from tests.bot.queries.conftest import MemoryDecrees, dossier_of
from tests.bot.web import samples
from tests.standalone import build_standalone

PDF = build_standalone(["Recueil, page de garde", "Arrêté, première page", "Arrêté, seconde page", "Un autre acte"])
SHA256 = hashlib.sha256(PDF).hexdigest()


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / f"{SHA256}.pdf"
    path.write_bytes(PDF)
    return path


def given(decree: Decree = samples.FULL, *stamps: Timestamp) -> DossierInput:
    found = dossier_of(MemoryDecrees([decree]), decree, "https://vigie.example/arretes/1104", *stamps)
    return replace(found, sha256=SHA256, first=2, last=3)


def unpacked(content: bytes, folder: Path) -> dict[str, str]:
    """Unpack a dossier, and return its texts."""
    with ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
        names = archive.namelist()
    return {name: with_plain_spaces((folder / name).read_bytes().decode()) for name in names if not name.endswith(".pdf")}


def checked(folder: Path, sums: str) -> list[str]:
    done = subprocess.run(["sha256sum", "-c", sums], cwd=folder, env={"LC_ALL": "C"}, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


async def test_a_clerk_can_check_it(kept: Path, tmp_path: Path) -> None:
    folder = tmp_path / "dossier"
    texts = unpacked(dossier(await with_pages(given(), kept)), folder)
    assert sorted(texts) == ["LISEZMOI.txt", "SHA256SUMS", "mise-en-ligne.json", "mise-en-ligne.txt", "recueil.sha256"]
    assert checked(folder, "SHA256SUMS") == [
        f"{name}: OK" for name in ("LISEZMOI.txt", "arrete.pdf", "recueil.sha256", "mise-en-ligne.txt", "mise-en-ligne.json")
    ]
    (folder / "recueil.pdf").write_bytes(PDF)
    assert checked(folder, "recueil.sha256") == ["recueil.pdf: OK"]
    with pdfium.PdfDocument(folder / "arrete.pdf") as pages:
        said = [page.get_textpage().get_text_range() for page in pages]
    assert [text.strip() for text in said] == ["Arrêté, première page", "Arrêté, seconde page"]


async def test_it_is_the_same_when_made_twice(kept: Path) -> None:
    first, second = [dossier(await with_pages(given(), kept)) for _ in range(2)]
    assert first == second


async def test_it_tells_the_looks_with_their_headers_and_what_the_file_says_of_itself(kept: Path, tmp_path: Path) -> None:
    online = replace(samples.ONLINE, replaced=(FileVersion("ab" * 32, samples.FIRST),))
    decree = replace(samples.FULL, sightings=tuple(replace(seen, online=online) for seen in samples.FULL.sightings))
    texts = unpacked(dossier(await with_pages(replace(given(decree), changed=((2, 5),)), kept)), tmp_path / "dossier")
    told = texts["mise-en-ligne.txt"]
    for said in (
        "Mis en ligne entre le 18 août 2026 à 17 h 25 et 17 h 40",
        "Dernier relevé sans le recueil",
        "    adresse demandée : https://www.drome.gouv.fr/recueils",
        "    demande envoyée : 2026-08-18T17:25:00+02:00",
        "    statut HTTP : 304",
        "    en-tête Date : 2026-08-18T17:25:00+02:00",
        "    en-tête Last-Modified : absent",
        '    en-tête ETag : "5f1"',
        "Premier relevé avec le recueil",
        f"    lue le 2026-08-18T17:40:00+02:00, SHA-256 {'ab' * 32}\n        pages dont le texte diffère dans la version suivante : 2, 5",
        "    créé : D:20250101000000Z\n    modifié : absent\n    programme : Exemple",
    ):
        assert said in told
    values = json.loads(texts["mise-en-ligne.json"])
    assert values["online"]["before"]["etag"] == '"5f1"'
    states = {"created": "D:20250101000000Z", "modified": "", "producer": "Exemple"}
    assert values["recueil"] == {"sha256": SHA256, "fetched_at": "2026-08-18T15:42:00Z", "states": states}
    assert (values["pages"], values["decree"]["number"], values["decree"]["url"]) == ([2, 3], "2026-1104", samples.FULL.url)
    readme = texts["LISEZMOI.txt"]
    assert SHA256 in readme
    assert "sha256sum -c recueil.sha256" in readme
    assert "Ce qu’il ne montre pas" in readme
    assert "https://vigie.example/arretes/1104" in readme


def content(*texts: str, complete: bool = True) -> Content:
    pages = tuple(PageText(number, text) for number, text in enumerate(texts, start=1))
    return Content(SHA256, 1, len(pages), pages, complete, None, "", 0)


@pytest.mark.parametrize(
    ("former", "later", "expected"),
    [
        (content("a", "du 3 au 5"), content("a", "du 3 au 7", "annexe"), (2, 3)),
        (content("a  b"), content("a\nb"), ()),
        (content("a", complete=False), content("b"), None),
        (None, content("b"), None),
    ],
)
def test_pages_that_a_replaced_file_has_otherwise_are_named(
    former: Content | None, later: Content | None, expected: tuple[int, ...] | None
) -> None:
    assert changed_pages(former, later) == expected


async def test_without_the_pdf_it_has_the_hash_alone_and_says_so(kept: Path, tmp_path: Path) -> None:
    gone = unpacked(dossier(await with_pages(given(), None)), tmp_path / "gone")
    assert "Les pages de l’arrêté ne sont pas jointes : l’exploitant n’a plus de copie du PDF." in gone["LISEZMOI.txt"]
    assert gone["recueil.sha256"] == f"{SHA256}  recueil.pdf\n"
    assert not (tmp_path / "gone" / "arrete.pdf").exists()
    assert len(checked(tmp_path / "gone", "SHA256SUMS")) == 4
    damaged = unpacked(dossier(await with_pages(replace(given(), last=9), kept)), tmp_path / "damaged")
    assert "n’ont pas pu être extraites" in damaged["LISEZMOI.txt"]


async def test_what_is_not_known_is_said_to_be_unknown(tmp_path: Path) -> None:
    bare = replace(given(samples.TRAINS), sha256=None, fetched_at=None)
    texts = unpacked(dossier(await with_pages(bare, None)), tmp_path)
    assert "recueil.sha256" not in texts
    assert "L’empreinte du recueil n’est pas connue." in texts["LISEZMOI.txt"]
    assert "Vigie ne sait pas entre quels relevés" in texts["LISEZMOI.txt"]
    assert "Aucun intervalle connu." in texts["mise-en-ligne.txt"]
    assert json.loads(texts["mise-en-ligne.json"])["online"] is None


def test_headers_of_a_server_can_break_no_line(tmp_path: Path) -> None:
    at = datetime(2026, 8, 18, 15, tzinfo=UTC)
    hostile = Online(Look("https://a.example/\n", at, at + timedelta(seconds=1), 200, etag="x\n    statut HTTP : 999\x1b[2J"))
    decree = replace(samples.FULL, sightings=tuple(replace(seen, online=hostile) for seen in samples.FULL.sightings))
    told = unpacked(dossier(replace(given(decree), lack="x")), tmp_path)["mise-en-ligne.txt"]
    assert "en-tête ETag : x statut HTTP : 999[2J\n" in told
    assert "\n    statut HTTP : 999" not in told


def test_tokens_and_the_logs_of_its_days_are_in_it(tmp_path: Path) -> None:
    known = dossier_of(MemoryDecrees(), samples.FULL, "").sha256
    assert known is not None
    day, text = samples.FIRST.date(), "vigie looks 2026-08-18 UTC\nprevious none\n"
    stamps = (
        Timestamp(known, None, None, b"0token"),
        Timestamp("cd" * 32, day, text, None),
        Timestamp("ef" * 32, day.replace(day=1), "", b"1"),
    )
    with ZipFile(io.BytesIO(dossier(replace(given(samples.FULL, *stamps), lack="x")))) as archive:
        assert archive.read("recueil.tsr") == b"0token"
        assert archive.read("releves-2026-08-18.txt").decode() == text
        assert not {"releves-2026-08-18.tsr", "releves-2026-08-01.txt"} & set(archive.namelist())
        readme = with_plain_spaces(archive.read("LISEZMOI.txt").decode())
    assert f"openssl ts -verify -digest {SHA256} -in recueil.tsr -CAfile racine.pem" in readme
    assert "aucun relevé ne peut être ajouté après coup" in readme
    assert "openssl" not in unpacked(dossier(replace(given(), lack="x")), tmp_path)["LISEZMOI.txt"]
