"""The structure of the program in figures: `python -m benchmarks.house [--check]`.

Counts modules, lines, imports and names of `bot` and `sources`, from their syntax alone. With `--check` (`make check` does so) it prints
nothing but what breaks a rule, and then ends with exit code 1: two modules that define one public class name, and a module that stands
loose in a package of packages.
"""

from __future__ import annotations

import argparse
import ast
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("bot", "sources")
LOOSE = frozenset({"bot/__init__.py", "sources/__init__.py", "sources/model.py", "sources/text.py"})
"""What may stand in the folder of a package of packages."""
SHORT = 60
"""A module with fewer lines and a single importer belongs to that importer."""


class Module:
    """One file. `imports` holds every name that may be a module: `from a import b` is `a` and `a.b`."""

    def __init__(self, path: str, text: str) -> None:
        tree = ast.parse(text)
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        self.path = path
        self.name = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        self.lines = text.count("\n")
        self.imports = frozenset(name for node in imports for name in _named(node))
        self.classes = frozenset(node.name for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_"))


@dataclass(frozen=True)
class House:
    """The modules of both packages."""

    modules: tuple[Module, ...]

    def loose(self) -> list[str]:
        """Return the modules beside the packages, where only packages belong."""
        return [module.path for module in self.modules if module.path.count("/") == 1 and module.path not in LOOSE]

    def doubled(self) -> dict[str, list[str]]:
        """Return the public class names that are defined at the top of several modules, with these."""
        where = defaultdict[str, list[str]](list)
        for module in self.modules:
            for name in module.classes:
                where[name].append(module.path)
        return {name: paths for name, paths in sorted(where.items()) if len(paths) > 1}

    def single(self) -> list[str]:
        """Return the short modules that only one other imports."""
        importers = defaultdict[str, set[str]](set)
        for module in self.modules:
            for name in module.imports - {module.name}:
                importers[name].add(module.path)
        return [
            module.path
            for module in self.modules
            if module.lines < SHORT and not module.path.endswith("__init__.py") and len(importers[module.name]) == 1
        ]

    def broken(self) -> list[str]:
        """Return a sentence for each rule that is broken."""
        return [f"{path} stands loose: it belongs into a package" for path in self.loose()] + [
            f"the class name {name} is defined in {' and in '.join(paths)}: one name, one meaning" for name, paths in self.doubled().items()
        ]

    def figures(self) -> Iterator[tuple[str, object, Sequence[str]]]:
        """Return each figure with its name and, where there are few, with what was counted."""
        longest = max(self.modules, key=lambda module: module.lines)
        loose, doubled, single = self.loose(), self.doubled(), self.single()
        yield "files", len(self.modules), ()
        yield "lines", sum(module.lines for module in self.modules), ()
        yield "median lines of a file", int(statistics.median(module.lines for module in self.modules)), ()
        yield "longest file", longest.lines, (longest.path,)
        yield "loose modules", len(loose), loose
        yield f"single importer and below {SHORT} lines", len(single), single
        yield "class names defined twice", len(doubled), [f"{name}: {', '.join(paths)}" for name, paths in doubled.items()]


def survey(root: Path) -> House:
    """Read every module of both packages below this folder."""
    paths = sorted(path for package in PACKAGES for path in (root / package).rglob("*.py"))
    return House(tuple(Module(path.relative_to(root).as_posix(), path.read_text("utf-8")) for path in paths))


def _named(node: ast.Import | ast.ImportFrom) -> Iterable[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures, or what breaks a rule."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.house", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="print only what breaks a rule, and end with exit code 1 if anything does")
    parser.add_argument("--root", type=Path, default=Path(), help="the checkout (default: the current folder)")
    options = parser.parse_args(arguments)
    house = survey(options.root)
    if not house.modules:
        parser.error("there is neither bot nor sources here")
    if options.check:
        print(*house.broken(), sep="\n", end="\n" if house.broken() else "")
        sys.exit(1 if house.broken() else 0)
    for name, figure, counted in house.figures():
        print(f"{name:45}{figure:>8}")
        for one in counted:
            print(f"    {one}")


if __name__ == "__main__":
    main()
