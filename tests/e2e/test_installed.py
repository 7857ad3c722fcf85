"""The wheel, installed outside the checkout as a self-hoster has it."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tomllib
import venv
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.processes import LONGEST, Done, clean_environ
from tests.standalone import build_standalone

CHECKOUT = Path(__file__).parents[2]
Installed = Callable[..., Done]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `vigie` of a wheel in a venv of its own. What the wheel needs is that of the venv of the tests, without its checkout."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=CHECKOUT, capture_output=True, check=True)
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(pip, env=clean_environ(), check=True)
    # A line of a .pth file adds a folder, and not what the .pth files in it would add: the checkout stays unseen.
    [site] = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder / "venv" / "bin" / "vigie"


@pytest.fixture
def vigie(program: Path, tmp_path: Path) -> Installed:
    def run(*arguments: str) -> Done:
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, cwd=tmp_path, env=clean_environ(), timeout=LONGEST, check=False
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


def test_it_is_the_wheel_that_runs(program: Path, tmp_path: Path) -> None:
    where = "import bot, sources; print(bot.__file__, sources.__file__)"
    said = subprocess.run(
        [program.parent / "python", "-c", where], capture_output=True, text=True, cwd=tmp_path, env=clean_environ(), check=True
    )
    assert said.stdout.count(str(program.parents[1])) == 2


def test_it_says_its_version(vigie: Installed) -> None:
    assert vigie("--version").out == f"vigie {version('vigie-vsa')}\n"


def test_the_example_configuration_is_in_it(vigie: Installed, tmp_path: Path) -> None:
    done = vigie("config", "example")
    assert done.out == (CHECKOUT / "config.example.toml").read_text(encoding="utf-8")
    assert tomllib.loads(done.out)["watch"]["every_minutes"] == 15


def test_it_replays_the_demo(vigie: Installed, tmp_path: Path) -> None:
    done = vigie("demo")
    assert (done.code, done.err) == (0, "")
    assert "Drôme" in done.out
    assert list(tmp_path.iterdir()) == []


def test_it_reads_a_file(vigie: Installed, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(build_standalone(("Arrêté portant interdiction de stationnement",)))
    done = vigie("read", "a.pdf", "--json")
    assert (done.code, done.err, done.json["status"]) == (0, "", "complete")
