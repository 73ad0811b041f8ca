"""Measurement of images that need no fetch: `data:` URLs and files below `site_root`."""

from __future__ import annotations

import asyncio
import mimetypes

from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core.http.location import DataUrl, SitePath
from imgcache.core.images.label import Label
from imgcache.core.verdicts.verdict import Evidence, Measured
from imgcache.edge import site_files
from imgcache.edge.decoder.pool import DecodeJob, DecodePool
from imgcache.errors import LocalError
from imgcache.model import Failure, Verdict


async def measure(location: DataUrl | SitePath, pool: DecodePool, settings: Settings) -> Evidence:
    """The evidence of an image that needs no fetch; nothing is kept, nothing is raised."""
    try:
        return await _measured(location, pool, settings)
    except LocalError as exc:
        return Evidence(failure=Failure(Verdict.LOCAL_ERROR, str(exc)))


async def _measured(location: DataUrl | SitePath, pool: DecodePool, settings: Settings) -> Evidence:
    if isinstance(location, DataUrl):
        data: bytes | Failure = location.data
        label: str | None = location.media_type
    else:
        root, limit = settings.site_root, settings.fetch.max_bytes
        data = await asyncio.to_thread(site_files.read, root, location, limit)
        # The label that a web server would send: browsers show an SVG by its label only.
        label = mimetypes.guess_type(location.path)[0]
    if isinstance(data, Failure):
        return Evidence(failure=data)
    decoded = await pool.decode(DecodeJob(data, Label(label)))
    if isinstance(decoded, Failure):
        return Evidence(failure=replace(decoded, bytes=len(data)))
    measured = Measured(decoded.size, decoded.format, len(data), has_position=decoded.has_position)
    return Evidence(measured=measured)
