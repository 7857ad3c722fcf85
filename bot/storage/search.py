"""Searches the acts of decrees by the same terms in SQLite (FTS5) and PostgreSQL (`tsvector`, GIN). `head` has the terms of title and
facts; `everything` those, of text and authority. Other acts are not indexed: 1.5 GB a year for France.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from bot.domain.acts import Facts
from bot.domain.facts import FACTS
from bot.domain.lazily import lazily
from bot.domain.posts import FollowKind
from bot.domain.text import fold_words
from bot.domain.topics import purpose_codes
from bot.storage.database import Database, one_of, written
from bot.storage.schema import act_terms, acts, decree_revision, decrees, follows, search_rules

# An underscore cannot come from a text or a question: their terms are letters and digits.
_AUTHORITY = "_in"

# Together they keep the terms of a hostile PDF within the 1 MB that PostgreSQL allows a tsvector.
_MOST_HEAD_TERMS, _MOST_TEXT_TERMS = 2_000, 20_000
_MOST_QUESTION_TERMS = 50
MANY = 201
"""Acts that a search finds, from which on decrees are found by walking the list of all; fewer are looked up by their ids."""
_BATCH = 200
SLICE = 20
"""Acts whose terms are made again in one transaction, for which other writers wait."""

_RULES = select(search_rules)
_REVISION = select(decree_revision.c.number)
_OF_SEVERAL = select(acts.c.id, acts.c.decree_id).where(
    acts.c.decree_id.in_(select(acts.c.decree_id).where(acts.c.decree_id.is_not(None)).group_by(acts.c.decree_id).having(func.count() > 1))
)
_UNINDEXED: Select[tuple[int, str, str | None, str, str, object]] = (
    # A decree is looked for under the authority that took it, wherever it was republished.
    select(acts.c.id, acts.c.title, acts.c.act_id, acts.c.text, decrees.c.authority, decrees.c.facts)
    .join(decrees, decrees.c.id == acts.c.decree_id)
    .outerjoin(act_terms, act_terms.c.act_id == acts.c.id)
    .where(act_terms.c.act_id.is_(None), acts.c.id > bindparam("after"))
    .order_by(acts.c.id)
    .limit(_BATCH)
)
_OF_RECUEIL = _UNINDEXED.where(acts.c.recueil_id == bindparam("recueil"))
_Unindexed = Row[tuple[int, str, str | None, str, str, object]]


def query_terms(question: str) -> list[str]:
    """Return the first 50 terms of the question; empty without any word."""
    return terms([question], most=_MOST_QUESTION_TERMS)


@dataclass(frozen=True, slots=True)
class Matches:
    """Holds matching acts: their number, unless `_counts_all` only up to `MANY`, and the query of their ids."""

    acts: int
    _counts_all: bool
    _ids: Select[int]
    _theirs: ColumnElement[bool]

    def count(self, connection: Connection) -> int:
        """Return how many acts there are, however many."""
        if self._counts_all or self.acts < MANY:
            return self.acts
        return int(connection.execute(select(func.count()).select_from(self._ids.subquery())).scalar_one())

    def few(self) -> Select[int]:
        """Select the ids of their decrees, perhaps repeated; for many, several times slower than `holds`."""
        found = self._ids.subquery()
        return select(acts.c.decree_id).join_from(found, acts, acts.c.id == found.c.act_id).where(acts.c.decree_id.is_not(None))

    def holds(self) -> ColumnElement[bool]:
        """Match decrees with a matching act, for readers in order of decrees."""
        return exists().where(acts.c.decree_id == decrees.c.id, self._theirs)

    def total(self, connection: Connection, of_several: Mapping[int, int]) -> int:
        """Count matching decrees that stand: acts less further acts of a decree (`of_several` from `ActsOfSeveral`, faster than a join)."""
        if not of_several:
            return self.count(connection)
        act = self._ids.selected_columns.act_id
        # Written so that SQLite looks each act that is found up among these, and not each of these in its index, which takes far longer.
        sought = act + 0 if connection.dialect.name == "sqlite" else act
        held = connection.execute(self._ids.where(one_of(sought, of_several))).scalars().all()
        return self.count(connection) - len(held) + len({of_several[act] for act in held})


class ActsOfSeveral:
    """Caches which decrees have several acts, by revision of the store. Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: tuple[int, Mapping[int, int]] = (-1, {})

    def read(self, connection: Connection) -> Mapping[int, int]:
        """Return the decree of each act whose decree has several."""
        revision, kept = connection.execute(_REVISION).scalar_one(), self._kept
        if kept[0] != revision:
            kept = self._kept = revision, {row.id: row.decree_id for row in connection.execute(_OF_SEVERAL)}
        return kept[1]


