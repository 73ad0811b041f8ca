"""Replacement of many article files side by side, each as `files.replace` does it.

Two fsyncs a file are most of what that takes, and a file system writes its journal once for all
that wait for it at the same time.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from imgcache.edge.articles import files
from imgcache.edge.articles.files import Found
from imgcache.errors import ArticleError, LocalError

_AT_ONCE = 8


class NewText(Struct, frozen=True):
    """What a file shall hold, and what it held when that was decided."""

    found: Found
    old: bytes
    new: bytes


Outcome = bool | ArticleError | LocalError


def replace_all(texts: Sequence[NewText]) -> list[Outcome]:
    """For each text what `files.replace` returns or raises, in the same order.

    Texts for the same file (one may be a link to it) come one after the other.
    """
    if len(texts) == 1:
        return [_replaced(texts[0])]
    same: dict[str, list[int]] = {}
    for number, text in enumerate(texts):
        same.setdefault(os.path.realpath(text.found.path), []).append(number)
    with ThreadPoolExecutor(min(_AT_ONCE, len(texts)), "imgcache-articles") as pool:
        done = pool.map(lambda row: [(one, _replaced(texts[one])) for one in row], same.values())
        outcomes = dict(pair for pairs in done for pair in pairs)
    return [outcomes[number] for number in range(len(texts))]


def _replaced(text: NewText) -> Outcome:
    try:
        return files.replace(text.found, text.old, text.new)
    except (ArticleError, LocalError) as exc:
        return exc
