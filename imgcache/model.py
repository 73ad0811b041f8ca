"""Data types of imgcache: frozen facts that every floor may use.

Facts are what was declared, asked, answered and measured. A verdict is derived from facts
(core/verdicts/verdict.py), so that a new tolerance or severity re-judges without a request.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import NamedTuple

from msgspec import Struct


class Verdict(StrEnum):
    """What is decided of one image entry; `code` is its stable number in reports."""

    OK = "ok"
    DIMENSIONS_MISSING = "dimensions-missing"
    DIMENSIONS_SWAPPED = "dimensions-swapped"
    DIMENSIONS_SCALED = "dimensions-scaled"
    DIMENSIONS_MISMATCH = "dimensions-mismatch"
    GONE = "gone"
    BLOCKED = "blocked"
    RATE_LIMITED = "rate-limited"
    HTTP_ERROR = "http-error"
    SERVER_ERROR = "server-error"
    PROTOCOL_ERROR = "protocol-error"
    DNS_ERROR = "dns-error"
    CONNECT_ERROR = "connect-error"
    TLS_ERROR = "tls-error"
    TIMEOUT = "timeout"
    REDIRECT_ERROR = "redirect-error"
    FORBIDDEN_ADDRESS = "forbidden-address"
    UNSUPPORTED_URL = "unsupported-url"
    TOO_LARGE = "too-large"
    TOO_MANY_PIXELS = "too-many-pixels"
    EMPTY = "empty"
    NOT_AN_IMAGE = "not-an-image"
    UNSUPPORTED_FORMAT = "unsupported-format"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    PLACEHOLDER = "placeholder"
    NOT_CACHED = "not-cached"
    NOT_CHECKED = "not-checked"
    LOCAL_ERROR = "local-error"

    @property
    def code(self) -> str | None:
        """The stable number, IMG101 to IMG403; None for `ok`."""
        return _CODES[self]

    @property
    def is_about_size(self) -> bool:
        """Whether it is about a declared size: missing, swapped, scaled or another shape."""
        return self in SIZE_VERDICTS


_GROUPS = {
    1: (
        Verdict.DIMENSIONS_MISSING,
        Verdict.DIMENSIONS_SWAPPED,
        Verdict.DIMENSIONS_SCALED,
        Verdict.DIMENSIONS_MISMATCH,
    ),
    2: (
        Verdict.GONE,
        Verdict.BLOCKED,
        Verdict.RATE_LIMITED,
        Verdict.HTTP_ERROR,
        Verdict.SERVER_ERROR,
        Verdict.PROTOCOL_ERROR,
        Verdict.DNS_ERROR,
        Verdict.CONNECT_ERROR,
        Verdict.TLS_ERROR,
        Verdict.TIMEOUT,
        Verdict.REDIRECT_ERROR,
        Verdict.FORBIDDEN_ADDRESS,
        Verdict.UNSUPPORTED_URL,
    ),
    3: (
        Verdict.TOO_LARGE,
        Verdict.TOO_MANY_PIXELS,
        Verdict.EMPTY,
        Verdict.NOT_AN_IMAGE,
        Verdict.UNSUPPORTED_FORMAT,
        Verdict.TRUNCATED,
        Verdict.CORRUPT,
        Verdict.PLACEHOLDER,
    ),
    4: (Verdict.NOT_CACHED, Verdict.NOT_CHECKED, Verdict.LOCAL_ERROR),
}
_CODES: dict[Verdict, str | None] = {Verdict.OK: None} | {
    verdict: f"IMG{group}{number:02d}"
    for group, verdicts in _GROUPS.items()
    for number, verdict in enumerate(verdicts, start=1)
}

SIZE_VERDICTS = frozenset(_GROUPS[1])
REACH_VERDICTS = frozenset(_GROUPS[2])
CONTENT_VERDICTS = frozenset(_GROUPS[3])
OFFLINE_VERDICTS = frozenset({Verdict.NOT_CACHED})
# Verdicts of a host in trouble: they change from day to day, and are the same for all its images.
HOST_VERDICTS = frozenset(
    {
        Verdict.DNS_ERROR,
        Verdict.CONNECT_ERROR,
        Verdict.TLS_ERROR,
        Verdict.TIMEOUT,
        Verdict.RATE_LIMITED,
        Verdict.SERVER_ERROR,
    }
)


class Breach(StrEnum):
    """How an image breaks a rule of its site; `code` is its stable number in reports."""

    TOO_HEAVY = "too-heavy"
    TOO_SMALL = "too-small"
    TOO_BIG = "too-big"
    WRONG_SHAPE = "wrong-shape"
    WRONG_FORMAT = "wrong-format"
    MISSING_FIELD = "missing-field"
    HAS_POSITION = "has-position"

    @property
    def code(self) -> str:
        """The stable number, IMG501 to IMG507."""
        return _BREACH_CODES[self]


_BREACH_CODES = {breach: f"IMG5{number:02d}" for number, breach in enumerate(Breach, start=1)}


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
    """The formats that browsers show; the value is (name in reports, file suffix, media type)."""

    JPEG = ("jpeg", "jpg", "image/jpeg")
    PNG = ("png", "png", "image/png")
    GIF = ("gif", "gif", "image/gif")
    WEBP = ("webp", "webp", "image/webp")
    AVIF = ("avif", "avif", "image/avif")
    BMP = ("bmp", "bmp", "image/bmp")
    ICO = ("ico", "ico", "image/x-icon")
    SVG = ("svg", "svg", "image/svg+xml")

    @property
    def label(self) -> str:
        """The name in reports and the index."""
        return self.value[0]

    @property
    def suffix(self) -> str:
        """The suffix of the cached file, without a dot."""
        return self.value[1]

    @property
    def media_type(self) -> str:
        """The Content-Type that fits these bytes."""
        return self.value[2]

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


class Declared(Struct, frozen=True):
    """What the article says of an image; None is 'not declared', or unknown for `cached`.

    `strange`: "width" or "height" and what stands there where that is no size. `unnamed`: those of
    "width", "height" and "cached" that this entry can't have; none of them is missed or written.
    """

    width: int | None = None
    height: int | None = None
    cached: bool | None = None
    strange: tuple[tuple[str, str], ...] = ()
    unnamed: tuple[str, ...] = ()

    @property
    def size(self) -> Size | None:
        """The declared size, if both halves of it are declared."""
        if self.width is None or self.height is None:
            return None
        return Size(self.width, self.height)


class Entry(Struct, frozen=True):
    """One image entry: where it stands and what it declares. In a body it has no `pointer`.

    `url` is the text as written, None where it is no string (`url_text` then tells what is there).
    `line` and `column` (from 1, in characters) are at the first character of the `url` value.
    `filled`: those of the keys that rules require which it has and does not leave empty; None
    where that is not known. `place`: the number of the place of `[[images]]` that finds it.
    """

    pointer: str | None
    line: int
    column: int
    url: str | None
    url_text: str
    declared: Declared
    filled: tuple[str, ...] | None = None
    place: int | None = None


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
    failures that the index keeps have it.
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