def matching(connection: Connection, wanted: Sequence[str], authorities: Collection[str] | None) -> tuple[Matches, Matches]:
    """Return acts of decrees of these authorities (None: all) with all terms anywhere, and in title and facts (SQLite: to `MANY`)."""
    sought = [[term] for term in wanted]
    narrowed = [] if authorities is None else [[_authority_term(code) for code in sorted(authorities)] or [_AUTHORITY]]
    anywhere: _Groups = {"everything": [*sought, *narrowed]}
    found = _held(connection, anywhere)
    if connection.dialect.name == "sqlite":
        headed = _held(connection, {"head": sought} | ({"everything": narrowed} if narrowed else {}))
        counts = [connection.execute(select(func.count()).select_from(ids.subquery())).scalar_one() for ids in (found, headed.limit(MANY))]
        # Written so that the acts are one set, and the index that leads to the acts of a decree is read: rows of acts are large.
        return Matches(counts[0], True, found, (acts.c.id + 0).in_(found)), Matches(counts[1], False, headed, (acts.c.id + 0).in_(headed))
    # What the one column holds the other holds too.
    in_head = _holds_in_postgresql({"head": sought})
    headed = found.where(*in_head)
    all_acts, of_head = connection.execute(found.with_only_columns(func.count(), func.count().filter(*in_head))).one()
    return Matches(all_acts, True, found, acts.c.id.in_(found)), Matches(of_head, True, headed, acts.c.id.in_(headed))


def finds_any(connection: Connection, wanted: Sequence[str]) -> bool:
    """Return whether an act of a decree holds every term; withdrawn decrees have none."""
    found = _held(connection, {"everything": [[term] for term in wanted]})
    return connection.execute(found.limit(1)).first() is not None


_FOLLOWED = select(follows.c.value).where(follows.c.kind == FollowKind.WORDS).distinct()
_TERMS_OF = (
    select(acts.c.decree_id, cast(act_terms.c.everything, Text))
    .join(act_terms, act_terms.c.act_id == acts.c.id)
    .where(one_of(acts.c.decree_id, given="ids"))
)


def words_held(connection: Connection, ids: Collection[int], chats: Collection[int] | None = None) -> dict[int, frozenset[str]]:
    """Return, of the words that these chats (None: any) follow, those that an act of each decree holds; some have no entry."""
    theirs = _FOLLOWED if chats is None else _FOLLOWED.where(one_of(follows.c.chat, chats))
    followed = connection.execute(theirs).scalars().all() if ids else ()
    if not followed:
        return {}
    wanted = {words: _sought(words) for words in followed}
    held: dict[int, frozenset[str]] = {}
    for decree, listed in connection.execute(_TERMS_OF, {"ids": ids}):
        there = frozenset(_TERM.findall(listed))  # PostgreSQL writes each term in quotes
        held[decree] = held.get(decree, frozenset()) | {words for words, sought in wanted.items() if sought <= there}
    return held


@lru_cache(maxsize=20_000)
def _sought(words: str) -> frozenset[str]:
    return frozenset(query_terms(words))


