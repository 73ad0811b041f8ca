"""Data types of imgcache: frozen facts that every floor may use.

Facts are what was declared, asked, answered and measured. A verdict is derived from facts
(core/verdicts/verdict.py), so that a new tolerance or severity re-judges without a request.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import NamedTuple, Self

from msgspec import Struct


class Verdict(StrEnum):
    """What is decided of one image entry; the number makes its stable code in reports.

    The hundreds are its group: about the size, the way to the image, its content, the run. What
    else is to be known of each is in core/verdicts/traits.py and core/verdicts/texts.
    """

    number: int | None

    OK = "ok"
    DIMENSIONS_MISSING = "dimensions-missing", 101
    DIMENSIONS_SWAPPED = "dimensions-swapped", 102
    DIMENSIONS_SCALED = "dimensions-scaled", 103
    DIMENSIONS_MISMATCH = "dimensions-mismatch", 104
    GONE = "gone", 201
    BLOCKED = "blocked", 202
    RATE_LIMITED = "rate-limited", 203
    HTTP_ERROR = "http-error", 204
    SERVER_ERROR = "server-error", 205
    PROTOCOL_ERROR = "protocol-error", 206
    DNS_ERROR = "dns-error", 207
    CONNECT_ERROR = "connect-error", 208
    TLS_ERROR = "tls-error", 209
    TIMEOUT = "timeout", 210
    REDIRECT_ERROR = "redirect-error", 211
    FORBIDDEN_ADDRESS = "forbidden-address", 212
    UNSUPPORTED_URL = "unsupported-url", 213
    TOO_LARGE = "too-large", 301
    TOO_MANY_PIXELS = "too-many-pixels", 302
    EMPTY = "empty", 303
    NOT_AN_IMAGE = "not-an-image", 304
    UNSUPPORTED_FORMAT = "unsupported-format", 305
    TRUNCATED = "truncated", 306
    CORRUPT = "corrupt", 307
    PLACEHOLDER = "placeholder", 308
    REPLACED = "replaced", 309
    NOT_CACHED = "not-cached", 401
    NOT_CHECKED = "not-checked", 402
    LOCAL_ERROR = "local-error", 403

    def __new__(cls, word: str, number: int | None = None) -> Self:
        """A member is its word."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.number = number
        return member

    @property
    def code(self) -> str | None:
        """The stable number, IMG101 to IMG403; None for `ok`."""
        return None if self.number is None else f"IMG{self.number}"

    @property
    def is_about_size(self) -> bool:
        """Whether it is about a declared size: missing, swapped, scaled or another shape."""
        return self in SIZE_VERDICTS


