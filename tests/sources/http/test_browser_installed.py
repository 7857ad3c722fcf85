"""Without the extra or without a Chromium, the sites that need one say so at once, and the others never notice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sources.catalogue.authority import Browser
from sources.http.browser import installed
from sources.http.browser.installed import HAS_PLAYWRIGHT, find_chromium, what_is_missing
from sources.model import NeedsBrowser
from tests.sources.http.conftest import HOST, OTHER, SITE, MakeClient
from tests.sources.http.server import Server, reply


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the only one where commands are looked for."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def add(folder: Path, name: str) -> str:
    program = folder / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return str(program)


@pytest.fixture
def no_playwright(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "HAS_PLAYWRIGHT", False)


@pytest.fixture
def playwright(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "HAS_PLAYWRIGHT", True)


@pytest.mark.usefixtures("playwright")
def test_the_usual_names_are_tried_unless_one_is_given(commands: Path) -> None:
    assert find_chromium(None) is None
    chrome = add(commands, "google-chrome")
    assert find_chromium(None) == chrome
    chromium = add(commands, "chromium")
    assert find_chromium(None) == chromium
    assert find_chromium("google-chrome") == find_chromium(chrome) == chrome
    assert what_is_missing(None) is None
    assert what_is_missing("/opt/chrome") == "a Chromium where the configuration says (/opt/chrome: no such program)"


@pytest.mark.usefixtures("no_playwright")
async def test_nothing_is_asked_and_the_remedy_is_told(server: Server, make_client: MakeClient, commands: Path, tmp_path: Path) -> None:
    client = make_client(server, browsers={HOST: Browser("#main")}, respect_robots=True)
    words = "not asked, this site serves only real browsers. To install: "
    extra, chromium = "pip install 'vigie-vsa[browser]'", "Chromium (Debian: apt-get install chromium)"
    with pytest.raises(NeedsBrowser) as caught:
        await client.page(f"{SITE}/a")
    assert str(caught.value) == f"{SITE}/a: {words}{extra} and {chromium}"
    add(commands, "chromium-browser")
    with pytest.raises(NeedsBrowser) as caught:
        await client.download(f"{SITE}/a.pdf", tmp_path / "a.pdf")
    assert str(caught.value) == f"{SITE}/a.pdf: {words}{extra}"
    assert server.asked == []
    assert client.requests == 0

    server.routes["/drome/"] = reply("<p>")
    assert (await client.page(OTHER)).html == "<p>"


@pytest.mark.usefixtures("no_playwright", "commands")
async def test_a_redirect_to_such_a_site_is_told_too(server: Server, make_client: MakeClient) -> None:
    server.routes["/drome/"] = reply("", 302, headers={"Location": f"{SITE}/there"})
    with pytest.raises(NeedsBrowser, match=f"{SITE}/there: not asked"):
        await make_client(server, browsers={HOST: Browser("#main")}).page(OTHER)
    assert server.paths == ["/drome/"]


@pytest.mark.parametrize(("blocked", "imported"), [(("playwright",), False), ((), HAS_PLAYWRIGHT)])
def test_the_client_imports_playwright_where_it_is_installed_only(blocked: tuple[str, ...], imported: bool) -> None:
    program = f"""
import importlib.util, sys
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in {blocked!r} else real(name, *rest)
import sources.http.client
print("playwright" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True, text=True)
    assert done.stdout == f"{imported}\n"