def index_acts(connection: Connection, recueil: int | None = None) -> None:
    """Index the acts of decrees not indexed yet, of one recueil or all."""
    last, wanted = 0, _UNINDEXED if recueil is None else _OF_RECUEIL
    while batch := connection.execute(wanted, {"after": last, "recueil": recueil}).all():
        _insert_terms(connection, batch)
        if len(batch) < _BATCH:
            return
        last = batch[-1].id


def index_again(connection: Connection, decree_ids: Collection[int]) -> None:
    """Index the acts of these changed decrees again."""
    theirs = select(acts.c.id).where(acts.c.decree_id.in_(decree_ids))
    recueils_of = select(acts.c.recueil_id).where(acts.c.decree_id.in_(decree_ids)).distinct()
    connection.execute(delete(act_terms).where(act_terms.c.act_id.in_(theirs)))
    for recueil in connection.execute(recueils_of).scalars().all():
        index_acts(connection, recueil)


def renew_some_terms(database: Database, most: int = SLICE) -> bool:
    """Index at most `most` acts again that were indexed by other rules, in one transaction; return whether there may be more."""
    # Looked at first by who only reads: nobody is kept from writing to find out that there is nothing to do.
    with database.reading() as connection:
        if _is_up_to_date(connection.execute(select(search_rules)).first()):
            return False
    return written(database, lambda connection: _renew_slice(connection, most))


def is_renewing(connection: Connection) -> bool:
    """Return whether the terms of some acts may be missing or of other rules."""
    return not _is_up_to_date(connection.execute(_RULES).first())


def _is_up_to_date(rules: Row[Any] | None) -> bool:
    return rules is not None and rules.version == RULES and rules.renewing is None


def _renew_slice(connection: Connection, most: int) -> bool:
    rules = connection.execute(select(search_rules).with_for_update()).first()
    if _is_up_to_date(rules):
        return False
    after = rules.renewed_to if rules is not None and rules.renewing == RULES else 0
    wanted = select(acts.c.id).where(acts.c.decree_id.is_not(None), acts.c.id > after).order_by(acts.c.id).limit(most)
    last = max(connection.execute(wanted).scalars(), default=None)
    if last is None:
        connection.execute(delete(act_terms).where(act_terms.c.act_id > after))
        _note(connection, {"version": RULES, "renewing": None, "renewed_to": None})
        return False
    connection.execute(delete(act_terms).where(act_terms.c.act_id > after, act_terms.c.act_id <= last))
    _insert_terms(connection, connection.execute(_UNINDEXED.where(acts.c.id <= last), {"after": after}).all())
    _note(connection, {"version": rules.version if rules is not None else "", "renewing": RULES, "renewed_to": last})
    return True


def _note(connection: Connection, row: dict[str, object]) -> None:
    connection.execute(delete(search_rules))
    connection.execute(insert(search_rules), row)


def _insert_terms(connection: Connection, rows: Sequence[_Unindexed]) -> None:
    if rows:
        connection.execute(insert(act_terms), [_terms_of(row) for row in rows])


# Matches acts whose columns of `act_terms` hold a term of each group. Quoted terms (letters, digits, `_`) hold no operator.

_Groups = Mapping[str, Sequence[Sequence[str]]]


def _held(connection: Connection, groups: _Groups) -> Select[int]:
    if connection.dialect.name == "sqlite":
        return _held_in_sqlite(groups)
    return select(act_terms.c.act_id).where(*_holds_in_postgresql(groups))


def _held_in_sqlite(groups: _Groups) -> Select[int]:
    either = {column: [" OR ".join(f'"{term}"' for term in group) for group in each] for column, each in groups.items()}
    query = " AND ".join(f"{{{column}}} : ({terms})" for column, each in either.items() for terms in each)
    asked: BindParameter[str] = bindparam("query", query, unique=True)
    found = text("SELECT rowid AS act_id FROM act_search WHERE act_search MATCH :query").bindparams(asked)
    return select(found.columns(act_terms.c.act_id).subquery().c.act_id)


