"""Defines the configuration, frozen, with a default for every option; strings under options document `config.example.toml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, SecretStr

from bot.app.config.values import (
    ApiBase,
    Base,
    BotToken,
    Chat,
    Code,
    Contact,
    DatabaseUrl,
    DepartmentNumber,
    Flag,
    Instance,
    Language,
    Level,
    Listen,
    LogFormat,
    MaybeBase,
    MaybePath,
    Network,
    Number,
    Origin,
    OwnListen,
    Platform,
    PublicUrl,
    Reconcile,
    SecretUrl,
    Section,
    Token,
    TopicName,
    Visibility,
    Warned,
    Whole,
    Words,
    bot_name,
    passwords_in,
    secrets_in,
)
from bot.domain.acts import Filter, Kind
from bot.domain.topics import WatchedTopics, first_topic, topics
from bot.reading.model import ReadingLimits


class HttpSettings(Section):
    """Says how the sites of the prefectures are requested."""

    interval_seconds: Annotated[Number, Field(ge=0)] = 3
    """Seconds between two requests to one address: most prefectures share a host that blocked one request every 2 seconds. At
    least 3, unless all `origins` are on this machine."""
    contact: Contact = ""
    """Mail or web address put in the User-Agent, so that a site's owner can write to you instead of blocking you. Shown to the public too,
    unless [web] has another one."""
    timeout_seconds: Annotated[Number, Field(gt=0, le=3600)] = 30
    """Seconds without an answer after which a request is given up."""
    max_pdf_megabytes: Annotated[Whole, Field(ge=1, le=10_000)] = 200
    """Size in MB (1,000,000 bytes) above which a PDF is not downloaded."""
    respect_robots: Flag = True
    """Obey the robots.txt of each site."""
    browser: str = ""
    """Chromium for the sites that serve only real browsers: a path or the name of a command; empty: the first one found."""
    origins: Mapping[Origin, Base] = Field(default_factory=dict)
    """Origin of a site -> address requested in its place (a mirror, a test server). Stored and posted links keep the site's own."""


class WatchSettings(Section):
    """Says what is watched, and how often."""

    authorities: tuple[Code, ...] = ()
    """Codes of the authorities to watch ("26", "2A", "PP"); empty: the whole catalogue."""
    topics: tuple[TopicName, ...] = (first_topic(),)
    """What decrees are watched for, of the topics that there are (docs/topics.md). After a change, `vigie redetect --apply` judges what is
    stored for those that are new."""
    review_all: tuple[TopicName, ...] = ()
    """Topics of which a person is asked about each new decree before it is posted: to try one out."""
    topics_folder: MaybePath = None
    """Folder with topics of your own, a folder each (docs/topics.md), beside those of Vigie; empty: none."""
    every_minutes: Annotated[Number, Field(gt=0, le=1440)] = 15
    """Minutes between two looks at the same source in working hours, where nothing is known of when it publishes; else the same number of
    looks, most of them when it does. There are more where much is published, and fewer where a look takes several requests. At
    least 5, unless all `http.origins` are on this machine."""
    slowest_minutes: Annotated[Number, Field(gt=0, le=1440)] = 90
    """Minutes between two looks at any other time, at the most: nights, Sundays. Smaller than `every_minutes`: as if it were that."""
    announce_since_days: Annotated[Whole, Field(ge=0, le=3660)] = 2
    """At the first look at a source, recueils older than this many days are taken as known and not announced."""

    @property
    def watched(self) -> WatchedTopics:
        """Return the topics, in the order of their ranks."""
        return WatchedTopics(tuple(name for name in topics() if name in self.topics), frozenset(self.review_all))


class DatabaseSettings(Section):
    """Says where everything is stored."""

    url: DatabaseUrl = Field(default="sqlite:///vigie.db", repr=False)
    """`sqlite:///file` (relative to the configuration file's folder) or `postgresql://user:password@host/name`."""
    url_file: MaybePath = None
    """Names a file that holds the url, read at start: it has a password."""


