"""An answer in Telegram's form, and what the buttons under it carry. Markup is built from escaped parts only, buttons are values."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from html import escape
from itertools import islice, zip_longest

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    LinkPreviewOptions,
)
from telegram.constants import ParseMode

from bot.domain.acts import GRANTS, Decree, Kind, Place
from bot.domain.recent import Recent
from bot.domain.topics import topics
from bot.gazetteer.gazetteer import Commune, named_communes, region_of
from bot.messages.announcement import Button, decree_line, decree_line_html, telegram_decree, telegram_text
from bot.messages.letters.drafting import LetterKind
from bot.messages.lines import MessageInput, kind_text, topics_told, with_topic_hint
from bot.messages.words import LANGUAGES, TEXT_LIMIT, Language, cut, html_tag, html_text, inert, telegram_length, unlinked, words_in
from bot.queries.answers import (
    Answer,
    DecreeList,
    HelpRequest,
    ListKind,
    NothingFound,
    OneDecree,
    PlaceChoices,
    Question,
    SeveralPlaces,
    SubjectCard,
    TownAnswer,
)
from bot.queries.departments import place_label
from bot.queries.figures import FiguresAnswer, View
from bot.queries.following import event_followed
from bot.queries.phrases import (
    NoLetter,
    choice_text,
    decree_lines,
    instead,
    laws,
    letter_text,
    message_of,
    place_blocks,
    place_name,
    plain_answer,
    several_watch,
    title,
    town_parts,
    unread,
    unwatched,
    withdrawal,
)
from bot.queries.pictures import figures_picture
from bot.queries.telegram.commands import COMMANDS
from bot.queries.telegram.following import TWINS
from bot.queries.vocabulary import vocabulary

LIMIT_BYTES = 64
_LISTS = {
    "r": ListKind.RECENT,
    "d": ListKind.DEPARTMENT,
    "s": ListKind.SEARCH,
    "f": ListKind.IN_FORCE,
    "t": ListKind.TODAY,
    "n": ListKind.NUMBER,
    "c": ListKind.TOWN,
    "j": ListKind.DAY,
    "b": ListKind.RECUEIL,
}
_LETTERS = {list_kind: letter for letter, list_kind in _LISTS.items()}
_DRAFTS = {"l": LetterKind.CADA, "g": LetterKind.GRACIEUX}
_KEPT, _LANGUAGE = "k", "w"
_FORM = re.compile(
    r"1(?P<language>fr|en)(?P<list_kind>[rdsftncjbklgw])(?P<page>[0-9]{1,6})(?:\.(?P<topic>\w{1,32}))?:(?P<words>.*)", re.ASCII | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class LetterWanted:
    """A draft of a letter about the decree of this number (of Vigie)."""

    letter: LetterKind
    number: int


@dataclass(frozen=True, slots=True)
class LanguageWanted:
    """Answers in the language that the button carries."""


@dataclass(frozen=True, slots=True)
class FollowWanted:
    """To follow something by its code in links (`c26198`, `d26`, `e12`): answered by `bot.queries.telegram.following`."""

    code: str


Pressed = Question | LetterWanted | LanguageWanted


class Callbacks:
    """Turns what buttons ask into their data and back. Remembers at most `limit` long searches, the least used go first."""

    def __init__(self, limit: int = 1000) -> None:
        self._kept = Recent[str, str](limit)

    def encode(self, asked: Pressed | FollowWanted, language: Language) -> str:
        """Return at most 64 bytes of UTF-8."""
        match asked:
            case FollowWanted():
                return f"2{language}a:{asked.code}"
            case LanguageWanted():
                return f"1{language}{_LANGUAGE}1:"
            case LetterWanted():
                letter = next(key for key, kind in _DRAFTS.items() if kind is asked.letter)
                return f"1{language}{letter}1:{asked.number}"
            case Question():
                data = f"1{language}{_LETTERS[asked.list_kind]}{_page(asked)}:{asked.words}"
                return data if len(data.encode()) <= LIMIT_BYTES else self._short(asked, language)

    def decode(self, data: str) -> tuple[Pressed, Language] | None:
        """Return what is asked and in which language; None for what was forgotten since, or for data that no button of ours carries."""
        match = _FORM.fullmatch(data)
        if match is None:
            return None
        language: Language = "en" if match["language"] == "en" else "fr"
        list_kind, page, words, topic = match["list_kind"], int(match["page"]), match["words"], match["topic"] or ""
        if topic and topic not in topics():
            return None
        asked: Pressed | None = None
        if list_kind == _LANGUAGE:
            asked = LanguageWanted()
        elif list_kind in _DRAFTS:
            asked = LetterWanted(_DRAFTS[list_kind], int(words)) if re.fullmatch("[0-9]{1,18}", words) else None
        elif list_kind == _KEPT:
            kept = self._kept.get(words)
            if kept is not None:
                self._kept[words] = kept
                asked = Question(_LISTS[kept[0]], kept[1:], page, topic)
        else:
            asked = Question(_LISTS[list_kind], words, page, topic)
        return None if asked is None else (asked, language)

    def _short(self, question: Question, language: Language) -> str:
        key = hashlib.blake2b(question.words.encode(), digest_size=16).hexdigest()
        self._kept[key] = _LETTERS[question.list_kind] + question.words
        return f"1{language}{_KEPT}{_page(question)}:{key}"


def _page(question: Question) -> str:
    """Return the page, and the topic where there is one: `2`, `2.name`."""
    return f"{question.page}.{question.topic}".rstrip(".")


_MOST_LINKED = 4
"""Other decrees to which a card has a button."""
_LONGEST_BUTTON = 60
_MOST_TO_FOLLOW = 2
_NUMBERS_IN_A_ROW = 5


@dataclass(frozen=True, slots=True)
class PressButton:
    """A button that asks something of the bot, in `language` where that is another one than the answer's."""

    text: str
    asked: Pressed | FollowWanted
    language: Language | None = None


