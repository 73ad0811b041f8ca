"""One run of `imgcache cache`: what is there, whether it is sound, what may go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from imgcache.cli import output as outputs
from imgcache.cli.console import Console
from imgcache.cli.flags import PlainFormat
from imgcache.cli.run import FOUND, WELL, guarded
from imgcache.config import Settings
from imgcache.engine.cache.check import check
from imgcache.engine.cache.gc import clear
from imgcache.engine.cache.stats import take_stock
from imgcache.render import cache_check as damage
from imgcache.render import cache_gc as clearance
from imgcache.render import cache_stats as stock


def run_cache_stats(settings: Callable[[], Settings], shown: PlainFormat, console: Console) -> int:
    """Tell what is in the cache; returns the exit status."""

    def show() -> int:
        told = asyncio.run(take_stock(settings()))
        outputs.write(stock.as_json(told) if shown is PlainFormat.JSON else stock.as_text(told))
        return WELL

    return guarded(console, show)


def run_cache_check(
    settings: Callable[[], Settings], shown: PlainFormat, console: Console, *, repair: bool
) -> int:
    """Hash the cache, and repair it if asked; returns 0 where nothing is wrong (any more)."""

    def show() -> int:
        found = asyncio.run(check(settings(), console, repair=repair))
        outputs.write(damage.as_json(found) if shown is PlainFormat.JSON else damage.as_text(found))
        return WELL if found.is_sound else FOUND

    return guarded(console, show)


def run_cache_gc(
    settings: Callable[[], Settings],
    shown: PlainFormat,
    console: Console,
    *,
    age: float,
    dry_run: bool,
) -> int:
    """Drop what no article names; returns 1 where an article could not be read."""

    def show() -> int:
        told = asyncio.run(clear(settings(), console, age=age, dry_run=dry_run))
        as_format = clearance.as_json if shown is PlainFormat.JSON else clearance.as_text
        outputs.write(as_format(told))
        return FOUND if told.problems else WELL

    return guarded(console, show)
