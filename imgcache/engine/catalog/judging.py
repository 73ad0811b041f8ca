"""Judging of the catalog's entries: without a request, and only where something has changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core.http.location import DataUrl, SitePath, beside, locate
from imgcache.core.http.url import WebUrl
from imgcache.core.verdicts import verdict
from imgcache.core.verdicts.verdict import Evidence
from imgcache.edge import site_files
from imgcache.edge.catalog import documents, judged
from imgcache.edge.catalog.articles import stored
from imgcache.edge.catalog.database import Catalog
from imgcache.edge.catalog.judged import Judged, Unjudged
from imgcache.edge.decoder.pool import DecodePool
from imgcache.edge.safe_fs import text_of
from imgcache.edge.stopping import steps
from imgcache.engine.images.in_place import AT_ONCE, grounds, measure_some
from imgcache.engine.run.judge import Judge, may_be_flagged, new_placeholder
from imgcache.engine.run.tasks import to_its_end
from imgcache.facts import ImageFacts
from imgcache.model import Failure, Source, Verdict
from imgcache.units import batches

_COPIES = 4096
# After so many it is heard whether to stop.
_HEARING = 200
# No file looks like this.
_AGAIN = "to be measured again"


class Unmeasured(NamedTuple):
    """An image that needs no fetch, and has to be decoded; `identity` of its file, if it is one."""

    id: int
    location: DataUrl | SitePath
    identity: str | None


def unmeasured(catalog: Catalog, settings: Settings, paths: Sequence[Path]) -> list[Unmeasured]:
    """The images of the run that need no fetch and are new, or whose files have changed."""
    found, ground = [], grounds(settings, paths)
    for place in steps(judged.places(catalog), _HEARING):
        folder = os.fsdecode(os.path.dirname(place.article))  # noqa: PTH120  bytes
        location = beside(locate(stored(place.written)), folder)
        assert isinstance(location, DataUrl | SitePath)  # noqa: S101  only these are places
        there = None
        if isinstance(location, SitePath):
            there = site_files.identity(ground, location)
        identity = None if there is None else text_of(there)
        if place.is_new or identity != place.identity:
            found.append(Unmeasured(place.id, location, identity))
    return found


def note_measured(catalog: Catalog, place: Unmeasured, evidence: Evidence) -> None:
    """Note what an image is; what this machine could not measure is measured again next time."""
    failed = evidence.failure
    is_our_fault = failed is not None and failed.verdict is Verdict.LOCAL_ERROR
    identity = _AGAIN if is_our_fault else place.identity
    judged.put_place(catalog, place.id, identity, evidence)


async def measure_places(
    catalog: Catalog, pool: DecodePool, settings: Settings, paths: Sequence[Path]
) -> None:
    """Decode the images that need no fetch, where they are new or their files have changed."""
    found = await to_its_end(unmeasured, catalog, settings, paths)
    for places in steps(batches(found, AT_ONCE), 1):
        where = (place.location for place in places)
        seen = await measure_some(where, pool, settings, paths)
        for place, evidence in zip(places, seen, strict=True):
            note_measured(catalog, place, evidence)


def judge_entries(catalog: Catalog, judge: Judge, settings: Settings) -> None:
    """Judge what has to be judged, by what the catalog knows. Raises LocalError."""
    image = lru_cache(_COPIES)(documents.image_facts)
    with catalog.kept_when_stopped():
        for batch in steps(judged.to_judge(catalog), 1):
            judged.put(catalog, [_judged(one, judge, settings, image) for one in batch])


def _judged(
    one: Unjudged,
    judge: Judge,
    settings: Settings,
    image: Callable[[str], ImageFacts],
) -> Judged:
    entry, location = one.declared.entry, one.declared.location
    evidence = judge.compared(_evidence(one, image), *documents.history_of(one.earlier))
    tolerance = settings.tolerance
    ruling = verdict.judge_offline(entry.declared, evidence, tolerance)
    flag = verdict.judge(entry.declared, evidence, tolerance, settings.on_mismatch).flag
    flag = flag if may_be_flagged(entry.declared, location) else None
    flagged = replace(ruling, flag=ruling.held)
    result = judge.result(one.article, one.declared.excerpt, (entry, location), evidence, flagged)
    answered = one.answered if evidence.copy is not None else None
    until = judge.until(location, evidence, flagged)
    lacks_placeholder = new_placeholder(entry, evidence) is not None
    return Judged(one.id, result, flag, answered, until, lacks_placeholder)


def _evidence(one: Unjudged, image: Callable[[str], ImageFacts]) -> Evidence:
    location = one.declared.location
    if isinstance(location, Failure):
        return Evidence(failure=location)
    if not isinstance(location, WebUrl):
        return judged.evidence_of(one)
    failure = documents.failure_of(one.failure)
    if failure is not None and failure.since is None:
        failure = replace(failure, since=one.failing_since)
    copy = None if one.copy is None else image(one.copy)
    return Evidence(
        failure,
        copy,
        placeholder=one.placeholder,
        source=Source.OFFLINE,
        status=failure.status if failure is not None else None,
    )
