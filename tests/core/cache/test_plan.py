from __future__ import annotations

import pytest

from imgcache.config import FreshnessSettings, ThumbnailSettings
from imgcache.core.cache.plan import (
    Ask,
    Decision,
    Demand,
    Known,
    Recall,
    Trust,
    confirm,
    decide,
    lacks_thumbnails,
)
from imgcache.core.images import thumbnail_plan as recipe
from imgcache.facts import (
    HostPause,
    ImageFacts,
    ResponseFacts,
    ThumbnailFacts,
    UrlFacts,
    Validators,
)
from imgcache.model import Failure, Format, Size, Verdict

NOW = 1_000_000.0
POLICY = FreshnessSettings()
VALIDATORS = Validators(etag='"1"')
COPY = ImageFacts("ab" * 32, Format.JPEG, Size(3, 2), 10, "#000000")
ANSWER = ResponseFacts(NOW - 10, NOW - 9, 200, VALIDATORS)
OLD_ANSWER = ResponseFacts(NOW - 90 * 86400, NOW - 90 * 86400, 200, VALIDATORS)
GONE = Failure(Verdict.GONE, "404", 404)
BUSY = Failure(Verdict.RATE_LIMITED, "429", 429)
PAUSE = HostPause("a.test", NOW + 100, BUSY)

NEW = Known()
FRESH = Known(UrlFacts("u", NOW - 9, COPY.sha256, ANSWER), COPY)
STALE = Known(UrlFacts("u", NOW - 9, COPY.sha256, OLD_ANSWER), COPY)
LOST = Known(UrlFacts("u", NOW - 9, COPY.sha256, ANSWER), None)
FAILED = Known(UrlFacts("u", NOW - 9, COPY.sha256, ANSWER, GONE), COPY)


@pytest.mark.parametrize(
    ("known", "pause", "demand", "expected"),
    [
        (NEW, None, Demand.DUE, Ask(Validators())),
        (FRESH, None, Demand.DUE, Trust()),
        (STALE, None, Demand.DUE, Ask(VALIDATORS)),
        (LOST, None, Demand.DUE, Ask(Validators())),
        (FAILED, None, Demand.DUE, Ask(VALIDATORS)),
        (FRESH, None, Demand.EVERYTHING, Ask(VALIDATORS)),
        (NEW, None, Demand.FAILED, Recall()),
        (STALE, None, Demand.FAILED, Recall()),
        (FRESH, None, Demand.FAILED, Trust()),
        (FAILED, None, Demand.FAILED, Ask(VALIDATORS)),
        (LOST, None, Demand.FAILED, Ask(Validators())),
        (NEW, PAUSE, Demand.DUE, Recall(BUSY)),
        (LOST, PAUSE, Demand.DUE, Recall(BUSY)),
        (STALE, PAUSE, Demand.DUE, Recall()),
        (FAILED, PAUSE, Demand.DUE, Recall()),
        (NEW, PAUSE, Demand.FAILED, Recall(BUSY)),
        (FRESH, PAUSE, Demand.DUE, Trust()),
        (STALE, PAUSE, Demand.EVERYTHING, Ask(VALIDATORS)),
        (STALE, HostPause("a.test", NOW, BUSY), Demand.DUE, Ask(VALIDATORS)),
    ],
)
def test_one_decision_per_url(
    known: Known, pause: HostPause | None, demand: Demand, expected: Decision
) -> None:
    assert decide(known, pause, demand, POLICY, NOW) == expected


def image_with(how: ThumbnailSettings, fmt: Format = Format.JPEG) -> ImageFacts:
    made = ThumbnailFacts("small", recipe.fingerprint(how), "webp", 3, 2, 5)
    return ImageFacts("ab" * 32, fmt, Size(3, 2), 10, "#000000", 0, (made,))


def test_a_thumbnail_of_another_recipe_is_lacking() -> None:
    how = ThumbnailSettings()
    assert not lacks_thumbnails(image_with(how), {"small": how})
    assert lacks_thumbnails(image_with(how), {"small": ThumbnailSettings(quality=5)})
    assert lacks_thumbnails(image_with(how), {"small": how, "card": how})
    assert not lacks_thumbnails(image_with(how), {})


def test_a_vector_image_lacks_no_thumbnail() -> None:
    drawing = ImageFacts("ab" * 32, Format.SVG, Size(3, 2), 10, "#000000")
    assert not lacks_thumbnails(drawing, {"small": ThumbnailSettings()})


def test_a_304_renews_the_stored_answer_and_keeps_what_it_does_not_say() -> None:
    stored = ResponseFacts(
        1.0, 2.0, 200, Validators('"1"', "Mon"), "max-age=5", content_type="image/png"
    )
    answer = ResponseFacts(3.0, 4.0, 304, Validators('"2"'), "max-age=9", age="1")
    renewed = confirm(stored, answer)
    assert renewed == ResponseFacts(
        3.0, 4.0, 304, Validators('"2"', "Mon"), "max-age=9", age="1", content_type="image/png"
    )
