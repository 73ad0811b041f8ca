"""Facts in the catalog: brought up to date where the index or the disk has changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from urllib.parse import urlsplit

from imgcache.config import FreshnessSettings
from imgcache.core.cache.layout import content_paths
from imgcache.core.http.freshness import fresh_until
from imgcache.core.verdicts.verdict import Served, placeholders
from imgcache.edge.cache.storage import Storage
from imgcache.edge.catalog import documents, urls
from imgcache.edge.catalog.database import Catalog
from imgcache.edge.catalog.urls import Seen, UrlRow
from imgcache.edge.index import changes
from imgcache.edge.index.changes import Point
from imgcache.edge.index.index import Index
from imgcache.facts import ImageFacts, UrlFacts
from imgcache.units import batches

_BATCH = 500
Inspect = Callable[[Storage, ImageFacts], Seen]


def look_up_changes(catalog: Catalog, index: Index, policy: FreshnessSettings) -> None:
    """Note what the index says by now of the catalog's URLs. Raises LocalError."""
    point, rule = changes.last(index), policy.model_dump_json()
    known = _known_until(catalog, index) if catalog.about("freshness") == rule else None
    with catalog.together():
        for some in _to_look_up(catalog, index, known):
            facts = index.urls(some)
            images = index.images({one.copy for one in facts.values() if one.copy is not None})
            states = {href: _state(facts.get(href), policy) for href in some}
            urls.update(catalog, states, images.values())
        urls.forget_unneeded_copies(catalog)
        mark, number = point or ("", 0)
        catalog.note(freshness=rule, mark=mark, changed=number)


def _to_look_up(catalog: Catalog, index: Index, known: Point | None) -> Iterator[list[str]]:
    """The URLs whose facts may be others than the catalog has, some at once."""
    if known is None:
        yield from urls.every(catalog)
        return
    yield from urls.unknown(catalog)
    yield from batches(changes.changed_since(index, known), _BATCH)


def _known_until(catalog: Catalog, index: Index) -> Point | None:
    """The point up to which the catalog has this index's facts; None where that is not certain."""
    point = Point(catalog.about("mark") or "", catalog.about("changed") or 0)
    return point if changes.reaches(index, point) else None


def _state(known: UrlFacts | None, policy: FreshnessSettings) -> UrlRow:
    if known is None:
        return UrlRow(None, None, 0.0, None, None, None, None)
    failure, answer = known.failure, known.response
    is_settled = failure is None and answer is not None and known.copy is not None
    return UrlRow(
        asked_at=known.tried_at or None,
        answered_at=answer.answered_at if answer is not None else None,
        fresh_until=fresh_until(answer, policy) if is_settled and answer is not None else 0.0,
        status=answer.status if answer is not None else None,
        failure=documents.failure_text(failure),
        failing_since=(failure.since or known.tried_at) if failure is not None else None,
        copy=known.copy,
    )


def inspect(
    catalog: Catalog, store: Storage, look: Inspect, copies: Collection[str], *, whole: bool = False
) -> None:
    """Look at the files of some copies, and note what was found. Raises LocalError.

    `whole`: the look is about all their bytes.
    """
    for some in batches(sorted(copies), _BATCH):
        seen: dict[str, Seen] = {}
        found: dict[str, Mapping[str, str]] = {}
        images = [image for image, _ in urls.copies(catalog, some)]
        paths = (path for image in images for path in content_paths(image))
        looking = store.read_at_once(paths) if whole else store.at_once(paths)
        for image in images:
            # From before it is inspected: a change meanwhile is seen next time.
            found[image.sha256] = looking.marks(content_paths(image))
            seen[image.sha256] = look(looking, image)
        urls.see(catalog, seen, found)


def changed_copies(catalog: Catalog, store: Storage, *, of_run: bool) -> Iterator[str]:
    """The copies with a file that is not as it was when it was looked at.

    `of_run`: only those that the articles of the run name.
    """
    return store.changed(urls.files(catalog, of_run=of_run))


def find_placeholders(catalog: Catalog, tolerance: int) -> dict[str, int]:
    """The run's URLs that answered with a host's placeholder picture, and their ids."""
    shared = list(urls.shared_copies(catalog))
    ids = {one.href: one.id for one in shared}
    served = (
        Served(one.href, one.host, urlsplit(one.href).path, one.sha256, one.size, one.declared)
        for one in shared
    )
    return {href: ids[href] for href in placeholders(served, tolerance)}
