"""Publication of a group of images with their thumbnails, each failing for itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from imgcache.core.cache.layout import image_path, thumbnail_path
from imgcache.edge.cache.publish import Folders, Publication, commit_all
from imgcache.edge.safe_fs import mark_of
from imgcache.errors import LocalError
from imgcache.facts import ImageFacts, ThumbnailFacts


class NewImage(Struct, frozen=True):
    """An image to be published.

    Attributes:
        facts: what is known of it; in what `publish_all` returns `hashed`, and the `mtime_ns` and
            `digest` of what is new, are filled in.
        body: its bytes, or a settled file in `tmp/`, which is moved; None: it is there already.
        thumbnails: the bytes of those of `facts.thumbnails` that are new, by name.
    """

    facts: ImageFacts
    body: bytes | Path | None
    thumbnails: Mapping[str, bytes]


def publish_all(
    root: Path, fsync: Callable[[int], None], new: Sequence[NewImage]
) -> list[ImageFacts | LocalError]:
    """Publish the images, and return for each its facts as they are to be recorded, or the failure.

    Of an image that failed (the disk is full, fails or refuses) nothing is left in `tmp/`.
    """
    outcomes: dict[int, ImageFacts | LocalError] = {}
    staged: dict[int, Publication] = {}
    with Folders(root, fsync) as folders, ExitStack() as open_files:
        for number, one in enumerate(new):
            publication = open_files.enter_context(Publication(folders, fsync))
            try:
                outcomes[number] = _staged(publication, one)
                staged[number] = publication
            except LocalError as exc:
                outcomes[number] = exc
        outcomes |= commit_all(staged)
        return [_finished(staged.get(number), outcomes[number]) for number in range(len(new))]


def _staged(publication: Publication, new: NewImage) -> ImageFacts:
    """The facts with what is known once the files are written."""
    facts = new.facts
    if new.body is not None:
        facts = replace(facts, mtime_ns=_stage_image(publication, new.body, facts))
    made = tuple(
        _stage_thumbnail(publication, facts.sha256, one, new.thumbnails[one.name])
        if one.name in new.thumbnails
        else one
        for one in facts.thumbnails
    )
    return replace(facts, thumbnails=made)


def _stage_image(publication: Publication, body: bytes | Path, image: ImageFacts) -> int:
    path = image_path(image.sha256, image.format)
    kept = publication.keep(path, image.sha256)
    if kept is not None:
        return kept
    if isinstance(body, Path):
        return publication.adopt(path, body.name)
    return publication.add(path, [body])


def _stage_thumbnail(
    publication: Publication, sha256: str, facts: ThumbnailFacts, data: bytes
) -> ThumbnailFacts:
    path = thumbnail_path(facts.name, sha256, facts.suffix)
    digest = hashlib.sha256(data).hexdigest()
    kept = publication.keep(path, digest)
    mtime_ns = publication.add(path, [data]) if kept is None else kept
    return replace(facts, digest=digest, mtime_ns=mtime_ns)


def _finished(
    publication: Publication | None, outcome: ImageFacts | LocalError
) -> ImageFacts | LocalError:
    """The facts with the identity that the image's file has under its name."""
    if publication is None or isinstance(outcome, LocalError):
        return outcome
    found = publication.published(image_path(outcome.sha256, outcome.format))
    return outcome if found is None else replace(outcome, hashed=mark_of(found))
