"""The plan of a run: one decision per URL, before any request.

Facts from the index, the copy's state on disk and `now` go in; a frozen decision comes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from msgspec import Struct
from msgspec.structs import replace

from imgcache.config import FreshnessSettings, ThumbnailSettings
from imgcache.core.http import freshness
from imgcache.core.images import thumbnail_plan
from imgcache.facts import HostPause, ImageFacts, ResponseFacts, UrlFacts, Validators
from imgcache.model import Failure, Format

# Seconds by which two clocks, or one before and after it was set, may differ.
_CLOCK_DRIFT = 60.0
_NONE = Validators()


class Scope(Enum):
    """Which URLs a run requests: what is due, everything, or only what failed last time."""

    DUE = auto()
    EVERYTHING = auto()
    FAILED = auto()


class Known(Struct, frozen=True):
    """What the index and the disk know of a URL: `copy` only if its file is sound."""

    facts: UrlFacts | None = None
    copy: ImageFacts | None = None

    @property
    def last_try_failed(self) -> bool:
        """Whether the last try failed, or what it brought is lost."""
        return self.facts is not None and (self.facts.failure is not None or self.copy is None)

    @property
    def has_history(self) -> bool:
        """Whether the index knows enough to give a verdict without a request."""
        return self.copy is not None or (self.facts is not None and self.facts.failure is not None)


class Fetch(Struct, frozen=True):
    """Send a request, conditional where there are validators."""

    validators: Validators


class UseFresh(Struct, frozen=True):
    """The copy is fresh: no request."""


class UseStale(Struct, frozen=True):
    """No request either, but what is known may be old: judge from the index.

    `failure` is used where the index has neither a copy nor a failure: the host's pause.
    """

    failure: Failure | None = None


Decision = Fetch | UseFresh | UseStale


def decide(
    known: Known,
    pause: HostPause | None,
    demand: Scope,
    policy: FreshnessSettings,
    now: float,
) -> Decision:
    """What to do about one URL; `pause` is its host's, if any. Times in POSIX seconds."""
    if demand is Scope.EVERYTHING:
        return Fetch(validators(known))
    if _is_fresh(known, policy, now):
        return UseFresh()
    if pause is not None and is_in_force(pause, now):
        return UseStale(None if known.has_history else pause.failure)
    if demand is Scope.FAILED and not known.last_try_failed:
        return UseStale()
    return Fetch(validators(known))


def is_in_force(pause: HostPause, now: float) -> bool:
    """Whether the host still wants no request.

    A pause that is longer than the host asked for was noted by a clock that was ahead of this one:
    it says nothing about now.
    """
    asked = pause.failure.retry_after or 0.0
    return now < pause.until <= now + asked + _CLOCK_DRIFT


def _is_fresh(known: Known, policy: FreshnessSettings, now: float) -> bool:
    if known.facts is None or known.facts.response is None or known.copy is None:
        return False
    if known.facts.failure is not None:
        return False
    return freshness.is_fresh(known.facts.response, policy, now)


def validators(known: Known) -> Validators:
    """Those of the kept answer, if its copy is sound: else a 304 would be worth nothing."""
    response = known.facts.response if known.facts is not None else None
    return _NONE if known.copy is None or response is None else response.validators


def is_incomplete(image: ImageFacts, wanted: Mapping[str, ThumbnailSettings]) -> bool:
    """Whether the index lacks a thumbnail, has it by another recipe, or lacks what the pixels tell.

    Then the copy is decoded again. A vector image has nothing of this.
    """
    if image.format is Format.SVG:
        return False
    if not image.dhash:
        return True
    made = {thumbnail.name: thumbnail.recipe for thumbnail in image.thumbnails}
    return any(made.get(name) != thumbnail_plan.fingerprint(how) for name, how in wanted.items())


def confirm(stored: ResponseFacts, answer: ResponseFacts) -> ResponseFacts:
    """The stored answer, renewed by a 304: what that says replaces what was known.

    RFC 9111 section 4.3.4; Content-Type stays, because a 304 carries no body that it could label.
    """
    return replace(
        answer,
        validators=Validators(
            answer.validators.etag or stored.validators.etag,
            answer.validators.last_modified or stored.validators.last_modified,
            answer.validators.url,
        ),
        cache_control=answer.cache_control or stored.cache_control,
        expires=answer.expires or stored.expires,
        content_type=stored.content_type,
        nosniff=stored.nosniff,
    )


def failing_since(before: UrlFacts | None, now: float) -> float:
    """When the series of failures began that ends with one now; never in the future."""
    if before is None or before.failure is None:
        return now
    return min(before.failure.since or before.tried_at, now)
