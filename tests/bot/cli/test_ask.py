"""`vigie recent`, `search` and `show`, as a person or a script runs them."""

from __future__ import annotations

import hashlib
import resource
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
import typer

from bot.cli.decrees import write_new
from bot.domain.acts import Decree, Evidence, Facts, Kind, Moment, Where
from bot.messages.words import with_plain_spaces
from bot.storage.store import open_store
from tests import clock
from tests.bot.cli.conftest import Vigie
from tests.bot.queries.conftest import record
from tests.bot.storage.ready import ready_store

TODAY = clock.today()
IN_FORCE = Decree(
    authority="26",
    kind=Kind.AUTHORISATION,
    title="Arrêté portant autorisation d’un traitement algorithmique à la gare",
    facts=Facts(
        number="26-1",
        signed=TODAY,
        starts=Moment(TODAY - timedelta(days=2)),
        ends=Moment(TODAY + timedelta(days=9)),
        operators=("SNCF",),
        office="Le préfet de la Drôme",
    ),
    evidence=(Evidence("number", 4, "n° 26-1", Where.TITLE),),
    url="https://www.drome.gouv.fr/raa-1.pdf",
    page=4,
    published=TODAY,
)
LONG_OVER = replace(
    IN_FORCE,
    authority="PP",
    title="Arrêté ancien",
    facts=Facts(number="2024-00493", starts=Moment(date(2024, 4, 19)), ends=Moment(date(2024, 4, 22))),
    evidence=(),
    url="https://www.prefecturedepolice.interieur.gouv.fr/a.pdf",
    published=date(2024, 4, 18),
)
REFUSAL = replace(
    IN_FORCE, kind=Kind.REFUSAL, title="Arrêté portant refus", url="https://www.drome.gouv.fr/raa-3.pdf", facts=Facts(number="26-3")
)


@pytest.fixture
def stored(tmp_path: Path) -> None:
    """Decrees 1 (in force), 2 (over) and 3 (a refusal), in the database of the empty folder."""
    with ready_store(tmp_path) as store:
        for found in (IN_FORCE, LONG_OVER, REFUSAL):
            record(store, found, now=clock.now())


@pytest.mark.usefixtures("stored")
def test_what_is_in_force(vigie: Vigie) -> None:
    done = vigie("recent", "--in-force")
    assert done.code == 0
    assert done.out.splitlines()[0] == "Autorisations en cours ou à venir — 1 arrêté"
    assert "[1] " in done.out
    assert "en cours" in done.out.splitlines()[2]
    assert [found["number"] for found in vigie("recent", "--in-force", "--json").json] == ["26-1"]
    nothing = vigie("recent", "--in-force", "-d", "Paris", "-l", "en")
    assert nothing.code == 0
    assert "Paris (75): Vigie has found no authorisation in force or to come." in nothing.out
    assert "There may be some that Vigie has not seen." in nothing.out
    assert vigie("recent", "--in-force", "-d", "Paris", "--json").json == []


@pytest.mark.usefixtures("stored")
def test_one_decree_in_full(vigie: Vigie) -> None:
    french, english = vigie("show", "1"), vigie("show", "1", "-l", "en")
    assert (french.code, english.code) == (0, 0)
    for said in (
        "SNCF",
        "Le préfet de la Drôme",
        "tribunal administratif de Grenoble",
        "R. 421-1",
        "https://www.drome.gouv.fr/raa-1.pdf#page=4",
    ):
        assert said in french.out
        assert said.lower() in english.out.lower() or said.startswith("tribunal")
    assert "D’où viennent" not in french.out
    shown = vigie("show", "1", "--evidence")
    assert shown.out.startswith(french.out.rstrip("\n"))
    assert "page 4 (titre), numéro : « n° 26-1 »" in shown.out
    not_known = {"online": None, "pdf_sha256": None, "pdf_fetched_at": None, "archived_path": None}
    assert vigie("show", "1", "--json").json == vigie("recent", "--in-force", "--json").json[0] | not_known
    assert "SHA-256" not in french.out
    assert vigie("show", "1", "--json").json["sightings"][0]["authority"] == "26"


