"""What a run may have overlooked: places that find nothing, and strings that no place finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from imgcache.config import Settings
from imgcache.edge.articles import files
from imgcache.edge.articles.files import Found
from imgcache.engine.catalog.declared import DeclaredArticles
from imgcache.errors import ArticleError
from imgcache.render.phrases import count, some

if TYPE_CHECKING:
    import yaml

# So many files show which shapes a site has.
_LOOKED_AT = 200


def strays(articles: DeclaredArticles) -> Iterator[str]:
    """Strings in lists of mappings that are no image entries, in one sentence."""
    if articles.strays:
        strings = count(len(articles.strays), "string")
        yield (
            f"{strings} amid the mappings of a list: not read ({some(articles.strays)}); "
            "name the place in [[images]], or write mappings"
        )


def templated(articles: DeclaredArticles) -> Iterator[str]:
    """URLs that a template makes, which nobody can ask for, in one sentence."""
    if articles.templated:
        yield f"{count(articles.templated, 'URL')} in bodies with template marks: passed over"


def idle_places(articles: DeclaredArticles, settings: Settings) -> Iterator[str]:
    """Each configured place that finds no image in any article, and the nearest that would.

    Of no use where a run looks at a part of the site only.
    """
    idle = [
        place
        for number, place in enumerate(settings.images or ())
        if number not in articles.found_by
    ]
    if not idle or not articles.articles:
        return
    # Imported late, as in `_roots`: where each place finds something, there is nothing to parse.
    from imgcache.core.articles.places import nearest  # noqa: PLC0415

    seen = nearest.shapes(_roots(articles.found, settings))
    for place in idle:
        shape = nearest.nearest(place, seen)
        there = f"; the nearest with images is `{shape}`" if shape else ""
        yield f"[[images]] at = {place.at!r} finds no image in any article{there}"


def _roots(found: Sequence[Found], settings: Settings) -> Iterator[yaml.Node]:
    from imgcache.core.articles.document import Document, parse  # noqa: PLC0415

    for one in found[:_LOOKED_AT]:
        try:
            document = parse(files.read(one), whole=one.whole, limits=settings.limits)
        except ArticleError:
            continue  # a run reports it; here it gives no information
        if isinstance(document, Document) and document.root is not None:
            yield document.root
