"""Check of the cache (`cache check`): each file against its hash, and the repair of damage.

The check needs no lock and writes nothing. A repair holds the lock: a damaged copy is forgotten
(the next refresh fetches it again), thumbnails are made again from their image, the index from
the manifest, the manifest from the index. Files that were found sound under an identity that the
index does not know are recorded under it, so that `verify --offline` need not hash them each time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from msgspec import Struct, field
from msgspec.structs import replace

from imgcache.cache_results import CacheCheckResult, Damage
from imgcache.config import Settings
from imgcache.core.cache import manifest
from imgcache.core.cache.garbage import known_paths, weight
from imgcache.core.cache.layout import INDEX, MANIFEST, content_paths, image_path, thumbnail_path
from imgcache.core.cache.manifest import Style
from imgcache.edge.cache.storage import Storage, storage_of
from imgcache.edge.index import recovery, scans
from imgcache.edge.index.index import Index
from imgcache.edge.stopping import steps
from imgcache.engine.images.ingest import Ingester
from imgcache.engine.images.quota import CacheQuota
from imgcache.engine.run.index_session import IndexSession, note_hashed
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.manifest import style_of, write_manifest
from imgcache.engine.run.tasks import to_its_end
from imgcache.engine.run.wiring import Tools, holdings, writing_tools
from imgcache.facts import ImageFacts, ThumbnailFacts
from imgcache.model import FileTotals
from imgcache.units import batches

# After so many files it is heard whether to stop.
_HEARING = 32
_CHANGED = "its bytes are not those that were stored"
_GONE = "there is no such file"


async def check(
    settings: Settings, listener: Listener, *, repair: bool = False
) -> CacheCheckResult:
    """Hash every image and thumbnail; with `repair` fix what is damaged.

    Raises CacheLockedError (of a repair), and LocalError where the cache can't be read or written.
    """
    reason = await asyncio.to_thread(recovery.inspect, storage_of(settings.cache))
    open_index = None if reason is None else recovery.open_manifest
    async with holdings(settings, listener, open_index) as (store, session):
        findings, seen = await _inspect(store, session, style_of(settings))
    if reason is not None:
        findings.damage.insert(0, Damage(INDEX, f"the index is damaged ({reason})"))
    if repair and (findings.damage or seen.hashed):
        async with writing_tools(settings, listener) as tools:
            await note_hashed(tools.session, seen.hashed)
            fixed = {INDEX: "made again from the manifest"}
            if findings.damage:
                fixed |= await _Repair(tools, settings).fix(seen.broken)
                fixed |= await _fix_manifest(tools, settings, findings, listener)
        findings.damage = [replace(one, repair=fixed.get(one.path)) for one in findings.damage]
    return findings


async def _fix_manifest(
    tools: Tools, settings: Settings, findings: CacheCheckResult, listener: Listener
) -> dict[str, str]:
    if any(one.path == MANIFEST for one in findings.damage):
        # It is written again where it is missing, whatever the index says of it.
        await to_its_end(tools.store.drop, MANIFEST)
    return {MANIFEST: "written again"} if await write_manifest(tools, settings, listener) else {}


class _Broken(Struct, frozen=True):
    """An image of which something is damaged: its own bytes, or those of some thumbnails."""

    image: ImageFacts
    is_lost: bool
    thumbnails: tuple[ThumbnailFacts, ...]

    @property
    def paths(self) -> Iterator[str]:
        """What is damaged, the image first."""
        if self.is_lost:
            yield image_path(self.image.sha256, self.image.format)
        for one in self.thumbnails:
            yield thumbnail_path(one.name, self.image.sha256, one.suffix)


class _Seen(Struct, frozen=True):
    """What a repair has to do: damage, and sound images that were hashed as the index has not."""

    broken: list[_Broken] = field(default_factory=list)
    hashed: list[ImageFacts] = field(default_factory=list)


async def _inspect(
    store: Storage, session: IndexSession, style: Style
) -> tuple[CacheCheckResult, _Seen]:
    """Hash what the index knows, some files at a time, so that Ctrl-C works."""
    findings, seen, known = CacheCheckResult(), _Seen(), set[str]()
    batch = await session.query(scans.images_after)
    while batch:
        found = await to_its_end(_look, store, batch)
        findings.damage += await to_its_end(_described, store, found.broken)
        seen.broken.extend(found.broken)
        seen.hashed.extend(found.hashed)
        _count(findings, batch)
        known |= known_paths(batch)
        last = batch[-1].sha256
        batch = await session.query(partial(scans.images_after, sha256=last))
    strays = await asyncio.to_thread(
        lambda: [one.bytes for one in store.files() if one.path not in known]
    )
    findings.strays = FileTotals(len(strays), sum(strays))
    if not await session.query(partial(_is_manifest_current, store, style)):
        findings.damage.append(Damage(MANIFEST, "it does not say what the index says"))
    return findings, seen


def _look(store: Storage, images: Iterable[ImageFacts]) -> _Seen:
    seen = _Seen()
    for some in steps(batches(images, _HEARING), 1):
        paths = (path for image in some for path in content_paths(image))
        _look_at(store.read_at_once(paths), some, seen)
    return seen


def _look_at(store: Storage, images: Iterable[ImageFacts], seen: _Seen) -> None:
    for image in images:
        hashed = store.hashed_image(image)
        bad = tuple(
            one for one in image.thumbnails if not store.is_intact_thumbnail(image.sha256, one)
        )
        if hashed is None or bad:
            seen.broken.append(_Broken(image, hashed is None, bad))
        if hashed is not None and hashed != image:
            seen.hashed.append(hashed)


def _described(store: Storage, broken: Iterable[_Broken]) -> list[Damage]:
    paths = (path for one in broken for path in one.paths)
    return [Damage(path, _CHANGED if store.has(path) else _GONE) for path in paths]


def _count(findings: CacheCheckResult, images: Sequence[ImageFacts]) -> None:
    findings.images += len(images)
    findings.thumbnails += sum(len(image.thumbnails) for image in images)
    findings.bytes += sum(map(weight, images))


def _is_manifest_current(store: Storage, style: Style, index: Index) -> bool:
    """Whether it says what the index says; one that the next refresh will write is not wrong."""
    if index.manifest_due() is not None:
        return True
    return "".join(manifest.lines(index.manifest_rows(), style)).encode() == store.read_manifest()


class _Repair:
    """Fixes what a check found, while the cache is locked. Raises LocalError."""

    def __init__(self, tools: Tools, settings: Settings) -> None:
        self._tools = tools
        self._ingester = Ingester(
            tools.pool,
            tools.store,
            settings,
            CacheQuota(tools.store, tools.session, settings.cache.max_bytes),
        )

    async def fix(self, broken: Iterable[_Broken]) -> dict[str, str]:
        """How each damaged file was fixed, by its path."""
        fixed: dict[str, str] = {}
        for one in broken:
            fixed |= dict.fromkeys(one.paths, await self._fix(one))
        await self._tools.session.flush()
        return fixed

    async def _fix(self, found: _Broken) -> str:
        sha256 = found.image.sha256
        image = (await self._tools.session.query(lambda index: index.images([sha256]))).get(sha256)
        if image is None:  # a rebuilt index leaves it out
            return await self._forget(found.image)
        still = (await asyncio.to_thread(_look, self._tools.store, [image])).broken
        if not still:
            return "sound by now: another imgcache was at work"
        return await (self._forget(image) if still[0].is_lost else self._remake(still[0]))

    async def _forget(self, image: ImageFacts) -> str:
        await self._tools.session.query(lambda index: index.forget([image.sha256]))
        await to_its_end(self._tools.store.remove, image)
        return "forgotten; imgcache refresh fetches it again and sets the flags"

    async def _remake(self, broken: _Broken) -> str:
        good = tuple(one for one in broken.image.thumbnails if one not in broken.thumbnails)
        rest = replace(broken.image, thumbnails=good)
        for path in broken.paths:
            await to_its_end(self._tools.store.drop, path)
        made = await self._ingester.remake(rest)
        self._tools.session.record(images=[made or rest])
        return "made again from its image" if made else "removed; its image can't be decoded"
