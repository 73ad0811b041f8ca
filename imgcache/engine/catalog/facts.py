"""Facts in the catalog: brought up to date where the index or the disk has changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from msgspec.structs import replace

from imgcache.config import FreshnessSettings
from imgcache.core.cache.layout import content_paths
from imgcache.core.http.freshness import fresh_until
from imgcache.core.verdicts.verdict import Served, placeholders
from imgcache.edge.cache.files import is_recorded
from imgcache.edge.cache.storage import Storage
from imgcache.edge.catalog import documents, urls
from imgcache.edge.catalog.database import Catalog
from imgcache.edge.catalog.noting import facts as noting
from imgcache.edge.catalog.urls import Seen, UrlRow
from imgcache.edge.exports import named
from imgcache.edge.exports.named import FileNow
from imgcache.edge.index import changes
from imgcache.edge.index.changes import Point
from imgcache.edge.index.index import Index
from imgcache.edge.safe_fs import identity, mark_of, text_of
from imgcache.edge.stopping import steps
from imgcache.engine.run.index_session import copies_of
from imgcache.facts import ImageFacts, UrlFacts
from imgcache.units import batches

_BATCH = 500
# After so many files it is heard whether to stop.
_HEARING = 32
Inspect = Callable[[Storage, ImageFacts], Seen]


def look_up_changes(catalog: Catalog, index: Index, policy: FreshnessSettings) -> None:
    """Note what the index says by now of the catalog's URLs. Raises LocalError."""
    point, rule = changes.last(index), policy.model_dump_json()
    known = _known_until(catalog, index) if catalog.about("freshness") == rule else None
    with catalog.kept_when_stopped():
        for some in steps(_to_look_up(catalog, index, known), 1):
            facts = index.urls(some)
            images = index.images(copies_of(facts.values()))
            states = {href: _state(facts.get(href), policy, images) for href in some}
            noting.update(catalog, states, images.values())
        noting.forget_unneeded_copies(catalog)
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


def _state(
    known: UrlFacts | None, policy: FreshnessSettings, images: Mapping[str, ImageFacts]
) -> UrlRow:
    if known is None:
        return UrlRow(None, None, 0.0, None, None, None, None, None)
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
        earlier=documents.history_text(known.earlier, images),
    )


def inspect(
    catalog: Catalog, store: Storage, look: Inspect, copies: Collection[str], *, whole: bool = False
) -> None:
    """Look at the files of some copies, and note what was found. Raises LocalError.

    `whole`: the look is about all their bytes.
    """
    for some in steps(batches(sorted(copies), _BATCH), 1):
        seen: dict[str, Seen] = {}
        found: dict[str, Mapping[str, str]] = {}
        images = [image for image, _ in urls.copies(catalog, some)]
        for looking, image in steps(_together(store, images, whole=whole), _HEARING):
            # From before it is inspected: a change meanwhile is seen next time.
            found[image.sha256] = looking.marks(content_paths(image))
            seen[image.sha256] = look(looking, image)
        noting.see(catalog, seen, found)


def _together(
    store: Storage, images: Sequence[ImageFacts], *, whole: bool
) -> Iterator[tuple[Storage, ImageFacts]]:
    """The images, each with the storage that has looked at several of them at once."""
    for some in batches(images, _HEARING if whole else _BATCH):
        paths = (path for image in some for path in content_paths(image))
        looking = store.read_at_once(paths) if whole else store.at_once(paths)
        for image in some:
            yield looking, image


def changed_copies(catalog: Catalog, store: Storage, *, of_run: bool) -> Iterator[str]:
    """The copies with a file that is not as it was when it was looked at.

    `of_run`: only those that the articles of the run name.
    """
    return store.changed(steps(urls.files(catalog, of_run=of_run), _BATCH))


def note_links(catalog: Catalog, root: Path, sha256s: Sequence[str]) -> list[ImageFacts]:
    """Note how the files of some copies are by now, where nothing but their ctime is another.

    So it is with a file that got a link, or lost one. Returns the images whose files the index
    knows under another identity.
    """
    moved: list[FileNow] = []
    changed: list[ImageFacts] = []
    for one in named.looked_at(catalog, sha256s):
        for path, before in one.files:
            now = identity(root / path)
            if now is None or _at_rest(text_of(now)) != _at_rest(before):
                continue  # the next run looks at it
            if text_of(now) != before:
                moved.append(FileNow(one.seen.sha256, path, text_of(now)))
            if path == content_paths(one.seen)[0] and not is_recorded(one.seen, now):
                changed.append(replace(one.seen, mtime_ns=now[3], hashed=mark_of(now)))
    named.note_files(catalog, moved, changed)
    return changed


def _at_rest(identity_text: str) -> str:
    """An identity without its last part, the ctime."""
    return identity_text.rpartition(",")[0]


def find_placeholders(catalog: Catalog, tolerance: int) -> dict[str, int]:
    """The run's URLs that answered with a host's placeholder picture, and their ids."""
    found: dict[str, int] = {}
    for shared in urls.shared_copies(catalog):
        ids = {one.href: one.id for one in shared}
        served = (
            Served(one.href, one.host, urlsplit(one.href).path, one.sha256, one.size, one.declared)
            for one in shared
        )
        found |= {href: ids[href] for href in placeholders(served, tolerance)}
    return found
