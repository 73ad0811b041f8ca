"""Publication of a single image, and what is left behind, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from imgcache.edge.cache.new_images import NewImage
from imgcache.edge.cache.storage import Storage
from imgcache.errors import LocalError
from imgcache.facts import ImageFacts


def publish_one(
    store: Storage, body: bytes | Path | None, image: ImageFacts, thumbnails: Mapping[str, bytes]
) -> ImageFacts:
    """The facts as they are to be recorded; raises the LocalError."""
    (outcome,) = store.publish([NewImage(image, body, thumbnails)])
    if isinstance(outcome, LocalError):
        raise outcome
    return outcome


def temporary_files(root: Path) -> list[str]:
    """The names of all that lies in `tmp/` and in its folders, which stay."""
    return [path.name for path in (root / "tmp").rglob("*") if not path.is_dir()]
