"""Text and JSON output of `imgcache cache stats`: what the cache holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from imgcache.cache_results import CacheStats, HostRecord, _sum
from imgcache.facts import RunFacts
from imgcache.model import FileTotals
from imgcache.render.json import timestamp
from imgcache.render.phrases import amount, count, printable
from imgcache.version import VERSION

_HOSTS = 10


def hit_rate(runs: tuple[RunFacts, ...]) -> float | None:
    """The share of URLs that needed no body: fresh, or confirmed by a 304. None without URLs."""
    hits = sum(run.fresh + run.revalidated for run in runs)
    asked = hits + sum(run.downloaded + run.failed for run in runs)
    return hits / asked if asked else None


def as_text(stock: CacheStats) -> Iterator[str]:
    """For people: one fact per line."""
    for what, groups in (("image", stock.images), ("thumbnail", stock.thumbnails)):
        total = _sum(groups)
        yield _line(f"{what}s", f"{count(total.files, what)}, {amount(total.bytes)}")
        for name, group in groups.items():
            yield _line(f"  {name}", f"{group.files:,}, {amount(group.bytes)}")
    limit = "" if stock.limit is None else f" of {amount(stock.limit)} (cache.max_bytes)"
    yield _line("size", f"{amount(stock.bytes)}{limit}")
    yield _line(
        "URLs", f"{stock.urls:,}: {stock.held:,} with a copy, {stock.failed:,} failed last time"
    )
    if stock.orphans.files:
        text = f"{count(stock.orphans.files, 'image')}, {amount(stock.orphans.bytes)}"
        yield _line("unreferenced", f"{text}; imgcache cache gc drops them")
    yield from _run_lines(stock.runs)
    for host in stock.troubled[:_HOSTS]:
        reasons = ", ".join(f"{verdict} {n:,}" for verdict, n in host.verdicts.most_common())
        text = f"{host.failed:,} of {count(host.urls, 'URL')} failed ({reasons})"
        yield _line(f"  {printable(host.host)}", text)


def _run_lines(runs: tuple[RunFacts, ...]) -> Iterator[str]:
    for some in (runs[:1], runs) if len(runs) > 1 else (runs,):
        rate = hit_rate(some)
        if rate is not None:
            what = "last refresh" if len(some) == 1 else f"last {len(some)}"
            text = ", ".join(f"{number:,} {name}" for name, number in _outcomes(some).items())
            yield _line(what, f"{rate:.1%} hits: {text}")


def _outcomes(runs: tuple[RunFacts, ...]) -> dict[str, int]:
    names = ("fresh", "revalidated", "downloaded", "failed")
    return {name: sum(getattr(run, name) for run in runs) for name in names}


def _line(what: str, text: str) -> str:
    return f"{what:<14}  {text}\n"


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


def _document(groups: Mapping[str, FileTotals], key: str) -> dict[str, Any]:
    return _sum(groups)._asdict() | {key: {name: one._asdict() for name, one in groups.items()}}


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
