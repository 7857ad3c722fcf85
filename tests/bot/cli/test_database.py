"""`vigie backup`, as a person or cron runs it: a real process."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.domain.acts import Judged, Outcome
from bot.storage.backup import backups_in
from bot.storage.locks import LockName
from bot.storage.schema import acts, recueils
from bot.storage.store import Store, open_store
from tests import clock
from tests.bot.cli.conftest import Vigie
from tests.bot.storage.building import NOW, act, one_recueil, result_of, to
from tests.bot.storage.test_power_cut import record, whole_decrees


def keep(archive: Path, content: bytes) -> Path:
    archive.mkdir(exist_ok=True)
    path = archive / f"{hashlib.sha256(content).hexdigest()}.pdf"
    path.write_bytes(content)
    return path


def test_database_and_new_pdfs_are_copied(vigie: Vigie, store: Store, tmp_path: Path) -> None:
    record(store, 1)
    kept = keep(tmp_path / "vigie-archive", b"%PDF one")
    first = vigie("backup", "copies")
    assert (first.code, first.err) == (0, "")
    assert "checked; 0 older backups removed\n1 PDF copied, 0 there already" in first.out
    (made,) = backups_in(tmp_path / "copies")
    assert whole_decrees(made) == 1
    assert (tmp_path / "copies" / "pdfs" / kept.name).read_bytes() == b"%PDF one"
    keep(tmp_path / "vigie-archive", b"%PDF two")
    assert "1 PDF copied, 1 there already" in vigie("backup", "copies").out
    done = vigie("backup", "copies", "--json").json
    assert (done["pdfs"], done["problems"]) == ({"copied": 0, "there": 2, "damaged": []}, [])
    assert Path(tmp_path, done["file"]).stat().st_size == done["bytes"]


def test_a_damaged_pdf_is_named_and_all_else_is_there(vigie: Vigie, store: Store, tmp_path: Path) -> None:
    record(store, 1)
    damaged = keep(tmp_path / "vigie-archive", b"%PDF one")
    damaged.write_bytes(b"%PDF rotten")
    keep(tmp_path / "vigie-archive", b"%PDF two")
    done = vigie("backup", "copies")
    assert (done.code, "not copied, it is damaged" in done.err) == (3, True)
    assert len(list((tmp_path / "copies" / "pdfs").iterdir())) == 1
    again = vigie("backup", "copies", "--json")
    assert (again.code, again.err, again.json["pdfs"]["damaged"]) == (3, "", [f"vigie-archive/{damaged.name}"])
    assert damaged.name in again.json["problems"][0]
    assert len(backups_in(tmp_path / "copies")) == 1


def test_a_file_in_the_place_of_the_folder_is_said(vigie: Vigie, store: Store, tmp_path: Path) -> None:
    record(store, 1)
    (tmp_path / "file").write_text("mine")
    done = vigie("backup", "file")
    assert (done.code, "the backup cannot be written" in done.err) == (1, True)


def test_a_backup_is_restored_elsewhere_with_its_pdfs(vigie: Vigie, store: Store, tmp_path: Path) -> None:
    record(store, 1)
    kept = keep(tmp_path / "vigie-archive", b"%PDF one")
    assert vigie("backup", "copies").code == 0
    elsewhere = {"VIGIE_DATABASE__URL": f"sqlite:///{tmp_path / 'new' / 'vigie.db'}"}
    (tmp_path / "new").mkdir()
    done = vigie("restore", "copies", environ=elsewhere)
    assert (done.code, done.err) == (0, "")
    assert "1 PDF copied" in done.out
    assert "2 posts perhaps sent since: looked for before anything is sent" in done.out
    assert (tmp_path / "new" / "vigie-archive" / kept.name).read_bytes() == b"%PDF one"
    listed = vigie("outbox", "list", "--json", environ=elsewhere).json
    assert [(one["state"], one["cause"]) for one in listed] == [("unknown", "restored")] * 2
    again = vigie("restore", "copies", environ=elsewhere)
    assert (again.code, "with --replace it is put aside" in again.err) == (2, True)
    assert "the database that was there is" in vigie("restore", "copies", "--replace", environ=elsewhere).out
    told = vigie("restore", "copies", "--replace", "--json", environ=elsewhere).json
    assert (told["sought"], told["held"], told["pdfs"]) == (2, 0, {"copied": 0, "there": 1, "damaged": []})
    assert (Path(told["aside"]).exists(), datetime.fromisoformat(told["known_until"]) <= clock.now()) == (True, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_restores_belongs_to_the_user_of_the_service(vigie: Vigie, store: Store, tmp_path: Path) -> None:
    """systemd changes the owner of what is in a folder only where that of the folder itself is another."""
    record(store, 1)
    keep(tmp_path / "vigie-archive", b"%PDF one")
    assert vigie("backup", "copies").code == 0
    state = tmp_path / "state"
    state.mkdir()
    os.chown(state, 61184, 61184)
    (state / "vigie.db").touch()
    os.chown(state / "vigie.db", 61184, 61184)
    assert vigie("restore", "copies", environ={"VIGIE_DATABASE__URL": f"sqlite:///{state / 'vigie.db'}"}).code == 0
    found = {path.relative_to(state): path.stat().st_uid for path in state.rglob("*")}
    assert len(found) > 3
    assert set(found.values()) == {61184}, found


def test_what_becomes_of_the_pdfs_a_restored_database_is_told_of(vigie: Vigie, store: Store, tmp_path: Path) -> None:
    record(store, 1)
    kept = keep(tmp_path / "vigie-archive", b"%PDF one")
    assert vigie("backup", "copies").code == 0
    store.close()
    rotten = tmp_path / "copies" / "pdfs" / kept.name
    rotten.write_bytes(b"%PDF rotten")
    kept.unlink()
    done = vigie("restore", "copies", "--replace")
    assert (done.code, f"not copied, it is damaged: {Path('copies', 'pdfs', kept.name)}" in done.err) == (3, True)
    kept.parent.rmdir()
    kept.parent.write_text("no folder")
    done = vigie("restore", "copies", "--replace")
    assert (done.code, "the database is done, but the PDFs cannot be copied: " in done.err) == (3, True)
    assert "the database that was there is" in done.out
    assert not kept.exists()


def test_only_to_postgresql_is_moved(vigie: Vigie, store: Store) -> None:
    record(store, 1)
    done = vigie("move", "--to", "sqlite:///other.db")
    assert (done.code, "only to PostgreSQL" in done.err) == (1, True)
    assert vigie("move", "--to", "mysql://root:geheim@db/vigie").code == 2


def test_compacting_drops_what_is_kept_no_longer_and_gives_the_room_back(vigie: Vigie, store: Store, tmp_path: Path) -> None:
    text = " ".join(f"{number:x}" for number in range(40_000))
    old = fetched(store, "old", act("Circulation", outcome=Outcome.NOT_CONCERNED, text=text))
    decree = fetched(store, "decree", act("Circulation", outcome=Outcome.NOT_CONCERNED, text=text), act("VSA", first=5))
    waiting = fetched(store, "waiting", act("Peut-être", outcome=Outcome.UNCERTAIN, text=text))
    new = fetched(store, "new", act("Circulation", outcome=Outcome.NOT_CONCERNED, text=text), at=clock.now())
    unread = fetched(store, "unread", act("Circulation", outcome=Outcome.NOT_CONCERNED, text=text), unreadable=(9,))
    assert "0 texts, 0 PDFs" in vigie("compact").out, "by default all is kept"
    (tmp_path / "config.toml").write_text("[retention]\ntexts_days = 30\npdfs_days = 30\n")
    done = vigie("compact")
    assert (done.code, done.err) == (0, "")
    assert "dropped: the pages of 0 files, 1 text, 1 PDF" in done.out
    sizes = [float(size) for size in re.findall(r"([\d.]+) MB", done.out)]
    assert sizes[1] < sizes[0]
    lengths = {row.title: len(row.text) for row in store.database.rows(select(recueils.c.title, acts.c.text).join(acts))}
    assert {title for title, length in lengths.items() if not length} == {"RAA old"}
    assert {path.name for path in (tmp_path / "vigie-archive").iterdir()} == {path.name for path in (decree, waiting, new, unread)}
    assert not old.exists()
    again = vigie("compact", "--json").json
    assert again["dropped"] == {"pages": 0, "texts": 0, "pdfs": 0}
    assert again["bytes"]["after"] == (tmp_path / "vigie.db").stat().st_size


def test_not_beside_a_bot(vigie: Vigie, tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'vigie.db'}") as store:
        assert store.locks.take(LockName.WORK, "vigie poll")
        done = vigie("compact")
        assert (done.code, "vigie poll" in done.err) == (1, True)


def fetched(store: Store, name: str, *judged: Judged, at: datetime = NOW, unreadable: tuple[int, ...] = ()) -> Path:
    """A recueil that was read, and its kept PDF."""
    recueil = one_recueil(store, name)
    store.recordings.record(result_of(recueil, *judged, unreadable=unreadable), to(), NOW)
    kept = keep(Path(store.database.engine.url.database or "").parent / "vigie-archive", name.encode())
    store.contents.fetched(recueil.id, kept.stem, at)
    return kept


PAGES = [Path(__file__).parents[3] / "docs" / name for name in ("upgrade.md", "mettre-a-jour.md")]


def commands_in(page: Path) -> list[list[str]]:
    """The commands that a page tells people to type, those of cron left out."""
    return [shlex.split(line) for line in page.read_text("utf-8").splitlines() if line.startswith("vigie ")]


def test_the_commands_of_the_pages_do_what_is_said(vigie: Vigie, store: Store, tmp_path: Path) -> None:
    record(store, 1)
    store.close()
    english, french = (commands_in(page) for page in PAGES)
    assert [words[1] for words in english] == [words[1] for words in french] == ["backup", "backup", "restore", "move"]
    for words in (*english, *french):
        here = [str(tmp_path / "copies") if word.startswith("/media/") else word for word in words[1:]]
        if words[1] == "move":  # over there is no server
            help_of = vigie("move", "--help").out
            assert all(word in help_of for word in words[2:] if word.startswith("--"))
        else:
            done = vigie(*here, *(["--replace"] if words[1] == "restore" else []))
            assert (done.code, done.err) == (0, "")
