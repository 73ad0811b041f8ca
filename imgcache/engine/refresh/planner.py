"""Between the passes: one decision per URL, from what the index and the disk know of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TypeVar, assert_never

from imgcache.config import Settings
from imgcache.core.cache import plan
from imgcache.edge.cache.store import Store
from imgcache.edge.index.index import Index
from imgcache.engine.refresh.downloader import Job
from imgcache.engine.run.index_session import Ledger
from imgcache.engine.run.targets import Agenda, Item
from imgcache.engine.run.tools import Tools
from imgcache.facts import ImageFacts, UrlFacts
from imgcache.model import Source

_BATCH = 500
T = TypeVar("T")


@dataclass(slots=True)
class Work:
    """What a run has to do before it can judge: URLs to ask for, thumbnails to make again."""

    ask: list[Job] = field(default_factory=list)
    remake: list[Job] = field(default_factory=list)

    @property
    def jobs(self) -> int:
        """How many there are."""
        return len(self.ask) + len(self.remake)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the index says of some URLs, and of the copies they have."""

    urls: Mapping[str, UrlFacts]
    images: Mapping[str, ImageFacts]


async def look_up(ledger: Ledger, urls: Sequence[str]) -> Facts:
    """The facts of some URLs (normalised) in one trip to the index."""

    def ask(index: Index) -> Facts:
        known = index.urls(urls)
        copies = {one.copy for one in known.values() if one.copy is not None}
        return Facts(known, index.images(copies))

    return await ledger.ask(ask)


async def plan_work(agenda: Agenda, tools: Tools, settings: Settings, demand: plan.Demand) -> Work:
    """Decide about each URL on the web; marks those that need no work."""
    work, now = Work(), time.time()
    pauses = await tools.ledger.ask(Index.pauses)
    over = [host for host, pause in pauses.items() if pause.until <= now]
    if over:
        await tools.ledger.ask(lambda index: index.resume(over))
    for items in batches(agenda.web.values(), _BATCH):
        facts = await look_up(tools.ledger, [item.url.href for item in items])
        sound = await _take_stock(tools, facts)
        await _note_new_spellings(tools.ledger, items)
        for item in items:
            known = _known(item, facts, sound)
            pause = pauses.get(item.url.host)
            decision = plan.decide(known, pause, demand, settings.freshness, now)
            _enlist(item, known, decision, settings, work)
    return work


async def _take_stock(tools: Tools, facts: Facts) -> dict[str, ImageFacts]:
    """The sound copies as they are on disk; the index is told of what was lost or touched."""
    sound = await asyncio.to_thread(_sound_copies, tools.store, facts)
    touched = [one for sha256, one in sound.items() if one is not facts.images[sha256]]
    tools.ledger.note(images=touched)
    lost = facts.images.keys() - sound.keys()
    if lost:
        await tools.ledger.ask(lambda index: index.forget(lost))
    return sound


async def _note_new_spellings(ledger: Ledger, items: Sequence[Item]) -> None:
    """The manifest names each copy by every spelling that an article has for its URL."""
    spelt = {written: item.url.href for item in items for written in item.written}
    before = await ledger.ask(lambda index: index.spellings(spelt))
    new = {written: href for written, href in spelt.items() if before.get(written) != href}
    if new:
        ledger.note(spellings=new)


def _known(item: Item, facts: Facts, sound: Mapping[str, ImageFacts]) -> plan.Known:
    url = facts.urls.get(item.url.href)
    copy = sound.get(url.copy) if url is not None and url.copy is not None else None
    item.held = copy is not None
    item.failed = url is not None and url.failure is not None
    if url is not None and copy is None:
        url = replace(url, copy=None, response=None)
    return plan.Known(url, copy)


def _enlist(
    item: Item, known: plan.Known, decision: plan.Decision, settings: Settings, work: Work
) -> None:
    match decision:
        case plan.Ask(validators):
            work.ask.append(Job(item, known, validators))
            return
        case plan.Trust():
            item.source = Source.FRESH
        case plan.Recall(failure):
            item.failure = failure
            item.failed = item.failed or failure is not None
        case _:
            assert_never(decision)
    if known.copy is not None and plan.lacks_thumbnails(known.copy, settings.thumbnails):
        work.remake.append(Job(item, known))


def _sound_copies(store: Store, facts: Facts) -> dict[str, ImageFacts]:
    """Those copies whose files are sound, as the disk has them."""
    checked = (_as_on_disk(store, image) for image in facts.images.values())
    return {image.sha256: image for image in checked if image is not None}


def _as_on_disk(store: Store, image: ImageFacts) -> ImageFacts | None:
    """None for a copy that is gone or damaged; thumbnails that are so are left out."""
    mtime_ns = store.sound_mtime(image)
    if mtime_ns is None:
        return None
    found = store.sound_thumbnails(image)
    if mtime_ns == image.mtime_ns and found == image.thumbnails:
        return image
    return replace(image, mtime_ns=mtime_ns, thumbnails=found)


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size` items."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
