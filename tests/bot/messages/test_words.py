"""The words of every data file: both languages say the same, each value has its text, and the code uses what there is."""

from __future__ import annotations

import ast
import string
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from bot.domain.acts import Kind, Where
from bot.domain.facts import CAMERA_TYPES, FULL_ROWS, PAGE_ROWS, POST_ROWS
from bot.domain.health import Cause
from bot.domain.law import Flag
from bot.domain.topics import purposes_of, topics
from bot.gazetteer.gazetteer import gazetteer
from bot.messages.letters.drafting import LetterKind
from bot.messages.words import LANGUAGES, Language, Named, Words, topic_words, with_article, words_in
from bot.operators.alerts import PostTrouble
from bot.operators.text import alert_words
from bot.queries.answers import InputFault
from bot.queries.vocabulary import vocabulary
from bot.web.views import view_words

CHECKOUT = Path(__file__).parents[3]
_FRENCH_ONLY = {"cues_fr.toml"}


def _pairs() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for path in sorted((CHECKOUT / "bot").rglob("*.toml")):
        content = tomllib.loads(path.read_text("utf-8"))
        if path.stem.endswith("fr") and path.name not in _FRENCH_ONLY:
            yield path.name, content, tomllib.loads(path.with_name(path.name.replace("fr.toml", "en.toml")).read_text("utf-8"))
        elif content.keys() == set(LANGUAGES):
            yield path.name, content["fr"], content["en"]


def _fields(entry: Any, path: str = "") -> Iterator[tuple[str, frozenset[str | None]]]:
    match entry:
        case dict():
            # A template would find the method of that name.
            assert not any(hasattr(entry, key) for key in entry)
            for key, value in entry.items():
                # Commands have names of each language.
                yield from _fields(value, f"{path}.{'*' if path.endswith('.commands') else key}")
        case list():
            for position, value in enumerate(entry):
                yield from _fields(value, f"{path}.{position}")
        case _:
            assert entry.strip(), path
            yield path, frozenset(name for _, name, _, _ in string.Formatter().parse(entry) if name is not None)


def test_both_languages_have_the_same_texts_with_the_same_fields() -> None:
    pairs = list(_pairs())
    assert len(pairs) == 10 + len(topics())
    for name, french, english in pairs:
        assert dict(_fields(french)) == dict(_fields(english)), name


_UNSAID_CAUSES = {Cause.LATE, Cause.RELOCATED, Cause.MISFILED, Cause.HOSTILE, Cause.UNLINKED}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_value_has_its_text(language: Language) -> None:
    said, asked, shown, alerted = words_in(language), vocabulary(language), view_words(language), alert_words(language)
    kinds = [said.short_kinds, said.changes.does, said.changes.undergoes, said.notice.marks]
    kinds += [table for topic in topics() for table in (topic_words(topic, language).kinds, topic_words(topic, language).explained)]
    by_value: list[tuple[Words, Iterable[str]]] = [
        *zip(kinds, repeat(Kind)),
        *(
            (table, purposes_of(topic))
            for topic in topics()
            for own in [topic_words(topic, language)]
            for table in (own.purposes, own.purposes_explained)
        ),
        (shown.flags, Flag),
        (alerted.causes, Cause),
        (alerted.posts.troubles, PostTrouble),
        (asked.state.causes, set(Cause) - _UNSAID_CAUSES),
        (asked.evidence.where, Where),
        (asked.faults, InputFault),
        (asked.faces, ("telegram", "terminal", "mastodon")),
        (asked.chat.letter_names, LetterKind),
    ]
    for table, values in by_value:
        assert set(table.keys()) == set(values)
    assert set(said.facts.keys()) == {*POST_ROWS, *FULL_ROWS, *PAGE_ROWS, "authority", "requested"} - {"purposes"}
    assert set(CAMERA_TYPES) <= set(said.cameras.keys())
    assert [len(table) for table in (said.dates.months, shown.days.short_months, asked.figures.months)] == [12, 12, 12]
    assert [len(table) for table in (shown.days.weekdays, shown.days.short_weekdays)] == [7, 7]


