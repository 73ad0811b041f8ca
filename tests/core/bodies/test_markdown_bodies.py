"""Markdown bodies, written in all ways: which images are found, and where."""

from __future__ import annotations

import pytest

from imgcache.core.bodies.images import BodyImage, BodyKind, images_of

Place = tuple[int, int, str]


def places(body: str | bytes, kind: BodyKind = BodyKind.MARKDOWN) -> list[Place]:
    data = body if isinstance(body, bytes) else body.encode()
    return [(image.line, image.column, image.url) for image in images_of(data, 1, kind).images]


def only(body: str) -> BodyImage:
    (image,) = images_of(body.encode(), 1, BodyKind.MARKDOWN).images
    return image


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("![a](u)", [(1, 6, "u")]),
        ('![a](u "t") ![b]( v )', [(1, 6, "u"), (1, 19, "v")]),
        ("![a](<u v>)", [(1, 7, "u v")]),
        ("![a]()", [(1, 6, "")]),
        ('![a](<> "t")', [(1, 7, "")]),
        ("![a](u(1).png)", [(1, 6, "u(1).png")]),
        (r"![a](u\(&amp;\_&auml;.png)", [(1, 6, "u(&_ä.png")]),
        ("![a\nb](u)", [(2, 4, "u")]),
        ("![a](\nu\n't')", [(2, 1, "u")]),
        ("![a](\n     >u)", [(2, 6, ">u")]),
        ("![`](`](u)", [(1, 9, "u")]),
        (r"![a\](b](u)", [(1, 10, "u")]),
        ("![a [b](no)](u)", [(1, 14, "u")]),
        ("[![a](u)](no)", [(1, 7, "u")]),
        ("äö€😀 ![ä](ü)", [(1, 11, "ü")]),
        ("# ![a](u)", [(1, 8, "u")]),
        ("![a](u)\n===", [(1, 6, "u")]),
        ("> ![a](u)\n> > ![b](\n> > v)", [(1, 8, "u"), (3, 5, "v")]),
        ("> ![a](u)\nlazy ![b](v)", [(1, 8, "u"), (2, 11, "v")]),
        ("- a\n  1. ![b](u)\n\n     ![c](v)", [(2, 11, "u"), (4, 11, "v")]),
        ("-\t![a](u)\n\n\t![b](v)", [(1, 8, "u"), (3, 7, "v")]),
        ("|a|b|\n|-|-|\n|![x](u\\|v)|![y](w)|", [(3, 7, "u|v"), (3, 18, "w")]),
        ("[^1]\n\n[^1]: ![a](u)", [(3, 12, "u")]),
        ("a\r\n\r\n![a](u)\r\n![b](v)", [(3, 6, "u"), (4, 6, "v")]),
        ("a\r![a](u)", [(1, 8, "u")]),
        ("\ufeff![a](u)", [(1, 7, "u")]),
        (b"\xe9\xff ![a](\xe9)", [(1, 9, "\ufffd")]),
        ("\0![\0](u\0)", [(1, 7, "u\ufffd")]),
    ],
)
def test_inline_images(body: str | bytes, found: list[Place]) -> None:
    assert places(body) == found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("![a][r]\n\n[r]: u", [(3, 6, "u")]),
        ("![r] ![R][] ![a][ r ]\n\n[r]: u 't'", [(3, 6, "u")]),
        ("[r]: u\n[r]: no\n\n![r]", [(1, 6, "u")]),
        ("![a b]\n\n> [a\n> b]:\n> <u v>", [(5, 4, "u v")]),
        ("[q\\]: no]: u\n\n![q\\]: no]", [(1, 12, "u")]),
        ("[r]: no\n\n[r] ![none]", []),
        ("```\n[r]: no\n```\n\n![r]", []),
        ("![a]\n\n- [a]: &lt;\n\n![a]", [(3, 8, "<")]),
    ],
)
def test_what_references_use_stands_in_the_definition(body: str, found: list[Place]) -> None:
    assert places(body) == found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('a <img src="u"> b', [(1, 13, "u")]),
        ("<div>\n<p><img\n  src=u></p>\n![no](no)\n</div>", [(3, 7, "u")]),
        ('> <div>\n> <img\n> src="u"></div>', [(3, 8, "u")]),
        ('> a <img\n>   src="u"> b', [(2, 10, "u")]),
        ("- a\n\n  <div>\n\t<img src=u>", [(4, 11, "u")]),
        ("<div><!--\n\n![no](no)\n\n<p>--><img src=u>", [(5, 16, "u")]),
        ("<template>\n\n![no](no)\n\n</template>\n\n![a](u)", [(7, 6, "u")]),
        ("a <noscript><img src=u></noscript>", [(1, 22, "u")]),
        ("![a <img src=no> b](u)", [(1, 21, "u")]),
    ],
)
def test_raw_html(body: str, found: list[Place]) -> None:
    assert places(body) == found