@pytest.mark.usefixtures("stored")
def test_a_letter_on_standard_output_in_json_and_in_a_file(vigie: Vigie, tmp_path: Path) -> None:
    printed = vigie("show", "1", "--letter", "gracieux")
    assert (printed.code, printed.err) == (0, "")
    assert printed.out.startswith("PROJET À COMPLÉTER ET À VÉRIFIER\n")
    assert "Préfecture de la Drôme" in printed.out
    assert vigie("show", "1", "--letter", "gracieux", "--json").json == {"letter": "gracieux", "text": printed.out}

    file = tmp_path / "lettre.txt"
    written = vigie("show", "1", "--letter", "gracieux", "--output", str(file))
    assert (written.code, written.out) == (0, "")
    assert with_plain_spaces(file.read_bytes().decode("utf-8")) == printed.out
    again = vigie("show", "1", "--letter", "cada", "--output", str(file))
    assert again.code == 2
    assert "not overwritten" in again.err
    assert with_plain_spaces(file.read_bytes().decode("utf-8")) == printed.out
    nowhere = vigie("show", "1", "--letter", "cada", "--output", str(tmp_path / "none" / "lettre.txt"))
    assert nowhere.code == 1
    assert "cannot be written" in nowhere.err

    # A disk that is full leaves no half of a letter, which would be in the way of the next try.
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, most[1]))
    try:
        with pytest.raises(typer.Exit):
            write_new(tmp_path / "demande.txt", printed.out.encode())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    assert not (tmp_path / "demande.txt").exists()


@pytest.mark.usefixtures("stored")
def test_a_dossier_for_a_court_in_a_new_file(vigie: Vigie, tmp_path: Path) -> None:
    made = vigie("proof", "1")
    assert (made.code, made.out) == (0, "preuve-1.zip: l’exploitant n’a plus de copie du PDF, https://www.drome.gouv.fr/raa-1.pdf\n")
    with ZipFile(tmp_path / "preuve-1.zip") as archive:
        assert "n° 26-1" not in archive.read("LISEZMOI.txt").decode()
        assert "Numéro : 26-1" in with_plain_spaces(archive.read("LISEZMOI.txt").decode())
    again = vigie("proof", "1", "--output", str(tmp_path / "autre.zip"))
    assert again.code == 0
    assert (tmp_path / "autre.zip").read_bytes() == (tmp_path / "preuve-1.zip").read_bytes()
    assert "not overwritten" in vigie("proof", "1").err
    for number in ("999", "douze"):
        unknown = vigie("proof", number)
        assert unknown.code == 2
        assert f"there is no decree {number}" in unknown.err
        assert "of 3 the newest is 3" in unknown.err


@pytest.mark.usefixtures("stored")
def test_a_refusal_has_one_letter(vigie: Vigie, tmp_path: Path) -> None:
    refused = vigie("show", "3", "--letter", "gracieux", "--output", str(tmp_path / "lettre.txt"))
    assert refused.code == 2
    assert "il n’autorise rien" in refused.err
    assert not (tmp_path / "lettre.txt").exists()
    assert "it authorises nothing" in vigie("show", "3", "--letter", "gracieux", "-l", "en").err
    assert vigie("show", "3", "--letter", "cada").code == 0


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("show", "99"), 1, "99"),
        (("show", "99", "--letter", "cada"), 1, "99"),
        (("show", "douze", "--letter", "cada"), 2, "par exemple vigie show 12"),
        (("show", "1", "--output", "x.txt"), 2, "--letter"),
        (("show", "1", "--letter", "plainte"), 2, "plainte"),
        (("show", "1", "--letter", "cada", "--evidence"), 2, "--evidence"),
        (("recent", "--in-force", "-d", "Atlantide"), 1, "Atlantide"),
        (("recent", "--in-force", "-l", "de"), 2, "--language"),
        (("search", "*"), 2, "vigie search gare SNCF"),
    ],
)
def test_what_cannot_be_answered_is_told(vigie: Vigie, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = vigie(*arguments)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


@pytest.mark.usefixtures("stored")
def test_the_pdf_that_a_decree_was_read_in_is_told_as_proof(vigie: Vigie, tmp_path: Path) -> None:
    content = b"%PDF-1.7 un recueil"
    digest, came = hashlib.sha256(content).hexdigest(), datetime(2026, 8, 14, 9, 30, tzinfo=UTC)
    with open_store(f"sqlite:///{tmp_path}/vigie.db") as store:
        store.contents.fetched(1, digest, came)
    told = vigie("show", "1", "--json").json
    assert (told["pdf_sha256"], told["pdf_fetched_at"], told["archived_path"]) == (digest, "2026-08-14T09:30:00Z", None)
    kept = tmp_path / "vigie-archive" / f"{digest}.pdf"
    kept.parent.mkdir()
    kept.write_bytes(content)
    assert vigie("show", "1", "--json").json["archived_path"] == str(kept)
    french, english = vigie("show", "1").out, vigie("show", "1", "-l", "en").out
    assert f"PDF téléchargé le 14 août 2026 à 11 h 30 (heure de Paris)\nSHA-256 : {digest}\nCopie conservée : {kept}" in french
    assert f"PDF downloaded on 14 August 2026, 11:30 (Paris time)\nSHA-256: {digest}\nCopy kept: {kept}" in english
    assert "pdf_sha256" not in vigie("recent", "--json").json[0]
