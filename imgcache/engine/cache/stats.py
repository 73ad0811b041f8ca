"""Statistics of the whole cache (`cache stats`), gathered from its index."""

from __future__ import annotations

from urllib.parse import urlsplit

from imgcache.cache_results import CacheStats, HostRecord
from imgcache.config import Settings
from imgcache.core.cache.garbage import weight
from imgcache.edge.index import scans
from imgcache.edge.index.index import Index
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.wiring import holdings
from imgcache.model import FileTotals


async def collect_stats(settings: Settings, listener: Listener) -> CacheStats:
    """What the cache holds, by its index (else its manifest). Raises LocalError."""

    def ask(index: Index) -> CacheStats:
        hosts: dict[str, HostRecord] = {}
        urls = held = 0
        for one in scans.url_statuses(index):
            urls, held = urls + 1, held + (one.copy is not None)
            name = urlsplit(one.url).netloc
            host = hosts.setdefault(name, HostRecord(name))
            host.urls += 1
            if one.failed is not None:
                host.verdicts[one.failed] += 1
        orphans = index.orphans()
        return CacheStats(
            images=scans.images_by_format(index),
            thumbnails=scans.thumbnails_by_name(index),
            orphans=FileTotals(len(orphans), sum(map(weight, orphans))),
            urls=urls,
            held=held,
            limit=settings.cache.max_bytes,
            hosts=tuple(hosts.values()),
            runs=index.runs(),
        )

    async with holdings(settings, listener) as (_, session):
        return await session.query(ask)
