"""Bodies made to be expensive: they are read to their end, and nothing is raised."""

from __future__ import annotations

import pytest

from imgcache.config import LimitSettings
from imgcache.core.articles.entries import read
from imgcache.core.articles.places.machine import places_of
from imgcache.core.bodies.images import BodyKind, images_of
from imgcache.errors import ArticleError

_UNITS = [
    "![", "![](", "![](u)", "![a][b]\n\n", "[", "`", "``` ", "```a`\n", "```\n\n", "<img", "<img ",
    "<img src=a>", '<img src="', "<!-- ", "<!-->", "<?", "<%", "{{", "{{ a }}", "{% a b.png %}",
    "\0", "\r", "](", '](u align="c")', "<script>", "<svg>", "<template>", "<pre>\n\n", '<a b="',
    "<a {", "<a b={`", "{/*", "- ![](u)\n\n", "> ", "[a]: u\n", "[^a]: x\n\n", "import a\n",
    "é![ü](u)",
]  # fmt: skip
_LONG = 20_000


@pytest.mark.parametrize("kind", BodyKind)
@pytest.mark.parametrize("unit", _UNITS)
def test_repetitions_are_read(unit: str, kind: BodyKind) -> None:
    images = images_of((unit * (_LONG // len(unit))).encode(), 1, kind)
    assert len(images.images) + images.templated <= _LONG


def test_as_many_images_as_a_body_has() -> None:
    body = b"![](u)" * 5_000 + b"<img srcset='" + b"v 1x," * 5_000 + b"'>"
    assert len(images_of(body, 1, BodyKind.MARKDOWN).images) == 10_000


def test_depth_costs_no_recursion() -> None:
    deep = 5_000
    body = "> " * 50 + "![" * deep + "x" + "](u)" * deep
    (image,) = images_of(body.encode(), 1, BodyKind.MARKDOWN).images
    assert image.alt == "x"


def test_code_in_quotes_in_code_ends_somewhere() -> None:
    """MDX has no code by indents, so that each line of it is read, and may again hold some."""
    body = "    " + ">     " * 2_000 + "![a](x)\n"
    assert images_of(body.encode(), 1, BodyKind.MDX).images == ()
    body = "    " + ">     " * 5 + "![a](x)\n"
    assert len(images_of(body.encode(), 1, BodyKind.MDX).images) == 1


@pytest.mark.parametrize("kind", BodyKind)
def test_more_images_than_the_limit_are_an_error_with_its_line(kind: BodyKind) -> None:
    body = "\n\n".join(["<img src='{{ a }}' />", *["<img src='u' />"] * 4]).encode()
    assert len(images_of(body, 1, kind, most=4).images) == 4
    with pytest.raises(ArticleError, match=r"more than 3 images \(limits\.nodes\)") as caught:
        images_of(body, 11, kind, most=3)
    assert caught.value.line == 19


def test_the_limit_is_that_of_the_settings() -> None:
    text = b"---\na: b\n---\n\n![](u)\n![](v)\n![](w)\n![](x)\n"
    with pytest.raises(ArticleError, match="more than 3 images") as caught:
        read(
            text,
            whole=False,
            places=places_of(None),
            limits=LimitSettings(nodes=3),
            body=BodyKind.MARKDOWN,
        )
    assert caught.value.line == 8
