"""The unit for systemd: what is written where, and that systemd understands it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.app.config.loading import read_configuration, secret_files
from bot.app.systemd import STATE, drop_in_text, obstacles, unit_text
from bot.cli import init as service
from bot.cli.main import app
from tests.bot.cli.conftest import Vigie

CONFIGURATION = Path("/etc/vigie/config.toml")
POSTGRES = '[database]\nurl = "postgresql://vigie:secret@localhost/vigie"\n'

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit as it is for an instance with a secret, whose program and configuration need quotes."""
    path = tmp_path / "vigie.service"
    path.write_text(unit_text(Path("/bin/true"), Path("/etc/vigie/100 % mine.toml"), [Path("/etc/vigie/telegram.token")]), encoding="utf-8")
    return path


def add_drop_in(unit: Path) -> None:
    folder = unit.with_name("vigie.service.d")
    folder.mkdir()
    (folder / "no-browser.conf").write_text(drop_in_text(), encoding="utf-8")


@needs_systemd
@pytest.mark.parametrize("browser", [True, False])
def test_systemd_understands_every_line(unit: Path, browser: bool) -> None:
    if not browser:
        add_drop_in(unit)
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
@pytest.mark.parametrize(("browser", "most"), [(False, 1.2), (True, 1.9)])
def test_what_is_left_open_to_the_service_is_little(unit: Path, browser: bool, most: float) -> None:
    """Chromium makes its sandbox of namespaces, in which it changes the root and its capabilities: 0.7 more than without."""
    if not browser:
        add_drop_in(unit)
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(unit)], capture_output=True, text=True, check=False, env={"LC_ALL": "C.UTF-8"}
    )
    found = re.search(r"Overall exposure level for vigie\.service: (\d+\.\d)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) <= most


def test_the_unit_names_the_program_the_configuration_and_each_secret(unit: Path) -> None:
    lines = unit.read_text("utf-8").splitlines()
    assert 'ExecStart=/bin/true --config "/etc/vigie/100 %% mine.toml" run' in lines
    assert "LoadCredential=telegram.token:/etc/vigie/telegram.token" in lines
    assert [line for line in lines if line.startswith("ProcSubset")] == []
    assert [line for line in lines if line.startswith("ExecReload")] == ["ExecReload=/bin/kill -HUP $MAINPID"], "one signal for a reload"


def configured(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_secrets_of_every_section_become_credentials_and_are_read_from_there(tmp_path: Path) -> None:
    for name in ("telegram.token", "other.token"):
        (tmp_path / name).write_text("123456789:from-the-file", encoding="utf-8")
    file = configured(
        tmp_path,
        '[telegram]\ntoken_file = "telegram.token"\nchannel = "@vsa"\n'
        '[[destinations]]\nname = "m"\nplatform = "mastodon"\ninstance = "example.org"\ntoken_file = "other.token"\n',
    )
    settings = read_configuration(file, {}, known_codes=None).settings
    assert secret_files(settings) == (tmp_path / "telegram.token", tmp_path / "other.token")
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "other.token").write_text("from-systemd", encoding="utf-8")
    (tmp_path / "other.token").unlink()
    settings = read_configuration(file, {"CREDENTIALS_DIRECTORY": str(tmp_path / "given")}, known_codes=None).settings
    [entry] = settings.destinations
    assert entry.token is not None
    assert entry.token.get_secret_value() == "from-systemd"
    assert settings.telegram.token is not None
    assert settings.telegram.token.get_secret_value() == "123456789:from-the-file"


def told(folder: Path, text: str, file: Path | None = None, program: str = "/opt/vigie") -> list[str]:
    path = configured(folder, text)
    return list(obstacles(read_configuration(path, {}, known_codes=None).settings, file or path, [Path(program)]))


@pytest.fixture
def public(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as if all might read it: those of a test are nobody else's."""
    monkeypatch.setattr("bot.app.systemd._is_public", lambda _: True)
    return tmp_path


def test_what_keeps_the_service_from_running_is_told_with_what_to_do(public: Path) -> None:
    assert told(public, POSTGRES) == []
    assert told(public, f'[database]\nurl = "sqlite:///{public}/vigie.db"\n') == [
        f'the service may write nowhere but in {STATE}: [database] url = "sqlite:///{STATE}/vigie.db"'
    ]
    assert told(public, f'{POSTGRES}[storage]\npdfs_folder = "pdfs"\n') == [
        f'the service may write nowhere but in {STATE}: [storage] pdfs_folder = "{STATE}/pdfs"'
    ]
    assert told(public, POSTGRES, Path("/home/a/config.toml")) == [
        f"the service does not see /home/a/config.toml: move it, such as to {CONFIGURATION}"
    ]
    assert told(public, POSTGRES, program="/root/.venv") == [
        "the service sees nothing in /root/.venv: install Vigie elsewhere, such as in /opt/vigie"
    ]


def test_two_secrets_of_one_name_are_told(public: Path) -> None:
    for name in ("a", "b"):
        (public / name).mkdir()
        (public / name / "token").write_text("123456789:secret", encoding="utf-8")
    text = '[telegram]\ntoken_file = "a/token"\n[mastodon]\ninstance = "example.org"\ntoken_file = "b/token"\n'
    assert told(public, POSTGRES + text) == ["two files of secrets are called token: give each a name of its own"]


def test_a_configuration_that_only_its_owner_may_read_is_told(tmp_path: Path) -> None:
    path = configured(tmp_path, POSTGRES)
    path.chmod(0o600)
    assert [line.partition(":")[0] for line in told(tmp_path, POSTGRES)] == [f"the service may not read {path}"]


def test_print_gives_the_unit_and_on_standard_error_what_is_wrong(vigie: Vigie, tmp_path: Path) -> None:
    path = configured(tmp_path, '[watch]\nauthorities = ["26"]\n')
    done = vigie("--config", str(path), "service", "print")
    assert done.code == 0
    assert f"--config {path} run" in done.out
    assert "MemoryDenyWriteExecute=yes" in done.out
    assert f"the service may write nowhere but in {STATE}" in done.err
    configured(tmp_path, '[watch]\nauthorities = ["26", "75"]\n')
    assert "MemoryDenyWriteExecute" not in vigie("--config", str(path), "service", "print").out, "a site needs a browser"


@pytest.mark.usefixtures("restored_logging")
def test_install_writes_both_files_says_what_to_type_and_replaces_only_when_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "obstacles", lambda *_: [])
    config, file = configured(tmp_path, '[watch]\nauthorities = ["26"]\n'), tmp_path / "vigie.service"
    drop_in = tmp_path / "vigie.service.d" / "no-browser.conf"

    def install(*options: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["--config", str(config), "service", "install", str(file), *options])
        return done.exit_code, done.output

    code, said = install()
    assert code == 0
    assert said.endswith("Next:\n  systemctl daemon-reload\n  systemctl enable --now vigie\n  journalctl -fu vigie\n")
    assert f"--config {config} run" in file.read_text("utf-8")
    assert drop_in.read_text("utf-8") == drop_in_text()
    file.write_text("mine", encoding="utf-8")
    assert install()[0] == 1
    assert file.read_text("utf-8") == "mine"
    configured(tmp_path, '[watch]\nauthorities = ["75"]\n')
    code, said = install("--replace")
    assert (code, drop_in.exists()) == (0, False), "a site needs a browser"
    assert "  systemctl restart vigie\n" in said, "one that runs by the former unit goes on with this one"
