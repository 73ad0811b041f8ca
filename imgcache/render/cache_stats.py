"""What the cache holds, for people and for scripts: `imgcache cache stats`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from imgcache.cache_results import CacheStats, HostRecord, _sum
from imgcache.facts import RunFacts
from imgcache.model import FileTotals
from imgcache.render.json import timestamp
from imgcache.render.phrases import amount, count
from imgcache.render.printable import printable
from imgcache.version import VERSION

_HOSTS = 10


def hit_rate(runs: tuple[RunFacts, ...]) -> float | None:
    """The share of URLs that needed no body: fresh, or confirmed by a 304. None without URLs."""
    hits = sum(run.fresh + run.revalidated for run in runs)
    asked = hits + sum(run.downloaded + run.failed for run in runs)
    return hits / asked if asked else None


def as_text(stock: CacheStats) -> Iterator[str]:
    """For people: a fact a line."""
    for what, heaps in (("image", stock.images), ("thumbnail", stock.thumbnails)):
        total = _sum(heaps)
        yield _line(f"{what}s", f"{count(total.files, what)}, {amount(total.bytes)}")
        for name, heap in heaps.items():
            yield _line(f"  {name}", f"{heap.files:,}, {amount(heap.bytes)}")
    limit = "" if stock.limit is None else f" of {amount(stock.limit)} (cache.max_bytes)"
    yield _line("size", f"{amount(stock.bytes)}{limit}")
    yield _line(
        "URLs", f"{stock.urls:,}: {stock.held:,} with a copy, {stock.failed:,} failed last time"
    )
    if stock.orphans.files:
        told = f"{count(stock.orphans.files, 'image')}, {amount(stock.orphans.bytes)}"
        yield _line("unreferenced", f"{told}; imgcache cache gc drops them")
    yield from _run_lines(stock.runs)
    for host in stock.troubled[:_HOSTS]:
        reasons = ", ".join(f"{verdict} {n:,}" for verdict, n in host.verdicts.most_common())
        told = f"{host.failed:,} of {count(host.urls, 'URL')} failed ({reasons})"
        yield _line(f"  {printable(host.host)}", told)


def _run_lines(runs: tuple[RunFacts, ...]) -> Iterator[str]:
    for some in (runs[:1], runs) if len(runs) > 1 else (runs,):
        rate = hit_rate(some)
        if rate is not None:
            what = "last refresh" if len(some) == 1 else f"last {len(some)}"
            told = ", ".join(f"{number:,} {fate}" for fate, number in _fates(some).items())
            yield _line(what, f"{rate:.1%} hits: {told}")


def _fates(runs: tuple[RunFacts, ...]) -> dict[str, int]:
    names = ("fresh", "revalidated", "downloaded", "failed")
    return {name: sum(getattr(run, name) for run in runs) for name in names}


def _line(what: str, told: str) -> str:
    return f"{what:<14}  {told}\n"


def as_json(stock: CacheStats) -> Iterator[str]:
    """For scripts; `runs` has the last one first."""
    document = {
        "schema": 1,
        "command": "cache stats",
        "version": VERSION,
        "bytes": stock.bytes,
        "max_bytes": stock.limit,
        "images": _document(stock.images, "formats"),
        "thumbnails": _document(stock.thumbnails, "names"),
        "unreferenced": stock.orphans._asdict(),
        "urls": {"count": stock.urls, "held": stock.held, "failed": stock.failed},
        "hit_rate": hit_rate(stock.runs),
        "runs": [_run(run) for run in stock.runs],
        "hosts": [_host(host) for host in stock.troubled],
    }
    yield json.dumps(document, indent=1) + "\n"


def _document(heaps: Mapping[str, FileTotals], key: str) -> dict[str, Any]:
    return _sum(heaps)._asdict() | {key: {name: heap._asdict() for name, heap in heaps.items()}}


def _run(run: RunFacts) -> dict[str, Any]:
    names = ("urls", "fresh", "revalidated", "downloaded", "failed", "requests", "bytes")
    return {
        "started": timestamp(run.started),
        "seconds": round(run.seconds, 3),
        "hit_rate": hit_rate((run,)),
        **{name: getattr(run, name) for name in names},
    }


def _host(host: HostRecord) -> dict[str, Any]:
    verdicts = {str(verdict): number for verdict, number in host.verdicts.most_common()}
    return {"host": host.host, "urls": host.urls, "failed": host.failed, "verdicts": verdicts}