class ReadingSettings(Section):
    """Limits of the process that reads one PDF: a hostile file must not take the machine with it."""

    engine: Literal["local", "procrastinate"] = "local"
    """local: PDFs are read on this machine; procrastinate: by `vigie worker` on any machine, through the database (PostgreSQL only)."""
    ocr: Flag = True
    """Recognise the text of scanned pages."""
    timeout_seconds: Annotated[Number, Field(gt=0, le=86_400)] = 1800
    """Seconds for one PDF; pages not read by then make it incomplete."""
    memory_megabytes: Annotated[Whole, Field(ge=128, le=1_000_000)] = 1024
    """Memory for one PDF, in MiB."""
    max_pages: Annotated[Whole, Field(ge=1, le=100_000)] = 5000
    """A PDF with more pages is not read, and operators are notified."""
    workers: Annotated[Whole, Field(ge=1, le=64)] = 1
    """PDFs read at the same time."""
    long_workers: Annotated[Whole, Field(ge=1, le=16)] = 1
    """Long scans recognised at the same time, besides those: they hold up nothing else."""
    ocr_processes: Annotated[Whole, Field(ge=0, le=64)] = 0
    """Processes that recognise the pages of one PDF side by side, some 100 MB each; 0: two, or one where there is one processor."""
    kept_folder: MaybePath = None
    """Folder of the PDFs that are not wholly read yet; empty: beside the database (`vigie-pdfs` for `vigie.db`)."""
    kept_megabytes: Annotated[Whole, Field(ge=1, le=1_000_000)] = 2000
    """Size in MB of that folder above which the PDF used longest ago is removed."""

    def limits(self) -> ReadingLimits:
        """Return what reading one PDF may take."""
        return ReadingLimits(
            seconds=self.timeout_seconds,
            memory_bytes=self.memory_megabytes * 1024 * 1024,
            max_pages=self.max_pages,
            ocr=self.ocr,
            workers=self.ocr_processes or ReadingLimits().workers,
        )


class StorageSettings(Section):
    """Says which PDFs are kept for good."""

    keep_pdfs: Literal["decrees", "none", "all"] = "decrees"
    """decrees: those that hold a decree, as prefectures remove theirs; all: everything that is read; none: none, and no pictures either."""
    pdfs_folder: MaybePath = None
    """Folder of the PDFs kept for good; empty: beside the database (`vigie-archive` for `vigie.db`)."""


class RetentionSettings(Section):
    """Says for how many days after its file came something is kept in which no decree was found; 0: for good."""

    pages_days: Annotated[Whole, Field(ge=0, le=100_000)] = 400
    """Pages of files that were wholly read."""
    texts_days: Annotated[Whole, Field(ge=0, le=100_000)] = 0
    """Texts of acts; without them new rules judge an act by its title alone."""
    pdfs_days: Annotated[Whole, Field(ge=0, le=100_000)] = 0
    """PDFs kept for good (storage.keep_pdfs = "all")."""


class TelegramSettings(Section):
    """Describes the Telegram bot."""

    token: BotToken = None
    """What BotFather gave. Better in the environment (VIGIE_TELEGRAM__TOKEN) or in a file."""
    token_file: MaybePath = None
    """A file that holds the token, read at start."""
    api_url: ApiBase = "https://api.telegram.org"
    """Bot API server; plain http only on this machine."""
    channel: Chat = ""
    """Shorthand for one destination: "@name" or numeric id of the channel where every decree is posted."""
    commands: Flag = True
    """Answer commands (/recents, /departement, /recherche, /decret, /etat)."""
    commands_per_minute: Annotated[Whole, Field(ge=1, le=600)] = 20
    """Commands answered per person and minute; more are politely refused."""
    operators_chat: Chat = ""
    """Where operators are notified, once, that a source does not work, and that it works again: "@name" or numeric id. Never a chat
    where decrees are posted. Without it the log says the same."""
    operators_language: Language = "fr"
    """Language of what is sent to operators: fr or en."""
    reconcile: Reconcile = "probe"
    """A message whose answer was lost: `probe` looks for it (in channels, where that can do no harm), `hold` leaves it to you
    (`vigie outbox resolve`), `resend` sends it again: it may then be there twice."""


