"""Text and JSON output of `imgcache cache check`: what is wrong in the cache."""

from __future__ import annotations

import json
from collections.abc import Iterator

from imgcache.cache_results import CacheCheckResult
from imgcache.render.phrases import amount, count, printable
from imgcache.version import VERSION


def as_text(found: CacheCheckResult) -> Iterator[str]:
    """For people: a line for each damaged file, then the totals."""
    for one in found.damage:
        repair = f"; {one.repair}" if one.repair else ""
        yield f"{printable(one.path)}: {one.problem}{repair}\n"
    looked_at = f"{count(found.images, 'image')} and {count(found.thumbnails, 'thumbnail')}"
    yield f"{looked_at} hashed ({amount(found.bytes)}): {_outcome(found)}\n"
    if found.strays.files:
        strays = f"{count(found.strays.files, 'file')} ({amount(found.strays.bytes)})"
        yield f"{strays} that the index does not know; imgcache cache gc removes them\n"


def _outcome(found: CacheCheckResult) -> str:
    if not found.damage:
        return "all sound"
    if found.is_sound:
        return f"{count(len(found.damage), 'damaged file')} found, all repaired"
    open_ = sum(one.repair is None for one in found.damage)
    return f"{count(open_, 'damaged file')} found; imgcache cache check --repair fixes what it can"


def as_json(found: CacheCheckResult) -> Iterator[str]:
    """For scripts; `repair` is null for what is still broken."""
    document = {
        "schema": 1,
        "command": "cache check",
        "version": VERSION,
        "images": found.images,
        "thumbnails": found.thumbnails,
        "bytes": found.bytes,
        "strays": found.strays._asdict(),
        "damage": [
            {"path": one.path, "problem": one.problem, "repair": one.repair} for one in found.damage
        ],
    }
    yield json.dumps(document, indent=1) + "\n"
