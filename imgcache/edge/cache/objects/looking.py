"""Looks at many objects at once: a trip to the store for each would take the night.

Objects that lie close together are seen by listing what is between the first and the last of them,
a thousand in one request; what a list does not have is asked for by itself, so that nothing is
taken for lost because a list is late or in another order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import groupby
from typing import TypeVar

from imgcache.edge.cache.objects.bucket import Bucket, Meta
from imgcache.edge.cache.objects.troubles import StrangeNameError

# Requests under way. A store answers thousands a second, a laptop's network does not.
_AT_ONCE = 16
# Up to so many are asked for one by one.
_FEW = 16
# A list may be so many times longer than what is looked for, and a page more.
_SPARSE, _PAGE = 4, 1000

A = TypeVar("A")
B = TypeVar("B")
Metas = Mapping[str, Meta | None]


def side_by_side(
    work: Callable[[A], B], items: Iterable[A], at_once: int = _AT_ONCE
) -> Iterator[B]:
    """The results in the order of the items, of which only some are under way at any time."""
    with ThreadPoolExecutor(at_once, thread_name_prefix="imgcache-objects") as pool:
        waiting: deque[Future[B]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) >= 2 * at_once:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for one in waiting:
                one.cancel()


def looked_at(bucket: Bucket, paths: Sequence[str]) -> dict[str, Meta | None]:
    """These objects as they are now. Raises LocalError."""
    return dict(zip(paths, side_by_side(bucket.head, paths), strict=True))


def seen(bucket: Bucket, paths: Iterable[str]) -> dict[str, Meta | None]:
    """As `looked_at`, by lists where there are many. Raises LocalError."""
    found: dict[str, Meta | None] = {}
    alone: list[str] = []
    for folder, some in groupby(sorted(paths), _kind):
        wanted = list(some)
        if len(wanted) > _FEW:
            found |= _from_list(bucket, folder, wanted)
        alone += (path for path in wanted if path not in found)
    return found | looked_at(bucket, alone)


def _from_list(bucket: Bucket, folder: str, wanted: Sequence[str]) -> dict[str, Meta]:
    names, last = set(wanted), wanted[-1]
    behind = wanted[0][:-1]  # right before the first one
    found: dict[str, Meta] = {}
    most = _SPARSE * len(wanted) + _PAGE
    with suppress(StrangeNameError):  # it hides all that is listed with it
        for number, (path, meta) in enumerate(bucket.listed(folder, behind)):
            if path > last or number > most:
                break
            if path in names:
                found[path] = meta
    return found


def _kind(path: str) -> str:
    """`images` or `thumbs/small`: what is above the folders by hash."""
    with suppress(ValueError):
        return path[: path.rindex("/", 0, path.rindex("/"))]
    return ""