class MastodonSettings(Section):
    """Describes a Mastodon account. With a token it is a destination, unless a [[destinations]] entry already posts to that account."""

    instance: Instance = ""
    """The account's server: "mastodon.social" or "https://mastodon.social"."""
    token: Token = None
    """Access token with the scopes write:statuses, write:media and read. Better in the environment (VIGIE_MASTODON__TOKEN) or in a file."""
    token_file: MaybePath = None
    """A file that holds the token, read at start."""
    visibility: Visibility = "public"
    """Who sees the posts: public, unlisted, private or direct."""
    content_warning: Warned = ""
    """A text under which every post is folded; it counts in the server's limit. Empty: none."""
    answer_mentions: Flag = False
    """Answer whoever mentions the account with a question (`@vigie valence`); needs the scope read:notifications, which read includes."""


class DeliverySettings(Section):
    """Says how decrees go out to the destinations. The console has neither pace nor digest."""

    seconds_between_posts: Annotated[Number, Field(ge=0, le=3600)] = 20
    """Seconds between two posts to one destination when many wait; a few go out at once."""
    max_posts_per_day: Annotated[Whole, Field(ge=1, le=10_000)] = 60
    """Messages to one destination in 24 hours above which all that waits there is sent in digests: one line and link for each decree."""
    tell_after_hours: Annotated[Number, Field(gt=0, le=8760)] = 6
    """Hours that a post may wait before operators are notified, once; it is tried until it is sent."""
    edit_posts: Flag = True
    """Edit a post when more becomes known of its decree, or a later one changes or ends it; false: posts stay as they were sent."""


class WebSettings(Section):
    """Describes the public pages (docs/web.md)."""

    listen: Listen = ""
    """Address and port at which `vigie run` serves the pages, such as "127.0.0.1:8080"; empty: it serves none."""
    public_url: PublicUrl = ""
    """Where people reach the pages, in https: posts link to `<public_url>/arretes/<number in Vigie>` besides the PDF. Empty: no link."""
    proxies: tuple[Network, ...] = ("127.0.0.1", "::1")
    """Addresses and networks of your own servers in front of it, whose X-Forwarded-For says who asks."""
    requests_per_minute: Annotated[Whole, Field(ge=1, le=100_000)] = 120
    """Requests answered per visitor and minute; more are refused."""
    name: Words = "Vigie"
    """Name of the site."""
    telegram: Annotated[str, AfterValidator(bot_name)] = ""
    """Name of the Telegram bot ("@vigie_bot"), to which pages link so that people can follow a place there; empty: no link."""
    mastodon: Base | Literal[""] = ""
    """Address of the page of the Mastodon account; empty: no link."""
    lists: Mapping[DepartmentNumber, Base] = Field(default_factory=dict)
    """Addresses at which people join the mailing list of a department, by its number (docs/delivery.md)."""
    licence: Literal["", "etalab-2.0", "ODbL-1.0", "CC-BY-4.0", "CC0-1.0"] = "etalab-2.0"
    """Licence of the data offered (its SPDX identifier); empty: none is given, and all rights of the database are reserved."""
    contact: Contact = ""
    """Mail or web address of those who run this instance, shown on its pages and by its Telegram bot; empty: that of [http]."""
    mentions: str = ""
    """Your own words for the legal notice (who publishes, who hosts), paragraphs separated by empty lines."""


class ObserveSettings(Section):
    """Says how the bot is watched (docs/operations.md)."""

    listen: OwnListen = ""
    """Address and port of this machine at which `vigie run` answers /healthz and /metrics, such as "127.0.0.1:9464"; empty: none."""


class ProofSettings(Section):
    """Says who stamps what a dossier of evidence rests on (docs/proof.md)."""

    timestamp_url: MaybeBase = ""
    """Address of a time stamping service (RFC 3161), which stamps the hash of each file of a decree and of each day's log of looks; empty:
    none. Needs the program openssl."""
    certificates: MaybePath = None
    """PEM file of the certificates that its answers are verified by; empty: those of the system."""


