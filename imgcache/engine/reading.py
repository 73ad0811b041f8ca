"""One article from disk: read, parsed, and told apart from files that are none."""

from __future__ import annotations

from dataclasses import dataclass

from imgcache.config import Settings
from imgcache.core import declared, verdict
from imgcache.core.article import NotAnArticle
from imgcache.core.declared import Article
from imgcache.edge import articles
from imgcache.edge.articles import Found
from imgcache.errors import ArticleError
from imgcache.model import Entry


@dataclass(frozen=True, slots=True)
class Reading:
    """An article as it was read: its bytes, and what they declare."""

    data: bytes
    article: Article


def load(found: Found, settings: Settings) -> Reading | NotAnArticle:
    """Read one file. Raises ArticleError for a broken article, or a named file that is none.

    A YAML file that was merely met is an article only if it is one parsable document with at
    least one image entry; what else it may be is not our business.
    """
    try:
        return parse(found, articles.read(found), settings)
    except ArticleError:
        if found.whole and not found.named:
            return NotAnArticle.PLAIN
        raise


def parse(found: Found, data: bytes, settings: Settings) -> Reading | NotAnArticle:
    """What the bytes of a file declare; raises as `load` does."""
    article = declared.read(data, whole=found.whole, fields=settings.fields, limits=settings.limits)
    if isinstance(article, NotAnArticle):
        return _refuse_if_named(found, article)
    if found.whole and not found.named and not article.entries:
        return NotAnArticle.PLAIN
    return Reading(data, article)


def _refuse_if_named(found: Found, reason: NotAnArticle) -> NotAnArticle:
    if not found.named:
        return reason
    if reason is NotAnArticle.FOREIGN:
        raise ArticleError("the front matter is not YAML; put it between two --- lines", 1)
    raise ArticleError("no article: the file does not begin with front matter (---)", 1)


def is_excluded(entry: Entry, href: str | None, settings: Settings) -> bool:
    """Whether the configured `exclude` patterns name this entry's URL, written or normalised."""
    names = (entry.url or "", href or "")
    return any(
        verdict.matches(pattern, name) for pattern in settings.exclude for name in names if name
    )
