"""Names what breaks the structure of the program: `python -m benchmarks.house [FOLDER]`, which `make check` runs.

Reads the syntax of `bot` and `sources` below a checkout. Ends with exit code 1 where two modules define one public class name, or a module
stands loose in a package of packages; with 2 where there is no program.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("bot", "sources")
LOOSE = frozenset({"bot/__init__.py", "sources/__init__.py", "sources/model.py", "sources/text.py"})
"""What may stand in the folder of a package of packages."""


def broken(root: Path) -> Iterator[str]:
    """Yield a sentence for each rule that is broken. Raises ValueError where there is no program."""
    modules = {path.relative_to(root).as_posix(): path for package in PACKAGES for path in sorted((root / package).rglob("*.py"))}
    if not modules:
        raise ValueError(f"there is neither bot nor sources in {root}")
    yield from (f"{name} stands loose: it belongs into a package" for name in modules if name.count("/") == 1 and name not in LOOSE)
    where = defaultdict[str, list[str]](list)
    for name, path in modules.items():
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                where[node.name].append(name)
    doubled = {name: paths for name, paths in sorted(where.items()) if len(paths) > 1}
    yield from (f"the class name {name} is defined in {' and in '.join(paths)}: one name, one meaning" for name, paths in doubled.items())


if __name__ == "__main__":
    try:
        found = list(broken(Path(*sys.argv[1:2])))
    except ValueError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(1 if found else 0)
