"""The documents of the API, in the words of the JSON report; the OpenAPI follows them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from imgcache.core.cache import layout
from imgcache.core.catalog import ArticleState, HostState
from imgcache.facts import ImageFacts
from imgcache.findings import Health
from imgcache.model import Verdict
from imgcache.render.json import (
    ArticleProblemDocument,
    EntryDocument,
    SummaryDocument,
    Thumbnail,
    entry_document,
    problem_document,
    timestamp,
)
from imgcache.results import KnownImage, UrlState


def _can_be_written(text: str) -> str:
    """JSON can spell halves of surrogate pairs, which no file can hold."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("holds half of a surrogate pair")
    return text


def _is_number(value: object) -> object:
    """JSON knows no integers: 8.0 is one, for JSON Schema too; "8" and true are none."""
    if isinstance(value, bool | str):
        raise ValueError("is no number")  # noqa: TRY004  pydantic listens to ValueError
    return value


# What an article can declare (core/declared.py).
Written = Annotated[str, AfterValidator(_can_be_written)]
Side = Annotated[int, Field(ge=1, le=999_999_999), BeforeValidator(_is_number)]
_MOST_ENTRIES = 1000


class ArticleDocument(BaseModel):
    """One article: how many of its entries are in which state."""

    article: str
    title: str | None
    date: str | None
    entries: int
    errors: int
    warnings: int
    problems: list[ArticleProblemDocument]


class PageDocument(BaseModel):
    """One page of a list; `as_of` is when the catalogue behind it was made."""

    as_of: datetime
    total: int = Field(description="How many there are on all pages")
    page: int
    pages: int


class EntriesPage(PageDocument):
    """Entries, as asked for."""

    entries: list[EntryDocument]


class ArticlesPage(PageDocument):
    """Articles, those with most errors first."""

    articles: list[ArticleDocument]


class PlaceDocument(BaseModel):
    """Where an article names an image, and what was found there."""

    article: str
    line: int
    column: int
    title: str | None
    date: str | None
    verdict: Verdict | None
    severity: Health | None


class ImageDocument(BaseModel):
    """An image that entries name: the worst of them, and the first places, the worst first."""

    entry: EntryDocument
    severity: Health = Field(description="Of its worst finding")
    verdicts: list[Verdict] = Field(description="Of all its entries that are not well")
    failing_since: datetime | None
    uses: int = Field(description="How many entries name it")
    articles: int = Field(description="How many articles do")
    places: list[PlaceDocument]


class ImagesPage(PageDocument):
    """Images, as asked for."""

    images: list[ImageDocument]


class HostDocument(BaseModel):
    """A host and its images; `failing` are those whose URL failed when it was last asked."""

    host: str
    images: int
    failing: int
    errors: int
    warnings: int
    failing_since: datetime | None
    verdicts: dict[Verdict, int]


class HostsPage(PageDocument):
    """Hosts, those with most failing images first."""

    hosts: list[HostDocument]


class FailureDocument(BaseModel):
    """How the last try at a URL went wrong, and since when its tries do."""

    verdict: Verdict
    code: str | None
    detail: str
    status: int | None
    since: datetime | None


class CopyDocument(BaseModel):
    """The last good copy of an image; paths are relative to the cache folder."""

    path: str
    sha256: str
    width: int
    height: int
    format: str
    bytes: int
    color: str
    thumbnails: list[Thumbnail]


class UrlDocument(BaseModel):
    """What is known of one URL, and the first entries that name it."""

    as_of: datetime
    url: str = Field(description="Normalised, without a fragment")
    asked_at: datetime | None
    succeeded_at: datetime | None
    failure: FailureDocument | None
    copy_: CopyDocument | None = Field(alias="copy")
    total: int = Field(description="How many entries name it")
    entries: list[EntryDocument]


class AskedEntry(BaseModel):
    """One image as an article would declare it."""

    model_config = ConfigDict(extra="forbid")

    url: Written
    width: Side | None = None
    height: Side | None = None


class EntriesQuestion(BaseModel):
    """Images to judge."""

    model_config = ConfigDict(extra="forbid")

    entries: Annotated[list[AskedEntry], Field(max_length=_MOST_ENTRIES)]


class ArticleQuestion(BaseModel):
    """The text of an article whose images are to be judged."""

    model_config = ConfigDict(extra="forbid")

    article: Written


class VerifyAnswer(BaseModel):
    """The verdicts now; nothing was written. Pointers lead into what was sent."""

    seconds: float
    interrupted: bool = Field(description="The time was up: some entries are not-checked")
    entries: list[EntryDocument]
    article_errors: list[ArticleProblemDocument]
    summary: SummaryDocument


def article_document(state: ArticleState) -> dict[str, Any]:
    """One article's document."""
    return {
        "article": state.article,
        "title": state.title,
        "date": state.date,
        "entries": state.entries,
        "errors": state.errors,
        "warnings": state.warnings,
        "problems": [problem_document(one) for one in state.problems],
    }


def image_document(image: KnownImage) -> dict[str, Any]:
    """One image's document."""
    known, state = image.known, image.known.state
    return {
        "entry": entry_document(known.entry),
        "severity": Health.of(known.entry.worst),
        "verdicts": list(image.verdicts),
        "failing_since": None if state is None else _moment(state.failing_since),
        "uses": image.uses,
        "articles": image.articles,
        "places": [
            {
                "article": one.article,
                "line": one.line,
                "column": one.column,
                "title": one.title,
                "date": one.date,
                "verdict": one.verdict,
                "severity": one.health,
            }
            for one in known.places
        ],
    }


def host_document(state: HostState) -> dict[str, Any]:
    """One host's document."""
    return {
        "host": state.host,
        "images": state.images,
        "failing": state.failing,
        "errors": state.errors,
        "warnings": state.warnings,
        "failing_since": _moment(state.since),
        "verdicts": dict(state.verdicts),
    }


def url_document(
    state: UrlState, as_of: float, total: int, entries: Iterable[EntryDocument]
) -> dict[str, Any]:
    """The document of one URL."""
    failure = state.failure
    return {
        "as_of": timestamp(as_of),
        "url": state.url,
        "asked_at": _moment(state.asked_at),
        "succeeded_at": _moment(state.succeeded_at),
        "failure": failure
        and {
            "verdict": failure.verdict,
            "code": failure.verdict.code,
            "detail": failure.detail,
            "status": failure.status,
            "since": _moment(state.failing_since),
        },
        "copy": _copy_document(state.copy) if state.copy is not None else None,
        "total": total,
        "entries": list(entries),
    }


def _copy_document(copy: ImageFacts) -> dict[str, Any]:
    return {
        "path": layout.image_path(copy.sha256, copy.format),
        "sha256": copy.sha256,
        "width": copy.size.width,
        "height": copy.size.height,
        "format": copy.format.label,
        "bytes": copy.bytes,
        "color": copy.color,
        "thumbnails": [
            {
                "name": one.name,
                "path": layout.thumbnail_path(one.name, copy.sha256, one.suffix),
                "width": one.width,
                "height": one.height,
            }
            for one in copy.thumbnails
        ],
    }


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else timestamp(seconds)
