"""Measurement of images that need no fetch: `data:` URLs and files of the site."""

from __future__ import annotations

import asyncio
import mimetypes
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core.http.location import DataUrl, SitePath
from imgcache.core.images.label import Label
from imgcache.core.verdicts.verdict import Evidence, Measured
from imgcache.edge import site_files
from imgcache.edge.decoder.pool import DecodeJob, DecodePool
from imgcache.edge.site_files import Grounds
from imgcache.engine.run.articles import Names
from imgcache.errors import LocalError
from imgcache.model import Failure, Verdict


def grounds(settings: Settings, paths: Sequence[Path]) -> Grounds:
    """Where paths may lead to in a run over these PATHs."""
    folders = (path if path.is_dir() else path.parent for path in paths)
    return Grounds(Path(Names(settings).site), tuple(folders), settings.site_root)


# So many are measured at once; the bytes of each are in memory.
AT_ONCE = 8


async def measure_some(
    locations: Iterable[DataUrl | SitePath],
    pool: DecodePool,
    settings: Settings,
    paths: Sequence[Path] = (),
) -> list[Evidence]:
    """As `measure`, of a few at once."""
    return await asyncio.gather(*(measure(one, pool, settings, paths) for one in locations))


async def measure(
    location: DataUrl | SitePath, pool: DecodePool, settings: Settings, paths: Sequence[Path] = ()
) -> Evidence:
    """The evidence of an image that needs no fetch; nothing is kept, nothing is raised.

    `paths` are the PATHs of the run, which a relative path does not leave.
    """
    try:
        return await _measured(location, pool, settings, paths)
    except LocalError as exc:
        return Evidence(failure=Failure(Verdict.LOCAL_ERROR, str(exc)))


async def _measured(
    location: DataUrl | SitePath, pool: DecodePool, settings: Settings, paths: Sequence[Path]
) -> Evidence:
    if isinstance(location, DataUrl):
        data: bytes | Failure = location.data
        label: str | None = location.media_type
    else:
        limit = settings.fetch.max_bytes
        data = await asyncio.to_thread(
            lambda: site_files.read(grounds(settings, paths), location, limit)
        )
        # The label that a web server would send: browsers show an SVG by its label only.
        label = mimetypes.guess_type(os.fsdecode((location.names or (b"",))[-1]))[0]
    if isinstance(data, Failure):
        return Evidence(failure=data)
    decoded = await pool.decode(DecodeJob(data, Label(label)))
    if isinstance(decoded, Failure):
        return Evidence(failure=replace(decoded, bytes=len(data)))
    measured = Measured(decoded.size, decoded.format, len(data), has_position=decoded.has_position)
    return Evidence(measured=measured)
