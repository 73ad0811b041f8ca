"""What a run may have overlooked: places that find nothing, and images that no place finds.

What looks at articles once more is imported late: most runs overlook nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from imgcache.config import Settings
from imgcache.engine.catalog.declared import DeclaredArticles
from imgcache.errors import ArticleError
from imgcache.render.phrases import count, some

# So many files show which shapes a site has.
_LOOKED_AT = 200
# So many are counted where nothing at all is read.
_COUNTED = 2000
_SHAPES_TOLD = 5


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
    from imgcache.core.articles.places import nearest  # noqa: PLC0415  see the module's docstring
    from imgcache.engine.run import sightings  # noqa: PLC0415

    seen = sightings.tally_of(articles.found, settings.limits, _LOOKED_AT).images
    for place in idle:
        shape = nearest.nearest(place, seen)
        there = f"; the nearest with images is `{shape}`" if shape else ""
        yield f"[[images]] at = {place.at!r} finds no image in any article{there}"


def readable(articles: DeclaredArticles) -> int:
    """How many articles could be read."""
    broken = sum(isinstance(one, ArticleError) for one in articles.odd.values())
    return articles.articles - broken


def unread_images(articles: DeclaredArticles, settings: Settings) -> str:
    """What stands in articles of which no image is read, by shape and count, in one sentence."""
    from imgcache.engine.run import sightings  # noqa: PLC0415  see the module's docstring

    there = f"{count(readable(articles), 'article')}, no image entry"
    seen = sightings.tally_of(articles.found, settings.limits, _COUNTED)
    many = len(articles.found) > _COUNTED
    bound = f" (in the first {_COUNTED:,} files)" if many else ""
    if not seen.total:
        return f"{there}, and nothing that looks like one{bound}"
    shapes = seen.articles.most_common()
    told = [f"{number:,} {_have(number)} `{shape}`" for shape, number in shapes[:_SHAPES_TOLD]]
    if len(shapes) > _SHAPES_TOLD:
        told.append(f"{count(len(shapes) - _SHAPES_TOLD, 'more place')} with images")
    if seen.in_bodies:
        stand = "stands in a body" if seen.in_bodies == 1 else "stand in bodies"
        told.append(f"{count(seen.in_bodies, 'image')} {stand}")
    return f"{there}; {', '.join(told)}{bound}: run `imgcache init`"


def _have(number: int) -> str:
    return "has" if number == 1 else "have"