def _group(hundreds: int) -> frozenset[Verdict]:
    return frozenset(one for one in Verdict if one.number and one.number // 100 == hundreds)


SIZE_VERDICTS = _group(1)
REACH_VERDICTS = _group(2)
CONTENT_VERDICTS = _group(3)


class Breach(StrEnum):
    """How an image breaks a rule of its site; the number makes its stable code in reports."""

    number: int

    TOO_HEAVY = "too-heavy", 501
    TOO_SMALL = "too-small", 502
    TOO_BIG = "too-big", 503
    WRONG_SHAPE = "wrong-shape", 504
    WRONG_FORMAT = "wrong-format", 505
    MISSING_FIELD = "missing-field", 506
    HAS_POSITION = "has-position", 507

    def __new__(cls, word: str, number: int = 0) -> Self:
        """A member is its word."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.number = number
        return member

    @property
    def code(self) -> str:
        """The stable number, IMG501 to IMG507."""
        return f"IMG{self.number}"


class Severity(StrEnum):
    """How much a finding weighs: errors fail the run, ignored ones are not even listed."""

    ERROR = "error"
    WARNING = "warning"
    IGNORE = "ignore"


class Source(StrEnum):
    """Where the facts of a verdict came from in this run."""

    DOWNLOADED = "downloaded"
    REVALIDATED = "revalidated"
    FRESH = "fresh"
    STALE = "stale"
    PROBED = "probed"
    OFFLINE = "offline"


class Format(Enum):
    """The formats that browsers show.

    `label`: the name in reports and the index; `suffix`: that of the cached file, without a dot;
    `media_type`: the Content-Type that fits these bytes.
    """

    JPEG = ("jpeg", "jpg", "image/jpeg")
    PNG = ("png", "png", "image/png")
    GIF = ("gif", "gif", "image/gif")
    WEBP = ("webp", "webp", "image/webp")
    AVIF = ("avif", "avif", "image/avif")
    BMP = ("bmp", "bmp", "image/bmp")
    ICO = ("ico", "ico", "image/x-icon")
    SVG = ("svg", "svg", "image/svg+xml")

    label: str
    suffix: str
    media_type: str

    def __new__(cls, label: str, suffix: str, media_type: str) -> Self:
        """Its value is the label."""
        one = object.__new__(cls)
        one._value_ = one.label = label
        one.suffix, one.media_type = suffix, media_type
        return one

    @classmethod
    def of(cls, label: str) -> Format:
        """The format with this label; ValueError for none."""
        for known in cls:
            if known.label == label:
                return known
        raise ValueError(f"no image format is called {label!r}")


class Size(NamedTuple):
    """Width and height in CSS pixels, as a browser's naturalWidth and naturalHeight."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width} x {self.height}"


class FileTotals(NamedTuple):
    """Number of files and their total size in bytes."""

    files: int = 0
    bytes: int = 0


# The largest side that an article can declare.
LARGEST_SIDE = 999_999_999


class Declared(Struct, frozen=True):
    """What the article says of an image; None is 'not declared', or unknown for `cached`.

    `strange`: "width" or "height" and what stands there where that is no size. `unnamed`: those of
    "width", "height" and "cached" that this entry can't have; none of them is missed or written.
    `by_hand`: those of "width" and "height" that nobody but a person writes here. `placeholder`:
    the text that stands where a refresh writes a tiny picture, empty for none; None where it
    writes none.
    """

    width: int | None = None
    height: int | None = None
    cached: bool | None = None
    strange: tuple[tuple[str, str], ...] = ()
    unnamed: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    placeholder: str | None = None

    @property
    def is_editable(self) -> bool:
        """Whether a refresh may write each side that the entry can have."""
        return set(self.by_hand) <= set(self.unnamed)

    @property
    def size(self) -> Size | None:
        """The declared size, if both halves of it are declared."""
        if self.width is None or self.height is None:
            return None
        return Size(self.width, self.height)


class Side(Struct, frozen=True):
    """A width or a height where an article declares it, for reports.

    `name`: "width" or "height". `line` and `column` count from 1; `length` is in characters.
    `excerpt` is that line, None where it is the one in which the URL stands.
    """

    name: str
    line: int
    column: int
    length: int
    excerpt: str | None = None


class Entry(Struct, frozen=True):
    """One image entry: where it stands and what it declares. In a body it has no `pointer`.

    `url` is the text as written, None where it is no string (`url_text` then tells what is there).
    `line` and `column` (from 1, in characters) are at the first character of the `url` value.
    `filled`: those of the keys that rules require which it has and does not leave empty; None
    where that is not known. `place`: the number of the place of `[[images]]` that finds it.
    `sides`: where its size is written, as far as reports may show that.
    """

    pointer: str | None
    line: int
    column: int
    url: str | None
    url_text: str
    declared: Declared
    filled: tuple[str, ...] | None = None
    place: int | None = None
    sides: tuple[Side, ...] = ()


class Notes(Struct, frozen=True):
    """What an article tells of the settings: the numbers of the places that find an entry in it.

    `strays`: the lines of strings that stand amid mappings and are no entries. `templated`: how
    many URLs in the body have template marks. `title` and `date` are those of the front matter.
    """

    places: tuple[int, ...] = ()
    strays: tuple[int, ...] = ()
    templated: int = 0
    title: str | None = None
    date: str | None = None


class Failure(Struct, frozen=True):
    """How one URL failed: a verdict of the reach or content group (or LOCAL_ERROR), and why.

    `detail` is a plain clause for the message ("the server answered 404 Not Found"); it never
    names a refused address. `transient`: trying again may help. `host_fault`: counts towards the
    host's breaker. `since`: when the current series of failures began, in POSIX seconds; only
    failures that the index keeps have it. `remedy`: what to do, where it is not the verdict's own.
    """

    verdict: Verdict
    detail: str
    status: int | None = None
    transient: bool = False
    host_fault: bool = False
    retry_after: float | None = None
    size: Size | None = None
    format: Format | None = None
    bytes: int | None = None
    since: float | None = None
    remedy: str | None = None


class ShardCounts(Struct):
    """The shards of a run on several workers: done and lost, and how long they took (seconds)."""

    done: int = 0
    lost: int = 0
    seconds: float = 0.0
    longest: float = 0.0

    def count(self, seconds: float, *, lost: bool) -> None:
        """One more."""
        self.done += not lost
        self.lost += lost
        self.seconds += seconds
        self.longest = max(self.longest, seconds)
