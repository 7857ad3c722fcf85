"""`docs/sources.md`, and in French `docs/reparer.md`, shows what the commands really print, and names every key and every word they use."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import pytest

from sources.catalogue.authority import Authority, Source, read_authority
from sources.crawl.recording import LinkReason
from sources.pages import READERS
from tests.bot.cli.conftest import Vigie

CHECKOUT = Path(__file__).resolve().parents[3]
GUIDE = (CHECKOUT / "docs" / "sources.md").read_text("utf-8")
FRENCH = (CHECKOUT / "docs" / "reparer.md").read_text("utf-8")
SHOWN = re.findall(r"```console\n\$ vigie (.+)\n((?:.*\n)*?)```", GUIDE + FRENCH)


def test_it_shows_commands() -> None:
    assert len(SHOWN) >= 2


@pytest.mark.parametrize(("command", "output"), SHOWN)
def test_a_command_prints_what_it_shows(vigie: Vigie, tmp_path: Path, command: str, output: str) -> None:
    (tmp_path / "tests").symlink_to(CHECKOUT / "tests")
    done = vigie(*shlex.split(command))
    assert (done.code, done.err) == (0, "")
    assert done.out == output


def test_its_authority_file_is_right() -> None:
    examples = re.findall(r"```toml\n(.*?)```", GUIDE + FRENCH, re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        described = read_authority("99-exemple.toml", example.encode())
        assert [source.ignore for source in described.sources] == [("Delegations",)]


def test_it_names_every_key_reader_and_reason() -> None:
    keys = {field.name for field in (*fields(Authority), *fields(Source))}
    keys -= {"code", "name", "department", "time_zone", "sources", "authority", "browser"}
    assert [key for key in keys if f"`{key}`" not in GUIDE and f"`{key} =" not in GUIDE] == []
    assert [reader for reader in READERS if f"`{reader}`" not in GUIDE] == []
    words = [reason.value.removesuffix(" of the catalogue") for reason in LinkReason]
    assert [word for word in words if word not in GUIDE or word not in FRENCH] == []
    hints = get_type_hints(Source)
    for field in ("navigation", "listing", "order"):
        values = re.findall(r"'([a-z-]+)'", str(hints[field]))
        assert values
        assert [value for value in values if f"`{value}`" not in GUIDE] == []
