"""Every recording is walked again and must give what its golden file says; every kind of source in the catalogue must have a recording.

A golden file is written by `vigie sources record` and reviewed by a person against the pages: see `docs/sources.md`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

import pytest

from sources.catalogue.authority import Authority, Source, load_authorities
from sources.crawl.recording import GOLDEN, files_of, read_recording, replay

HERE = Path(__file__).parents[1] / "recordings"
FOLDERS = sorted(folder for folder in HERE.iterdir() if folder.is_dir())

Kind = tuple[str, ...]


def source_of(folder: Path) -> Source:
    """The source a recording is of: described by the folder's own authority file, else by the catalogue."""
    own = any(folder.glob("*.toml"))
    return by_key(load_authorities(folder) if own else load_authorities())[read_recording(folder).source]


def by_key(authorities: Mapping[str, Authority]) -> Mapping[str, Source]:
    return {source.key: source for authority in authorities.values() for source in authority.sources}


def kind_of(source: Source) -> Kind:
    """What decides how a source is walked. The other readers know their lists: for them only the way counts."""
    way = (source.reader, ">".join(source.navigation))
    return (*way, source.listing, source.order) if source.reader == "national" else way


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
async def test_a_recording_gives_what_its_golden_file_says(folder: Path) -> None:
    recording = read_recording(folder)
    found = (await replay(recording, source_of(folder))).to_text()
    golden = (folder / GOLDEN).read_text("utf-8")
    if found != golden:
        pytest.fail("\n".join(difflib.unified_diff(golden.splitlines(), found.splitlines(), "golden.json", "found now", lineterm="", n=8)))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_recording_is_written_as_it_is_read(folder: Path) -> None:
    """Recording again changes only what has changed, and no file lies about that no page needs."""
    written = files_of(read_recording(folder), (folder / GOLDEN).read_text("utf-8"))
    others = {file.name for file in folder.iterdir() if file.suffix in {".md", ".toml"}}
    assert {file.name for file in folder.iterdir()} == written.keys() | others
    assert [name for name, text in written.items() if (folder / name).read_bytes().decode() != text] == []


def test_every_kind_of_source_is_recorded() -> None:
    wanted: dict[Kind, list[str]] = {}
    for key, source in by_key(load_authorities()).items():
        if not source.unverified:
            wanted.setdefault(kind_of(source), []).append(key)
    recorded = {kind_of(source_of(folder)) for folder in FOLDERS}
    missing = [f"{' / '.join(kind)}: {', '.join(keys)}" for kind, keys in wanted.items() if kind not in recorded]
    assert not missing, "no recording (vigie sources record …, see docs/sources.md) of sources such as\n" + "\n".join(missing)
