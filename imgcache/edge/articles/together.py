"""Replacement of many article files side by side, each as `files.replace` does it.

Two fsyncs a file are most of what that takes, and a file system writes its journal once for all
that wait for it at the same time. All else stays in the calling thread, one file after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from msgspec import Struct

from imgcache.edge import descriptors
from imgcache.edge.articles.files import Found, Sync, advanced, replacing, waited
from imgcache.errors import ArticleError, LocalError
from imgcache.units import batches

_THREADS = 8
# Each file takes three descriptors meanwhile. A run whose limit is low needs them elsewhere.
_SHARE = 32


class NewText(Struct, frozen=True):
    """What a file shall hold, and what it held when that was decided."""

    found: Found
    old: bytes
    new: bytes


Outcome = bool | ArticleError | LocalError


def replace_all(texts: Sequence[NewText]) -> list[Outcome]:
    """For each text what `files.replace` returns or raises, in the same order.

    Of two texts for the same file (one may be a link to it) the second finds it changed.
    """
    room = max(1, descriptors.available() // _SHARE)
    return [outcome for group in batches(texts, room) for outcome in _replaced(group)]


def _replaced(texts: Sequence[NewText]) -> list[Outcome]:
    outcomes: dict[int, Outcome] = {}
    going = {number: replacing(one.found, one.old, one.new) for number, one in enumerate(texts)}
    faults: dict[int, OSError | None] = dict.fromkeys(going)
    while faults:
        waiting: dict[int, Sync] = {}
        for number, fault in faults.items():
            try:
                step = advanced(going[number], fault)
            except (ArticleError, LocalError) as exc:
                outcomes[number] = exc
            else:
                if isinstance(step, bool):
                    outcomes[number] = step
                else:
                    waiting[number] = step
        faults = dict(zip(waiting, _waiters().map(waited, waiting.values()), strict=True))
    return [outcomes[number] for number in range(len(texts))]


@cache
def _waiters() -> ThreadPoolExecutor:
    """The threads that wait for the disk. A group is small: to start them for each costs time."""
    return ThreadPoolExecutor(_THREADS, "imgcache-articles")