def test_what_is_missing_is_named_with_its_file() -> None:
    with pytest.raises(AttributeError, match=r"^bot/messages/fr\.toml: dates: no mouths$"):
        _ = words_in("fr").dates.mouths
    with pytest.raises(KeyError, match=r"vsa/fr\.toml: kinds: no decree"):
        _ = topic_words("vsa", "fr").kinds["decree"]


# What the code uses, as its syntax tells: a variable holds one of the tables that have all that is asked of it.


class _Uses:
    """Follows tables of words through one module. `used` collects entries by the table's identity, `missing` what no table has."""

    def __init__(self, roots: dict[str, Words], tables: Sequence[Words]) -> None:
        self.roots, self.tables = roots, tables
        self.used: defaultdict[int, set[str]] = defaultdict(set)
        self.missing: list[str] = []
        self.held: dict[str, list[Words]] = {}
        self.narrowing = False

    def walk(self, node: ast.AST) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node)
                return
            case ast.For() | ast.comprehension():
                self._bind(node.target, node.iter)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                for generator in node.generators:
                    self.walk(generator)
        for child in ast.iter_child_nodes(node):
            self.walk(child)
        match node:
            case ast.Assign():
                self._bind(node.targets[0], node.value)
            case ast.Attribute() | ast.Subscript():
                self._of(node)
            case ast.Dict():
                for key, value in zip(node.keys, node.values, strict=True):
                    _ = key or self._whole(self._of(value))
            case ast.keyword(arg=None):
                self._whole(self._of(node.value))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        outer, narrowing = dict(self.held), self.narrowing
        for given in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            is_words = isinstance(given.annotation, ast.Name) and given.annotation.id == "Words"
            self.held[given.arg] = list(self.tables) if is_words else []
        for self.narrowing in (True, narrowing):
            for statement in node.body:
                self.walk(statement)
        self.held = outer

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        match target, value:
            case ast.Tuple(), ast.Tuple() if len(target.elts) == len(value.elts):
                for one, of_it in zip(target.elts, value.elts, strict=True):
                    self._bind(one, of_it)
            case ast.Name(), _:
                self.held[target.id] = self._of(value)

    def _of(self, node: ast.expr) -> list[Words]:
        """The tables that an expression may be."""
        found: list[Words] = []
        match node:
            case ast.Name():
                found = self.held.get(node.id, [])
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in self.roots:
                found = [self.roots[name]]
            case ast.Attribute(value=ast.Name(id="message") | ast.Attribute(attr="message"), attr="words"):
                found = [self.roots["words_in"]]
            case ast.ListComp(elt=inner) | ast.GeneratorExp(elt=inner):
                found = self._of(inner)
            case ast.IfExp(body=one, orelse=other):
                found = [*self._of(one), *self._of(other)]
            case ast.Attribute() if tables := self._of(node.value):
                found = self._entry(tables, node)
            case ast.Subscript() if tables := self._of(node.value):
                found = self._whole(tables)
        return found

    def _entry(self, tables: list[Words], node: ast.Attribute) -> list[Words]:
        if node.attr in {"get", "keys", "items"}:
            return self._whole(tables)
        having = [table for table in tables if node.attr in _keys(table)]
        if not having:
            self.missing.append(f"{ast.unparse(node)} in line {node.lineno}")
        if isinstance(node.value, ast.Name):
            self.held[node.value.id] = having or tables
        if not self.narrowing:
            for table in having:
                self.used[id(table)].add(node.attr)
        return [entry for table in having for entry in _inner(table) if entry is table[node.attr]]

    def _whole(self, tables: list[Words]) -> list[Words]:
        if not self.narrowing:
            for table in tables:
                self.used[id(table)] |= _keys(table)
        return [entry for table in tables for entry in _inner(table)]


