"""HTML bodies: which elements show images, what their attributes declare, and where."""

from __future__ import annotations

import pytest

from imgcache.core.bodies.images import BodyKind, images_of

Place = tuple[int, int, str]


def places(body: str) -> list[Place]:
    images = images_of(body.encode(), 1, BodyKind.HTML).images
    return [(image.line, image.column, image.url) for image in images]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<img src=u>", [(1, 10, "u")]),
        ("<IMG\tSRC = 'u'/>", [(1, 13, "u")]),
        ('<p>\n<img alt=">" src="u">', [(2, 19, "u")]),
        ("<img src=u src=no>", [(1, 10, "u")]),
        ("<img src=a/b?c=d>", [(1, 10, "a/b?c=d")]),
        ("<img src='  u '>", [(1, 13, "u")]),
        ("<img src='\n u'>", [(2, 2, "u")]),
        ("<img src>", [(1, 9, "")]),
        ("<img src=''>", [(1, 11, "")]),
        ("<img src='a&amp;b&copy=1&copy;&#x41;&notit;'>", [(1, 11, "a&b&copy=1©A&notit;")]),
        ("<img data-src=no alt=a>", []),
        ("<image src=u>", [(1, 12, "u")]),
        ("<imgx src=no><im src=no>", []),
        ("</img src=no>", []),
        ("<img src=no", []),
        ("<img src='no>", []),
        ("a < b <img src=u>", [(1, 16, "u")]),
        ("<a title='<img src=no>'><img src=u></a>", [(1, 34, "u")]),
        ("<a title=<img src=u>", []),
        ("<a b='c'd><img src=u>", [(1, 20, "u")]),
        ('<a ="\'"><img src=u>', [(1, 18, "u")]),
        ("<img/src=u>", [(1, 10, "u")]),
        ("<pre><code><img src=u></code></pre>", [(1, 21, "u")]),
        ("<noscript><img src=u></noscript>", [(1, 20, "u")]),
        ("</ <img src=no><img src=u>", [(1, 25, "u")]),
        ("<!doctype html><?x?><img src=u>", [(1, 30, "u")]),
    ],
)
def test_tags(body: str, found: list[Place]) -> None:
    assert places(body) == found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<!-- <img src=no> --><img src=u>", [(1, 31, "u")]),
        ("<!--><img src=u>", [(1, 15, "u")]),
        ("<!---><img src=u>", [(1, 16, "u")]),
        ("<!-- --!><img src=u>", [(1, 19, "u")]),
        ("<!-- <img src=no>", []),
        ("<![CDATA[<img src=no>]]><img src=u>", [(1, 34, "u")]),
        ("<script>'<img src=no>'</script ><img src=u>", [(1, 42, "u")]),
        ("<SCRIPT><img src=no></scripts></Script><img src=u>", [(1, 49, "u")]),
        ("<style><img src=no></style><title><img src=no></title>", []),
        ("<textarea><img src=no>", []),
        ("<template><template></template><img src=no></template><img src=u>", [(1, 64, "u")]),
        ("<svg><style/><title>a</title><image href=no /></svg><img src=u>", [(1, 62, "u")]),
        ("<svg><img src=u><style><img src=no></style>", [(1, 15, "u")]),
        ("<svg/><style><img src=no></style>", []),
        ("</template><img src=u>", [(1, 21, "u")]),
    ],
)
def test_what_is_not_shown(body: str, found: list[Place]) -> None:
    assert places(body) == found


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ("width=800 height=600", (800, 600)),
        ("width=' 0800px' height=600.0", (800, 600)),
        ("width=50% height=600.5", (None, None)),
        ("width=auto height=-1", (None, None)),
        ("width=0 height=1234567890", (None, None)),
        ("width='' height", (None, None)),
        ("width=&#56;", (8, None)),
    ],
)
def test_sizes(attributes: str, size: tuple[int | None, int | None]) -> None:
    (image,) = images_of(f"<img src=u {attributes}>".encode(), 1, BodyKind.HTML).images
    assert (image.width, image.height) == size


def test_candidates_have_the_width_of_their_descriptor() -> None:
    body = "<img src=a width=9 height=8 alt=t srcset='b 100w,\n c 2x, d&amp;e 200w 50h'>"
    images = images_of(body.encode(), 5, BodyKind.HTML).images
    assert [
        (image.url, image.line, image.column, image.width, image.height) for image in images
    ] == [
        ("a", 5, 10, 9, 8),
        ("b", 5, 43, 100, None),
        ("c", 6, 2, None, None),
        ("d&e", 6, 8, 200, None),
    ]


def test_the_sources_of_a_picture_have_the_text_of_its_image() -> None:
    body = "<picture><source srcset='a, b 2x'><img src=c alt=t></picture><source srcset=d>"
    images = images_of(body.encode(), 1, BodyKind.HTML).images
    assert [(image.url, image.alt) for image in images] == [
        ("a", "t"),
        ("b", "t"),
        ("c", "t"),
        ("d", None),
    ]


def test_template_marks_hide_what_they_hold() -> None:
    body = """<img src="{{ "/a.png" | url }}" alt="{{ "b" }}"><img src=u>
{% include figure.html src="c.png" %}<% if d > 1 %><img src="<%= e %>">"""
    images = images_of(body.encode(), 1, BodyKind.HTML)
    assert images.templated == 3
    assert [image.url for image in images.images] == ["u"]


@pytest.mark.parametrize(
    ("kind", "body", "wanted"),
    [
        (BodyKind.HTML, '<p><img width="160" src=u height=90>', ["160", "90"]),
        (BodyKind.HTML, "<img height=90 src=u width='1\n6'>", ["90"]),
        (BodyKind.HTML, "<img src=u\n width=160>\n<img width= src=v>", []),
        (BodyKind.MARKDOWN, "> text <img src=u width=160 height='50%'> x", ["160", "50%"]),
        (BodyKind.MARKDOWN, '\n\n- é <img alt="図" src=u height=90 />', ["90"]),
        (BodyKind.MDX, "<img src='u' width={160} height=\"90\" />", ["160", "90"]),
    ],
)
def test_sides_stand_where_they_are_written(kind: BodyKind, body: str, wanted: list[str]) -> None:
    found = []
    for image in images_of(body.encode(), 1, kind).images:
        for side in image.sides:
            assert side.line == image.line
            line = body.split("\n")[side.line - 1]
            found.append(line[side.column - 1 : side.column - 1 + side.length])
    assert found == wanted
