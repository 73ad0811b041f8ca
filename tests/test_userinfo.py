"""User names and passwords in URLs: what is shown of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.http.location import locate
from imgcache.model import Failure
from imgcache.userinfo import is_masked, masked, masked_within


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://alice:secret@host.test/a.jpg", "https://alice:***@host.test/a.jpg"),
        ("//alice:secret@host.test", "//alice:***@host.test"),
        ("http:\\\\alice:secret@host.test\\a", "http:\\\\alice:***@host.test\\a"),
        (" ht\ttp://al\tice:sec\nret@host.test ", "http://alice:***@host.test"),
        ("https:alice:secret@host.test", "https:alice:***@host.test"),
        ("ftp://alice:secret@host.test/", "ftp://alice:***@host.test/"),
        ("alice:secret@host.test/a.jpg", "alice:***@host.test/a.jpg"),
        ("https://a@b:se@cret@host.test/@c", "https://a@b:***@host.test/@c"),
        ("https://:secret@host.test", "https://:***@host.test"),
        # A token stands in the place of the user name.
        ("https://secret@host.test", "https://***@host.test"),
        ("https://alice%3Asecret@host.test", "https://***@host.test"),
        # Not escaped, so that no browser finds the host.
        ("https://alice:sec/ret@host.test/a", "https://alice:***@host.test/a"),
        ("https://alice:1sec#?ret@host.test/a", "https://alice:***@host.test/a"),
        ("blob:https://alice:secret@host.test/a", "blob:https://alice:***@host.test/a"),
        ("view-source:http://alice:secret@host.test", "view-source:http://alice:***@host.test"),
    ],
)
def test_a_password_is_hidden_however_it_is_spelt(url: str, shown: str) -> None:
    assert masked(url) == shown
    assert masked(shown) == shown
    assert is_masked(shown)


@pytest.mark.parametrize(
    "url",
    [
        "https://host.test/@user/img@2x.png",
        "https://host.test:8080/@user",
        "https://[2606:2800:220::1]/img@2x.png",
        "https://host.test?a@b",
        "https://@host.test/",
        "img@2x.png",
        "a/b:c@2x.png",
        "data:image/svg+xml,<a>b@c</a>",
        "data:text,a@b",
        "",
    ],
)
def test_what_has_no_password_is_shown_as_it_is(url: str) -> None:
    assert masked(url) == url
    assert not is_masked(url)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("- url: https://a:secret@h.test/1.jpg # a@b", "- url: https://a:***@h.test/1.jpg # a@b"),
        ("[https://a:secret@h.test, //secret@i.test]", "[https://a:***@h.test, //***@i.test]"),
        ('url: "https://a:se\\x63 ret@h.test"', 'url: "https://a:***@h.test"'),
        ("Location: /\\a:secret@h.test", "Location: /\\a:***@h.test"),
        ("Location: http:/a:secret@h.test", "Location: http:/a:***@h.test"),
        ("write to alice@host.test", "write to alice@host.test"),
        ("https://host.test/a.jpg, alice@host.test", "https://host.test/a.jpg, alice@host.test"),
        ("see https://host.test or ask a@b.test", "see https://host.test or ask a@b.test"),
        ("//cdn.test/img@2x.png", "//cdn.test/img@2x.png"),
    ],
)
def test_a_password_is_hidden_in_the_midst_of_a_text(text: str, shown: str) -> None:
    assert masked_within(text) == shown
    assert masked_within(shown) == shown


PIECES = ["http:", "https:", "/", "\\", "@", ":", "a", "80", "[::1]", "?", "#", "\t", " ", "%40"]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_only_what_is_never_asked_for_is_masked(text: str) -> None:
    if masked(text) != text:
        assert isinstance(locate(text), Failure)
    assert masked(masked(text)) == masked(text)


@pytest.mark.parametrize("piece", ["//a:", "\\\\a:", "http:a:", "\\", "@", "//a@", "https:", "//"])
def test_no_text_keeps_the_masking_busy(piece: str) -> None:
    """A pattern that backtracked, or began anew at each place, would take minutes for these."""
    for text in (piece * 40_000 + "@", "@" + piece * 40_000, "//a:" + piece * 40_000):
        assert len(masked(text)) <= len(text) + 3
        assert masked_within(text)
