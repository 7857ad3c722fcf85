"""What questions are and what answers them: values, the same for every face (Telegram, command line), which only chooses words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.acts import Decree, Place
from bot.domain.health import AuthorityHealth, Overview, Status
from bot.domain.topics import first_topic
from bot.gazetteer.gazetteer import Commune, Department, Region
from bot.queries.figures import FiguresAnswer


def _watched() -> tuple[str, ...]:
    return (first_topic(),)


class ListKind(StrEnum):
    """What a list is about."""

    RECENT = "recent"
    DEPARTMENT = "department"
    SEARCH = "search"
    IN_FORCE = "in_force"
    TODAY = "today"
    NUMBER = "number"
    TOWN = "town"
    DAY = "day"
    RECUEIL = "recueil"


@dataclass(frozen=True, slots=True)
class Question:
    """Holds a question whose answer may be a list, on a `page` that starts at 1. `words`: the search, the number, the INSEE code of a town,
    the days (`bot.queries.days`), what names a recueil, or codes of departments separated by commas, empty for all. `topic`: of which all
    are, empty for any."""

    list_kind: ListKind
    words: str = ""
    page: int = 1
    topic: str = ""


@dataclass(frozen=True, slots=True)
class DecreeList:
    """Holds one page of decrees, never empty. `question.page` is the page shown, of `pages`; `total` counts all pages' decrees. `places`:
    the requested departments; `health` as in `NothingFound`. `searched`: the words searched instead of the question's, which are in no
    decree. `topics`: all that are watched."""

    question: Question
    decrees: tuple[Decree, ...]
    pages: int
    total: int
    at: datetime
    places: tuple[Place, ...] = ()
    searched: str | None = None
    health: tuple[AuthorityHealth, ...] = ()
    topics: tuple[str, ...] = field(default_factory=_watched)


@dataclass(frozen=True, slots=True)
class WatchState:
    """How everything is."""

    overview: Overview


@dataclass(frozen=True, slots=True)
class DepartmentState:
    """How the authorities of one department are (in Paris there are two)."""

    authorities: tuple[AuthorityHealth, ...]


@dataclass(frozen=True, slots=True)
class OneDecree:
    """A single decree. `is_watched`: its topic is one that the instance watches."""

    decree: Decree
    at: datetime
    is_watched: bool = True


@dataclass(frozen=True, slots=True)
class NothingFound:
    """Reports that no decree is *recorded* for the question, which does not mean that none exists. `recorded`: number of stored decrees;
    `since`: when the relevant watch began, if known; `health`: how all who decide in the requested `places` are read, empty without places.
    `unfinished`: search terms are being renewed, and decrees may be missing."""

    question: Question
    recorded: int
    since: datetime | None
    places: tuple[Place, ...] = ()
    health: tuple[AuthorityHealth, ...] = ()
    unfinished: bool = False

    @property
    def watched(self) -> bool:
        """Whether anyone who decides there is read at all."""
        return not self.health or not {one.status for one in self.health} <= {Status.UNWATCHED, Status.NOT_COVERED}


@dataclass(frozen=True, slots=True)
class TownAnswer:
    """Holds what is recorded of a town. `decrees`: one page of the `total` that name it, `current` ones (in force or to come) first, by
    beginning, then the others, newest first. `unplaced`: the newest of `unplaced_total` decrees that name no commune, of authorities that
    decide there: they may concern it. `since`, `health`, `unfinished` as in `NothingFound`, `topics` as in `DecreeList`."""

    question: Question
    commune: Commune
    decrees: tuple[Decree, ...]
    pages: int
    total: int
    current: int
    unplaced: tuple[Decree, ...]
    unplaced_total: int
    since: datetime | None
    health: tuple[AuthorityHealth, ...]
    at: datetime
    unfinished: bool = False
    topics: tuple[str, ...] = field(default_factory=_watched)


@dataclass(frozen=True, slots=True)
class PlaceChoice:
    """A place that may be meant, and the question that asks about it. `matched` is the other name by which it was found."""

    place: Commune | Department | Region
    question: Question
    matched: str | None = None


@dataclass(frozen=True, slots=True)
class PlaceChoices:
    """Holds the places that may be meant, best first, when there are several or none has this exact name. `total` counts omitted ones too.
    `sure`: false for guesses, as none has the name; `in_sentence`: the question names them in a sentence. `nothing`: the result of the
    search tried first, if any."""

    asked: str
    choices: tuple[PlaceChoice, ...]
    total: int
    sure: bool
    nothing: NothingFound | None = None
    in_sentence: bool = False


@dataclass(frozen=True, slots=True)
class PlaceQuestions:
    """Asks about each of several places."""

    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class SeveralPlaces:
    """Holds the answer on each of several places that a question names."""

    answers: tuple[TownAnswer | DecreeList | NothingFound, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class SubjectCard:
    """Asks what the topics are, whether they are legal, or how they are contested."""

    topics: tuple[str, ...] = field(default_factory=_watched)


@dataclass(frozen=True, slots=True)
class RecueilWithout:
    """Reports that no decree is recorded of the recueil that was asked for. `is_read`: false where it was not read, or is not known."""

    asked: str
    is_read: bool
    topics: tuple[str, ...] = field(default_factory=_watched)


@dataclass(frozen=True, slots=True)
class UnknownPlace:
    """No place is called so, or nearly so."""

    asked: str


@dataclass(frozen=True, slots=True)
class NotCovered:
    """A place where no authority of the catalogue decides, such as New Caledonia: nothing that appears there is read."""

    name: str


@dataclass(frozen=True, slots=True)
class HelpRequest:
    """What was asked is what can be asked."""

    topics: tuple[str, ...] = field(default_factory=_watched)


@dataclass(frozen=True, slots=True)
class UnknownDepartment:
    """No watched department is called so. `suggestions` are near ones, best first."""

    asked: str
    suggestions: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class UnknownDecree:
    """No decree is stored under this number, whoever gave it: Vigie, an authority, or a recueil."""

    number: str


class InputFault(StrEnum):
    """What is wrong with a question."""

    NO_DEPARTMENT = "no_department"
    NO_WORDS = "no_words"
    NO_TOWN = "no_town"
    TOO_LONG = "too_long"
    NO_QUESTION = "no_question"
    NO_NUMBER = "no_number"
    NOT_A_NUMBER = "not_a_number"


@dataclass(frozen=True, slots=True)
class BadInput:
    """The question cannot be understood."""

    fault: InputFault


Answer = (
    DecreeList
    | OneDecree
    | TownAnswer
    | NothingFound
    | NotCovered
    | PlaceChoices
    | UnknownPlace
    | UnknownDepartment
    | UnknownDecree
    | BadInput
    | HelpRequest
    | SubjectCard
    | RecueilWithout
    | SeveralPlaces
    | FiguresAnswer
    | WatchState
    | DepartmentState
)
