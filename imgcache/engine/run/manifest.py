"""The manifest, written from the index when what it says has changed, to both of its places."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from imgcache.config import Settings
from imgcache.core.cache import manifest
from imgcache.core.cache.manifest import Style
from imgcache.edge.cache import manifest_copy
from imgcache.edge.cache.publish import blocks
from imgcache.edge.cache.storage import Storage
from imgcache.edge.index.index import Index
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.wiring import Tools
from imgcache.errors import LocalError


def style_of(settings: Settings) -> Style:
    """What the settings say of a manifest."""
    return Style.of(settings.manifest.base_url, settings.thumbnails)


async def write_manifest(tools: Tools, settings: Settings, listener: Listener) -> bool:
    """Write manifest.json, if what it says has changed or the file is gone; then its copy.

    False, with a message, if it can't be written: articles and report are done by then.
    """
    style, elsewhere = style_of(settings), settings.manifest.path

    def write(index: Index) -> None:
        generation = index.manifest_due()
        if generation is not None or not _is_in_style(tools.store, index, style):
            tools.store.write_manifest(manifest.lines(index.manifest_rows(), style))
        if generation is not None:
            index.manifest_written(generation)
        if elsewhere is not None:
            _copy(tools.store, index, style, elsewhere)

    try:
        await tools.session.query(write)
    except LocalError as exc:
        listener.failed(f"the manifest was not written: {exc}")
        return False
    return True


def _copy(store: Storage, index: Index, style: Style, elsewhere: Path) -> None:
    """Without a folder it is made from the index once more: that takes less than a download."""
    if store.folder is not None:
        manifest_copy.update(store.folder, elsewhere)
    else:
        manifest_copy.write(lambda: blocks(manifest.lines(index.manifest_rows(), style)), elsewhere)


def _is_in_style(store: Storage, index: Index, style: Style) -> bool:
    """Whether the first row is as it would be written now: by these settings and this program.

    The index counts all other changes, those of thumbnails too.
    """
    beginning = islice(manifest.lines(index.manifest_rows(), style), 2)
    return store.manifest_begins("".join(beginning))
