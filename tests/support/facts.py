"""Facts for tests: plain samples, and hypothesis strategies for all that can be recorded."""

from __future__ import annotations

import hashlib

from hypothesis import strategies as st

from imgcache.facts import (
    Earlier,
    HostPause,
    ImageFacts,
    ResponseFacts,
    ThumbnailFacts,
    UrlFacts,
    Validators,
)
from imgcache.model import Failure, Format, Size, Verdict

NOON = 1_763_899_200.0


def image_of(body: bytes, *thumbnails: ThumbnailFacts, mtime_ns: int = 0) -> ImageFacts:
    sha256 = hashlib.sha256(body).hexdigest()
    return ImageFacts(
        sha256, Format.JPEG, Size(640, 480), len(body), "#336699", mtime_ns, thumbnails
    )


def thumbnail_of(data: bytes, name: str = "small") -> ThumbnailFacts:
    return ThumbnailFacts(name, "recipe-1", "webp", 320, 240, len(data))


def response(**facts: str | float | None) -> ResponseFacts:
    known = {"requested_at": NOON, "answered_at": NOON, "status": 200} | facts
    return ResponseFacts(**known)  # type: ignore[arg-type]  # the tests name the fields


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_maybe = st.none() | _texts
_times = st.floats(0, 1e11, allow_nan=False)
_counts = st.integers(0, 2**53)
_sides = st.integers(1, 10**6)
_hashes = st.binary(min_size=1, max_size=2).map(lambda data: hashlib.sha256(data).hexdigest())
_sizes = st.builds(Size, _sides, _sides)

failures = st.builds(
    Failure,
    st.sampled_from(Verdict),
    _texts,
    st.none() | st.integers(100, 599),
    st.booleans(),
    st.booleans(),
    st.none() | _times,
    st.none() | _sizes,
    st.none() | st.sampled_from(Format),
    st.none() | _counts,
    st.none() | _times,
)
responses = st.builds(
    ResponseFacts,
    _times,
    _times,
    st.integers(100, 599),
    st.builds(Validators, _maybe, _maybe, _maybe),
    _maybe,
    _maybe,
    _maybe,
    _maybe,
    _maybe,
    st.booleans(),
    st.none() | _times,
)
_thumbnails = st.builds(
    ThumbnailFacts, _texts, _texts, _texts, _sides, _sides, _counts, _texts, _counts
)
images = st.builds(
    ImageFacts,
    _hashes,
    st.sampled_from(Format),
    _sizes,
    _counts,
    _texts,
    _counts,
    st.lists(_thumbnails, max_size=3).map(tuple),
    _maybe,
    *[st.none() | st.booleans()] * 3,
    _texts,
    _texts,
)
pauses = st.builds(HostPause, _texts, _times, failures)


@st.composite
def batches(draw: st.DrawFn) -> tuple[list[UrlFacts], list[ImageFacts]]:
    """Images, and URLs some of which have one of them for their copy."""
    found = draw(st.lists(images, max_size=4, unique_by=lambda image: image.sha256))
    copies = st.sampled_from([None, *(image.sha256 for image in found)])
    tried = (st.none() | responses, st.none() | failures)
    earlier = st.lists(st.builds(Earlier, _hashes, _texts, _times), max_size=2).map(tuple)
    one = st.builds(UrlFacts, _texts, _times, copies, *tried, earlier)
    return draw(st.lists(one, max_size=6, unique_by=lambda facts: facts.url)), found
