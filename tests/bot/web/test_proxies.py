"""The configurations of web servers that docs/web.md offers are taken as they stand, but for ports, names of files and the certificate."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

GUIDE = (Path(__file__).parents[3] / "docs" / "web.md").read_text("utf-8")
NGINX, CADDY, OPENSSL = (
    shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") for name in ("nginx", "caddy", "openssl")
)


def sample(word: str) -> str:
    """The one block of the guide that has this word."""
    blocks: list[str] = [block for block in re.findall(r"^```\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE) if word in block]
    (found,) = blocks
    return found


def test_neither_logs_what_is_asked() -> None:
    nginx = sample("log_format")
    assert "$request_uri" not in nginx.replace("return 301 https://$host$request_uri;", "")
    assert "$args" not in nginx
    assert "$remote_addr" not in nginx.replace("X-Forwarded-For $remote_addr;", "")
    assert nginx.count("access_log") == nginx.count("error_log") == nginx.count("server {")
    assert "request delete" in sample("reverse_proxy")


@pytest.mark.skipif(NGINX is None or OPENSSL is None, reason="needs nginx and openssl")
def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    assert NGINX is not None
    assert OPENSSL is not None
    key = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=vigie.example"]
    subprocess.run([OPENSSL, *key], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    text = sample("log_format")
    for of_sample, of_test in (
        ("listen 80;", "listen 127.0.0.1:49080;"),
        ("listen 443 ssl;", "listen 127.0.0.1:49443 ssl;"),
        ("/etc/letsencrypt/live/vigie.example/fullchain.pem", "cert.pem"),
        ("/etc/letsencrypt/live/vigie.example/privkey.pem", "key.pem"),
        ("/var/log/nginx", str(tmp_path)),
    ):
        assert of_sample in text
        text = text.replace(of_sample, of_test)
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/nginx.pid;\nevents {{}}\nhttp {{\n{text}}}\n", "utf-8")
    done = subprocess.run(
        [NGINX, "-t", "-e", "stderr", "-p", str(tmp_path), "-c", "nginx.conf"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, "test is successful" in done.stderr) == (0, True), done.stderr


@pytest.mark.skipif(CADDY is None, reason="needs caddy")
def test_caddy_takes_its_configuration(tmp_path: Path) -> None:
    assert CADDY is not None
    (tmp_path / "Caddyfile").write_text(sample("reverse_proxy"), "utf-8")
    command = [CADDY, "validate", "--config", "Caddyfile", "--adapter", "caddyfile"]
    environment = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "Valid configuration" in done.stderr + done.stdout) == (0, True), done.stderr
