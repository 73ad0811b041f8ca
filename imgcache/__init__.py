"""Checks, caches and thumbnails the images that articles declare in their front matter.

    from imgcache import Settings, refresh
    report = await refresh(["articles"], Settings.load())

Names are imported when they are first used, so that a decoder process, which needs none of them,
starts in milliseconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from imgcache.errors import refuse_windows

if TYPE_CHECKING:
    from imgcache.config import Settings
    from imgcache.engine.pipeline import Options, refresh
    from imgcache.engine.report import Report
    from imgcache.errors import ImgcacheError

__all__ = ["ImgcacheError", "Options", "Report", "Settings", "refresh"]

_HOMES = {
    "ImgcacheError": "imgcache.errors",
    "Options": "imgcache.engine.pipeline",
    "Report": "imgcache.engine.report",
    "Settings": "imgcache.config",
    "refresh": "imgcache.engine.pipeline",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'imgcache' has no attribute {name!r}")
    refuse_windows()
    return getattr(import_module(_HOMES[name]), name)