class LogSettings(Section):
    """Says what is logged, on standard error."""

    level: Level = "info"
    """debug, info, warning, error or critical."""
    format: LogFormat = "auto"
    """console (lines for people), json, or auto: lines for people, coloured on a terminal."""


class DestinationSettings(Section):
    """Describes one channel or account that takes posts, and which decrees it wants. Empty lists mean "all"."""

    name: Words
    """Its own name, in the outbox and in logs: posts already sent are remembered under it. Another chat or account wants another name."""
    platform: Platform
    """console, telegram, mastodon or apprise."""
    chat: Chat = ""
    """Telegram: "@name" or numeric id."""
    instance: Instance = ""
    """Mastodon: the server; the one of [mastodon] where empty."""
    token: Token = None
    """Mastodon: the access token; the one of [mastodon] where empty."""
    token_file: MaybePath = None
    """Mastodon: a file that holds the token."""
    visibility: Visibility | None = None
    """Mastodon: as in [mastodon], whose value holds where it is not given."""
    content_warning: Warned | None = None
    """Mastodon: as in [mastodon], whose value holds where it is not given."""
    answer_mentions: Flag | None = None
    """Mastodon: as in [mastodon], whose value holds where it is not given."""
    url: SecretUrl = None
    """Apprise: the service's address, secret as a token is. Such services do not show what they have: a message whose sending failed is
    sent again, and may be there twice."""
    url_file: MaybePath = None
    """Apprise: a file that holds the url."""
    departments: tuple[Code, ...] = ()
    """Codes of the authorities wanted."""
    topics: tuple[TopicName, ...] = ()
    """Topics wanted, of those that are watched."""
    kinds: tuple[Kind, ...] = ()
    """authorisation, renewal, modification, abrogation, suspension, refusal."""
    operators: tuple[Words, ...] = ()
    """Operators wanted (SNCF, RATP…): part of the name is enough, without regard to case and accents."""
    language: Language = "fr"
    """Language of the posts: fr or en. Two destinations that are the same chat or account differ in it."""

    @property
    def wanted(self) -> Filter:
        """Return which decrees this destination wants."""
        return Filter(frozenset(self.departments), frozenset(self.kinds), frozenset(self.operators), frozenset(self.topics))


_OWN_PART = 20
"""Characters of the shortest token of which a part is hidden by itself."""


class Settings(Section):
    """Holds the whole configuration."""

    http: HttpSettings = HttpSettings()
    watch: WatchSettings = WatchSettings()
    database: DatabaseSettings = DatabaseSettings()
    reading: ReadingSettings = ReadingSettings()
    storage: StorageSettings = StorageSettings()
    retention: RetentionSettings = RetentionSettings()
    telegram: TelegramSettings = TelegramSettings()
    mastodon: MastodonSettings = MastodonSettings()
    delivery: DeliverySettings = DeliverySettings()
    web: WebSettings = WebSettings()
    destinations: tuple[DestinationSettings, ...] = ()
    observe: ObserveSettings = ObserveSettings()
    proof: ProofSettings = ProofSettings()
    log: LogSettings = LogSettings()

    @property
    def secrets(self) -> frozenset[str]:
        """Return all that must appear in no log and no error: tokens, secret addresses and their parts, the password of the database."""
        found = {secret.get_secret_value() for secret in _secret_values(self)}
        parts = {part for secret in found if "://" in secret for part in secrets_in(secret)}
        # A bot's token is its public number, a colon, and what only its owner has.
        parts |= {secret.removeprefix(f"{secret.split(':')[0]}:") for secret in found if len(secret) > _OWN_PART}
        return frozenset(found | parts | passwords_in(self.database.url))


def _secret_values(section: BaseModel) -> Iterator[SecretStr]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, SecretStr):
                yield one
            elif isinstance(one, BaseModel):
                yield from _secret_values(one)
