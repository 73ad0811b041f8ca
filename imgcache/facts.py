"""Facts that the index keeps: request, answer, bytes and size of an image. Never a verdict."""

from __future__ import annotations

from msgspec import Struct

from imgcache.model import Failure, Format, Size


class Validators(Struct, frozen=True):
    """What a conditional request sends back (RFC 9110 section 8.8), byte for byte as received.

    `url`: whose they are, where redirects led to another URL than the one that was asked for. They
    mean nothing to any other.
    """

    etag: str | None = None
    last_modified: str | None = None
    url: str | None = None

    def __bool__(self) -> bool:
        return bool(self.etag or self.last_modified)


class ResponseFacts(Struct, frozen=True):
    """What an answer said about its own lifetime, and when; times are POSIX seconds.

    `redirected`: for how many seconds the redirects last that led to it; None where there were
    none, or only permanent ones that say nothing.
    """

    requested_at: float
    answered_at: float
    status: int
    validators: Validators = Validators()
    cache_control: str | None = None
    expires: str | None = None
    age: str | None = None
    date: str | None = None
    content_type: str | None = None
    nosniff: bool = False
    redirected: float | None = None


class ThumbnailFacts(Struct, frozen=True):
    """One thumbnail as it lies in the cache. `recipe` is the fingerprint of how it was made.

    `digest` is the SHA-256 of its bytes (64 hex digits), empty while that is not known. `mtime_ns`
    changes when its file does; in an object store it is a number made of the ETag.
    """

    name: str
    recipe: str
    suffix: str
    width: int
    height: int
    bytes: int
    digest: str = ""
    mtime_ns: int = 0


class ImageFacts(Struct, frozen=True):
    """What is known of one sound image, by the SHA-256 of its bytes (64 hex digits).

    `hashed` tells, beside `bytes` and `mtime_ns`, which file it was whose bytes were last hashed,
    or written by us: its device, inode and ctime, as text; in an object store the ETag. None while
    that is not known.
    `has_position`: whether its EXIF has GPS coordinates; None while that is not known.
    `alpha`: whether anything shines through, in the first frame of an animation. `placeholder` is
    a tiny picture as a data URI, `dhash` the hash of what it looks like (core/images). All four
    that its pixels tell, from `animated` on, are None or empty while unknown, and of an SVG.
    """

    sha256: str
    format: Format
    size: Size
    bytes: int
    color: str
    mtime_ns: int = 0
    thumbnails: tuple[ThumbnailFacts, ...] = ()
    hashed: str | None = None
    has_position: bool | None = None
    animated: bool | None = None
    alpha: bool | None = None
    placeholder: str = ""
    dhash: str = ""


class Earlier(Struct, frozen=True):
    """A copy that a URL had until it gave other bytes, at `replaced_at` (POSIX seconds)."""

    sha256: str
    dhash: str
    replaced_at: float


class UrlFacts(Struct, frozen=True):
    """What is known of one URL (WHATWG-normalised, no fragment), as the index keeps it.

    `copy` is the SHA-256 of the last sound image it answered with, `response` the answer that
    brought or confirmed that copy. `failure` is how the last try failed, None if it succeeded;
    a failure leaves `copy` and `response` as they were. `tried_at` is in POSIX seconds. `earlier`
    are the copies that it had before, the last one first; the cache may have them no more.
    """

    url: str
    tried_at: float
    copy: str | None = None
    response: ResponseFacts | None = None
    failure: Failure | None = None
    earlier: tuple[Earlier, ...] = ()


class HostPause(Struct, frozen=True):
    """A host that asked (Retry-After) not to be asked again before `until`, in POSIX seconds."""

    host: str
    until: float
    failure: Failure


class RunFacts(Struct, frozen=True):
    """Totals of one refresh; times in POSIX seconds, `bytes` those of bodies sent."""

    started: float
    seconds: float
    urls: int
    fresh: int
    revalidated: int
    downloaded: int
    failed: int
    requests: int
    bytes: int
