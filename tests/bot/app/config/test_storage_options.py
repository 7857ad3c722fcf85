from __future__ import annotations

from pathlib import Path

import pytest

from bot.app.config.errors import ConfigError
from bot.app.config.loading import load_settings


def load(folder: Path, text: str, environ: dict[str, str] | None = None) -> tuple[str, Path | None]:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    storage = load_settings(path, environ or {}, known_codes=frozenset()).storage
    return storage.keep_pdfs, storage.pdfs_folder


def test_the_pdfs_of_decrees_are_kept_by_default(tmp_path: Path) -> None:
    assert load(tmp_path, "") == ("decrees", None)
    assert load(tmp_path, "[storage]\nkeep_pdfs = 'all'\npdfs_folder = 'kept'") == ("all", tmp_path / "kept")
    assert load(tmp_path, "[storage]\npdfs_folder = ' '") == ("decrees", None)
    assert load(tmp_path, "", {"VIGIE_STORAGE__KEEP_PDFS": "none"}) == ("none", None)


def test_anything_else_is_an_error_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml:2.*keep_pdfs"):
        load(tmp_path, "[storage]\nkeep_pdfs = 'some'")


def test_other_machines_read_what_is_in_a_database_that_they_reach(tmp_path: Path) -> None:
    engine = "[reading]\nengine = 'procrastinate'\n"
    assert load(tmp_path, engine + "[database]\nurl = 'postgresql://vigie@db.example/vigie'")[0] == "decrees"
    for database in ("", "[database]\nurl = 'sqlite:///other.db'"):
        with pytest.raises(ConfigError, match=r"config\.toml:2: reading\.engine: procrastinate needs PostgreSQL"):
            load(tmp_path, engine + database)
    with pytest.raises(ConfigError, match=r"config\.toml:2.*reading\.engine"):
        load(tmp_path, "[reading]\nengine = 'celery'")
