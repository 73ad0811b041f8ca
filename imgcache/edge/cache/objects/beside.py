"""Manifest and copy of the index, which lie beside the images in a bucket."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from imgcache.core.cache.layout import INDEX, MANIFEST, TMP
from imgcache.edge import atomic_file
from imgcache.edge.cache.objects.bucket import Bucket
from imgcache.edge.cache.publish import blocks
from imgcache.edge.safe_fs import local_errors, temp_name

_INDEX_TYPE = "application/vnd.sqlite3"
_MANIFEST_TYPE = "application/json"
# The mark of the copy of the index that this machine put there last.
_KEPT = f"{INDEX}-copy"


def write_manifest(bucket: Bucket, home: Path, lines: Iterable[str]) -> bool:
    """Replace the manifest; False when it already had this content. Raises LocalError."""
    temp, digest = home / TMP / temp_name(), hashlib.sha256()
    with local_errors(f"{TMP}/{temp.name}"):
        try:
            with temp.open("xb") as file:
                for block in blocks(lines):
                    digest.update(block)
                    file.write(block)
            there = bucket.digest(MANIFEST)
            if there is not None and there[0] == digest.hexdigest():
                return False
            bucket.upload(MANIFEST, temp, _MANIFEST_TYPE)
        finally:
            with suppress(FileNotFoundError):
                temp.unlink()
    return True


def keep_index(bucket: Bucket, home: Path) -> None:
    """Upload the closed index, which no writer has open. Raises LocalError."""
    with local_errors(INDEX):
        (home / INDEX).stat()
    meta = bucket.upload(INDEX, home / INDEX, _INDEX_TYPE)
    with local_errors(_KEPT):
        atomic_file.replace(home / _KEPT, meta.mark.encode())


def is_overtaken(bucket: Bucket, home: Path) -> bool:
    """Whether somebody else has put an index there since this machine has. Raises LocalError."""
    with local_errors(_KEPT):
        try:
            last = (home / _KEPT).read_bytes()
        except FileNotFoundError:
            return False
    meta = bucket.head(INDEX)
    return meta is not None and meta.mark.encode() != last
