"""The site as a program sees it: a catalog, brought up to date with articles, index and disk.

article files -> declared entries | index -> facts of URLs | cached files -> sound copies
  -> placeholders -> results without a request, of all that has changed
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from msgspec import Struct

from imgcache.config import Settings
from imgcache.core.articles.fences import NotAnArticle
from imgcache.edge.articles.files import Found
from imgcache.edge.cache import integrity
from imgcache.edge.cache.storage import Storage
from imgcache.edge.catalog import judged, kept, urls
from imgcache.edge.catalog.database import Catalog
from imgcache.edge.catalog.judged import Standing
from imgcache.edge.catalog.noting import facts as noting
from imgcache.edge.catalog.urls import Seen
from imgcache.edge.stopping import StoppedError, steps
from imgcache.engine.catalog import facts, overlooked
from imgcache.engine.catalog.declared import DeclaredArticles, Taken
from imgcache.engine.catalog.judging import judge_entries, measure_places
from imgcache.engine.run.index_session import IndexSession
from imgcache.engine.run.judge import Judge, problem_of, unread
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.report import Form, Report
from imgcache.engine.run.targets import Targets
from imgcache.engine.run.tasks import to_its_end
from imgcache.engine.run.wiring import Tools
from imgcache.errors import ConfigError
from imgcache.facts import ImageFacts
from imgcache.units import batches

_BATCH = 500


NO_ARTICLE = "no article was found: name a file or folder, or set `articles`"
_PASSED_OVER = {
    NotAnArticle.FOREIGN: "with front matter that is neither YAML, TOML nor JSON",
    NotAnArticle.UNCLOSED: "with front matter that has no end (a closing ---, +++ or })",
    NotAnArticle.SKIPPED: "that `skip` names",
}


class Site(Struct):
    """A catalog and the articles of a run in it. `trouble`: why the kept one is not used.

    `began`: the moment of which it tells, in POSIX seconds; what held until then is judged again.
    `paths`: the PATHs of the run.
    """

    catalog: Catalog
    articles: DeclaredArticles
    settings: Settings
    trouble: str | None
    began: float
    paths: tuple[Path, ...] = ()

    async def read_articles(
        self,
        roots: Sequence[Path],
        now: int = 0,
        listener: Listener | None = None,
        taken: Taken | None = None,
    ) -> None:
        """Read the articles that have changed; `now` (ns) is the file system's clock.

        `taken` hears of each one. Raises StoppedError; what was read by then is noted.
        """
        loop, hearer = asyncio.get_running_loop(), listener or Listener()

        def tell(files: int, of: int) -> None:
            loop.call_soon_threadsafe(hearer.reading, files, of)

        self.paths = tuple(roots)
        await to_its_end(judged.expire, self.catalog, self.began)
        await to_its_end(self.articles.update, roots, now, tell, taken)
        if self.articles.cut_short:
            raise StoppedError
        whole = self.articles.whole
        await to_its_end(urls.choose, self.catalog, self.articles.ids, whole=whole)

    async def tell_of_others(self, listener: Listener, *, of_places: bool) -> None:
        """Tell of files that look like articles and are none, and of images that are not read.

        `of_places`: and of places that find nothing, as the run is about the whole site.
        """
        for reason, text in _PASSED_OVER.items():
            if reason in self.articles.passed_over:
                listener.passed_over(text, self.articles.passed_over[reason])
        told = [*overlooked.strays(self.articles), *overlooked.templated(self.articles)]
        if of_places:
            told += await to_its_end(
                lambda: list(overlooked.idle_places(self.articles, self.settings))
            )
        for message in told:
            listener.warned(message)

    async def tell_if_blind(self, report: Report, listener: Listener, *, of_part: bool) -> None:
        """Tell of articles without any image entry, and what stands in them; once all is judged.

        `of_part`: of files that were chosen one by one. In those of a site that has said where its
        images are, there may be none.
        """
        articles = self.articles
        if articles.found_by or report.summary.entries or not overlooked.readable(articles):
            return
        if of_part and (self.settings.images or self.settings.body.images):
            return
        report.is_blind = True
        told = partial(overlooked.unread_images, articles, self.settings)
        listener.warned(await to_its_end(told))

    async def refuse_if_blind(self, undone: str) -> None:
        """Raise ConfigError where no article names an image; `undone`: what is not done then.

        Probably the settings do not say where images are.
        """
        if not self.catalog.value("SELECT EXISTS (SELECT 1 FROM entries)"):
            told = await to_its_end(overlooked.unread_images, self.articles, self.settings)
            raise ConfigError(f"no article names an image, so nothing is {undone}: {told}")

    async def look_up(self, session: IndexSession) -> None:
        """Note the facts that have changed in the index."""
        policy = self.settings.freshness
        await session.query(lambda index: facts.look_up_changes(self.catalog, index, policy))

    async def changed_copies(self, store: Storage) -> set[str]:
        """The copies of the run whose files have changed since they were looked at."""
        of_run = not self.articles.whole
        return await to_its_end(
            lambda: set(facts.changed_copies(self.catalog, store, of_run=of_run))
        )

    async def new_copies(self) -> AsyncIterator[Sequence[str]]:
        """The copies of the run that are new to the catalog, some thousands at once."""
        of_run, last = not self.articles.whole, ""
        while some := await to_its_end(urls.unseen_after, self.catalog, last, of_run=of_run):
            yield some
            last = some[-1]

    async def inspect(self, store: Storage, look: facts.Inspect, copies: Collection[str]) -> None:
        """Look at the files of some copies."""
        if copies:
            await to_its_end(facts.inspect, self.catalog, store, look, copies)

    async def look_at_copies(self, tools: Tools) -> bool:
        """Hash the files of all copies that are not as they were when they were hashed.

        Returns whether there were any.
        """
        await self.look_up(tools.session)
        return await self.audit(tools.store)

    async def audit(self, store: Storage) -> bool:
        """Hash the files that have changed, and those that nobody has hashed as they are.

        Returns whether there were any.
        """
        copies = await self.changed_copies(store)
        copies.update(await to_its_end(urls.unhashed, self.catalog))
        await self.inspect(store, _sound, copies)
        return await self.hash_new_copies(store) or bool(copies)

    async def hash_new_copies(self, store: Storage) -> bool:
        """Hash the files of copies that are new to the catalog; whether there were any."""
        were = False
        async for some in self.new_copies():
            await self.inspect(store, _sound, some)
            were = True
        return were

    async def rehash(self, tools: Tools) -> None:
        """Hash the files of all copies."""
        await self.look_up(tools.session)
        copies = await to_its_end(urls.every_copy, self.catalog)
        await to_its_end(
            lambda: facts.inspect(self.catalog, tools.store, _intact, copies, whole=True)
        )

    async def find_placeholders(self) -> frozenset[str]:
        """The URLs of the run that are a placeholder; noted where all articles are in the run."""

        def find() -> frozenset[str]:
            found = facts.find_placeholders(self.catalog, self.settings.tolerance)
            if self.articles.whole:
                noting.mark_placeholders(self.catalog, found.values())
            return frozenset(found)

        return await to_its_end(find)

    async def judge(self) -> None:
        """Judge, without a request, what has to be judged."""
        judge = Judge(Targets(), self.settings, self.began)
        await to_its_end(judge_entries, self.catalog, judge, self.settings)

    def touched(self, due: Iterable[int], *, of_size: bool) -> Collection[int]:
        """The ids of the articles whose results do not stand, or that should say otherwise.

        `due`: the ids of URLs that were not fresh. `of_size`: also those with a wrong size.
        """
        if not self.articles.whole:  # what is a placeholder depends on which articles there are
            return frozenset(self.articles.ids)
        return judged.touched(self.catalog, due, of_size=of_size)

    def keep_only_these(self) -> None:
        """Forget all other articles; only in a copy of one's own."""
        self.articles.forget_others()
        urls.choose(self.catalog, self.articles.ids, whole=True)

    def report_all(self, report: Report) -> None:
        """Report all articles as they were judged."""
        for numbers in steps(batches(range(len(self.articles.found)), _BATCH), 1):
            standing = self.standing(numbers)
            for number in numbers:
                self.report_standing(number, standing, Form.AS_IS, report)

    def reached(self, left_out: Collection[int]) -> list[str]:
        """The names of all files but those with these numbers."""
        found = enumerate(self.articles.found)
        return [one.shown for number, one in found if number not in left_out]

    def standing(self, numbers: Sequence[int]) -> Mapping[int, Sequence[Standing]]:
        """The judged entries of some articles in a row, by the article's id."""
        ids = self.articles.ids
        return judged.standing(self.catalog, ids[numbers[0]], ids[numbers[-1]])

    def report_standing(
        self, number: int, standing: Mapping[int, Sequence[Standing]], form: Form, report: Report
    ) -> None:
        """Report an article as it was judged before."""
        shown, read = self.articles.found[number].shown, self.articles.odd.get(number, ())
        if not isinstance(read, tuple):
            report.add_article(unread(shown, read))
            return
        problems = [problem_of(shown, one) for one in read]
        report.add_standing(shown, form, standing.get(self.articles.ids[number], ()), problems)


