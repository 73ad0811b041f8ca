"""Where each file of the cache folder lies, relative to it and with `/`: contract for templates.

Hashes, configured names and known suffixes are all that becomes part of a path; nothing of a URL
or a header does.
"""

from __future__ import annotations

from imgcache.model import Format

INDEX = "index.sqlite3"
MANIFEST = "manifest.json"
LOCK = "lock"
TMP = "tmp"


def image_path(sha256: str, fmt: Format) -> str:
    """The original bytes with this SHA-256 (64 hex digits)."""
    return f"images/{sha256[:2]}/{sha256}.{fmt.suffix}"


def thumbnail_path(name: str, sha256: str, suffix: str) -> str:
    """The thumbnail `name` of the original with this SHA-256; `suffix` is without a dot."""
    return f"thumbs/{name}/{sha256[:2]}/{sha256}.{suffix}"
