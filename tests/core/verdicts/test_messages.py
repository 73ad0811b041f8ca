from __future__ import annotations

import pytest

from imgcache.core.verdicts.messages import message
from imgcache.core.verdicts.verdict import Evidence
from imgcache.facts import ImageFacts
from imgcache.model import Declared, Failure, Format, Severity, Size, Source, Verdict

COPY = ImageFacts("ab" * 32, Format.JPEG, Size(1600, 1035), 1000, "#808080")
GONE = Failure(Verdict.GONE, "the server answered 404 Not Found", 404)


@pytest.mark.parametrize(
    ("verdict", "declared", "evidence", "parts"),
    [
        (
            Verdict.DIMENSIONS_SWAPPED,
            Declared(1035, 1600),
            Evidence(copy=COPY),
            ["1600 x 1035", "1035 x 1600", "exchanged", "width: 1600, height: 1035"],
        ),
        (
            Verdict.DIMENSIONS_MISSING,
            Declared(None, 1035),
            Evidence(copy=COPY),
            ["width not declared", "1600 x 1035"],
        ),
        (
            Verdict.DIMENSIONS_MISSING,
            Declared(None, None, strange=(("height", "600px"),)),
            Evidence(copy=COPY),
            ["width not declared, height `600px` is no size; the image is 1600 x 1035"],
        ),
        (
            Verdict.DIMENSIONS_SCALED,
            Declared(width=480, unnamed=("height",)),
            Evidence(copy=COPY),
            ["1600 x 1035", "the article says width 480", "declare width: 1600, or"],
        ),
        (
            Verdict.DIMENSIONS_SCALED,
            Declared(480, 311, by_hand=("width", "height")),
            Evidence(copy=COPY),
            ["; declare width: 1600, height: 1035 by hand, for imgcache never writes it there"],
        ),
        (
            Verdict.DIMENSIONS_MISSING,
            Declared(unnamed=("width",), by_hand=("width",)),
            Evidence(copy=COPY),
            ["declare height: 1035, or run imgcache refresh --fix-dimensions"],
        ),
        (
            Verdict.DIMENSIONS_MISSING,
            Declared(unnamed=("width",)),
            Evidence(copy=COPY),
            ["height not declared; the image", "declare height: 1035, or"],
        ),
        (
            Verdict.BLOCKED,
            Declared(),
            Evidence(failure=Failure(Verdict.BLOCKED, "the server answered 403 Forbidden", 403)),
            ["403 Forbidden", "contact", "fetch.user_agent"],
        ),
        (
            Verdict.RATE_LIMITED,
            Declared(),
            Evidence(failure=Failure(Verdict.RATE_LIMITED, "the server answered 429", 429)),
            ["429", "contact", "fetch.user_agent"],
        ),
        (Verdict.GONE, Declared(), Evidence(failure=GONE), ["404 Not Found", "replace"]),
        (
            Verdict.GONE,
            Declared(1600, 1035),
            Evidence(failure=GONE, copy=COPY, source=Source.STALE),
            ["404 Not Found", "the copy in the cache is kept"],
        ),
        (
            Verdict.DIMENSIONS_MISMATCH,
            Declared(1, 5),
            Evidence(failure=GONE, copy=COPY, source=Source.STALE),
            ["404 Not Found", "the kept copy is wrong", "1600 x 1035"],
        ),
    ],
)
def test_a_message_says_what_is_wrong_and_what_to_do(
    verdict: Verdict, declared: Declared, evidence: Evidence, parts: list[str]
) -> None:
    told = message(verdict, Severity.ERROR, declared, evidence)
    assert told is not None
    assert [part for part in parts if part not in told] == []


@pytest.mark.parametrize("verdict", [one for one in Verdict if one is not Verdict.OK])
def test_every_finding_has_a_message(verdict: Verdict) -> None:
    evidence = Evidence(failure=Failure(verdict, "it went wrong"), copy=COPY)
    assert message(verdict, Severity.ERROR, Declared(1, 1), evidence)


def test_what_is_well_needs_no_message() -> None:
    assert message(Verdict.OK, None, Declared(1, 1), Evidence(copy=COPY)) is None


def test_a_host_that_asked_for_time_is_not_said_to_be_asked_by_the_next_run() -> None:
    failure = Failure(Verdict.RATE_LIMITED, "it answered 429", 429, retry_after=86_400.0)
    told = message(Verdict.RATE_LIMITED, Severity.ERROR, Declared(), Evidence(failure))
    assert told is not None
    assert "next run" not in told
    assert "--force" in told
