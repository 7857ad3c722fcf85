"""One address for each document of the platform, without session numbers and the like, as listings are read from now on."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

# As in `sources.text` when this was written.
_DOCUMENT = re.compile(r"/(?:(?:ire)?contenu/telechargement|content/download)/\d+/\d+(?![^/;])", re.IGNORECASE)
_NOISE = (
    r"(?:(?:j|php)?_?sess(?:ion)?_?(?:id)?|id_?session|aspsessionid\w*|s_?id|cfid|cftoken|utm_\w+|mtm_\w+|pk_\w+|fbclid|gclid"
    r"|_|t|ts|time(?:stamp)?|r|rand(?:om)?|rnd|no_?cache|cb|cache_?buster)"
)
_NOISE_IN_PATH = re.compile(rf";{_NOISE}=[^/;]*", re.IGNORECASE)
_NOISE_IN_QUERY = re.compile(rf"(?:{_NOISE}(?:=.*)?|\d*)", re.IGNORECASE | re.DOTALL)
_BEST = ("read", "incomplete", "duplicate", "failed", "waiting", "known")


def upgrade() -> None:
    """Give the plain address to one of the rows that a document has, the one that is known best: else it would be taken for new."""
    connection = op.get_bind()
    recueils = sa.table("recueils", *(sa.column(name) for name in ("id", "authority", "url", "state")))
    documents: dict[tuple[str, str], list[Any]] = defaultdict(list)
    suspect = sa.or_(recueils.c.url.like("%;%"), recueils.c.url.like("%?%"))
    for row in connection.execute(sa.select(recueils).where(suspect).order_by(recueils.c.id)):
        plain = _plain(row.url)
        if plain != row.url:
            documents[row.authority, plain].append(row)
    for (authority, plain), rows in documents.items():
        mine = sa.and_(recueils.c.authority == authority, recueils.c.url == plain)
        if connection.execute(sa.select(recueils.c.id).where(mine)).first() is None:
            best = min(rows, key=lambda row: _BEST.index(row.state) if row.state in _BEST else len(_BEST))
            connection.execute(sa.update(recueils).where(recueils.c.id == best.id).values(url=plain))
            _move_decisions(connection, best.url, plain)


def _move_decisions(connection: sa.Connection, old: str, new: str) -> None:
    """What people decided of acts that are known by their place is kept under the address of their recueil."""
    decisions = sa.table("decisions", sa.column("key"))
    before, after = (f"at:{hashlib.sha256(url.encode()).hexdigest()[:40]}:" for url in (old, new))
    for key in connection.execute(sa.select(decisions.c.key).where(decisions.c.key.like(f"{before}%"))).scalars().all():
        renamed = after + key.removeprefix(before)
        if connection.execute(sa.select(decisions.c.key).where(decisions.c.key == renamed)).first() is None:
            connection.execute(sa.update(decisions).where(decisions.c.key == key).values(key=renamed))


def _plain(url: str) -> str:
    origin, slash, rest = url.removeprefix("https://").partition("/")
    path, _, query = (slash + rest).partition("?")
    if not _DOCUMENT.match(path):
        return url
    kept = "&".join(part for part in query.split("&") if not _NOISE_IN_QUERY.fullmatch(part))
    return f"https://{origin}{_NOISE_IN_PATH.sub('', path)}" + (f"?{kept}" if kept else "")
