"""The words of the letters and their templates, from this package's data files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache

from bot.domain.law.advice import Flag
from bot.messages.words import Table, data_file, text_file


class Placeholders(Table):
    """What a person has to fill in where the decree does not say. Each stands in brackets."""

    number: str
    signed: str
    title: str
    published: str
    link: str
    addressee: str
    period: str
    event: str
    places: str
    operators: str
    purposes: str
    software: str
    cameras: str
    legal_basis: str
    court: str


class LetterLabels(Table):
    """How what is known is put into a sentence. `facts` stand before each fact of the decree, in their order."""

    attention: str
    police: str
    reference: str
    title: str
    publication: str
    court: str
    courts: str
    fact: str
    more: str
    one_day: str
    days: str
    that_day: str
    facts: Mapping[str, str]


class Warnings(Table):
    """Lines at the head of a letter, each only where it holds."""

    passed: str
    ended: str
    modified: str
    suspended: str
    in_doubt: str
    over: str
    differs: str


class LimitWords(Table):
    """What is said of the last day to contest the decree: known, passed or unknown."""

    line: str
    unknown_line: str
    remedy: str
    remedy_passed: str
    remedy_unknown: str
    in_time: str
    passed: str
    unknown: str


class RequestedDocument(Table):
    """A document to ask for. `applied`: it exists only where something was allowed."""

    text: str
    applied: bool = False


class LegalGround(Table):
    """A ground to complete; with `flag`, only for decrees that bear it."""

    text: str
    flag: Flag | None = None


class LegalSource(Table):
    """A rule that letters rest on. `read` is the day of the consolidation of the copy it was read in, None where it is to be verified."""

    text: str
    letters: tuple[str, ...]
    read: date | None = None


class SourceWords(Table):
    """How sources are told at the head of a letter."""

    read: str
    unread: str


class LetterWords(Table):
    """The content of `letters.toml`."""

    blanks: Placeholders
    labels: LetterLabels
    warnings: Warnings
    limit: LimitWords
    documents: tuple[RequestedDocument, ...]
    grounds: tuple[LegalGround, ...]
    sources: tuple[LegalSource, ...]
    source_words: SourceWords


@cache
def letter_words() -> LetterWords:
    """Return the words, read once."""
    return LetterWords.model_validate(data_file("bot.messages.letters", "letters.toml"))


@cache
def template(letter: str) -> str:
    """Return the text of one letter with its fields in braces, read once."""
    return text_file("bot.messages.letters", "templates", f"{letter}.txt")
