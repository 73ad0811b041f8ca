"""What is read of a Markdown body's segments is what is read of the body as a whole."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imgcache.core.bodies.definitions import Definitions
from imgcache.core.bodies.elements import Elements
from imgcache.core.bodies.events import MarkdownEvents
from imgcache.core.bodies.finds import Find
from imgcache.core.bodies.markdown import MarkdownReader
from imgcache.core.bodies.segments import read_segments
from imgcache.core.bodies.source import Source

LINES = st.sampled_from(
    [
        "", "", "", "", "text", "![a](u)", "![a][r]", "![r]", "  ![a](v)", "    ![a](w)",
        "\t![a](x)",
        "```", "```js", "``` `x", "````", "~~~", "  ```", "   ~~~", "    ```", "x ``` y", "- ```",
        "- a", "- ![a](y)", "1. b", "  c", "> q", "> ```", "> ![a](z)", "> - ![a](s)", "# h",
        "---", "===",
        "<div>", "</div>", "<!--", "-->", "<!-- x -->", "<script>", "</script>", "<pre>", "</pre>",
        "<style>", "</style>", "<template>", "</template>", "<textarea>", "</textarea>", "<?", "?>",
        "<!X", "<![CDATA[", "]]>", "a <img src=i> b", "<img src=j>", "<img", "src=k>", "<svg>",
        "</svg>",
        "  <!--", "- <!--", "> <div><!--", "<table><!--", "<picture>", "<source srcset=l>",
        "</picture>", "<img src=m alt=n>", "[r]: d", "[r]: e", "> [s]: f", "[s]:", "g", "![s]",
        "[^1]: n",
        "    ![a](o)", "[^1]", "![^1]", "a|b", "-|-", "![a](p)|c", "`", "``", "[", "](", "\\",
        "<title>",
        "<https://x/>", '![a](q "', 't")', "[r", "]: h", " ", "   ", "{{ a }}", "{% b.png %}",
    ]
)  # fmt: skip
BODIES = st.lists(LINES, max_size=24).map("\n".join)


def whole(source: Source) -> list[Find]:
    elements, definitions = Elements(source), Definitions(source.text)
    events = MarkdownEvents(source, elements, definitions, jsx=False)
    events.read(source.text, 0)
    return sorted([*events.finds, *definitions.used(), *elements.done()])


@given(BODIES)
@example("- a\n```\n![a](no)\n\n![a](no)\n```\n\n![a](u)")
@example("<div>\n```\n\n![a](u)\n\n```\n")
@example("![a](u)\n```\n\n![a](no)\n")
@example("<div><!--\n\n![a](no)\n\n<p>-->\n\n![a](u)")
@example("<pre>\n\n![a](no)\n\n</pre>")
@example("   ```\n\n![a](no)\n\n```\n\n![a](u)")
@example("<div>![a](no)\n```\n\n![a](u)")
@example("![a](u) ``` c\n```d` ![b](v) ```")
@example("[r]: d\n\n[r]: e\n![r]")
def test_segments_mean_alone_what_they_mean_together(body: str) -> None:
    source = Source.of(body.encode(), braces=True)
    assert sorted(MarkdownReader(source, jsx=False).finds()) == whole(source)


def spans(text: str) -> list[str]:
    found: list[str] = []

    def read(start: int, end: int) -> None:
        found.append(text[start:end])

    read_segments(text, read)
    return found


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ("text\n\nmore\n", []),
        ("a\n\n![b](c)\n\nd\n", ["![b](c)\n\n"]),
        ("a\n\n- b\n\n  ![c](d)\n\ne\n", ["- b\n\n  ![c](d)\n\n"]),
        ("```\n\n![no](no)\n\n```\n\na\n", []),
        ("![a](b)\n```\nc\n\nd\n```\n", ["![a](b)\n"]),
    ],
)
def test_what_can_hold_no_image_is_not_read(body: str, read: list[str]) -> None:
    assert spans(body) == read


def test_a_block_that_goes_on_has_the_rest_read_at_once() -> None:
    text = "<pre>\n\n![a](b)\n\n</pre>\n\n![c](d)\n"
    asked: list[tuple[int, int]] = []

    def read(start: int, end: int) -> int | None:
        asked.append((start, end))
        return start if end < len(text) else None

    read_segments(text, read)
    assert asked == [(0, 7), (0, len(text))]
