"""The reports of `imgcache cache`, word for word; and hostile text in them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from imgcache.cache_results import CacheCheckResult, CacheStats, Damage, GcResult, HostRecord
from imgcache.facts import RunFacts
from imgcache.model import FileTotals, Verdict
from imgcache.render.cache import check, gc, stats
from imgcache.results import ArticleProblem
from imgcache.version import VERSION

RUN = RunFacts(1763899200.0, 2.5, 10, 6, 3, 0, 1, requests=5, bytes=1000)
STOCK = CacheStats(
    images={"jpeg": FileTotals(2, 300_000), "png": FileTotals(1, 1_000)},
    thumbnails={"small": FileTotals(3, 30_000)},
    orphans=FileTotals(1, 110_000),
    urls=12,
    held=9,
    limit=1_000_000,
    hosts=(
        HostRecord("good.example", 5),
        HostRecord("b.example", 2, Counter({Verdict.GONE: 1})),
        HostRecord("\x1b[2J.example", 5, Counter({Verdict.GONE: 1, Verdict.TIMEOUT: 2})),
    ),
    runs=(RUN, replace(RUN, fresh=0, revalidated=0, downloaded=9)),
)


def shown(pieces: Any) -> str:
    return "".join(pieces)


def document(pieces: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(shown(pieces))
    return loaded


def test_stock_as_text() -> None:
    assert shown(stats.as_text(STOCK)) == (
        "images          3 images, 301 kB\n"
        "  jpeg          2, 300 kB\n"
        "  png           1, 1.0 kB\n"
        "thumbnails      3 thumbnails, 30 kB\n"
        "  small         3, 30 kB\n"
        "size            331 kB of 1.0 MB (cache.max_bytes)\n"
        "URLs            12: 9 with a copy, 4 failed last time\n"
        "unreferenced    1 image, 110 kB; imgcache cache gc drops them\n"
        "last refresh    90.0% hits: 6 fresh, 3 revalidated, 0 downloaded, 1 failed\n"
        "last 2          45.0% hits: 6 fresh, 3 revalidated, 9 downloaded, 2 failed\n"
        "  \\x1b[2J.example  3 of 5 URLs failed (timeout 2, gone 1)\n"
        "  b.example     1 of 2 URLs failed (gone 1)\n"
    )


def test_stock_as_json() -> None:
    told = document(stats.as_json(STOCK))
    assert (told["schema"], told["command"], told["version"]) == (1, "cache stats", VERSION)
    assert (told["bytes"], told["max_bytes"], told["hit_rate"]) == (331_000, 1_000_000, 0.45)
    assert told["images"]["formats"]["png"] == {"files": 1, "bytes": 1_000}
    assert told["thumbnails"] == {
        "files": 3,
        "bytes": 30_000,
        "names": {"small": {"files": 3, "bytes": 30_000}},
    }
    assert told["urls"] == {"count": 12, "held": 9, "failed": 4}
    assert told["runs"][0] == {
        "started": "2025-11-23T12:00:00.000Z",
        "seconds": 2.5,
        "hit_rate": 0.9,
        "urls": 10,
        "fresh": 6,
        "revalidated": 3,
        "downloaded": 0,
        "failed": 1,
        "requests": 5,
        "bytes": 1000,
    }
    assert told["hosts"][1] == {
        "host": "b.example",
        "urls": 2,
        "failed": 1,
        "verdicts": {"gone": 1},
    }


FOUND = CacheCheckResult(
    2,
    1,
    301_000,
    FileTotals(1, 5),
    [Damage("images/x", "no such file", "fixed"), Damage("thumbs/y", "other bytes")],
)


def test_damage_as_text() -> None:
    assert shown(check.as_text(FOUND)) == (
        "images/x: no such file; fixed\n"
        "thumbs/y: other bytes\n"
        "2 images and 1 thumbnail hashed (301 kB): 1 damaged file found; "
        "imgcache cache check --repair fixes what it can\n"
        "1 file (5 B) that the index does not know; imgcache cache gc removes them\n"
    )
    fixed = CacheCheckResult(1, 0, 5, damage=FOUND.damage[:1])
    assert shown(check.as_text(fixed)).endswith(": 1 damaged file found, all repaired\n")
    assert shown(check.as_text(CacheCheckResult(1, 0, 5))) == (
        "1 image and 0 thumbnails hashed (5 B): all sound\n"
    )


def test_damage_as_json() -> None:
    assert document(check.as_json(FOUND)) == {
        "schema": 1,
        "command": "cache check",
        "version": VERSION,
        "images": 2,
        "thumbnails": 1,
        "bytes": 301_000,
        "strays": {"files": 1, "bytes": 5},
        "damage": [
            {"path": "images/x", "problem": "no such file", "repair": "fixed"},
            {"path": "thumbs/y", "problem": "other bytes", "repair": None},
        ],
    }


CLEARED = GcResult(
    articles=3,
    dry_run=True,
    urls=("https://a.example/\x07",),
    files=("images/x", "thumbs/y"),
    dropped=FileTotals(2, 1_000),
    kept=FileTotals(4, 9_000),
)


def test_clearance_as_text() -> None:
    assert shown(gc.as_text(CLEARED)) == (
        "would forget https://a.example/\\x07\n"
        "would drop images/x\n"
        "would drop thumbs/y\n"
        "2 files (1.0 kB) and 1 URL that none of 3 articles names: would be dropped (dry run)\n"
        "4 files (9.0 kB) stay\n"
    )
    done = replace(CLEARED, dry_run=False)
    assert shown(gc.as_text(done)) == (
        "2 files (1.0 kB) and 1 URL that none of 3 articles names: dropped\n4 files (9.0 kB) stay\n"
    )
    problems = (ArticleProblem("a.md", 3, "bad\x1b"), ArticleProblem("b.md", None, "gone"))
    assert shown(gc.as_text(GcResult(1, dry_run=False, problems=problems))) == (
        "a.md:3: bad\\x1b\n"
        "b.md: gone\n"
        "nothing was dropped: these articles may name any image; fix them first\n"
    )


def test_clearance_as_json() -> None:
    assert document(gc.as_json(CLEARED)) == {
        "schema": 1,
        "command": "cache gc",
        "version": VERSION,
        "dry_run": True,
        "articles": 3,
        "dropped": {"files": 2, "bytes": 1_000},
        "kept": {"files": 4, "bytes": 9_000},
        "urls": ["https://a.example/\x07"],
        "files": ["images/x", "thumbs/y"],
        "article_errors": [],
    }


def keys(value: Any) -> set[str]:
    """All keys of a document, at any depth, but for names that are data."""
    if isinstance(value, list):
        return set().union(*map(keys, value))
    if not isinstance(value, dict):
        return set()
    below = (keys(v) for k, v in value.items() if k not in {"formats", "names", "verdicts"})
    return set(value).union(*below)


def test_every_key_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "cache.md").read_text()
    problems = (ArticleProblem("a.md", 3, "bad"),)
    documents = [stats.as_json(STOCK), check.as_json(FOUND), gc.as_json(CLEARED)]
    documents.append(gc.as_json(GcResult(1, dry_run=False, problems=problems)))
    missing = {key for one in documents for key in keys(document(one)) if f"`{key}`" not in text}
    assert missing == set()
