"""The files of the container say what they must: it is built where there is a builder (`.ci/image`), which a test cannot count on."""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.app.config.loading import read_configuration
from bot.cli.context import WRONG_USE

CHECKOUT = Path(__file__).resolve().parents[1]
Instruction = tuple[str, str]


def instructions() -> list[Instruction]:
    """Those of the Containerfile, each with its arguments on one line."""
    text = re.sub(r"^#.*\n", "", (CHECKOUT / "Containerfile").read_text("utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    return [(name, " ".join(rest.split())) for name, _, rest in (line.partition(" ") for line in text.splitlines() if line.strip())]


def stages() -> list[list[Instruction]]:
    found: list[list[Instruction]] = []
    for name, rest in instructions():
        if name == "FROM":
            found.append([])
        if found:
            found[-1].append((name, rest))
    return found


def only(stage: list[Instruction], name: str) -> str:
    [found] = [rest for what, rest in stage if what == name]
    return found


def test_both_stages_start_from_one_base_pinned_by_a_tag() -> None:
    [(_, base)] = [found for found in instructions() if found[0] == "ARG"]
    assert re.fullmatch(r"BASE=docker\.io/library/python:3\.\d+-slim-[a-z]+", base)
    assert [only(stage, "FROM").split()[0] for stage in stages()] == ["${BASE}"] * 2


def test_only_pinned_and_hashed_packages_are_installed() -> None:
    build, _ = stages()
    installs = [step for name, rest in build if name == "RUN" for step in rest.split("&&") if " install " in step and "pip" in step]
    assert "--require-hashes -r requirements-run.lock" in installs[0]
    assert all("--no-deps --no-build-isolation ." in step for step in installs[1:])


def test_the_image_downloads_nothing_and_runs_as_nobody_in_particular() -> None:
    _, image = stages()
    assert all(rest.startswith("--network=none ") for name, rest in image if name == "RUN")
    assert all(rest.startswith("--from=build ") for name, rest in image if name in {"COPY", "ADD"})
    assert only(image, "USER") == "10001:10001"
    assert only(image, "VOLUME") == only(image, "WORKDIR") == "/data"
    assert json.loads(only(image, "ENTRYPOINT")) == ["vigie"]
    assert json.loads(only(image, "CMD")) == ["run"]
    assert json.loads(only(image, "HEALTHCHECK").partition("CMD ")[2]) == ["vigie", "status", "--alive"]


def test_every_file_that_is_copied_is_there_and_is_not_ignored() -> None:
    build, _ = stages()
    copied = [source for name, rest in build if name == "COPY" for source in rest.split()[:-1]]
    kept = [line[1:] for line in (CHECKOUT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]
    assert copied
    assert [source for source in copied if not (CHECKOUT / source).exists()] == []
    assert [source for source in copied if not any(fnmatch.fnmatch(source, pattern) for pattern in kept)] == []
    # What the build of the wheel reads, besides the packages, and what these link to.
    links = [path for folder in ("bot", "sources") for path in (CHECKOUT / folder).rglob("*") if path.is_symlink()]
    linked = {str(path.resolve().relative_to(CHECKOUT)) for path in links}
    assert {"pyproject.toml", "README.md", "LICENSE"} | linked <= set(copied)


def compose(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The whole document, and its one service."""
    document = yaml.safe_load(text)
    [service] = document["services"].values()
    return document, service


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("read_only", True),
        ("cap_drop", ["ALL"]),
        ("security_opt", ["no-new-privileges:true"]),
        ("stop_grace_period", "10s"),
        ("volumes", ["./data:/data"]),
        ("build", {"context": ".", "dockerfile": "Containerfile"}),
        # What restarts it whatever it ends with must not do so for a wrong configuration.
        ("restart", "unless-stopped"),
        ("command", ["run", "--hold"]),
    ],
)
def test_compose_leaves_the_container_little(option: str, value: object) -> None:
    document, service = compose((CHECKOUT / "compose.yaml").read_text("utf-8"))
    assert service[option] == value
    assert set(document) == {"services"}


def test_the_lines_for_pages_and_figures_are_options_at_loopback() -> None:
    text = (CHECKOUT / "compose.yaml").read_text("utf-8")
    _, service = compose(re.sub(r"^    # (network_mode|environment):", r"    \1:", text, flags=re.MULTILINE))
    assert service["network_mode"] == "host"
    settings = read_configuration(None, service["environment"], known_codes=None).settings
    assert (settings.web.listen, settings.observe.listen) == ("127.0.0.1:8080", "127.0.0.1:9464")


@pytest.mark.parametrize("page", ["run.md", "run.fr.md"])
def test_a_container_of_systemd_has_the_same_limits_and_is_not_restarted_for_a_wrong_configuration(page: str) -> None:
    guide = (CHECKOUT / "docs" / page).read_text("utf-8")
    [block] = re.findall(r"^```ini\n(.*?)^```", guide, re.DOTALL | re.MULTILINE)
    unit = ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(block)
    wanted = {"Volume": "/srv/vigie:/data:U", "ReadOnly": "true", "DropCapability": "ALL", "NoNewPrivileges": "true"}
    assert {name: unit["Container"][name] for name in wanted} == wanted
    packaged = (CHECKOUT / "bot" / "app" / "vigie.service").read_text("utf-8").splitlines()
    for name in ("Restart", "RestartSec", "RestartPreventExitStatus"):
        assert f"{name}={unit['Service'][name]}" in packaged
    assert unit["Service"]["RestartPreventExitStatus"] == str(WRONG_USE)


def test_where_nothing_builds_containers_that_is_said_and_is_no_failure(tmp_path: Path) -> None:
    for name in ("bash", "env", "dirname"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    done = subprocess.run(
        [CHECKOUT / ".ci" / "image"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("image: neither podman nor docker works here: the container is not built")
