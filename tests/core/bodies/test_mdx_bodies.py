"""MDX bodies: Markdown, and JSX as far as it is plain."""

from __future__ import annotations

import pytest

from imgcache.core.bodies.images import BodyKind, images_of

Place = tuple[int, int, str]


def places(body: str) -> list[Place]:
    images = images_of(body.encode(), 1, BodyKind.MDX).images
    return [(image.line, image.column, image.url) for image in images]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('<img src="u" />', [(1, 11, "u")]),
        ('a <Image\n  style={{ a: "}" }}\n  src="u"\n/>', [(3, 8, "u")]),
        ("<Image src={'u'} /> <img src={`v`} />", [(1, 14, "u"), (1, 32, "v")]),
        ('<img srcSet="u 100w, v 2x" src="w"/>', [(1, 14, "u"), (1, 22, "v"), (1, 33, "w")]),
        ('{a && <img src="u" />}', [(1, 17, "u")]),
        ("<div>\n    ![a](u)\n</div>", [(2, 10, "u")]),
        (
            '<div>\n\n    <p>![a](u)</p>\n      <img src="v"/>\n\n</div>',
            [(3, 13, "u"), (4, 17, "v")],
        ),
        ("<Tabs>\n```\n![a](no)\n<img src='no'/>\n```\n</Tabs>\n![a](u)", [(7, 6, "u")]),
        ("- a\n  ```\n  <img src='no'/>\n  ```\n  <img src='u'/>", [(5, 13, "u")]),
        ("`<img src='no'/>` ``a` <img src='no'/>``", []),
        ("{/* <img src='no'/> ![a](no) */} <!-- ![a](no) -->", []),
        ('export const a = <img src="no" />\n\n![a](u)', [(3, 6, "u")]),
        ("import a\nexport const b = <img src='no'/>\n\nYou can\nimport ![a](u)", [(5, 13, "u")]),
        ("a < b <img src='u'/> <c", [(1, 17, "u")]),
        (r"\<img src='no'/>", []),
        ("<Video src='no'/> <Img src='no'/>", []),
        ("{{ a }} ![b](u)", [(1, 14, "u")]),
    ],
)
def test_images(body: str, found: list[Place]) -> None:
    assert places(body) == found


def test_sizes_and_texts() -> None:
    body = '<Image src="u" width={800} height="600" alt="t" /> <img src="v" alt={t} width={w} />'
    images = images_of(body.encode(), 1, BodyKind.MDX).images
    assert [(image.width, image.height, image.alt) for image in images] == [
        (800, 600, "t"),
        (None, None, "{t}"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        "<Image src={hero} />",
        "<Image src={`/a/${b}.png`} />",
        "<img srcSet={a.join(', ')} />",
        "<img src={require('./a.png').default} />",
        "![a]({b})",
    ],
)
def test_expressions_are_counted(body: str) -> None:
    images = images_of(body.encode(), 1, BodyKind.MDX)
    assert (images.images, images.templated) == ((), 1)
