"""Keys and digests by one fold of letters: `œuvre` and `oeuvre`, as a layer and recognition spell them, are one word in all of them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_BATCH = 50
_SHORTEST_OF_ACT, _SHORTEST_OF_DECREE = 200, 600
_OPENED = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ı": "i"}
_NOT_IN_A_WORD = re.compile(r"[^0-9a-z]+")
_NOT_IN_ANY_WORD = re.compile(r"[\W_]+")

_recueils = sa.table("recueils", sa.column("id"), sa.column("url"), sa.column("digest"))
_acts = sa.table(
    "acts",
    *(sa.column(name) for name in ("id", "recueil_id", "position", "act_id", "title", "first_page", "decree_id")),
    sa.column("text", sa.LargeBinary()),
)
_decisions = sa.table("decisions", *(sa.column(name) for name in ("key", "outcome", "kind", "decided_at", "decided_by")))
_identities = sa.table("identities", sa.column("key"))


class _Keys:
    """Keys of acts, of decrees and of the parts of bulk acts: those that are stored, and what each of them becomes."""

    def __init__(self, decided: frozenset[str], known: frozenset[str], parts: Mapping[str, list[str]]) -> None:
        self.decided = decided
        self.known = known
        self.parts = parts
        self.decisions: dict[str, str] = {}
        self.identities: dict[str, str] = {}


def upgrade() -> None:
    """Compute the keys of decisions, those of decrees that depend on their text, and the digests of recueils anew.

    Each is found by the key that the former folds give; one whose text was replaced since by another reading stays as it is.
    """
    connection = op.get_bind()
    keys = _stored(connection)
    for recueil, rows in _read(connection):
        texts = [_unpacked(row.text) for row in rows]
        before, after = [_all_letters(text) for text in texts], [_letters(text) for text in texts]
        if before != after and recueil.digest == _digest_of(before):
            connection.execute(sa.update(_recueils).where(_recueils.c.id == recueil.id).values(digest=_digest_of(after)))
        for row, text, was, new in zip(rows, texts, before, after, strict=True):
            _note(keys, recueil.url, row, text, was, new)
    _rename_decisions(connection, keys.decisions)
    _rename_identities(connection, keys)


def _stored(connection: sa.Connection) -> _Keys:
    decided = connection.execute(sa.select(_decisions.c.key)).scalars()
    known = frozenset(connection.execute(sa.select(_identities.c.key)).scalars())
    parts: dict[str, list[str]] = defaultdict(list)
    for key in known:
        if key.startswith("part:") and key.count(":") == 3:
            parts[key.split(":")[2]].append(key)
    return _Keys(frozenset(key for key in decided if key.startswith(("text:", "at:"))), known, parts)


def _read(connection: sa.Connection) -> Iterator[tuple[sa.Row[Any], list[sa.Row[Any]]]]:
    """Each recueil that has acts, with these, in order."""
    last = 0
    while True:
        mine = sa.select(_recueils).where(_recueils.c.id > last, _recueils.c.id.in_(sa.select(_acts.c.recueil_id)))
        batch = connection.execute(mine.order_by(_recueils.c.id).limit(_BATCH)).all()
        if not batch:
            return
        acts: dict[int, list[sa.Row[Any]]] = defaultdict(list)
        theirs = sa.select(_acts).where(_acts.c.recueil_id.in_([row.id for row in batch])).order_by(_acts.c.position, _acts.c.id)
        for row in connection.execute(theirs):
            acts[row.recueil_id].append(row)
        yield from ((recueil, acts[recueil.id]) for recueil in batch)
        last = batch[-1].id


def _note(keys: _Keys, url: str, act: sa.Row[Any], text: str, was: str, new: str) -> None:
    """What the keys of one act become, where they are stored. `was` are the letters of its text as digests had them, `new` as all have."""
    if keys.decided:
        _pair(keys.decisions, keys.decided, _text_key(_ascii(text), _SHORTEST_OF_ACT), _text_key(new, _SHORTEST_OF_ACT))
        if act.act_id is None:
            place = f"at:{_hash(url)}:{act.first_page}:"
            _pair(keys.decisions, keys.decided, place + _hash(_ascii(act.title)), place + _hash(_letters(act.title)))
    if act.decree_id is not None:
        _pair(keys.identities, keys.known, _text_key(_ascii(_ligatures(text)), _SHORTEST_OF_DECREE), _text_key(new, _SHORTEST_OF_DECREE))
        before = _digest_of([was])
        for key in keys.parts.get(before, ()):
            _pair(keys.identities, keys.known, key, key.replace(before, _digest_of([new])))


def _pair(renamed: dict[str, str], stored: Iterable[str], before: str | None, after: str | None) -> None:
    if before is not None and after is not None and before != after and before in stored:
        renamed[before] = after


def _rename_decisions(connection: sa.Connection, renamed: Mapping[str, str]) -> None:
    """Where two keys become one, the later decision stands."""
    rows = {row.key: row for row in connection.execute(sa.select(_decisions)) if row.key in {*renamed, *renamed.values()}}
    latest: dict[str, sa.Row[Any]] = {}
    for row in sorted(rows.values(), key=lambda row: str(row.decided_at)):
        latest[renamed.get(row.key, row.key)] = row
    for key in rows:
        connection.execute(sa.delete(_decisions).where(_decisions.c.key == key))
    if latest:
        connection.execute(sa.insert(_decisions), [{**row._mapping, "key": key} for key, row in latest.items()])


def _rename_identities(connection: sa.Connection, keys: _Keys) -> None:
    """A key that another decree has already is left to it."""
    taken = set(keys.known)
    for before, after in sorted(keys.identities.items()):
        mine = _identities.c.key == before
        connection.execute(sa.delete(_identities).where(mine) if after in taken else sa.update(_identities).where(mine).values(key=after))
        taken.add(after)


def _unpacked(packed: bytes | None) -> str:
    try:
        return zlib.decompress(packed or b"").decode()
    except (zlib.error, UnicodeDecodeError):
        return ""  # nothing is known of it: its keys stay as they are


def _text_key(letters: str, shortest: int) -> str | None:
    return f"text:{_hash(letters)}" if len(letters) >= shortest else None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:40]


def _digest_of(texts: Iterable[str]) -> str:
    return hashlib.sha256("".join(texts).encode("utf-8", "replace")).hexdigest()


def _letters(text: str) -> str:
    """The fold of the program from here on."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    for letter, letters in _OPENED.items():
        folded = folded.replace(letter, letters)
    return _NOT_IN_A_WORD.sub("", folded)


def _all_letters(text: str) -> str:
    """That of digests so far: letters of any script, ligatures kept."""
    if text.isascii():
        return _NOT_IN_A_WORD.sub("", text.lower())
    return _NOT_IN_ANY_WORD.sub("", unicodedata.normalize("NFKD", text.casefold()))


def _ascii(text: str) -> str:
    """That of keys so far: what decomposition leaves whole is dropped."""
    return _NOT_IN_A_WORD.sub("", unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower())


def _ligatures(text: str) -> str:
    """That of the keys of decrees opened the ligatures before."""
    for ligature, letters in (("œ", "oe"), ("Œ", "oe"), ("æ", "ae"), ("Æ", "ae")):
        text = text.replace(ligature, letters)
    return text
