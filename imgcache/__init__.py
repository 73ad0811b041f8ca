"""Image checker, cache and thumbnail maker for images declared in articles' front matter.

    from imgcache import Settings, refresh, verify
    report = await verify(["articles"], Settings.load())

Names are imported when they are first used, so that a decoder process, which needs none of them,
starts in milliseconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from imgcache.errors import refuse_windows
from imgcache.version import VERSION as __version__  # noqa: N811  the name that tools ask for

if TYPE_CHECKING:
    from imgcache.config import Settings
    from imgcache.engine.refresh.options import RefreshOptions
    from imgcache.engine.refresh.pipeline import refresh
    from imgcache.engine.run.report import Report
    from imgcache.engine.verify.options import Depth, VerifyOptions
    from imgcache.engine.verify.pipeline import verify
    from imgcache.errors import ConfigError, ImgcacheError

__all__ = [
    "ConfigError",
    "Depth",
    "ImgcacheError",
    "RefreshOptions",
    "Report",
    "Settings",
    "VerifyOptions",
    "__version__",
    "refresh",
    "verify",
]

_HOMES = {
    "ConfigError": "imgcache.errors",
    "Depth": "imgcache.engine.verify.options",
    "ImgcacheError": "imgcache.errors",
    "VerifyOptions": "imgcache.engine.verify.options",
    "RefreshOptions": "imgcache.engine.refresh.options",
    "Report": "imgcache.engine.run.report",
    "Settings": "imgcache.config",
    "refresh": "imgcache.engine.refresh.pipeline",
    "verify": "imgcache.engine.verify.pipeline",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'imgcache' has no attribute {name!r}")
    refuse_windows()
    return getattr(import_module(_HOMES[name]), name)
