"""The manifest, written from the index when what it says has changed."""

from __future__ import annotations

from imgcache.core.cache import manifest
from imgcache.core.cache.layout import MANIFEST
from imgcache.edge.index.index import Index
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.wiring import Tools
from imgcache.errors import LocalError


async def write_manifest(tools: Tools, listener: Listener) -> bool:
    """Write manifest.json, if what it says has changed or the file is gone.

    False, with a message, if it can't be written: articles and report are done by then.
    """

    def write(index: Index) -> None:
        generation = index.manifest_due()
        if generation is None and tools.store.has(MANIFEST):
            return
        tools.store.write_manifest(manifest.lines(index.manifest_rows()))
        if generation is not None:
            index.manifest_written(generation)

    try:
        await tools.session.query(write)
    except LocalError as exc:
        listener.failed(f"the manifest was not written: {exc}")
        return False
    return True