Row = tuple[PressButton | Button, ...]


@dataclass(frozen=True, slots=True)
class SentFile:
    """A text or a picture to send as a file."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """Holds a reply: `markup` for `parse_mode=HTML`, the same in plain text in case it cannot be parsed, and rows of buttons. With a
    `document` or a `photo` (a PNG) the plain text is its caption."""

    markup: str
    plain: str
    rows: tuple[Row, ...] = ()
    document: SentFile | None = None
    photo: SentFile | None = None


def telegram_reply(answer: Answer, places: Mapping[str, Place], language: Language) -> Reply:
    """Build the reply to a question. At most 4096 UTF-16 units as long as a page has no more decrees than `TELEGRAM_PAGE`."""
    match answer:
        case DecreeList():
            return _list(answer, places, language)
        case TownAnswer():
            return _town(answer, places, language)
        case OneDecree():
            return _card(answer, places, language)
        case PlaceChoices() | HelpRequest() | SubjectCard() | SeveralPlaces():
            return _guiding(answer, places, language)
        case _:
            photo = _picture(answer, places, language) if isinstance(answer, FiguresAnswer) else None
            there = answer.places if isinstance(answer, NothingFound) and answer.question.list_kind is ListKind.DEPARTMENT else ()
            words = plain_answer(answer, places, language, "telegram")
            return replace(said(words), rows=_rows(_follow_places(there, language)), photo=photo)


def _guiding(answer: PlaceChoices | HelpRequest | SubjectCard | SeveralPlaces, places: Mapping[str, Place], language: Language) -> Reply:
    """Return an answer whose buttons lead on."""
    match answer:
        case PlaceChoices():
            buttons = (PressButton(cut(choice_text(choice, language), _LONGEST_BUTTON), choice.question) for choice in answer.choices)
            return replace(said(plain_answer(answer, places, language, "telegram")), rows=tuple((button,) for button in buttons))
        case HelpRequest():
            return help_reply((language,), answer.topics)
        case SubjectCard():
            return _subject_card(answer, places, language)
        case SeveralPlaces():
            return _several(answer, places, language)


def _subject_card(answer: SubjectCard, places: Mapping[str, Place], language: Language) -> Reply:
    card = vocabulary(language).subject
    lists = {"today": ListKind.TODAY, "in_force": ListKind.IN_FORCE, "recent": ListKind.RECENT}
    asked: list[Row] = [(PressButton(card.next[name], Question(list_kind)),) for name, list_kind in lists.items()]
    return replace(
        said(plain_answer(answer, places, language, "telegram")), rows=(*asked, *((Button(card.law, law),) for law in laws(answer.topics)))
    )


def _several(answer: SeveralPlaces, places: Mapping[str, Place], language: Language) -> Reply:
    blocks = []
    for _, text in place_blocks(answer, places, language):
        head, *lines = text.split("\n")
        blocks.append("\n".join((html_tag("b", html_text(head)).source, *(html_text(line).source for line in lines))))
    blocks.append(html_text(several_watch(answer, places, language)).source)
    buttons = ((PressButton(cut(place_name(one), _LONGEST_BUTTON), one.question),) for one in answer.answers)
    return Reply("\n\n".join(blocks), unlinked(plain_answer(answer, places, language, "telegram")), tuple(buttons))


def said(words: str) -> Reply:
    """Return words of the bot itself, without markup: the commands in them are its own."""
    return Reply(html_text(words, _own_commands()).source, unlinked(words, _own_commands()))


def help_reply(languages: Sequence[Language], watched: Sequence[str]) -> Reply:
    """Return what the bot can be asked, in one language or several, where these topics are watched."""
    about = {each: topics_told(watched, each, "on", explained=True) for each in languages}
    texts = (
        with_topic_hint(
            f"{vocabulary(each).help.strip().format(about=about[each])}\n\n{vocabulary(each).chat.help}",
            vocabulary(each).chat.by_topic,
            watched,
            each,
        )
        for each in languages
    )
    return said("\n\n".join(texts))


def introduced(reply: Reply, about: str) -> Reply:
    """Add words of our own at the end of a reply, where it has room: who runs this. An address in them stays one."""
    if not about or telegram_length(reply.plain) + telegram_length(about) + 2 > TEXT_LIMIT:
        return reply
    return replace(reply, markup=f"{reply.markup}\n\n{escape(about)}", plain=f"{reply.plain}\n\n{about}")


def language_choice(language: Language) -> Reply:
    """Ask in which language answers are wanted, in both: whoever opens this may not read the other."""
    names = {each: vocabulary(each).chat.language_name for each in LANGUAGES}
    row = tuple(PressButton(name, LanguageWanted(), each) for each, name in names.items())
    return replace(said("\n".join(vocabulary(each).chat.which_language for each in LANGUAGES)), rows=(row,))


def letter_reply(wanted: LetterWanted, answer: OneDecree, places: Mapping[str, Place], language: Language) -> Reply:
    """Return the draft of a letter as a document, with what must be completed as its caption; why there is none otherwise."""
    chat = vocabulary(language).chat
    try:
        text = letter_text(wanted.letter, answer, places, language)
    except NoLetter as error:
        return said(str(error))
    name = chat.letter_names[wanted.letter.value].format(number=wanted.number)
    return replace(said(chat.letter_caption), document=SentFile(name, text.encode()))


@cache
def _own_commands() -> frozenset[str]:
    words = [vocabulary(language) for language in LANGUAGES]
    texts = (text for each in words for text in (each.help, each.chat.help, each.chat.no_number))
    named = {name for text in texts for name in re.findall(r"/(\w+)", text)}
    follow = {name for names in TWINS.values() for name in names.values()}
    return frozenset(named | follow | {name for command in COMMANDS for name in command.names})


def _picture(answer: FiguresAnswer, places: Mapping[str, Place], language: Language) -> SentFile:
    words = vocabulary(language).figures
    name = words.map_file if answer.view is View.MAP else words.chart_file
    return SentFile(name, figures_picture(answer, places, language))


def _list(answer: DecreeList, places: Mapping[str, Place], language: Language) -> Reply:
    words = vocabulary(language)
    hint = words.more_hint.format(first=answer.decrees[0].id)
    other = instead(answer, language)
    heading = html_tag("b", html_text(title(answer, language))).source
    lines = decree_lines(answer.decrees, answer, places, language, decree_line_html)
    foot = [html_text(text, _own_commands()).source for text in (unread(answer, places, language), hint) if text]
    markup = "\n\n".join((*([html_text(other).source] if other else []), heading, *lines, *foot))
    plain = f"{unlinked(plain_answer(answer, places, language, 'telegram'))}\n\n{hint}"
    follow = _follow_places(answer.places, language) if answer.question.list_kind is ListKind.DEPARTMENT else ()
    return Reply(markup, plain, _rows(_numbers(answer.decrees), _turns(answer.question, answer.pages, language), follow))


def _town(answer: TownAnswer, places: Mapping[str, Place], language: Language) -> Reply:
    parts = town_parts(answer, places, language)
    blocks = [html_tag("b", html_text(parts.title)).source, *decree_lines(answer.decrees, answer, places, language, decree_line_html)]
    if parts.unplaced:
        blocks += [html_text(parts.unplaced).source, *decree_lines(answer.unplaced, answer, places, language, decree_line_html)]
    blocks.append(html_text(parts.watch).source)
    numbers = _numbers((*answer.decrees, *answer.unplaced))
    # Rows that a phone shows whole.
    rows = (numbers[start : start + _NUMBERS_IN_A_ROW] for start in range(0, len(numbers), _NUMBERS_IN_A_ROW))
    return Reply(
        "\n\n".join(blocks),
        unlinked(plain_answer(answer, places, language, "telegram")),
        _rows(*rows, _turns(answer.question, answer.pages, language), (_follow_town(answer.commune, language),)),
    )


def _card(answer: OneDecree, places: Mapping[str, Place], language: Language) -> Reply:
    decree = answer.decree
    message = message_of(decree, places, answer.at, language)
    gone = withdrawal(decree, message.place, language)
    if gone is not None:
        # The line of a list, not the message of an announcement: it is none.
        markup = "\n\n".join((html_text(gone).source, decree_line_html(message)))
        return Reply(markup, unlinked(f"{gone}\n\n{decree_line(message)}"))
    text = telegram_decree(message, places)
    pdf: Row = () if text.button is None else (text.button,)
    towns = tuple(_follow_town(commune, language) for commune in _named_in(decree))
    follow = towns or _follow_places((message.place,), language)
    rows = _rows(pdf, *_linked(decree, language), follow, *_follow_decree(decree, language), tuple(_letters(decree, language)))
    return introduced(Reply(text.html, text.plain, rows), unwatched(answer, language))


def _linked(decree: Decree, language: Language) -> Iterator[Row]:
    """Yield a button to each decree that this one changes or that changes it, as far as they are stored."""
    chat = vocabulary(language).chat
    known = {change.decree: chat.changed_by for change in decree.changed_by} | {change.decree: chat.changes for change in decree.changes}
    for number in sorted(number for number in known if number is not None)[:_MOST_LINKED]:
        yield (PressButton(known[number].format(number=number), Question(ListKind.NUMBER, str(number))),)


def _named_in(decree: Decree) -> list[Commune]:
    """Return the first communes that a decree names, but no city of which it names an arrondissement."""
    named = named_communes(decree)
    wholes = {commune.part_of for commune in named}
    return [commune for commune in named if commune.code not in wholes][:_MOST_TO_FOLLOW]


def _follow_town(commune: Commune, language: Language) -> PressButton:
    return _follow(f"{commune.name} ({commune.department})", f"c{commune.code}", language)


def _follow_places(places: Sequence[Place], language: Language) -> Row:
    """Return a button per department or region; none for the préfet de police."""
    buttons = []
    for place in places:
        region = region_of(min(place.territory)) if place.code.startswith("R-") else None
        if region is not None:
            buttons.append(_follow(place.department, f"r{region}", language))
        elif not place.territory:
            buttons.append(_follow(f"{place.department} ({place.code})", f"d{place.code}", language))
    return tuple(buttons[:_MOST_TO_FOLLOW])


def _follow_decree(decree: Decree, language: Language) -> Iterator[Row]:
    """Yield a button for its event, where it has one that can be followed, and one for what later decrees change of it."""
    if event_followed(decree) is not None:
        yield (_follow(decree.facts.event or "", f"e{decree.id}", language),)
    if decree.id is not None:
        yield (_follow(vocabulary(language).chat.this_decree, f"a{decree.id}", language),)


def _follow(name: str, code: str, language: Language) -> PressButton:
    return PressButton(cut(vocabulary(language).chat.inline_follow.format(name=name), _LONGEST_BUTTON), FollowWanted(code))


def _letters(decree: Decree, language: Language) -> Iterator[PressButton]:
    if decree.id is None:
        return
    chat = vocabulary(language).chat
    yield PressButton(chat.letter_cada, LetterWanted(LetterKind.CADA, decree.id))
    if decree.kind in {*GRANTS, Kind.MODIFICATION}:
        yield PressButton(chat.letter_gracieux, LetterWanted(LetterKind.GRACIEUX, decree.id))


def _numbers(decrees: Sequence[Decree]) -> Row:
    numbers = dict.fromkeys(decree.id for decree in decrees if decree.id is not None)
    return tuple(PressButton(f"[{number}]", Question(ListKind.NUMBER, str(number))) for number in numbers)


def _turns(question: Question, pages: int, language: Language) -> Row:
    words, page = vocabulary(language), question.page
    turns = ((words.previous, page - 1, page > 1), (words.next, page + 1, page < pages))
    return tuple(PressButton(text, replace(question, page=to)) for text, to, there in turns if there)


def _rows(*rows: Row) -> tuple[Row, ...]:
    return tuple(row for row in rows if row)


# Decrees offered while somebody types `@bot drôme` in any chat, to share there.

_MOST_OFFERED = 10
"""Decrees offered at once."""
LONGEST_INLINE = 100
"""Characters of what is typed that are looked at; Telegram sends up to 256."""
CACHE_SECONDS = 60
_MOST_PLACES = 4
"""Places of one name whose decrees are offered."""
_LONGEST_TITLE = 80


@dataclass(frozen=True, slots=True)
class InlineOffer:
    """What is offered, and the button above it, which opens a chat with the bot."""

    articles: tuple[InlineQueryResultArticle, ...]
    button: InlineQueryResultsButton


def inline_offer(
    answers: Sequence[Answer], ask: Callable[[Question], Answer], places: Mapping[str, Place], at: datetime, language: Language
) -> InlineOffer:
    """Return the decrees of all possible meanings, from as many pages of each (`ask`) as needed, and a button to follow a place. Several
    places alternate: the first decree of each, then the second. `at` is now (aware)."""
    asked = [one for answer in answers for one in _meant(answer, ask)]
    turns = zip_longest(*(_decrees(answer, ask) for answer in asked))
    decrees = {decree.id: decree for turn in turns for decree in turn if decree is not None}
    topics = next((one.topics for one in asked if isinstance(one, DecreeList | TownAnswer)), ())
    articles = (_article(message_of(decree, places, at, language, topics), places) for decree in islice(decrees.values(), _MOST_OFFERED))
    return InlineOffer(tuple(articles), _button(asked, language))


def _meant(answer: Answer, ask: Callable[[Question], Answer]) -> Iterator[Answer]:
    """Yield an answer; where it asks which place is meant, the answers on the first of these, guesses too: nobody presses a button here."""
    if isinstance(answer, SeveralPlaces):
        yield from answer.answers
    elif isinstance(answer, PlaceChoices):
        yield from (ask(choice.question) for choice in answer.choices[:_MOST_PLACES])
    else:
        yield answer


def _decrees(answer: Answer, ask: Callable[[Question], Answer]) -> list[Decree]:
    """Return the first decrees of an answer, at most `_MOST_OFFERED`."""
    if isinstance(answer, OneDecree):
        return [answer.decree] if answer.decree.withdrawn_at is None else []
    found: list[Decree] = []
    page: Answer | None = answer
    while isinstance(page, DecreeList | TownAnswer):
        found.extend(page.decrees)
        is_last = page.question.page >= page.pages or len(found) >= _MOST_OFFERED
        page = None if is_last else ask(replace(page.question, page=page.question.page + 1))
    return found[:_MOST_OFFERED]


def _article(message: MessageInput, places: Mapping[str, Place]) -> InlineQueryResultArticle:
    decree, words = message.decree, words_in(message.language)
    post = telegram_text(message)
    row = [] if post.button is None else [[InlineKeyboardButton(post.button.text, url=post.button.url)]]
    return InlineQueryResultArticle(
        id=f"{decree.id}{message.language}",
        title=cut(inert(f"{place_label(message.place)} · {kind_text(decree, words, message.context.topics)}"), _LONGEST_TITLE),
        description=decree_line(message),
        input_message_content=InputTextMessageContent(post.html, ParseMode.HTML, link_preview_options=LinkPreviewOptions(is_disabled=True)),
        reply_markup=InlineKeyboardMarkup(row) if row else None,
    )


def _button(answers: Sequence[Answer], language: Language) -> InlineQueryResultsButton:
    """Return a button to follow the first place that may be meant, by a link that confirms before it acts; else one that opens the bot."""
    chat = vocabulary(language).chat
    followed = next((followed for answer in answers if (followed := _followed(answer)) is not None), None)
    if followed is None:
        return InlineQueryResultsButton(chat.inline_open, start_parameter="aide")
    name, link = followed
    return InlineQueryResultsButton(cut(chat.inline_follow.format(name=name), _LONGEST_BUTTON), start_parameter=link)


def _followed(answer: Answer) -> tuple[str, str] | None:
    """Return the place that was asked for: its name, and its code in links."""
    match answer:
        case TownAnswer(commune=commune):
            return f"{commune.name} ({commune.department})", f"c{commune.code}"
        case DecreeList(places=(place,)) | NothingFound(places=(place,)) if not place.territory:
            return f"{place.department} ({place.code})", f"d{place.code}"
        case _:
            return None
