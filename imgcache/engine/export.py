"""Export of the cached images of articles (`imgcache export`): a folder, ready to be served.

articles, index, cached files -> what articles name -> compared with the folder -> made beside it
  -> swapped in -> index: the files as they are now

It holds the cache's lock, as a hard link changes the times by which a cached file is known to be
the one that was hashed: they are recorded again in the end. A dry run takes no lock.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from imgcache.cache_results import ExportResult
from imgcache.config import Settings
from imgcache.core.articles.fences import NotAnArticle
from imgcache.core.cache import manifest
from imgcache.core.cache.layout import content_paths
from imgcache.core.cache.manifest import Row
from imgcache.edge.cache import integrity
from imgcache.edge.cache.publish import blocks
from imgcache.edge.cache.storage import Storage, storage_of
from imgcache.edge.catalog import kept
from imgcache.edge.exports import named
from imgcache.edge.exports.folder import Difference, ExportFolder
from imgcache.edge.exports.source import CacheFiles, StoredFiles
from imgcache.engine.catalog import facts
from imgcache.engine.catalog.site import Site, keep, open_site
from imgcache.engine.run.articles import chosen, search
from imgcache.engine.run.index_session import note_hashed
from imgcache.engine.run.judge import problem_of
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.manifest import style_of
from imgcache.engine.run.tasks import to_its_end
from imgcache.engine.run.wiring import Tools, offline_tools, refuse_absent, writing_tools
from imgcache.errors import ArticleError, ConfigError, LocalError, UnreadableError
from imgcache.facts import ImageFacts
from imgcache.model import FileTotals
from imgcache.results import ArticleProblem
from imgcache.units import batches

_BATCH = 500


async def export(
    settings: Settings, output: Path, listener: Listener, *, dry_run: bool = False
) -> ExportResult:
    """Bring the folder up to date with what the configured articles name.

    Raises ConfigError where there is no cache, no article, no image, or another folder than an
    export's, CacheLockedError, LocalError.
    """
    store = storage_of(settings.cache)
    await asyncio.to_thread(_check_place, store, output)
    files = StoredFiles(store) if store.folder is None else CacheFiles(store.folder)
    folder = await asyncio.to_thread(ExportFolder, output, files)
    async with offline_tools(settings) if dry_run else writing_tools(settings, listener) as tools:
        survey = await asyncio.to_thread(search, (), settings)
        for note in survey.notes:
            listener.warned(note)
        working = None if dry_run else await to_its_end(kept.working_folder, tools.store)
        async with open_site(survey.found, settings, tools, working) as site:
            await site.read_articles(chosen((), settings), tools.now, listener)
            result = ExportResult(str(output), _articles(site), dry_run, problems=_problems(site))
            if result.problems:
                return result
            await site.tell_of_others(listener, of_places=True)
            await site.refuse_if_blind("exported")
            hashed = await site.look_at_copies(tools)
            wanted = await to_its_end(Wanted, site, tools.store)
            swept = not dry_run and await to_its_end(folder.sweep)
            difference = await to_its_end(_update, folder, wanted, dry_run=dry_run)
            if not dry_run and (hashed or swept or difference):
                await _record(site, tools, wanted)
    return _told(result, wanted, difference, files)


def _check_place(store: Storage, output: Path) -> None:
    refuse_absent(store)
    place, folder = Path(os.path.realpath(output)), store.folder
    if folder is not None and place.is_relative_to(os.path.realpath(folder)):
        raise ConfigError(f"{output}: lies in the cache folder; name a folder elsewhere")


def _articles(site: Site) -> int:
    if not site.articles.articles:
        raise ConfigError(
            "no article was found, so nothing is exported: set `articles`, or run it where they lie"
        )
    return site.articles.articles


def _problems(site: Site) -> tuple[ArticleProblem, ...]:
    """What is wrong with articles, any of which may name any image. Raises LocalError."""
    found: list[ArticleProblem] = []
    for number, why in site.articles.odd.items():
        shown = site.articles.found[number].shown
        if isinstance(why, UnreadableError):
            raise LocalError(f"{shown}: {why}") from why
        if not isinstance(why, NotAnArticle):
            errors = (why,) if isinstance(why, ArticleError) else why
            found += (problem_of(shown, one) for one in errors)
    return tuple(found)


class Wanted:
    """What the articles of a site name: files of sound images (`paths`), and a manifest of them."""

    def __init__(self, site: Site, store: Storage) -> None:
        """Raises LocalError."""
        self._catalog = site.catalog
        self._style = style_of(site.settings)
        self._unsound: set[tuple[str, str]] = set()
        self.lacking = named.lacking(site.catalog)
        self.paths: list[str] = []
        self.images = self.thumbnails = FileTotals()
        for some in batches(named.images(site.catalog), _BATCH):
            small = (path for image in some for path in content_paths(image)[1:])
            self._add(store.at_once(small), some)

    def _add(self, store: Storage, images: Sequence[ImageFacts]) -> None:
        for image in images:
            bad = integrity.unsound_thumbnails(store, image)
            self._unsound.update((image.sha256, one.name) for one in bad)
            sound = self._sound(image) if bad else image
            self.paths += content_paths(sound)
            self.images = _with(self.images, [image.bytes])
            self.thumbnails = _with(self.thumbnails, [one.bytes for one in sound.thumbnails])

    @property
    def damaged(self) -> set[str]:
        """The hashes of the images that have a thumbnail that is not sound."""
        return {sha256 for sha256, _ in self._unsound}

    def manifest(self) -> Iterator[bytes]:
        """The manifest, a part at a time."""
        rows = named.rows(self._catalog)
        return blocks(
            manifest.lines((Row(url, self._sound(image)) for url, image in rows), self._style)
        )

    def _sound(self, image: ImageFacts) -> ImageFacts:
        """The image without those of its thumbnails that are not sound."""
        small = image.thumbnails
        good = tuple(one for one in small if (image.sha256, one.name) not in self._unsound)
        return image if len(good) == len(small) else replace(image, thumbnails=good)


def _with(totals: FileTotals, sizes: Sequence[int]) -> FileTotals:
    return FileTotals(totals.files + len(sizes), totals.bytes + sum(sizes))


def _update(folder: ExportFolder, wanted: Wanted, *, dry_run: bool) -> Difference:
    difference = folder.compare(wanted.paths, wanted.manifest())
    if difference and not dry_run:
        folder.replace(wanted.paths, wanted.manifest())
    return difference


async def _record(site: Site, tools: Tools, wanted: Wanted) -> None:
    """Note the files as they are now: a link more or less has changed the ctime of a file."""
    if tools.store.folder is not None:
        await _note_links(site, tools, tools.store.folder)
    await to_its_end(named.look_again, site.catalog, wanted.damaged)
    await keep(site, tools)


async def _note_links(site: Site, tools: Tools, cache: Path) -> None:
    for some in batches(await to_its_end(named.hashes, site.catalog), _BATCH):
        changed = await to_its_end(facts.note_links, site.catalog, cache, some)
        await note_hashed(tools.session, changed)


def _told(
    result: ExportResult,
    wanted: Wanted,
    difference: Difference,
    files: CacheFiles | StoredFiles,
) -> ExportResult:
    return replace(
        result,
        images=wanted.images,
        thumbnails=wanted.thumbnails,
        lacking=wanted.lacking,
        added=difference.added,
        removed=difference.removed,
        copied=files.copied,
        manifest=difference.manifest,
        changed=bool(difference),
    )
