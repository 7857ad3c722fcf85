"""What an older release stored under keys of its own folds is found again: in a database of that release, SQLite and PostgreSQL."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zlib
from collections.abc import Callable

from sqlalchemy import Connection, LargeBinary, bindparam, select, text

from bot.detection.facts.identity import identities as identify
from bot.domain.acts import Facts, Outcome
from bot.domain.identity import ActIdentity, act_keys, text_digest
from bot.domain.text import PageText
from bot.storage import migrate as module
from bot.storage.database import begin_to_write, make_engine, parse_url
from bot.storage.schema import identities, recueils
from bot.storage.store import open_store

WORDS = "Considérant la mise en {0} d'un traitement algorithmique des images de la sœur Lætitia, à Saint-Louis, Straße n° 12 ; "
LONG = WORDS * 8
LAYER, RECOGNISED = LONG.format("œuvre"), LONG.format("OEUVRE").replace("sœur Lætitia", "soeur Laetitia").replace("Straße", "STRASSE")
ELSEWHERE = "https://prefecture.example/other.pdf"
URL = "https://prefecture.example/1.pdf"
TITLE = "Œuvre d'art"


def former(page: str) -> str:
    """The letters by which decisions were kept before 0009."""
    return re.sub(r"[^a-z0-9]+", "", unicodedata.normalize("NFKD", page).encode("ascii", "ignore").decode("ascii").lower())


def former_of_decree(page: str) -> str:
    return former(page.replace("œ", "oe").replace("æ", "ae"))


def former_digest(page: str) -> str:
    folded = unicodedata.normalize("NFKD", page.casefold())
    return hashlib.sha256("".join(character for character in folded if character.isalnum()).encode()).hexdigest()


def sha(letters: str) -> str:
    return hashlib.sha256(letters.encode()).hexdigest()[:40]


def released(url: str, fill: Callable[[Connection], None]) -> None:
    """A database of the release before, with two recueils and what `fill` puts there."""
    engine = make_engine(parse_url(url), read_only=False)
    with module._one_at_a_time, begin_to_write(engine) as connection:
        module.upgrade_to(connection, "0006")
        for number, digest in ((1, former_digest(LAYER)), (2, former_digest("Autre"))):
            connection.execute(
                text(
                    "INSERT INTO recueils (id, authority, source, url, title, is_detail, state, attempts, found_at, digest) "
                    "VALUES (:id, '26', '26:site', :url, 'RAA', :no, 'read', 1, '2026-08-12 18:30:00.000000', :digest)"
                ),
                {"id": number, "url": f"https://prefecture.example/{number}.pdf", "no": False, "digest": digest},
            )
        connection.execute(
            text(
                "INSERT INTO decrees (id, authority, kind, title, facts, evidence, recueil_id, url, page, found_at) "
                "VALUES (7, '26', 'authorisation', 'Œuvre', '{}', '[]', 1, 'https://prefecture.example/1.pdf', 3, '2026-08-12 18:30:00')"
            )
        )
        fill(connection)
    engine.dispose()


def store_act(
    connection: Connection, number: int, page: str, *, title: str = "Arrêté", recueil: int = 1, decree: int | None = None
) -> None:
    outcome = "not_concerned" if decree is None else "decree"
    statement = (
        "INSERT INTO acts (id, recueil_id, position, title, first_page, last_page, outcome, evidence, text, decree_id) "
        "VALUES (:id, :recueil, :id, :title, :page, :page, :outcome, '[]', :text, :decree)"
    )
    values = {"id": number, "recueil": recueil, "title": title, "page": number, "outcome": outcome, "decree": decree}
    connection.execute(text(statement).bindparams(bindparam("text", type_=LargeBinary())), {**values, "text": zlib.compress(page.encode())})


def decide(connection: Connection, key: str, outcome: str, day: int) -> None:
    connection.execute(
        text("INSERT INTO decisions (key, outcome, decided_at, decided_by) VALUES (:key, :outcome, :at, 'command')"),
        {"key": key, "outcome": outcome, "at": f"2026-08-{day:02} 18:30:00.000000"},
    )


def know(connection: Connection, key: str) -> None:
    connection.execute(text("INSERT INTO identities (key, decree_id) VALUES (:key, 7)"), {"key": key})


def keys_today(page: str, *, title: str = "Arrêté", first: int = 1, url: str = ELSEWHERE) -> tuple[str, ...]:
    return act_keys(url, [ActIdentity(None, title, first, page)])[0]


def test_what_a_person_decided_is_found_again_however_the_text_is_spelled(url: str) -> None:
    def fill(connection: Connection) -> None:
        store_act(connection, 1, LAYER)
        store_act(connection, 2, "", title=TITLE)
        decide(connection, f"text:{sha(former(LAYER))}", "not_concerned", 12)
        decide(connection, f"at:{sha(URL)}:2:{sha(former(TITLE))}", "not_concerned", 12)
        decide(connection, "act:26-2026-08-14-00001", "decree", 12)
        decide(connection, "text:of a text that another reading has replaced", "decree", 12)

    released(url, fill)
    with open_store(url) as store:
        for page in (LAYER, RECOGNISED):
            assert {one.outcome for one in store.recordings.decided(keys_today(page)).values()} == {Outcome.NOT_CONCERNED}
        assert store.recordings.decided(keys_today("", title="OEUVRE D’ART", first=2, url=URL))
        assert len(store.recordings.decided(["act:26-2026-08-14-00001", "text:of a text that another reading has replaced"])) == 2
        assert store.recordings.decided([f"text:{sha(former(LAYER))}"]) == {}


def test_of_two_decisions_that_become_one_the_later_stands(url: str) -> None:
    def fill(connection: Connection) -> None:
        store_act(connection, 1, LAYER)
        store_act(connection, 2, RECOGNISED, recueil=2)
        decide(connection, f"text:{sha(former(LAYER))}", "not_concerned", 12)
        decide(connection, f"text:{sha(former(RECOGNISED))}", "decree", 13)

    released(url, fill)
    with open_store(url) as store:
        for page in (LAYER, RECOGNISED):
            assert [one.outcome for one in store.recordings.decided(keys_today(page)).values()] == [Outcome.DECREE]


def test_decrees_parts_of_acts_and_recueils_are_known_again(url: str) -> None:
    def fill(connection: Connection) -> None:
        store_act(connection, 1, LAYER, decree=7)
        for key in (f"text:{sha(former_of_decree(LAYER))}", f"part:26:{former_digest(LAYER)}:0", "number:26:2026-1:signed:2026-08-12"):
            know(connection, key)

    released(url, fill)
    with open_store(url) as store, store.database.reading() as connection:
        known = set(connection.execute(select(identities.c.key)).scalars())
        digest = connection.execute(select(recueils.c.digest).where(recueils.c.id == 1)).scalar_one()
        for page in (LAYER, RECOGNISED):
            [key] = identify("26", None, Facts(), page)
            whole = text_digest([PageText(1, page)])
            assert known == {key, f"part:26:{whole}:0", "number:26:2026-1:signed:2026-08-12"}
            assert digest == whole
        assert connection.execute(select(recueils.c.digest).where(recueils.c.id == 2)).scalar_one() == former_digest("Autre")
        # The terms are made again, too.
        assert [store.decrees.search(words, 5).total for words in ("œuvre", "oeuvre", "STRASSE", "straße")] == [1, 1, 1, 1]


def test_a_key_that_another_sighting_had_already_stays_with_its_decree(url: str) -> None:
    [today] = identify("26", None, Facts(), RECOGNISED)

    def fill(connection: Connection) -> None:
        store_act(connection, 1, LAYER, decree=7)
        know(connection, today)
        know(connection, f"text:{sha(former_of_decree(LAYER))}")

    released(url, fill)
    with open_store(url) as store, store.database.reading() as connection:
        assert connection.execute(select(identities.c.key)).scalars().all() == [today]