def _keys(table: Words) -> set[str]:
    return set(table.keys())


def _inner(table: Words) -> list[Words]:
    entries: list[Any] = [entry for _, entry in table.items()]
    return [entry for entry in entries if isinstance(entry, Words)]


def _tables(table: Words) -> Iterator[Words]:
    yield table
    for inner in _inner(table):
        yield from _tables(inner)


def _roots(modules: dict[str, ast.Module]) -> dict[str, dict[str, Words]]:
    """The functions that return words of a file, by the module that defines them."""
    found: dict[str, dict[str, Words]] = {}
    for module, tree in modules.items():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name != "words_file" and "words_file(" in ast.unparse(node):
                function = getattr(import_module(module), node.name)
                found.setdefault(module, {})[node.name] = function("fr") if node.args.args else function()
    return found


def test_the_code_uses_every_text_and_no_other() -> None:
    paths = {path: ".".join(path.relative_to(CHECKOUT).with_suffix("").parts) for path in (CHECKOUT / "bot").rglob("*.py")}
    modules = {name: ast.parse(path.read_text("utf-8")) for path, name in paths.items()}
    defined = _roots(modules)
    tables = [table for roots in defined.values() for root in roots.values() for table in _tables(root)]
    public = {name: root for roots in defined.values() for name, root in roots.items() if not name.startswith("_")}
    used: defaultdict[int, set[str]] = defaultdict(set)
    missing = []
    for module, tree in modules.items():
        uses = _Uses(public | defined.get(module, {}), tables)
        uses.walk(tree)
        missing += [f"{module}: {one}" for one in uses.missing]
        for table, entries in uses.used.items():
            used[table] |= entries
    assert missing == []
    assert len(tables) > 60
    unused = [f"{table._where}: {entry}" for table in tables for entry in sorted(_keys(table) - used[id(table)])]
    assert unused == []


@pytest.mark.parametrize(
    ("name", "named", "french", "after_to"),
    [
        ("Drôme (26)", "departments", "la Drôme (26)", "à la Drôme (26)"),
        ("Côte-d’Or (21)", "departments", "la Côte-d’Or (21)", "à la Côte-d’Or (21)"),
        ("Val-d'Oise (95)", "departments", "le Val-d'Oise (95)", "au Val-d'Oise (95)"),
        ("Ain (01)", "departments", "l’Ain (01)", "à l’Ain (01)"),
        ("Paris (75)", "departments", "Paris (75)", "à Paris (75)"),
        ("Hauts-de-France", "regions", "les Hauts-de-France", "aux Hauts-de-France"),
        ("SNCF", "operators", "la SNCF", "à la SNCF"),
        ("SDIS 26", "operators", "le SDIS 26", "au SDIS 26"),
        ("Police municipale de Valence", "operators", "la police municipale de Valence", "à la police municipale de Valence"),
        ("M TAG", "operators", "M TAG", "à M TAG"),
    ],
)
def test_names_have_their_articles_in_french(name: str, named: Named, french: str, after_to: str) -> None:
    assert with_article(name, named, "fr") == french
    assert with_article(name, named, "fr", after_to=True) == after_to
    assert with_article(name, named, "en", after_to=True) == f"to {name}"


def test_the_articles_name_every_department_and_region_that_has_one() -> None:
    without = {"Paris", "Mayotte", "La Réunion", "Centre-Val de Loire", "Provence-Alpes-Côte d’Azur"}
    french = [one for one in gazetteer().departments.values() if len(one.code) == 2 or one.code in {"971", "972", "973", "974", "976"}]
    regions = [one for one in gazetteer().regions.values() if len(one.departments) > 1]
    bare = {one.name for one in french if with_article(one.name, "departments", "fr") == one.name}
    bare |= {one.name for one in regions if with_article(one.name, "regions", "fr") == one.name}
    assert bare == without
