"""Nearest places: of those where images are seen, the one that is most like one that finds none."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from imgcache.config_images import ImagePlace


def nearest(place: ImagePlace, seen: Mapping[str, int]) -> str | None:
    """The place that is most like one that finds nothing; None where no image was seen.

    `seen`: how many images stand at each place, as `cover.image` or `images[]`.
    """
    named = [".".join(filter(None, (place.at, url))) for url in place.url]
    # Of places that are as much alike the most frequent one comes first.
    known = sorted(seen, key=lambda shape: -seen[shape])
    likeness = {
        shape: max(
            difflib.SequenceMatcher(None, shape, name).ratio() for name in (place.at, *named)
        )
        for shape in known
    }
    return max(known, key=lambda shape: likeness[shape], default=None)
