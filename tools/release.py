"""Makes what a release consists of, and refuses what must not be released.

`python -m tools.release` writes into `dist/` the wheel, which must be the same in two builds, a bill of materials (CycloneDX) of what it
needs at run time, and their licences; it needs `requirements-tools.lock`. `python -m tools.release --cut` gives the unreleased part of the
changelog the version of `pyproject.toml` and the day.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[1]
_UNRELEASED = "## [Unreleased]\n"
# Neither the AGPL nor the GPL; the LGPL, of which libraries are used unchanged, may be.
_REFUSED = re.compile(r"(?<![a-z])a?gpl|affero|(?<!lesser )general public licen[cs]e", re.IGNORECASE)
_ELSEWHERE: Mapping[str, Sequence[str]] = {"pypdfium2": ("BSD-3-Clause, Apache-2.0, and those of what PDFium is made of",)}
"""What a package says in a form that the bill does not take over."""
_CLASSIFIED = "License :: OSI Approved :: "
_LESSER = re.compile(r"lgpl|lesser general public", re.IGNORECASE)


class Refused(Exception):
    """Says why there is no release."""


def cut(changelog: str, version: str, day: date) -> str:
    """Return the changelog with what is unreleased under this version and day. Raises Refused where nothing is, or the version is there."""
    before, found, after = changelog.partition(_UNRELEASED)
    if not found or f"\n## [{version}]" in changelog:
        raise Refused(f"the changelog has no unreleased part, or {version} already")
    unreleased = after.partition("\n## [")[0]
    if not unreleased.strip():
        raise Refused("nothing is unreleased")
    return f"{before}{_UNRELEASED}\n## [{version}] - {day}\n{after}"


def licences(bill: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield name, version and licences of each component of a CycloneDX document, by name. Raises Refused for one under the GPL or AGPL, or
    whose licence is not said."""
    for part in sorted(bill["components"], key=lambda one: one["name"].lower()):
        said: Sequence[str] = [_licence(one) for one in part.get("licenses", ())] or _ELSEWHERE.get(part["name"], ())
        name = f"{part['name']} {part['version']}"
        if not said:
            raise Refused(f"{name} does not say its licence")
        # Where several are said of one package, it is under any of them, or they are two spellings of one.
        if all(_REFUSED.search(one) and not _LESSER.search(one) for one in said):
            raise Refused(f"{name} is under {', '.join(said)}")
        yield part["name"], part["version"], ", ".join(dict.fromkeys(said))


def left_to_fill(project: Mapping[str, Any], changelog: str) -> Iterator[str]:
    """Yield what only a maintainer knows or does, and is not there."""
    if not project.get("urls"):
        yield "[project.urls] of pyproject.toml: no address of the project is known to it (Homepage, Source, Issues, Changelog)"
    if not re.search(rf"^## \[{re.escape(project['version'])}\] - ", changelog, re.MULTILINE):
        yield f"CHANGELOG.md: {project['version']} is not cut (python -m tools.release --cut)"


def _licence(said: Mapping[str, Any]) -> str:
    """Return what one entry says: an expression, or a licence by identifier or name; of a whole text its first line."""
    if "expression" in said:
        return str(said["expression"])
    licence = said["license"]
    return str(licence.get("id") or licence["name"]).strip().splitlines()[0].removeprefix(_CLASSIFIED)


def _run(*command: str | Path, cwd: Path = CHECKOUT) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603 - our own commands, without a shell
    if done.returncode:
        raise Refused(f"{' '.join(map(str, command[:4]))} failed:\n{done.stdout}{done.stderr}")


def _build(folder: Path) -> Path:
    """Build the wheel into a folder, and return it."""
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    [wheel] = folder.glob("*.whl")
    return wheel


def _bill_of(wheel: Path, target: Path, folder: Path) -> None:
    """Write the bill of materials of a wheel, installed beside what it needs in a venv of its own."""
    _run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    into = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check")
    _run(*into, "--require-hashes", "-r", CHECKOUT / "requirements-run.lock")
    _run(*into, "--no-deps", "--no-index", wheel)
    _run(folder / "bin" / "vigie", "--version", cwd=folder)
    ours = ("--pyproject", CHECKOUT / "pyproject.toml", "--output-reproducible")
    _run(sys.executable, "-m", "cyclonedx_py", "environment", *ours, "-o", target, python)


def release(target: Path) -> None:
    """Write the release into an empty or new folder. Raises Refused."""
    target.mkdir(exist_ok=True)
    if any(target.iterdir()):
        raise Refused(f"{target} is not empty")
    with tempfile.TemporaryDirectory(prefix="vigie-release-") as made:
        wheels = [_build(Path(made) / name) for name in ("one", "two")]
        digests = {hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels}
        if len(digests) > 1:
            raise Refused("two builds of the wheel differ")
        wheel = target / wheels[0].name
        wheel.write_bytes(wheels[0].read_bytes())
        bill = target / f"{wheel.stem}.cdx.json"
        _bill_of(wheel, bill, Path(made) / "venv")
    rows = list(licences(json.loads(bill.read_text("utf-8"))))
    (target / "licences.txt").write_text("".join(f"{name} {version}: {licence}\n" for name, version, licence in rows), encoding="utf-8")
    print(f"{wheel}: {wheel.stat().st_size:,} bytes, SHA-256 {digests.pop()}, the same in two builds")
    print(f"{bill}: {len(rows)} packages, none under the GPL or AGPL (licences.txt)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the release, or cut the changelog."""
    parser = argparse.ArgumentParser(prog="python -m tools.release", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cut", action="store_true", help="cut the changelog, and nothing else")
    parser.add_argument("--into", type=Path, default=CHECKOUT / "dist", metavar="FOLDER", help="a new or empty folder (default: dist)")
    asked = parser.parse_args(arguments)
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    log = CHECKOUT / "CHANGELOG.md"
    try:
        if asked.cut:
            log.write_text(cut(log.read_text("utf-8"), project["version"], date.today()), encoding="utf-8")  # noqa: DTZ011 - of who releases
        else:
            release(asked.into)
            for missing in left_to_fill(project, log.read_text("utf-8")):
                print(f"left to fill in: {missing}")
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
