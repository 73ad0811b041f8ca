"""Places of a run: how much goes on at once, so that it fits the descriptors that there are."""

from __future__ import annotations

from msgspec import Struct

from imgcache.config import Settings
from imgcache.edge import descriptors
from imgcache.edge.cores import cores

# What each needs at most: a request its socket, the file of its body and a look-up; an answer that
# is stored two folders, three files and what is opened on the way; a decoder its two pipes. The
# rest is the index, the lock, the report, an article, lines to other processes of the run, and one
# that is being started.
_REQUEST, _ANSWER, _DECODER, _REST = 3, 9, 2, 26
# Answers on their way into the cache: per decoder those that may wait for it, and those that may be
# decoded and wait for the disk. Where that keeps all of them, decoders have nothing to do.
_BACKLOG, _PUBLISHED = 8, 48
_ANSWERS_AT_MOST = 1 / 3
_DECODERS_AT_MOST = 1 / 10


class Places(Struct, frozen=True):
    """How many requests, answers on their way into the cache, and decoders there are at once."""

    requests: int
    answers: int
    decoders: int


def fit(available: int, cores: int, wanted: int) -> Places:
    """The places that so many descriptors allow, at least one of each.

    Args:
        available: descriptors that the process may have.
        cores: of the processor; one decoder for each.
        wanted: requests at once, as configured.
    """
    free = available - _REST
    decoders = _between(1, int(free * _DECODERS_AT_MOST) // _DECODER, cores)
    answers = _between(1, int(free * _ANSWERS_AT_MOST) // _ANSWER, _BACKLOG * decoders + _PUBLISHED)
    left = free - decoders * _DECODER - answers * _ANSWER
    return Places(_between(1, left // _REQUEST, wanted), answers, decoders)


def _between(least: int, value: int, most: int) -> int:
    return max(least, min(value, most))


def places(settings: Settings) -> Places:
    """Those of this machine; the limit of descriptors is raised first."""
    return fit(descriptors.available(), cores(), settings.fetch.concurrency)


def fitted(settings: Settings, available: int | None = None) -> Settings:
    """The settings with no more requests at once than there is room for.

    Args:
        settings: as configured.
        available: descriptors that requests may use; None for all that the process may have.
    """
    room = descriptors.available() if available is None else available
    requests = fit(room, cores(), settings.fetch.concurrency).requests
    fetch = settings.fetch.model_copy(update={"concurrency": requests})
    return settings.model_copy(update={"fetch": fetch})
