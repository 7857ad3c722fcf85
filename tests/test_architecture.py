"""The map of `docs/architecture.md` is the tree, what pages name is there, and what is data stands in no code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
PAGE = (CHECKOUT / "docs" / "architecture.md").read_text("utf-8")


def drawn() -> set[str]:
    """Every folder and file of the map, by its path."""
    [block] = re.findall(r"## The map\n\n```\n(.*?)```", PAGE, re.DOTALL)
    found, above = set[str](), list[str]()
    for line in block.splitlines():
        name = line.split()[0]
        depth = (len(line) - len(line.lstrip())) // 2
        above = [*above[:depth], name.rstrip("/")]
        found.add("/".join(above))
    return found


@pytest.mark.parametrize("package", ["bot", "sources"])
def test_the_map_has_every_package_and_no_other(package: str) -> None:
    folders = {
        str(face.parent.relative_to(CHECKOUT)) for face in (CHECKOUT / package).rglob("__init__.py") if "versions" not in face.parent.parts
    }
    shown = {path for path in drawn() if path.startswith(package) and not path.endswith(".py")}
    assert shown - {"sources/authorities"} == folders


def test_everything_drawn_is_there() -> None:
    assert [path for path in drawn() if not (CHECKOUT / path).exists()] == []


@pytest.mark.parametrize("page", ["architecture", "delivery", "detection", "pictures", "polling", "reading"])
def test_every_path_a_page_names_is_there(page: str) -> None:
    text = (CHECKOUT / "docs" / f"{page}.md").read_text("utf-8")
    named = re.findall(r"`((?:bot|sources|tests|docs)/[\w./-]+\.\w+)`", text)
    assert named
    assert [path for path in named if not (CHECKOUT / path).exists()] == []


def test_every_test_that_shows_an_answer_to_a_threat_is_there() -> None:
    named = re.findall(r"`(tests/[\w./-]+\.py)(?:::(\w+))?`", (CHECKOUT / "docs" / "security.md").read_text("utf-8"))
    assert len(named) > 30
    assert [
        (path, name) for path, name in named if not (file := CHECKOUT / path).exists() or f"def {name}" not in file.read_text("utf-8")
    ] == []


def test_the_index_of_the_site_has_every_page() -> None:
    pages = {page.stem for page in (CHECKOUT / "docs").glob("*.md")} - {"index"}
    index = (CHECKOUT / "docs" / "index.md").read_text("utf-8")
    assert {
        line for block in re.findall(r"```\{toctree\}(.*?)```", index, re.DOTALL) for line in re.findall(r"^[\w.-]+$", block, re.MULTILINE)
    } == pages


def test_no_class_has_a_default_that_python_3_11_refuses() -> None:
    """A mapping proxy can be hashed since 3.12 only: with one as default the class, and all that imports it, cannot be loaded before."""
    for path in (path for folder in ("bot", "sources") for path in (CHECKOUT / folder).rglob("*.py")):
        text = path.read_text("utf-8")
        proxies = ["MappingProxyType", *re.findall(r"^(\w+)\b.*= MappingProxyType\(", text, re.MULTILINE)]
        assert re.findall(rf"^    \w+: .*= (?:field\(default=)?(?:{'|'.join(proxies)})\b(?!.*,$).*", text, re.MULTILINE) == [], path


_OF_A_TOPIC = re.compile(r"(?<!vigie-)vsa|algorithm|drone|a[ée]ronef|(?<!ex)p[ée]rim", re.IGNORECASE)
_NO_TOPIC = {"disable_nagle_algorithm"}  # the name that Python gives it


def spelled(code: ast.AST) -> Iterator[str]:
    """Every name and text of a module but for docstrings."""
    prose = {id(node.value) for node in ast.walk(code) if isinstance(node, ast.Expr)}
    for node in (node for node in ast.walk(code) if id(node) not in prose):
        yield from (value for _, value in ast.iter_fields(node) if isinstance(value, str))


def test_code_knows_no_topic_by_name() -> None:
    assert {*spelled(ast.parse('"""vsa"""\nx = f"vsa {y}"\ndrone(a.perimeter)'))} == {"x", "vsa ", "y", "drone", "a", "perimeter"}
    modules = {path.relative_to(CHECKOUT).as_posix(): ast.parse(path.read_text("utf-8")) for path in (CHECKOUT / "bot").rglob("*.py")}
    named = {path: found for path, code in modules.items() if (found := [*filter(_OF_A_TOPIC.search, {*spelled(code)} - _NO_TOPIC)])}
    assert named == {}
