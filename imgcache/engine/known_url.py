"""What the cache knows of one URL, and which articles name it; read, and nothing written."""

from __future__ import annotations

from functools import partial

from imgcache.cache_results import EarlierCopy, Known
from imgcache.config import DriftSettings, Settings
from imgcache.core.http.location import locate
from imgcache.core.http.url import WebUrl
from imgcache.core.images.dhash import distance
from imgcache.edge.cache.integrity import is_sound
from imgcache.edge.cache.storage import storage_of
from imgcache.edge.catalog.users import Users
from imgcache.edge.index.index import Index
from imgcache.engine.catalog.site import judge_offline, open_site
from imgcache.engine.run.articles import chosen, search
from imgcache.engine.run.index_session import copies_of
from imgcache.engine.run.tasks import to_its_end
from imgcache.engine.run.wiring import Tools, offline_tools
from imgcache.results import EntryResult, Place, UrlState

_MOST_PLACES = 10


async def known_url(url: str, settings: Settings) -> Known | None:
    """What is known of it, and the first places that name it; None where there is no cache yet.

    A copy is named if its bytes are sound. Raises ConfigError and LocalError.
    """
    if not await to_its_end(lambda: storage_of(settings.cache).is_begun):
        return None
    location = locate(url)
    async with offline_tools(settings) as tools:
        state: UrlState | None = None
        earlier: tuple[EarlierCopy, ...] = ()
        if isinstance(location, WebUrl):
            state = await _state(location, tools)
            earlier = await tools.session.query(partial(_earlier, location, settings.drift))
        (places, more), worst = await _named(url, settings, tools)
    return Known(state, tuple(places), more, earlier, worst)


async def _state(url: WebUrl, tools: Tools) -> UrlState | None:
    def look(index: Index) -> UrlState | None:
        facts = index.urls([url.href]).get(url.href)
        if facts is None:
            return None
        failure, answer = facts.failure, facts.response
        copy = index.images([facts.copy]).get(facts.copy) if facts.copy else None
        return UrlState(
            url.href,
            url.host,
            asked_at=facts.tried_at,
            succeeded_at=answer.answered_at if answer else None,
            failing_since=failure.since if failure else None,
            failure=failure,
            status=failure.status if failure else answer.status if answer else None,
            copy=copy if copy and is_sound(tools.store, copy) else None,
        )

    return await tools.session.query(look)


def _earlier(url: WebUrl, settings: DriftSettings, index: Index) -> tuple[EarlierCopy, ...]:
    facts = index.urls([url.href]).get(url.href)
    if facts is None or not facts.earlier:
        return ()
    images = index.images(copies_of([facts]))
    copy, told = images.get(facts.copy or ""), []
    next_hash = copy.dhash if copy else ""
    for one in facts.earlier:
        apart = distance(one.dhash, next_hash) if next_hash else None
        is_another = apart is not None and apart > settings.distance
        told.append(EarlierCopy(one.replaced_at, apart, is_another, images.get(one.sha256)))
        next_hash = one.dhash
    return tuple(told)


async def _named(
    url: str, settings: Settings, tools: Tools
) -> tuple[tuple[list[Place], int], EntryResult | None]:
    """The first places that name it and how many more there are, and how the worst is judged."""
    survey = await to_its_end(search, (), settings)
    async with open_site(survey.found, settings, tools) as site:
        await site.read_articles(chosen((), settings))
        site.keep_only_these()
        await site.look_at_copies(tools)
        await judge_offline(site, tools)
        users = Users(site.catalog)
        places = await to_its_end(users.places, url, _MOST_PLACES)
        return places, await to_its_end(users.worst, url)
