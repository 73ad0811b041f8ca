"""Planner of a refresh: one decision per URL, from what the index and the disk know of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from imgcache.config import Settings
from imgcache.core.cache import plan
from imgcache.edge.cache.store import Store
from imgcache.edge.index.index import Index
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.index_session import IndexSession, KnownFacts, look_up
from imgcache.engine.run.targets import Target, Targets
from imgcache.engine.run.wiring import Tools
from imgcache.facts import ImageFacts
from imgcache.model import Source
from imgcache.units import batches

_BATCH = 500


@dataclass(slots=True)
class WorkPlan:
    """What a run has to do before it can judge: URLs to ask for, thumbnails to make again."""

    ask: list[Job] = field(default_factory=list)
    remake: list[Job] = field(default_factory=list)

    @property
    def jobs(self) -> int:
        """How many there are."""
        return len(self.ask) + len(self.remake)


async def plan_work(
    targets: Targets, tools: Tools, settings: Settings, demand: plan.Scope
) -> WorkPlan:
    """Decide about each URL on the web; marks those that need no work."""
    work, now = WorkPlan(), time.time()
    pauses = await tools.session.query(Index.pauses)
    ended = [host for host, pause in pauses.items() if not plan.is_in_force(pause, now)]
    if ended:
        await tools.session.query(lambda index: index.resume(ended))
    for batch in batches(targets.web.values(), _BATCH):
        facts = await look_up(tools.session, [target.url.href for target in batch])
        sound = await _check_copies(tools, facts)
        await _note_new_spellings(tools.session, batch)
        for target in batch:
            known = _known(target, facts, sound)
            pause = pauses.get(target.url.host)
            decision = plan.decide(known, pause, demand, settings.freshness, now)
            _enlist(target, known, decision, settings, work)
    return work


async def _check_copies(tools: Tools, facts: KnownFacts) -> dict[str, ImageFacts]:
    """The sound copies as they are on disk; the index learns what was lost or touched."""
    sound = await asyncio.to_thread(_sound_copies, tools.store, facts)
    touched = [one for sha256, one in sound.items() if one is not facts.images[sha256]]
    tools.session.record(images=touched)
    lost = facts.images.keys() - sound.keys()
    if lost:
        await tools.session.query(lambda index: index.forget(lost))
    return sound


async def _note_new_spellings(session: IndexSession, batch: Sequence[Target]) -> None:
    """The manifest names each copy by every spelling that an article has for its URL."""
    spelt = {written: target.url.href for target in batch for written in target.written}
    before = await session.query(lambda index: index.spellings(spelt))
    new = {written: href for written, href in spelt.items() if before.get(written) != href}
    if new:
        session.record(spellings=new)


def _known(target: Target, facts: KnownFacts, sound: Mapping[str, ImageFacts]) -> plan.Known:
    url = facts.urls.get(target.url.href)
    copy = sound.get(url.copy) if url is not None and url.copy is not None else None
    target.held = copy is not None
    target.failed = url is not None and url.failure is not None
    if url is not None and copy is None:
        url = replace(url, copy=None, response=None)
    return plan.Known(url, copy)


def _enlist(
    target: Target, known: plan.Known, decision: plan.Decision, settings: Settings, work: WorkPlan
) -> None:
    match decision:
        case plan.Fetch(validators):
            work.ask.append(Job(target, known, validators))
            return
        case plan.UseFresh():
            target.source = Source.FRESH
        case plan.UseStale(failure):
            target.failure = failure
            target.failed = target.failed or failure is not None
        case _:
            assert_never(decision)
    if known.copy is not None and plan.lacks_thumbnails(known.copy, settings.thumbnails):
        work.remake.append(Job(target, known))


def _sound_copies(store: Store, facts: KnownFacts) -> dict[str, ImageFacts]:
    """Those copies whose files are sound, as the disk has them."""
    checked = (_as_on_disk(store, image) for image in facts.images.values())
    return {image.sha256: image for image in checked if image is not None}


def _as_on_disk(store: Store, image: ImageFacts) -> ImageFacts | None:
    """None for a copy that is gone or damaged; missing or damaged thumbnails are left out."""
    sound = store.sound_image(image)
    if sound is None:
        return None
    found = store.sound_thumbnails(image)
    return sound if found == image.thumbnails else replace(sound, thumbnails=found)
