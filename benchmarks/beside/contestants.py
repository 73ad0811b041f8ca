"""Contestants: all that is measured; what is compared stands close together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from benchmarks.beside import sites
from benchmarks.beside.origin import Way
from benchmarks.beside.ours import Ours
from benchmarks.beside.outcome import Contestant, Outcome
from benchmarks.beside.place import Place
from benchmarks.beside.sites import JPEG_THUMBNAILS
from benchmarks.beside.theirs import Theirs

PEERS_OF = {
    "img2dataset": ("img2dataset", Way.PLAIN),
    "scrapy": ("scrapy", Way.PLAIN),
    "probe-image-size": ("probe-image-size", Way.PLAIN),
    "lychee": ("lychee", Way.PLAIN),
    "slow-probe-image-size": ("probe-image-size", Way.SLOW),
    "slow-lychee": ("lychee", Way.SLOW),
}
NAMES = (
    "ceiling",
    "cold",
    "img2dataset",
    "scrapy",
    "ceiling-webp",
    "cold-webp",
    "304s",
    "bare-304s",
    "probe",
    "bare-probe",
    "probe-image-size",
    "lychee",
    "slow-probe",
    "slow-probe-image-size",
    "slow-lychee",
    "small",
    "many",
)


def peers_of(names: set[str]) -> set[str]:
    """The peers that are needed for these contestants."""
    return {PEERS_OF[name][0] for name in names & PEERS_OF.keys()}


def contestants(
    place: Place, urls: int, articles: int, many: int, homes: Mapping[str, Path]
) -> list[Contestant]:
    """All but the peers that have no home.

    Args:
        place: where they are measured.
        urls: how many each has to do.
        articles: of the site of small pictures.
        many: articles of the one that is filled once.
        homes: the folders of the peers' environments.
    """
    found = {one.name: one for one in _own(place, urls, articles, many)}
    found |= {one.name: one for one in _others(place, urls, homes)}
    return [found[name] for name in NAMES if name in found]


def _own(place: Place, urls: int, articles: int, many: int) -> Iterator[Contestant]:
    entries = sites.of_pictures(place.corpus, urls)
    ours = Ours(place, entries)
    runs: dict[str, Callable[[], Outcome]] = {
        "cold": partial(ours.refresh, JPEG_THUMBNAILS),
        "cold-webp": partial(ours.refresh, ""),
        "304s": ours.revalidate,
        "probe": partial(ours.probe, Way.PLAIN),
        "slow-probe": partial(ours.probe, Way.SLOW),
    }
    for name, run in runs.items():
        yield Contestant(name, len(entries), run, lambda: ours.start_up)
    for name, count in (("small", articles), ("many", many)):
        crowd = sites.of_small_pictures(place.corpus, count)
        fill = Ours(place, crowd).first_run
        yield Contestant(name, len(crowd), fill, lambda: ours.start_up, once=name == "many")


def _others(place: Place, urls: int, homes: Mapping[str, Path]) -> Iterator[Contestant]:
    entries = sites.of_pictures(place.corpus, urls)
    theirs = Theirs(place, entries)
    for name, run in {
        "ceiling": partial(theirs.ceiling, "jpeg"),
        "ceiling-webp": partial(theirs.ceiling, "webp"),
        "bare-304s": partial(theirs.bare, Way.STALE, conditional=True),
        "bare-probe": partial(theirs.bare, Way.PLAIN, conditional=False),
    }.items():
        yield Contestant(name, len(entries), run, float)  # they have clocks of their own
    for name, (peer, way) in PEERS_OF.items():
        if home := homes.get(peer):
            run = partial(theirs.peer, peer, home, way)
            yield Contestant(name, len(entries), run, partial(theirs.start_up, peer, home))