@pytest.mark.parametrize(
    "body",
    [
        "`![a](u)` `<img src=u>`",
        "``\n![a](u)\n``",
        "```\n![a](u)\n\n<img src=u>\n```",
        "~~~md\n![a](u)",
        "> ```\n> ![a](u)\n\n1. b\n\n   ```\n   ![a](u)\n\n   ![a](u)\n   ```",
        "    ![a](u)",
        "a\n\n\t<img src=u>",
        "<!-- ![a](u)\n\n<img src=u> -->",
        "<script>\n\n![a](u)\n\n'<img src=u>'</script>",
        "<style>![a](u)</style>",
        "a <textarea> <img src=u> ![a](u) </textarea>",
        r"!\[a](u) \![a](u",
        "[a](u)",
        "![a] (u)",
        "<a title='<img src=u>'>",
        "",
    ],
)
def test_code_comments_and_templates_are_left_alone(body: str) -> None:
    assert places(body) == []


@pytest.mark.parametrize(
    ("body", "alt"),
    [
        ("![](u)", ""),
        ("![a *b* `c` &amp; [d](e) ![f](g)\nh](u)", "a b c & d f h"),
        ("![a\\*](u)", "a*"),
        ("![{{ a }}](u)", "{{ a }}"),
        ("![a][r] ![b][r]\n\n[r]: u", "a"),
        ("<img src=u>", None),
        ("<img src=u alt>", ""),
        ("<img src=u alt='&quot;a{{ b }}'>", "&quot;a{{ b }}"),
    ],
)
def test_alternative_texts(body: str, alt: str | None) -> None:
    assert only(body).alt == alt


@pytest.mark.parametrize(
    "body",
    [
        '![a](https://x/y.png align="center")',
        '![a](https://x/y.png  align="left" )',
        '- ![a](https://x/y.png align="center") b',
    ],
)
def test_hashnodes_align_is_no_part_of_the_url(body: str) -> None:
    assert places(body) == [(1, body.index("https") + 1, "https://x/y.png")]


@pytest.mark.parametrize(
    ("body", "templated", "found"),
    [
        ("![a]({{ site.url }}/a.png) ![b](v)", 1, [(1, 33, "v")]),
        ('![a]({{ "/a.png" | relative_url }}) ![b](v)', 1, [(1, 42, "v")]),
        ("![a]({% link a.png %})\n![b](v)", 1, [(2, 6, "v")]),
        ("![a](<%= a %>)", 1, []),
        ("![a](x/{{ a }}.png)", 1, []),
        ('<img src="{{ "a" | b }}" srcset="{{ c }} 1x, d 2x">', 2, [(1, 46, "d")]),
        ('{{< figure src="a.png" >}}\n![b](v)', 1, [(2, 6, "v")]),
        ('{{< figure\n  src="a.png"\n>}} ![b](v)', 1, [(3, 10, "v")]),
        ("{% include figure.html url='a.png' %}", 1, []),
        ("`{{< figure src=a >}}`\n\n```\n{% image a.png %}\n```", 0, []),
        ('{{</* figure src="a.png" */>}}', 0, []),
        ("{{ page.title }} {% if a %} ![b](v) {% endif %}", 0, [(1, 34, "v")]),
        ("![r]\n\n[r]: {{ a }}", 1, []),
        ("{{ \n\n![b](v) }}", 0, [(3, 6, "v")]),
        # Marks that are told of hide no image between them.
        ("Use `{{` to open:\n![b](v)\nand `}}` to close", 0, [(2, 6, "v")]),
        ("{{ ![b](v) {{ a }}", 0, [(1, 9, "v")]),
        ("<Image src={a.src} />", 1, []),
    ],
)
def test_urls_with_template_marks_are_counted(
    body: str, templated: int, found: list[Place]
) -> None:
    images = images_of(body.encode(), 1, BodyKind.MARKDOWN)
    assert images.templated == templated
    assert places(body) == found


def test_lines_count_from_the_first_line_of_the_body() -> None:
    (image,) = images_of(b"---\n\n![a](u)\n", 7, BodyKind.MARKDOWN).images
    assert (image.line, image.column) == (9, 6)
