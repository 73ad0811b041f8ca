"""What the head of an answer means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.http import response
from imgcache.core.http.url import WebUrl
from imgcache.facts import Validators
from imgcache.model import Failure, Verdict
from tests.support.fetching import web


def test_only_success_and_redirects_are_no_refusal() -> None:
    let_through = {status for status in range(1000) if not response.refusal(status, "", None, 60)}
    assert let_through == {200, 203, 206, 304, 301, 302, 303, 307, 308}


def test_the_statuses_that_may_pass_are_those_of_the_contract() -> None:
    passing = set()
    for status in range(1000):
        failed = response.refusal(status, "", None, 60)
        if failed is not None and failed.transient:
            passing.add(status)
    assert passing == {408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524}


def test_the_words_of_a_refusal_are_the_standards_and_never_a_strangers() -> None:
    def said(status: int, reason: str) -> str:
        failed = response.refusal(status, reason, None, 60)
        assert failed is not None
        return failed.detail

    assert said(404, "<script>") == "the server answered 404 Not Found"
    assert said(499, "Client Closed Request") == "the server answered 499 Client Closed Request"
    assert said(499, "\x1b[31mred") == "the server answered 499"


@pytest.mark.parametrize(
    ("value", "length"),
    [
        ("bytes 0-3/4", 4),
        ("Bytes  0-0/1", 1),
        ("bytes 0-3/5", None),
        ("bytes 1-3/4", None),
        ("bytes 0-3/*", None),
        ("bytes */4", None),
        ("0-3/4", None),
        (None, None),
    ],
)
def test_a_part_is_the_whole_only_when_its_range_says_so(
    value: str | None, length: int | None
) -> None:
    found = response.whole_of_part(value)
    assert found == length if length else isinstance(found, Failure)


@pytest.mark.parametrize(
    ("value", "gzip"), [(None, False), ("gzip", True), (" X-GZIP ", True), ("GZip", True)]
)
def test_gzip_is_the_one_coding_that_is_understood(value: str | None, gzip: bool) -> None:
    assert response.is_gzip(value, 200) is gzip


UNCODED = ["", "identity", "None", "UTF-8", "utf8", "aws-chunked", "binary", "iso-8859-1"]


@given(st.lists(st.sampled_from([*UNCODED, " "]), max_size=4))
def test_values_that_name_no_coding_mean_nothing_is_encoded(values: list[str]) -> None:
    assert response.is_gzip(",".join(values), 200) is False


@pytest.mark.parametrize(
    "value",
    ["br", "zstd", "deflate", "foo", "gzip, gzip", "gzip, br", "gzip, none", "aws-chunked, gzip",
     "identity, br", '"identity"', "\x00"],
)  # fmt: skip
def test_another_coding_is_a_protocol_error(value: str) -> None:
    failed = response.is_gzip(value, 200)
    assert isinstance(failed, Failure)
    assert failed.verdict is Verdict.PROTOCOL_ERROR
    assert failed.detail.isprintable()


HERE = web("https://a.test/x")


def test_what_a_range_can_not_have_caused_is_not_asked_again() -> None:
    def again(
        verdict: Verdict, status: int | None, came: int = 0, *, transient: bool = False
    ) -> bool:
        failed = Failure(verdict, "", status, transient=transient)
        return response.may_lie_in_range(failed, 100, came)

    assert again(Verdict.GONE, 404)
    assert again(Verdict.CORRUPT, 206, 1000)
    assert again(Verdict.CORRUPT, 200, 100)
    assert again(Verdict.CONNECT_ERROR, None, transient=True)
    assert again(Verdict.TIMEOUT, None, transient=True)
    assert not again(Verdict.CORRUPT, 200, 101)  # the Range was ignored
    assert not again(Verdict.TIMEOUT, 200)  # the deadline passed while bytes were coming
    assert not again(Verdict.TOO_MANY_PIXELS, 206)
    assert not again(Verdict.DNS_ERROR, None, transient=True)


def test_as_many_redirects_as_allowed_are_followed() -> None:
    visited = [web(f"https://a.test/{number}") for number in range(6)]
    assert isinstance(response.redirected(302, [b"/next"], visited[:5], 5), WebUrl)
    assert isinstance(response.redirected(302, [b"/next"], visited, 5), Failure)
    assert isinstance(response.redirected(302, [b"/next"], [HERE], 0), Failure)


def test_http_to_https_is_followed_and_https_to_http_is_not() -> None:
    up = response.redirected(301, [b"https://a.test/x"], [web("http://a.test/x")], 5)
    assert up == HERE
    assert isinstance(response.redirected(301, [b"http://a.test/x"], [HERE], 5), Failure)


def test_validators_that_could_not_be_sent_back_are_not_kept() -> None:
    def kept(etag: str) -> Validators:
        return response.facts(200, {"etag": etag}, 0, 0).validators

    assert kept('W/"abc, def"') == Validators('W/"abc, def"')
    assert not kept('"a\x01b"')
    assert not kept('"é"')
    assert not kept('"' + "x" * 2000 + '"')
    assert not kept("")


def test_nosniff_is_the_first_value() -> None:
    def nosniff(value: str) -> bool:
        return response.facts(200, {"x-content-type-options": value}, 0, 0).nosniff

    assert nosniff("NoSniff")
    assert nosniff("nosniff, other")
    assert not nosniff("other, nosniff")


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_range_is_held_to_its_word(received: int, expected: int) -> None:
    failed = response.wrong_length(206, received, expected)
    assert (failed is None) == (received == expected)
    assert response.wrong_length(200, received, None) is None


@given(st.text(max_size=30))
def test_a_length_is_digits_or_nothing(value: str) -> None:
    length = response.content_length(value)
    assert length is None or length >= 0
