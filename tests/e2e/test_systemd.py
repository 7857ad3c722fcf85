"""The unit under a real systemd in namespaces and a file system of its own, which are gone with it: nothing of this machine changes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.app.systemd import drop_in_text, unit_text
from tests.examples import by_day

MANAGER = Path("/usr/lib/systemd/systemd")
TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"
CONFIGURATION = """
[log]
format = "json"
[watch]
authorities = ["26"]
[database]
url = "sqlite:////var/lib/vigie/vigie.db"
[telegram]
token_file = "telegram.token"
channel = "@vsa"
api_url = "http://127.0.0.1:9"
"""
ENDING = """
[Unit]
DefaultDependencies=no
After=vigie.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'systemctl show vigie -p ActiveState,SubState,Result > /mnt/started'
ExecStart=/bin/sh -c 'cat /proc/$$(systemctl show -P MainPID vigie)/status > /mnt/process'
ExecStart=systemctl reload vigie
ExecStart=systemctl stop vigie
ExecStart=/bin/sh -c 'systemctl show vigie -p ActiveState,Result > /mnt/stopped; ls /var/lib/vigie > /mnt/state'
ExecStopPost=/bin/sh -c 'systemctl exit 0'
"""
TARGET = "[Unit]\nDefaultDependencies=no\nWants=vigie.service ending.service\n"
WORLD = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1/world"
mkdir "$1/world/upper" "$1/world/work" "$1/world/root"
root=$1/world/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/world/upper,workdir=$1/world/work" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
for folder in run tmp; do mount -t tmpfs tmpfs "$root/$folder"; done
mkdir -p "$root/etc/vigie"
install -m 644 "$1/config.toml" "$root/etc/vigie/"
install -m 600 "$1/telegram.token" "$root/etc/vigie/"
cp -r "$1"/units/* "$root/etc/systemd/system/"
mount --bind "$1/told" "$root/mnt"
cd "$root"
mkdir -p old
if [ "$2" = try ]; then exit 0; fi
pivot_root . old
mount --make-rshared /
export container=other
exec /usr/lib/systemd/systemd --system --unit=trial.target --log-target=console --show-status=false
"""


def in_world(folder: Path, what: str) -> int:
    """Make the world of its own, and start systemd in it unless that is only to be tried. There is no network."""
    command = ["unshare", "--fork", "--kill-child", "--pid", "--mount", "--uts", "--ipc", "--cgroup", "--net", "--mount-proc"]
    with (folder / "console").open("wb") as console:
        done = subprocess.run(
            [*command, "/bin/sh", "-c", WORLD, "world", str(folder), what],
            stdin=subprocess.DEVNULL, stdout=console, stderr=console, timeout=180, check=False,
        )  # fmt: skip
    return done.returncode


@pytest.fixture
def folder() -> Iterator[Path]:
    """One outside /dev, which the world gets: other tests may write to memory there."""
    if os.geteuid() != 0 or not MANAGER.exists() or shutil.which("unshare") is None:
        pytest.skip("needs root, systemd and unshare")
    if any(Path(sys.prefix).is_relative_to(hidden) for hidden in ("/home", "/root", "/tmp", "/run")):  # noqa: S108
        pytest.skip("the service would not see this installation")
    with TemporaryDirectory(dir="/var/tmp") as name:
        made = Path(name)
        for part in ("world", "told", "units", "units/vigie.service.d"):
            (made / part).mkdir()
        (made / "told").chmod(0o777)
        (made / "config.toml").write_text(CONFIGURATION, encoding="utf-8")
        (made / "telegram.token").write_text(TOKEN, encoding="utf-8")
        if in_world(made, "try"):
            pytest.skip("namespaces, an overlay or cgroups cannot be had here")
        yield made


@pytest.mark.parametrize("browser", by_day([False, True], 1))
def test_the_service_starts_with_its_secret_and_stops(folder: Path, browser: bool) -> None:
    unit = unit_text(Path(sys.prefix) / "bin" / "vigie", Path("/etc/vigie/config.toml"), [Path("/etc/vigie/telegram.token")])
    # The world has no network to wait for, and no journal.
    unit = unit.replace("[Unit]\n", "[Unit]\nDefaultDependencies=no\n").replace("[Service]\n", "[Service]\nStandardError=file:/mnt/log\n")
    units = {"vigie.service": unit, "ending.service": ENDING, "trial.target": TARGET}
    if not browser:
        units["vigie.service.d/no-browser.conf"] = drop_in_text()
    for name, text in units.items():
        (folder / "units" / name).write_text(text, encoding="utf-8")
    in_world(folder, "start")
    told = {path.name: path.read_text("utf-8") for path in (folder / "told").iterdir()}
    assert 'posts_to": "telegram' in told["log"], (folder / "console").read_text("utf-8", "replace")
    assert set(told["started"].split()) == {"ActiveState=active", "SubState=running", "Result=success"}
    assert set(told["stopped"].split()) == {"ActiveState=inactive", "Result=success"}
    process = dict(line.split(":", 1) for line in told["process"].splitlines())
    assert 0 not in {int(uid) for uid in process["Uid"].split()}, "a user of its own"
    assert (int(process["CapEff"], 16), process["NoNewPrivs"].strip(), process["Seccomp"].strip()) == (0, "1", "2")
    assert "vigie.db" in told["state"].split()
    assert "config.unchanged" in told["log"], "it was told to read its configuration again"
    assert '"run.stopped"' in told["log"]