def _holds_in_postgresql(groups: _Groups) -> list[ColumnElement[bool]]:
    queries = {
        column: " & ".join("(" + " | ".join(f"'{term}'" for term in group) + ")" for group in each) for column, each in groups.items()
    }
    # Their words stand in the statement: planned without them, all searches would be taken for ones that find little.
    return [act_terms.c[column].bool_op("@@")(cast(literal(query, literal_execute=True), TSQUERY)) for column, query in queries.items()]


def _terms_of(row: _Unindexed) -> dict[str, object]:
    head = terms(_head(row.authority, row.title, row.act_id, row.facts), most=_MOST_HEAD_TERMS)
    everything = dict.fromkeys([_authority_term(row.authority), *head, *terms([row.text], most=_MOST_TEXT_TERMS)])
    return {"act_id": row.id, "head": " ".join(head), "everything": " ".join(everything)}


def _head(authority: str, title: str, act_id: str | None, facts: Facts) -> list[str]:
    values = (getattr(facts, fact.name) for fact in FACTS if fact.searched)
    texts = (text for value in values for text in (value if isinstance(value, tuple) else (value or "",)))
    # People search by department: `26`, or the hashtag of the posts.
    return [f"{authority} dept{authority}", title, act_id or "", *(purpose_codes().get(text, text) for text in texts)]


def _authority_term(code: str) -> str:
    return _AUTHORITY + "".join(words(code))


# Terms: words without accents, case and French endings. Accents are removed first: `caméras`, `camera`, `CAMERAS` are one term. Pure.

_stemmer = lazily("snowballstemmer.french_stemmer", "FrenchStemmer")

RULES = f"3 snowballstemmer {version('snowballstemmer')}"
"""Version of these rules, `bot.domain.text` and the stemmer: raise the number when they change, and all terms are made again."""

LONGEST_TERM = 40

_WORD = re.compile(r"[^\W_]+")
_TERM = re.compile(r"\w+")
# Signs that compatibility folding would turn into letters glued to the next number: n°, nº, №.
_SIGNS = str.maketrans(dict.fromkeys("°º№ª", " "))
# fmt: off
_STOP = frozenset((
    "au", "aux", "ce", "ces", "dans", "de", "des", "du", "en", "et", "il", "la", "le", "les", "leur", "leurs", "ou", "par", "pour",
    "que", "qui", "se", "ses", "sur", "un", "une",
))
# fmt: on


def words(text: str) -> list[str]:
    """Return the words of a text in order, as lower case ASCII letters and digits; other letters become code points."""
    return [_ascii(word)[:LONGEST_TERM] for word in _WORD.findall(fold_words(text.translate(_SIGNS)))]


def terms(texts: Iterable[str], *, most: int) -> list[str]:
    """Return the first `most` distinct terms of the texts, in order, without French stop words."""
    found: dict[str, None] = {}
    for each in texts:
        for word in words(each):
            if word in _STOP or (len(word) == 1 and word.isalpha()):
                continue
            found[stem(word)] = None
            if len(found) >= most:
                return list(found)
    return list(found)


@lru_cache(maxsize=10_000)
def term(word: str) -> str:
    """What a word of a text is searched as."""
    return stem(fold_words(word))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A folded word without its French ending."""
    # Without its accent the participle "autorisée" no longer looks like one: give it the ending that the stemmer removes.
    known = re.sub(r"(?<=[a-z]{3})ee(s?)$", r"e\1", word)
    # A stemmer keeps the word it works on: one each, because threads come here together.
    return str(_stemmer().stemWord(known))


def _ascii(word: str) -> str:
    return word if word.isascii() else "".join(character if character.isascii() else f"u{ord(character):x}" for character in word)
