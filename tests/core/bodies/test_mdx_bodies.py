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
        # A destination in angle brackets is no tag.
        ("![a](<https://e.test/a b.png>)", [(1, 7, "https://e.test/a b.png")]),
        ("![a]( <http://e/a.png> 't')", [(1, 8, "http://e/a.png")]),
        ("![a][p]\n\n[p]: <https://e.test/a.png>", [(3, 7, "https://e.test/a.png")]),
        # What stands in an attribute's expression is shown as well, but no text in it.
        ("<Card icon={<img src='u' />} />", [(1, 23, "u")]),
        (
            "<Tabs items={[<img src='u' />, <b>{<Image src='v'/>}</b>]} />",
            [(1, 25, "u"), (1, 48, "v")],
        ),
        ("<img src='u' title={<img src='v' />} />", [(1, 11, "u"), (1, 31, "v")]),
        ("<Card t={\"<img src='no'/>\"} u={/* <img src='no'/> */ 1} />", []),
        # Code in a paragraph ends with its block.
        ("- Press ` key\n- <img src='u' /> and ` again", [(2, 13, "u")]),
        ("# Heading with `\n<img src='u'/> `", [(2, 11, "u")]),
        ("a `\n\n> b <img src='u'/> `", [(3, 15, "u")]),
        ("a `b\nc <img src='no'/>` d", []),
        ("> a `b\n> c <img src='no'/>` d", []),
        # And in fences with the quote or list item that they are in.
        ("> ```\n> <img src='no'/>\n\n<img src='v' />", [(4, 11, "v")]),
        ("- ```\n  <img src='no'/>\n\n  <b>\n- <img src='v' />", [(5, 13, "v")]),
        ("> ```\n> a\n\n```\n<img src='no' />\n```\n<img src='z' />", [(7, 11, "z")]),
        ("2.```\n<img src='u' />", [(2, 11, "u")]),
        ("**```js\n<img src='u' />", [(2, 11, "u")]),
        ("<Tabs>\n  <b>\n    ```md\n    ![a](no)\n    ```\n  </b>\n</Tabs>", []),
        # A text in braces is no Markdown, and a module neither.
        ("{'![a](no)'} {\"<img src='no' />\"} ![a](u)", [(1, 40, "u")]),
        ('export const m = { a: "![a](no)" }', []),
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
