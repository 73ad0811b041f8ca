"""What is taken for an image where nobody has said what is one: by suffix, or by the keys above."""

from __future__ import annotations

import pytest

from imgcache.core.articles.shapes.addresses import Looks, looks
from imgcache.core.articles.shapes.key_words import Says, says, subject

WEB = "https://a.test/v1/abc"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("image", Says.IMAGE),
        ("coverImage", Says.IMAGE),
        ("og_image", Says.IMAGE),
        ("og:image", Says.IMAGE),
        ("imageURL", Says.IMAGE),
        ("author_image_url", Says.IMAGE),
        ("twitter-card-thumbnail", Says.IMAGE),
        ("headerimg", Says.IMAGE),
        ("thumbnailurl", Says.IMAGE),
        ("image_large", Says.IMAGE),
        ("photo2", Says.IMAGE),
        ("url", Says.ROLE),
        ("src", Says.ROLE),
        ("original", Says.VARIANT),
        ("image_alt", Says.OTHER),
        ("image_credit_url", Says.OTHER),
        ("authorURL", Says.OTHER),
        ("lqip", Says.OTHER),
        ("discover", Says.NOTHING),
        ("image_source", Says.NOTHING),
        ("\u56fe", Says.NOTHING),
        ("", Says.NOTHING),
    ],
)
def test_a_key_says_what_its_last_word_that_means_something_says(key: str, expected: Says) -> None:
    assert says(key) is expected


def test_a_key_and_its_sides_have_one_subject() -> None:
    assert subject("og_image") == subject("ogWidth") == ("og",)
    assert subject("image_url") == subject("imgHeight") == subject("w") == ()


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (("cover",), WEB),
        (("cover",), "my photo.jpg"),
        (("anything",), "pictures/a.PNG?v=2#x"),
        (("image", "url"), WEB),
        (("photos", "original", "src"), WEB),
        (("images",), "//a.test/x"),
        (("teaser",), "data:image/png;base64,AAAA"),
        ((), "a.webp"),
    ],
)
def test_these_are_images(keys: tuple[str, ...], text: str) -> None:
    assert looks(keys, text) is not None


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (("link",), "https://a.test/a.jpg"),
        (("permalink",), "/a.jpg"),
        (("canonical",), "https://a.test/a.png"),
        (("url",), "/posts/a.png"),
        (("image", "alt"), "a.jpg"),
        (("title",), "logo.svg"),
        (("anything",), WEB),
        (("author", "url"), WEB),
        (("image", "author", "url"), WEB),
        (("hero", "cta", "url"), WEB),
        (("hero",), "https://a.test/film.mp4"),
        (("hero",), "https://a.test/page.html?a.png "),
        (("logo",), "https://a.test/"),
        (("image",), "{{ site.url }}/a.png"),
        (("image", "lqip"), "data:image/png;base64,AAAA"),
        (("steps",), "convert a.jpg b.png"),
        (("icon",), "fa-solid fa-image"),
    ],
)
def test_these_are_none(keys: tuple[str, ...], text: str) -> None:
    assert looks(keys, text) is None


def test_a_url_that_may_be_a_link_is_less_sure() -> None:
    assert looks(("authors", "url"), "https://a.test/me.png") is Looks.PERHAPS
    assert looks(("gallery", "url"), "https://a.test/me.png") is Looks.SURE
    assert looks(("gallery", "url"), WEB) is Looks.PERHAPS
