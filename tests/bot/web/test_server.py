"""The application as visitors meet it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.storage.errors import Corrupt, StorageError, Unavailable
from bot.web.api_model import ProblemModel
from bot.web.documents import Document, PageRequest, Route, SiteContext
from bot.web.server import HEADERS
from tests.bot.queries.conftest import MemoryDecrees, decree
from tests.bot.web.conftest import Visitors


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/nulle-part", 404),
        ("GET", "/en", 308),
        ("POST", "/", 405),
        ("OPTIONS", "/", 405),
        ("DELETE", "/nulle-part", 405),
        ("BREW", "/", 405),
        ("GET", "/" + "a" * 300, 414),
        ("GET", "/?q=" + "a" * 2_000, 414),
    ],
)
async def test_every_answer_has_the_strict_headers(visitors: Visitors, method: str, address: str, status: int) -> None:
    answer = await visitors.ask(address, method)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HEADERS} == dict(HEADERS)
    assert "set-cookie" not in answer.headers
    assert "server" not in answer.headers
    assert (answer.headers.get("allow") == "GET, HEAD") is (status == 405)
    assert "<script" not in answer.text
    assert "aaaa" not in answer.text, "nothing of the address is shown"


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("POST", "/api/v1/decrees", 405),
        ("OPTIONS", "/api/v1/nowhere", 405),
        ("GET", "/api/v1/decrees/" + "a" * 300, 414),
        ("GET", "/api/v1/decrees?since=" + "a" * 2_000, 414),
        ("GET", "/api/v1/decrees", 503),
        ("GET", "/api/v1/decrees?limit=5", 500),
        ("GET", "/api/v1/sources", 429),
    ],
)
async def test_faults_of_the_server_are_problems_for_programs(visitors: Visitors, method: str, address: str, status: int) -> None:
    visitors.decrees.broken = Unavailable("no route") if status == 503 else ValueError("secret") if status == 500 else None
    if status == 429:
        while (await visitors.ask("/nulle-part")).status_code != 429:
            pass
    answer = await visitors.ask(address, method)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem = ProblemModel.model_validate_json(answer.content)
    assert (problem.status, problem.title) == (status, HTTPStatus(status).phrase)
    assert problem.detail.isascii(), "as all that the API says: in English"
    assert "secret" not in answer.text
    assert "aaa" not in answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    assert (answer.headers.get("allow") == "GET, HEAD") is (status == 405)
    assert (answer.headers.get("retry-after") == "60") is (status in {429, 503})


async def test_head_has_the_headers_of_get_and_no_body(visitors: Visitors) -> None:
    got, head = await visitors.ask("/"), await visitors.ask("/", "HEAD")
    assert head.headers == got.headers
    assert (head.content, len(got.content)) == (b"", int(head.headers["content-length"]))


async def test_who_has_the_page_already_gets_304(visitors: Visitors) -> None:
    got = await visitors.ask("/")
    again = await visitors.ask("/", if_none_match=got.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == got.headers["etag"]
    assert again.headers["content-security-policy"]
    visitors.decrees.stored.append(decree(1))
    visitors.revision += 1
    assert (await visitors.ask("/", if_none_match=got.headers["etag"])).status_code == 200


async def test_gzip_for_who_takes_it(visitors: Visitors) -> None:
    plain, packed = await visitors.ask("/"), await visitors.ask("/", accept_encoding="gzip")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < len(plain.content)
    assert packed.headers["etag"] == plain.headers["etag"]


async def test_a_decree_that_is_withdrawn_is_gone_at_once(visitors: Visitors) -> None:
    visitors.decrees.stored.append(decree(1, operator="Keolis"))
    assert "Keolis" in (await visitors.ask("/")).text
    visitors.decrees.stored.clear()
    assert "Keolis" in (await visitors.ask("/")).text, "what is kept is shown while the store says that nothing changed"
    visitors.revision += 1
    assert "Keolis" not in (await visitors.ask("/")).text


class Slow:
    """A page that counts how often it is made."""

    def __init__(self) -> None:
        self.made: list[tuple[str, dict[str, str]]] = []

    def __call__(self, _site: SiteContext, request: PageRequest) -> Document:
        self.made.append((request.language, dict(request.query)))
        return Document(b"page")


async def test_many_who_ask_at_once_cause_one_page(executor: ThreadPoolExecutor) -> None:
    page = Slow()
    visitors = Visitors(MemoryDecrees(), executor, [Route("/lente", page, query=frozenset({"q"}))])
    answers = await asyncio.gather(*(visitors.ask("/lente?q=1", peer=f"198.51.100.{number}") for number in range(30)))
    assert {answer.text for answer in answers} == {"page"}
    assert page.made == [("fr", {"q": "1"})]


async def test_a_page_is_made_once_for_all_addresses_that_mean_it(executor: ThreadPoolExecutor) -> None:
    page = Slow()
    visitors = Visitors(MemoryDecrees(), executor, [Route("/lente", page, query=frozenset({"q", "page"}))])
    for address in ("/lente?q=1&page=2", "/lente?page=2&q=1", "/lente?q=1&utm_source=x&page=2", "/lente?q=1&q=9&page=2"):
        assert (await visitors.ask(address)).text == "page"
    assert page.made == [("fr", {"page": "2", "q": "1"})]
    await visitors.ask("/en/lente?q=1&page=2")
    await visitors.ask("/lente?q=&page=2")
    assert page.made[1:] == [("en", {"page": "2", "q": "1"}), ("fr", {"page": "2", "q": ""})]


async def test_a_fault_of_ours_shows_and_logs_nothing_of_what_was_asked(executor: ThreadPoolExecutor) -> None:
    def broken(_site: SiteContext, request: PageRequest) -> Document:
        raise ValueError(f"password=secret in {request.query}")

    visitors = Visitors(MemoryDecrees(), executor, [Route("/recherche", broken, query=frozenset({"q"}))])
    with capture_logs() as logs:
        answer = await visitors.ask("/recherche?q=ma+rue")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "ma rue" not in answer.text
    assert answer.headers["content-security-policy"]
    assert [(line["event"], line["page"], line["fault"]) for line in logs] == [("web.page_failed", "/recherche", "ValueError")]
    assert "rue" not in repr(logs)


@pytest.mark.parametrize("error", [Unavailable("no route to postgresql://vigie:***@db"), Corrupt("the file is malformed")])
async def test_without_data_it_says_that_and_not_that_there_is_none(visitors: Visitors, error: StorageError) -> None:
    visitors.broken = error
    answer = await visitors.ask("/")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "postgresql" not in answer.text
    visitors.broken = None
    assert (await visitors.ask("/")).status_code == 200
    visitors.decrees.broken = error
    visitors.revision += 1
    assert (await visitors.ask("/")).status_code == 503
    visitors.decrees.broken = None
    assert (await visitors.ask("/")).status_code == 200, "it is not kept"


async def test_who_asks_too_much_is_refused_and_nobody_else(visitors: Visitors) -> None:
    answers = [await visitors.ask("/") for _ in range(31)]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
    assert answers[-1].headers["retry-after"] == "60"
    assert (await visitors.ask("/", peer="198.51.100.8")).status_code == 200
    assert (await visitors.ask("/", x_forwarded_for="203.0.113.1")).status_code == 429, "a stranger may say what they like"
    assert (await visitors.ask("/", peer="10.0.0.1", x_forwarded_for="203.0.113.1")).status_code == 200
    visitors.seconds += 60
    assert (await visitors.ask("/")).status_code == 200


async def test_a_file_is_sent_whole_in_part_or_not_at_all(executor: ThreadPoolExecutor, tmp_path: Path) -> None:
    file = tmp_path / "arretes.csv"
    file.write_bytes(b"numero;date\n12;2026-08-20\n")
    page = Route("/donnees/arretes.csv", lambda _, __: Document(b"", "text/csv; charset=utf-8", file=file))
    visitors = Visitors(MemoryDecrees(), executor, [page])
    whole = await visitors.ask("/donnees/arretes.csv", accept_encoding="gzip")
    assert whole.content == file.read_bytes()
    assert whole.headers["content-type"] == "text/csv; charset=utf-8"
    part = await visitors.ask("/donnees/arretes.csv", range="bytes=0-5")
    assert (part.status_code, part.content) == (206, b"numero")
    known = await visitors.ask("/donnees/arretes.csv", if_none_match=whole.headers["etag"])
    assert (known.status_code, known.content) == (304, b"")
    head = await visitors.ask("/donnees/arretes.csv", "HEAD")
    assert (head.content, head.headers["content-length"]) == (b"", str(len(whole.content)))
