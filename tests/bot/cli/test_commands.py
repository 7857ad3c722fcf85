"""The commands, as a person or a script runs them."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.app.demo.pdfs import ActSpec, RecueilSpec, build_recueil
from bot.app.demo.replay import Replay
from bot.app.demo.scenario import demo_text
from bot.cli.context import as_installed
from bot.cli.main import COMMANDS as REGISTERED
from bot.cli.main import app
from bot.reading.pages.recognition import ocr_available
from bot.storage.store import Store
from tests import clock
from tests.bot.cli.conftest import Vigie, write_config
from tests.bot.storage.building import act, one_recueil, result_of, to
from tests.processes import Done, Zygote, clean_environ
from tests.small_france import watched

DECREE_KEYS = {
    "act_id", "kind", "number", "title", "signed", "starts", "ends", "operators", "places", "purposes", "software", "vendor", "cameras",
    "legal_basis", "court", "court_by_seat", "last_day", "flags", "evidence",
}  # fmt: skip
COMMANDS = [
    "run", "poll", "check", "backfill", "read", "recent", "search", "show", "demo", "sources list", "sources show",
    "sources check", "sources record", "status", "outbox list", "outbox show", "outbox retry", "outbox drop", "outbox resolve",
]  # fmt: skip


@pytest.fixture
def recueil(tmp_path: Path) -> str:
    day = date(2026, 8, 14)
    acts = (
        ActSpec("DDT", "26-2026-08-13-00001", "Arrêté de circulation", (demo_text("road", day, number="2026-1"),)),
        ActSpec("Cabinet", "26-2026-08-14-00002", "Arrêté n° 2026-2", (demo_text("authorisation", day, number="2026-2"),)),
    )
    path = tmp_path / "recueil.pdf"
    path.write_bytes(build_recueil(RecueilSpec("DRÔME", "26-2026-300", day, acts)))
    return str(path)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    done = CliRunner().invoke(app, [*name.split(), "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert f"Example:  vigie {'--config' if name == 'run' else name}" in done.stdout


def test_read_prints_the_contract(vigie: Vigie, recueil: str) -> None:
    done = vigie("read", recueil, "--json")
    assert (done.code, done.err) == (0, "")
    found = done.json
    assert found["file"] == recueil
    assert found["status"] == "complete"
    assert found["ocr_pages"] == found["unreadable_pages"] == []
    assert found["recueil"] == {"authority": "26", "number": "26-2026-300", "published": "2026-08-14"}
    assert [(act["id"], act["verdict"]) for act in found["acts"]] == [
        ("26-2026-08-13-00001", "not_concerned"),
        ("26-2026-08-14-00002", "decree"),
    ]
    assert found["acts"][0]["first_page"] == 3
    assert found["acts"][-1]["last_page"] == found["pages"]
    assert set(found["acts"][0]) >= {"id", "title", "service", "first_page", "last_page", "verdict"}
    [decree] = found["decrees"]
    assert set(decree) >= DECREE_KEYS
    assert (decree["act_id"], decree["kind"], decree["number"]) == ("26-2026-08-14-00002", "authorisation", "2026-2")
    assert (decree["signed"], decree["starts"], decree["ends"]) == ("2026-08-14", "2026-08-15T14:00", "2026-08-17T02:00")
    assert decree["software"] == "Cityvision"
    assert decree["cameras"] == 24
    grenoble = "Tribunal administratif de Grenoble"
    assert decree["court"] == decree["court_by_seat"] == grenoble
    assert decree["last_day"] == "2026-10-15"
    assert decree["flags"] == []
    assert all({"page", "text"} <= set(evidence) for evidence in decree["evidence"])


def test_read_fetches_only_addresses_of_the_catalogue(vigie: Vigie, config: str, replay: Replay) -> None:
    url = next(url for url in replay.resources if url.endswith("302.pdf"))
    done = vigie("--config", config, "read", url, "--json")
    assert done.code == 0
    assert done.json["file"] == url
    assert [decree["kind"] for decree in done.json["decrees"]] == ["authorisation"]
    for hostile in ("https://example.org/a.pdf", "http://www.drome.gouv.fr/a.pdf", "file:///etc/passwd"):
        refused = vigie("--config", config, "read", hostile)
        assert refused.code == 2
        assert refused.out == ""


def test_check_writes_nothing_and_poll_posts_once(vigie: Vigie, config: str, tmp_path: Path) -> None:
    expected = {("26", "authorisation"), ("02", "abrogation")} | ({("06", "authorisation")} if ocr_available() else set())

    rehearsed = vigie("--config", config, "check", "--json")
    assert rehearsed.code == 0
    assert {(decree["authority"], decree["kind"]) for decree in rehearsed.json["decrees"]} == expected
    assert rehearsed.json["posts"] == []
    assert not list(tmp_path.glob("*.db*"))

    polled = vigie("--config", config, "poll", "--json")
    assert polled.code == 0
    assert [set(source) >= {"code", "route", "ok", "error", "requests", "listed", "new"} for source in polled.json["sources"]] == [True] * 3
    assert [(source["code"], source["requests"], source["new"]) for source in polled.json["sources"]] == [
        ("26", 3, 2),
        ("06", 3, 1),
        ("02", 3, 1),
    ]
    assert {(decree["authority"], decree["kind"]) for decree in polled.json["decrees"]} == expected
    assert all(decree["url"].startswith("https://www.") for decree in polled.json["decrees"])
    assert {(post["destination"], post["state"]) for post in polled.json["posts"]} == {("console", "sent")}
    assert len(polled.json["posts"]) == len(expected)

    again = vigie("--config", config, "poll", "26", "--json")
    assert again.code == 0
    assert again.json["decrees"] == again.json["posts"] == []
    assert again.json["sources"][0]["requests"] == watched(clock.today())

    recent = vigie("--config", config, "recent", "--json")
    assert {(decree["authority"], decree["kind"]) for decree in recent.json} == expected
    assert all(set(decree) >= DECREE_KEYS | {"authority", "url", "page", "published"} for decree in recent.json)
    assert [decree["authority"] for decree in vigie("--config", config, "recent", "-d", "drome", "--json").json] == ["26"]
    assert [decree["authority"] for decree in vigie("--config", config, "search", "FESTIVAL", "lumiere", "--json").json] == ["26"]
    number = str(recent.json[0]["id"])
    shown = vigie("--config", config, "show", number, "--json").json
    assert {key: shown[key] for key in recent.json[0]} == recent.json[0]
    assert set(shown) - set(recent.json[0]) == {"online", "pdf_sha256", "pdf_fetched_at", "archived_path"}
    assert recent.json[0]["number"] in vigie("--config", config, "show", number).out


def test_some_source_failed(vigie: Vigie, tmp_path: Path, replay: Replay) -> None:
    resources = replay.resources
    assert isinstance(resources, dict)
    for url in [url for url in resources if "aisne" in url]:
        del resources[url]
    done = vigie("--config", write_config(tmp_path, replay), "poll", "26", "02", "--json")
    assert done.code == 3
    assert [(source["code"], source["ok"]) for source in done.json["sources"]] == [("26", True), ("02", False)]
    assert "aisne" in done.json["sources"][1]["error"]
    assert [decree["authority"] for decree in done.json["decrees"]] == ["26"], "which is read all the same"


def test_wrong_use_is_told(vigie: Vigie) -> None:
    unknown = vigie("poll", "99")
    assert unknown.code == 2
    assert '"99" is not a code of the catalogue; `vigie sources list` shows them' in unknown.err
    assert '"DRÔME" is not a code of the catalogue; did you mean "26"?' in vigie("poll", "drôme").err
    assert vigie("--config", "absent.toml", "recent").code == 2
    for arguments in (("serve", "--listen", "8080"), ("demo", "--web", "--listen", "127.0.0.1:99999")):
        refused = vigie(*arguments)
        assert (refused.code, 'must be an address and a port, such as "127.0.0.1:8080"' in refused.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "code", "out"),
    [
        (("outbox", "list", "--json"), 0, "[]\n"),
        (("review", "list"), 0, "0 acts to judge\n"),
        (("outbox", "show", "1"), 1, ""),
        (("redetect",), 1, ""),
        (("redetect", "--apply", "--json"), 1, ""),
        (("compact",), 1, ""),
        (("serve", "--listen", "127.0.0.1:0"), 1, ""),
        # In another folder it would put empty pages in the place of all that were written.
        (("site", "public"), 1, ""),
    ],
)
def test_where_there_is_no_database_none_is_made(vigie: Vigie, tmp_path: Path, arguments: tuple[str, ...], code: int, out: str) -> None:
    done = vigie(*arguments)
    assert (done.code, done.out) == (code, out)
    assert code == 0 or arguments == ("outbox", "show", "1") or "there is no database at " in done.err
    assert list(tmp_path.iterdir()) == []


CLOSED = """
import os, sys
from bot.cli import main
os.close({number})
sys.{name} = None
main()
"""
"""What Python makes of a standard stream that the caller has closed (`>&-`), and the program after it."""


def test_an_output_that_takes_nothing_is_told_without_a_traceback(config: str, tmp_path: Path, vigie: Vigie, zygote: Zygote) -> None:
    """And a post that could not be shown is still to be shown."""

    def run(*arguments: str, out: Path | None = None, script: str | None = None) -> Done:
        return zygote.run(["--config", config, *arguments], tmp_path, clean_environ(), out=out, script=script)

    def run_on_full(*arguments: str) -> Done:
        return run(*arguments, out=Path("/dev/full"))

    for done in (run("poll", "26", script=CLOSED.format(number=1, name="stdout")), run_on_full("poll", "26")):
        assert done.code == 1
        assert done.err.splitlines()[-1].startswith("vigie: the output cannot be written: ")
        assert "Traceback" not in done.err
    for arguments in (("recent",), ("recent", "--json"), ("sources", "list")):
        assert run_on_full(*arguments).code == 1

    database = sqlite3.connect(tmp_path / "vigie.db")
    with closing(database), database:
        assert [state for (state,) in database.execute("SELECT state FROM posts")] == ["pending"]
        # Not due, however slow this machine is.
        database.execute("UPDATE posts SET not_before = '2999-01-01 00:00:00.000000'")
    assert run("poll", "26", script=CLOSED.format(number=2, name="stderr")).code == 0
    database = sqlite3.connect(tmp_path / "vigie.db")
    with closing(database), database:
        # What the refusal put off is due now.
        database.execute("UPDATE posts SET not_before = NULL")
        database.execute("DELETE FROM holds")
    shown = vigie("--config", config, "poll", "26")
    assert "Autorisation de vidéosurveillance algorithmique" in shown.out


def test_json_is_utf8_whatever_the_locale(zygote: Zygote, store: Store, tmp_path: Path) -> None:
    title = "Arrêté de mise en œuvre"
    store.recordings.record(result_of(one_recueil(store, title), act(title)), to("essai"), clock.now())
    script = "import sys; from bot.cli import main; sys.stdout.reconfigure(encoding='latin-1'); main()"
    found = json.loads(zygote.run(["recent", "--json"], tmp_path, clean_environ(), script=script).out)
    assert [decree["title"] for decree in found] == [title]


def test_a_destination_that_is_down_is_told_by_the_exit_code(vigie: Vigie, tmp_path: Path, replay: Replay) -> None:
    account = '[mastodon]\ninstance = "http://127.0.0.1:1"\ntoken = "secret-of-nobody"\n'
    done = vigie("--config", write_config(tmp_path, replay, account), "poll", "26", "--json")
    assert done.code == 3
    assert [(post["destination"], post["state"]) for post in done.json["posts"]] == [("mastodon", "pending")]
    assert "secret-of-nobody" not in done.out + done.err


ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("page", ["docs/commands.md", "docs/commands.fr.md"])
def test_both_guides_name_every_command(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    table = text[text.index("| `vigie run`") : text.index("| `vigie demo`") + 20]
    assert [name for name in REGISTERED if not re.search(rf"`(?:vigie )?{name}\b", table)] == []


@pytest.mark.parametrize("page", sorted(path.relative_to(ROOT).as_posix() for path in (*ROOT.glob("README*.md"), *ROOT.glob("docs/*.md"))))
def test_links_between_pages_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", (ROOT / page).read_text("utf-8"))
    assert [link for link in links if "://" not in link and not (ROOT / page).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("readme", ["README.md", "README.fr.md"])
def test_the_readme_can_be_read_in_one_go(readme: str) -> None:
    assert len((ROOT / readme).read_text("utf-8").splitlines()) <= 150


def test_advice_on_an_extra_is_for_what_installed_the_program(tmp_path: Path) -> None:
    said = "the pages need starlette: pip install 'vigie-vsa[web]'"
    assert as_installed(said, tmp_path) == said
    (tmp_path / "pipx_metadata.json").touch()
    assert as_installed(said, tmp_path) == "the pages need starlette: pipx inject vigie-vsa 'vigie-vsa[web]'"