@asynccontextmanager
async def open_site(
    found: Sequence[Found], settings: Settings, tools: Tools, folder: Path | None = None
) -> AsyncIterator[Site]:
    """The site of the articles that were found; what it notes is lost in the end, or kept before.

    `folder` is for the working copy of a run that keeps it; None: a temporary one, of which few
    articles need no kept catalog. Raises LocalError.
    """
    files = len(found) if folder is None else None
    opened = await tools.session.query(
        lambda index: kept.open_catalog(
            tools.store, index, settings, files, partial(Catalog, folder=folder)
        )
    )
    articles = DeclaredArticles(opened.catalog, settings, found, opened.former, tools.helpers)
    try:
        yield Site(opened.catalog, articles, settings, opened.trouble, time.time())
    finally:
        opened.close()


async def keep(site: Site, tools: Tools) -> None:
    """Keep what was noted for later runs. Raises LocalError."""
    await tools.session.query(lambda index: kept.keep(site.catalog, tools.store, index))


async def judge_offline(site: Site, tools: Tools) -> None:
    """Judge all entries without a request, when articles and copies were looked at."""
    await measure_places(site.catalog, tools.pool, site.settings, site.paths)
    await site.find_placeholders()
    await site.judge()


def _sound(store: Storage, image: ImageFacts) -> Seen:
    return _seen(store, image, is_sound=integrity.is_sound(store, image))


def _intact(store: Storage, image: ImageFacts) -> Seen:
    return _seen(store, image, is_sound=integrity.is_intact(store, image))


def _seen(store: Storage, image: ImageFacts, *, is_sound: bool) -> Seen:
    found = integrity.with_thumbnails(store, image) if is_sound else None
    return Seen(found, hashed=True)
