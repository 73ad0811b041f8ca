from __future__ import annotations

import pytest
from msgspec.structs import replace

from imgcache.config import FreshnessSettings, ThumbnailSettings
from imgcache.core.cache.plan import (
    Decision,
    Fetch,
    Known,
    Scope,
    UseFresh,
    UseStale,
    confirm,
    decide,
    is_incomplete,
)
from imgcache.core.images import thumbnail_plan
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
BUSY = Failure(Verdict.RATE_LIMITED, "429", 429, retry_after=100)
PAUSE = HostPause("a.test", NOW + 100, BUSY)

NEW = Known()
FRESH = Known(UrlFacts("u", NOW - 9, COPY.sha256, ANSWER), COPY)
STALE = Known(UrlFacts("u", NOW - 9, COPY.sha256, OLD_ANSWER), COPY)
LOST = Known(UrlFacts("u", NOW - 9, COPY.sha256, ANSWER), None)
FAILED = Known(UrlFacts("u", NOW - 9, COPY.sha256, ANSWER, GONE), COPY)


@pytest.mark.parametrize(
    ("known", "pause", "demand", "expected"),
    [
        (NEW, None, Scope.DUE, Fetch(Validators())),
        (FRESH, None, Scope.DUE, UseFresh()),
        (STALE, None, Scope.DUE, Fetch(VALIDATORS)),
        (LOST, None, Scope.DUE, Fetch(Validators())),
        (FAILED, None, Scope.DUE, Fetch(VALIDATORS)),
        (FRESH, None, Scope.EVERYTHING, Fetch(VALIDATORS)),
        (NEW, None, Scope.FAILED, UseStale()),
        (STALE, None, Scope.FAILED, UseStale()),
        (FRESH, None, Scope.FAILED, UseFresh()),
        (FAILED, None, Scope.FAILED, Fetch(VALIDATORS)),
        (LOST, None, Scope.FAILED, Fetch(Validators())),
        (NEW, PAUSE, Scope.DUE, UseStale(BUSY)),
        (LOST, PAUSE, Scope.DUE, UseStale(BUSY)),
        (STALE, PAUSE, Scope.DUE, UseStale()),
        (FAILED, PAUSE, Scope.DUE, UseStale()),
        (NEW, PAUSE, Scope.FAILED, UseStale(BUSY)),
        (FRESH, PAUSE, Scope.DUE, UseFresh()),
        (STALE, PAUSE, Scope.EVERYTHING, Fetch(VALIDATORS)),
        (STALE, HostPause("a.test", NOW, BUSY), Scope.DUE, Fetch(VALIDATORS)),
        (STALE, HostPause("a.test", NOW + 130, BUSY), Scope.DUE, UseStale()),
        (STALE, HostPause("a.test", NOW + 365 * 86400, BUSY), Scope.DUE, Fetch(VALIDATORS)),
    ],
)
def test_one_decision_per_url(
    known: Known, pause: HostPause | None, demand: Scope, expected: Decision
) -> None:
    assert decide(known, pause, demand, POLICY, NOW) == expected


def image_with(how: ThumbnailSettings, fmt: Format = Format.JPEG) -> ImageFacts:
    made = ThumbnailFacts("small", thumbnail_plan.fingerprint(how), "webp", 3, 2, 5)
    seen = ImageFacts("ab" * 32, fmt, Size(3, 2), 10, "#000000", 0, (made,))
    return replace(seen, dhash="0" * 16)


def test_a_thumbnail_of_another_recipe_is_lacking() -> None:
    how = ThumbnailSettings()
    assert not is_incomplete(image_with(how), {"small": how})
    assert is_incomplete(image_with(how), {"small": ThumbnailSettings(quality=5)})
    assert is_incomplete(image_with(how), {"small": how, "card": how})
    assert not is_incomplete(image_with(how), {})


def test_what_the_pixels_tell_is_lacking_where_nobody_looked() -> None:
    how = ThumbnailSettings()
    assert is_incomplete(replace(image_with(how), dhash=""), {"small": how})


def test_a_vector_image_lacks_nothing() -> None:
    drawing = ImageFacts("ab" * 32, Format.SVG, Size(3, 2), 10, "#000000")
    assert not is_incomplete(drawing, {"small": ThumbnailSettings()})


def test_a_304_renews_the_stored_answer_and_keeps_what_it_does_not_say() -> None:
    stored = ResponseFacts(
        1.0, 2.0, 200, Validators('"1"', "Mon"), "max-age=5", content_type="image/png"
    )
    answer = ResponseFacts(3.0, 4.0, 304, Validators('"2"'), "max-age=9", age="1")
    renewed = confirm(stored, answer)
    assert renewed == ResponseFacts(
        3.0, 4.0, 304, Validators('"2"', "Mon"), "max-age=9", age="1", content_type="image/png"
    )
