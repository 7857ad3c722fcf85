"""Reads npm packages, as `npm pack` downloads them, for the data that is made from them."""

from __future__ import annotations

import argparse
import sys
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path


class BadPackage(ValueError):
    """The file is not the package that is expected, or its data is not as expected."""


def write_from_package(
    arguments: Sequence[str] | None, program: str, about: str, target: Path, make: Callable[[tarfile.TarFile], bytes]
) -> int:
    """Write what `make` returns of the package that is given, and print how much that is. Return 1 where the package is not as expected.

    `program` and the first paragraph of `about` say what it is; `target` is the file that is written where none is given.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=about.partition("\n\n")[0])
    parser.add_argument("package", type=Path, metavar="PACKAGE.tgz")
    parser.add_argument("file", type=Path, nargs="?", default=target, metavar="FILE", help="what is written (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        with tarfile.open(options.package) as archive:
            content = make(archive)
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        print(f"{options.package}: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    options.file.write_bytes(content)
    print(f"{options.file}: {len(content)} bytes")
    return 0


def file_in(archive: tarfile.TarFile, name: str) -> str:
    """Return the text of one file of a package. Raises KeyError where it has none of this name."""
    file = archive.extractfile(f"package/{name}")
    if file is None:
        raise BadPackage(f"{name} is no file")
    with file:
        return file.read().decode("utf-8")
