"""Generated bodies: each image is found entry for entry, line for line, column for column."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from imgcache.core.bodies.attributes import decoded
from imgcache.core.bodies.destinations import meaning
from imgcache.core.bodies.images import BodyKind, images_of
from imgcache.core.bodies.source import Source

# The place of a URL is marked in what is generated, and taken out before it is read.
_MARK = "\N{PILCROW SIGN}"
_WORDS = st.sampled_from(
    ["a", "é 😀", "*b*", "[l](no)", "`![c](no)`", "d  e", "\\!", "&lt;", "1 < 2"]
)
_URLS = st.sampled_from(["https://x.org/a.png", "/b(1).png", "ü.png", "c&amp;d", "e\\_f", "a?b=c"])
_HTML_URLS = st.sampled_from(["https://x.org/a.png", "/b(1).png", "ü.png", "c&amp;d", "a,b?c=d&e"])
_TEXT = st.lists(_WORDS, min_size=1, max_size=3).map(" ".join)


@st.composite
def _spans(draw: st.DrawFn) -> str:
    """An image within a line, its URL marked."""
    url, other = _MARK + draw(_URLS), _MARK + draw(_HTML_URLS)
    second = _MARK + draw(_HTML_URLS)
    return draw(
        st.sampled_from(
            [
                f"![{draw(_TEXT)}]({url})",
                f"![]( <{url}> 't')",
                f'![a]({url} align="center")',
                f"[![a]({url})](no)",
                f'<img alt=">" src="{other}" width=3>',
                f"<img srcset='{other} 1x, {second} 20w'>",
                f"<a href=no><IMG\tsrc={_MARK}ü.png ></a>",
            ]
        )
    )


# A tag that has a line to itself would make all up to a blank line raw HTML.
_LINES = st.one_of(_TEXT, st.builds("{} {} {}".format, _TEXT, _spans(), _TEXT))
_PARAGRAPHS = st.lists(_LINES, min_size=1, max_size=3).map("\n".join)
_NO_IMAGES = st.sampled_from(
    [
        "```md\n![a](no)\n\n<img src=no>\n```",
        "~~~\n![a](no)\n~~~",
        "<!-- ![a](no)\n\n<img src=no> -->",
        "<template>\n\n![a](no)\n\n</template>",
        "<script>\n\n'<img src=no>'\n\n</script>",
        # Behind a list it would be a part of its last item.
        "---\n\n    ![a](no)",
    ]
)


def _quoted(block: str) -> str:
    return "\n".join(f"> {line}" for line in block.split("\n"))


def _listed(block: str) -> str:
    first, *others = block.split("\n")
    return "\n".join([f"10. {first}", *(f"    {line}" if line else "" for line in others)])


_BLOCKS = st.recursive(
    st.one_of(
        _PARAGRAPHS,
        _NO_IMAGES,
        _spans().map(lambda span: f"## {span}"),
        _spans().map(lambda span: f"|a|b|\n|-|-|\n|{span}|c|"),
        _spans().map(lambda span: f"<div>\n<p>{span}</p>\n</div>").filter(lambda t: "![" not in t),
        _URLS.map(
            lambda url: f"![r][{url.encode().hex()}]\n\n[{url.encode().hex()}]: {_MARK}{url}"
        ),
    ),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        .map("\n\n".join)
        .flatmap(lambda block: st.sampled_from([_quoted(block), _listed(block)]))
    ),
    max_leaves=6,
)
_BODIES = st.lists(_BLOCKS, max_size=8).map("\n\n".join)
_ENDS = st.sampled_from(["\n", "\r\n"])


def _marked(body: str) -> list[tuple[int, int]]:
    places = []
    for number, line in enumerate(body.split("\n"), 1):
        for before, match in enumerate(re.finditer(_MARK, line)):
            places.append((number, match.start() + 1 - before))
    return places


@given(_BODIES, _ENDS)
def test_each_image_is_found_at_its_place(body: str, end: str) -> None:
    body = _unrepeated(body)
    written = body.replace(_MARK, "").replace("\n", end).encode()
    images = images_of(written, 1, BodyKind.MARKDOWN).images
    assert [(image.line, image.column) for image in images] == _marked(body)


def _unrepeated(body: str) -> str:
    """Only the first definition of a label is one that counts."""
    seen: set[str] = set()

    def first(match: re.Match[str]) -> str:
        known = match[1] in seen
        seen.add(match[1])
        return match[0].replace(_MARK, "") if known else match[0]

    return re.sub(rf"\[(\w+)\]: {_MARK}", first, body)


_PIECES = st.sampled_from(
    [
        "![", "](", ")", "[", "]", "<", ">", "<img ", "src=", "srcset=", '"', "'", "\n", "\n\n",
        "`",
        "```", "\\", "&amp;", "&", "<!--", "-->", "{{", "}}", "{%", "%}", " ", "  ", "    ",
        "\t", "- ",
        "> ", "|", "|-|", ": ", "a", "é", "\ud7ff", "\0", "\r", "\r\n", "u.png", " 2x", ",",
        " 100w",
        "<template>", "</template>", "<script>", "</script>", "<svg>", "<source ", "<picture>", "{",
        "}", "<Image ", "/>", "import ", "[^1]", "[r]: ", ' align="center"', "1. ", "#", "<%", "%>",
    ]
)  # fmt: skip
_ANYTHING = st.one_of(
    st.text().map(str.encode), st.binary(), st.lists(_PIECES).map("".join).map(str.encode)
)


@given(body=_ANYTHING, braces=st.booleans())
@example(body=b"{% .png%}", braces=True)
@example(body=b"{%\nu.png%}", braces=True)
def test_masks_keep_all_places(body: bytes, *, braces: bool) -> None:
    source = Source.of(body, braces=braces)
    assert len(source.text) == len(source.original)
    breaks = [match.start() for match in re.finditer("\n", source.original)]
    assert all(source.text[place] == "\n" for place in breaks)


@given(_ANYTHING, st.sampled_from(BodyKind))
@example(b"![a](\n>u)", BodyKind.MARKDOWN)
def test_where_an_image_is_reported_its_url_is_written(body: bytes, kind: BodyKind) -> None:
    lines = body.decode(errors="replace").replace("\r\n", "\n").split("\n")
    for image in images_of(body, 1, kind).images:
        rest = lines[image.line - 1][image.column - 1 :]
        assert _begins_with(rest, image.url), (image, rest)


def _begins_with(written: str, url: str) -> bool:
    """Whether a text begins with a URL as Markdown or HTML writes it."""
    first = url.split("\n", maxsplit=1)[0]
    written = written.replace("\0", "\ufffd")
    readings = (meaning, lambda part: decoded(part, 0, len(part)).text, str)
    return any(
        read(written[:end]).startswith(first.split("\r", maxsplit=1)[0])
        for end in range(len(written) + 1)
        for read in readings
    )


def _urls(tokens: list[Token]) -> list[str]:
    urls: list[str] = []
    for token in tokens:
        if token.type == "image":
            urls.append(str(token.attrs["src"]))
        elif token.children:
            urls += _urls(token.children)
    return urls


def _second_opinion() -> MarkdownIt:
    parser = MarkdownIt("commonmark")
    parser.normalizeLink = str  # type: ignore[method-assign,assignment]
    parser.validateLink = bool  # type: ignore[method-assign,assignment]
    return parser


_MARKDOWN = st.sampled_from(
    [
        "![", "](", ")", "[", "]", "\n", "\n\n", "`", "```", "\\", "&amp;", " ", "    ", "\t",
        "- ", "> ", "a", "é", "u.png", "1. ", "# ", "*", "_", "<", ">", '"', "(",
        "![a](u)", "![b](<w x>)", "\n---\n",
    ]
)  # fmt: skip


@given(st.lists(_MARKDOWN, max_size=30).map("".join))
def test_another_parser_of_commonmark_sees_the_same_images(body: str) -> None:
    images = images_of(body.encode(), 1, BodyKind.MARKDOWN).images
    assert {image.url for image in images} == set(_urls(_second_opinion().parse(body)))
