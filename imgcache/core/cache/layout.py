"""Paths of all files of the cache folder, relative to it and with `/`: contract for templates.

Only hashes, configured names and known suffixes become part of a path; nothing of a URL or a
header does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imgcache.facts import ImageFacts
    from imgcache.model import Format

INDEX = "index.sqlite3"
# Beside the index and named after it, so that the .gitignore of older versions covers it.
CATALOG = f"{INDEX}-catalog"
MANIFEST = "manifest.json"
LOCK = "lock"
TMP = "tmp"
FOLDERS = ("images", "thumbs")
IGNORE = ".gitignore"
IGNORED = f"""\
# imgcache's own, never of use in git. Images, thumbnails and {MANIFEST} are yours to keep.
/{INDEX}*
/{LOCK}
/{TMP}/
"""

_OWN = frozenset({MANIFEST, LOCK, TMP, IGNORE, *FOLDERS})

_CONTENT = re.compile(
    r"(?:images|thumbs/[a-z0-9][a-z0-9_-]{0,31})/([0-9a-f]{2})/\1[0-9a-f]{62}\.[a-z0-9]{1,8}"
)


def is_own(path: str) -> bool:
    """Whether a path below the cache folder is one of the cache's own."""
    first = path.partition("/")[0]
    return first in _OWN or first.startswith(INDEX)


def image_path(sha256: str, fmt: Format) -> str:
    """The original bytes with this SHA-256 (64 hex digits)."""
    return f"images/{sha256[:2]}/{sha256}.{fmt.suffix}"


def thumbnail_path(name: str, sha256: str, suffix: str) -> str:
    """The thumbnail `name` of the original with this SHA-256; `suffix` is without a dot."""
    return f"thumbs/{name}/{sha256[:2]}/{sha256}.{suffix}"


def temp_path(name: str) -> str:
    """A temporary file, by its random name of hexadecimal digits: in one of 16 folders.

    A file system that looks for a free place among the deleted files of a folder's neighbourhood
    has few of them to step over in each.
    """
    return f"{TMP}/{name[0]}/{name}"


def content_paths(image: ImageFacts) -> tuple[str, ...]:
    """Where an image and its thumbnails lie, the image first."""
    small = (thumbnail_path(one.name, image.sha256, one.suffix) for one in image.thumbnails)
    return (image_path(image.sha256, image.format), *small)


def is_content_path(path: str) -> bool:
    """Whether some image or thumbnail could lie at this path."""
    return _CONTENT.fullmatch(path) is not None
