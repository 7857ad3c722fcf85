"""Packs communes, postcodes, departments and regions for `bot.gazetteer`: `python -m tools.gazetteer PACKAGE.tgz [FILE]`.

`PACKAGE.tgz` is the npm package `@etalab/decoupage-administratif`, as `npm pack` downloads it (`make geo` does both). The result is one
gzip file of UTF-8 text, the same bytes for the same package. Its sections are separated by an empty line, its columns by tabs:

    name and version of the package
    regions                code, name
    departments            code, name, code of the region
    communes of today      code, name, population, postcodes, former codes, commune of which it is an arrondissement
    former communes        code, name, code of the commune of today

Codes are those of INSEE's *code officiel géographique*. A former code is in the list of its commune where no former commune has it.
"""

from __future__ import annotations

import gzip
import json
import sys
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.npm import BadPackage, file_in, write_from_package

TARGET = Path("bot/gazetteer/france.txt.gz")
_TODAY = frozenset({"commune-actuelle", "arrondissement-municipal"})
_FORMER = frozenset({"commune-deleguee", "commune-associee"})

Entry = Mapping[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file; print how large it is. Return 1 where the package is not as expected."""
    return write_from_package(arguments, "tools.gazetteer", __doc__ or "", TARGET, packed)


def packed(archive: tarfile.TarFile) -> bytes:
    """Return the packed file. Raises KeyError and ValueError where the package is not as expected."""
    about = json.loads(file_in(archive, "package.json"))
    regions, departments, communes = (json.loads(file_in(archive, f"data/{name}.json")) for name in ("regions", "departements", "communes"))
    sections = (
        [f"{about['name']} {about['version']}"],
        (_line(region["code"], region["nom"]) for region in _sorted(regions)),
        (_line(department["code"], department["nom"], department["region"]) for department in _sorted(departments)),
        _of_today(communes),
        (_line(commune["code"], commune["nom"], commune["chefLieu"]) for commune in _former(communes)),
    )
    text = "\n\n".join("\n".join(section) for section in sections) + "\n"
    return gzip.compress(text.encode("utf-8"), mtime=0)


def _of_today(communes: Iterable[Entry]) -> Iterator[str]:
    named = {commune["code"] for commune in _former(communes)}
    for commune in _sorted(communes):
        if commune["type"] in _TODAY:
            code, department = commune["code"], commune["departement"]
            if not code.startswith(department):
                raise BadPackage(f"commune {code} is not in department {department}")
            yield _line(
                code,
                commune["nom"].removesuffix(" Arrondissement"),
                str(commune.get("population", "")),
                " ".join(commune.get("codesPostaux", ())),
                " ".join(former for former in commune.get("anciensCodes", ()) if former not in named),
                commune.get("commune", ""),
            ).rstrip("\t")


def _former(communes: Iterable[Entry]) -> list[Entry]:
    """Return the former communes but those that have the name of their successor."""
    names = {commune["code"]: commune["nom"] for commune in communes if commune["type"] in _TODAY}
    return [
        commune
        for commune in _sorted(communes)
        if commune["type"] in _FORMER and (commune["nom"] != names[commune["chefLieu"]] or commune["code"] != commune["chefLieu"])
    ]


def _sorted(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry["code"], entry["nom"]))


def _line(*columns: str) -> str:
    if any("\t" in column or "\n" in column for column in columns):
        raise BadPackage(f"a tab or line end in {columns!r}")
    return "\t".join(columns)


if __name__ == "__main__":
    sys.exit(main())
