"""Where an image is: web, data, site."""

from __future__ import annotations

import base64
from urllib.parse import unquote

import ada_url
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.http.location import DataUrl, SitePath, forgiving_base64, locate
from imgcache.core.http.url import WebUrl
from imgcache.model import Failure, Verdict


def test_absolute_and_scheme_relative_urls_are_on_the_web() -> None:
    for text in ("http://a.test/b", "//a.test/b", "HTTPS://a.test/b", "/\\a.test", "\\\\a.test"):
        assert isinstance(locate(text), WebUrl)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/img/a.jpg", "/img/a.jpg"),
        ("img/a%20b.jpg", "img/a%20b.jpg"),
        ("../a.jpg?v=1#top", "../a.jpg"),
        ("a.jpg", "a.jpg"),
        ("a/b:c.jpg", "a/b:c.jpg"),
        ("img\\a.jpg?\\", "img/a.jpg"),
        (" img/a b\n.jpg\t", "img/a b.jpg"),
        ("\u00a0https://a.test/b", "\u00a0https://a.test/b"),
        ("img@2x.png", "img@2x.png"),
    ],
)
def test_paths_are_in_the_site(text: str, path: str) -> None:
    assert locate(text) == SitePath(path)


@pytest.mark.parametrize(
    ("text", "media_type", "data"),
    [
        ("data:image/gif;base64,R0lGODlh", "image/gif", b"GIF89a"),
        ("DATA:image/GIF;charset=x;BASE64,R0lGODlh", "image/gif", b"GIF89a"),
        ("data:image/gif;  base64,R0lG\nODlh", "image/gif", b"GIF89a"),
        ("data:image/gif;base64,R0lG%4fDlh", "image/gif", b"GIF89a"),
        ("data:image/gif;base64,YQ==", "image/gif", b"a"),
        ("data:image/gif;base64,YQ", "image/gif", b"a"),
        ("data:,a%20b", "text/plain", b"a b"),
        ("data:;charset=utf-8,x", "text/plain", b"x"),
        ("data:nonsense,x", "text/plain", b"x"),
        ("data:image/svg+xml,<svg a='b'>é</svg>", "image/svg+xml", "<svg a='b'>é</svg>".encode()),
        ("data:image/svg+xml,a?b,c#d", "image/svg+xml", b"a?b,c"),
        ("data:image/gif;base64,", "image/gif", b""),
    ],
)
def test_a_data_url_carries_its_bytes(text: str, media_type: str, data: bytes) -> None:
    assert locate(text) == DataUrl(media_type, data)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (None, "not a string"),
        ("", "empty"),
        ("data:image/gif;base64", "comma"),
        ("data:image/gif;base64,!!!!", "base64"),
        ("data:image/gif;base64,YWFhY", "base64"),
        ("data:image/gif;base64,YQ=", "base64"),
        ("ftp://a.test/b", "ftp"),
        ("c:/b.jpg", "scheme"),
        ("  ", "empty"),
        ("img/a\x07.jpg", "control"),
        ("#top", "fragment"),
        ("?a", "query"),
    ],
)
def test_what_means_nothing_says_why(text: str | None, word: str) -> None:
    failed = locate(text)
    assert isinstance(failed, Failure), failed
    assert failed.verdict is Verdict.UNSUPPORTED_URL
    assert word in failed.detail


@given(st.binary(max_size=60))
def test_base64_comes_back_with_or_without_its_padding(data: bytes) -> None:
    coded = base64.b64encode(data)
    assert forgiving_base64(coded) == data
    assert forgiving_base64(coded.rstrip(b"=")) == data
    assert forgiving_base64(b" \n".join(coded[i : i + 1] for i in range(len(coded)))) == data


@given(st.text(max_size=40))
def test_any_text_is_something_or_a_failure(text: str) -> None:
    for given_text in (text, "data:" + text, "data:;base64," + text):
        assert isinstance(locate(given_text), WebUrl | DataUrl | SitePath | Failure)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("a.png", ["a.png"]),
        ("/img/a%20b.png", ["img", "a b.png"]),
        ("a.png/", None),
        ("a.png/.", None),
        ("a.png/..", None),
        ("a.png/%2e", None),
        ("", None),
        ("..", None),
        ("a.png/../a.png", ["a.png"]),
        ("../../a/../b.png", ["..", "..", "b.png"]),
        ("/../../b.png", ["b.png"]),
        ("a//../b.png", ["a", "b.png"]),
        ("a//b.png", ["a", "b.png"]),
        (".%2E/b.png", ["..", "b.png"]),
        ("%252e%252e/b.png", ["%2e%2e", "b.png"]),
        ("...", ["..."]),
        ("%2e%2e.png", ["...png"]),
        ("a%2Fb.png", ["a", "b.png"]),
        ("a%2f..%2fb.png", None),
        ("b.png%2f", None),
        ("a%00.png", None),
        ("\ud800.png", ["\ud800.png"]),
    ],
)
def test_a_path_leads_to_the_file_that_a_server_would_look_up(
    path: str, names: list[str] | None
) -> None:
    found = SitePath(path).names
    assert found == (names and tuple(one.encode("utf-8", "surrogatepass") for one in names))


_SEGMENTS = st.sampled_from(
    ["", ".", "..", "%2e", "%2E.", "a", "b.png", "a%20b", "...", "%2e%2e%2e"]
)


@given(st.lists(_SEGMENTS, min_size=1, max_size=7).map("/".join))
def test_a_path_of_the_site_is_followed_as_the_url_standard_has_it(path: str) -> None:
    asked = ada_url.URL(f"http://a.test/./{path}").pathname
    segments = unquote(asked).split("/")
    wanted = tuple(one.encode() for one in segments if one) if segments[-1] else None
    assert SitePath(f"/{path}").names == wanted
