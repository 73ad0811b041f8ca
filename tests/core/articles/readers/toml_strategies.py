"""TOML as people write it, for hypothesis: each kind of key, value and table, in all styles."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

_SCALARS = [
    *("1", "+7", "-0", "1_000", "0xDE_ad", "0o17", "0b1_0", "99999999999999999999"),
    *("true", "false", "3.14", "-1e5", "6.626e-34", "inf", "-inf", "nan", "+nan", "1_0.5"),
    *("1979-05-27T07:32:00Z", "1979-05-27 07:32:00.999-07:00", "1979-05-27", "07:32:00.5"),
    *("''", '""', "''''''", '""""""', "'a \"b\" #c'", "'''it''s'''", "'''a''b'''''", '"""a"""""'),
    *('"""\n  a\n\n"""', '"""a \\\n\n   b"""', "'''\na\\\n'''", '"""x\\"""y"""', '"a\\\\"'),
    *('"\\u00e9\\U0001f600\\t\\"]}"', '"\U0001f600 é # = [x]"', '"https://a.example/?b=[c]&d={e}"'),
]
_BARE = ["a", "b-c", "D_9", "true", "1979-05-27", "3", "inf", "url", "width"]
_QUOTED = ['"a.b"', "'c d'", '"\\u00e9"', '"é\U0001f600"', '""', "'#='", '"<<"', "'[x]'", '"]"']
_BLANKS = ["", " ", "\t", "  "]
_GAPS = ["", " ", "\n", "\n\t\n", " # é\U0001f600 ]}\n", "\n# \"'''\n"]
_ENDS = ["\n", "\n", " # comment [x] = 'y\n", "\t\n\n", "\n# line\n  "]


@dataclass
class Written:
    """A generated text; `markers` are unique strings in it, as they are written."""

    text: str = ""
    markers: list[str] = field(default_factory=list)


class _Writer:
    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.markers: list[str] = []
        self.keys = 0

    def one_of(self, choices: list[str]) -> str:
        return self.draw(st.sampled_from(choices))

    def count(self, most: int) -> int:
        return self.draw(st.integers(0, most))

    def blank(self) -> str:
        return self.one_of(_BLANKS)

    def key(self) -> str:
        """A key that no other is equal to."""
        self.keys += 1
        key = self.one_of([*_BARE, *_QUOTED])
        quote = key[-1] if key[-1] in "\"'" else ""
        return f"{key.removesuffix(quote)}_{self.keys}{quote}" if quote else f"{key}_{self.keys}"

    def path(self, *, most: int = 2) -> str:
        parts = [self.key() for _ in range(1 + self.count(most))]
        return f"{self.blank()}.{self.blank()}".join(parts)

    def value(self, depth: int) -> str:
        kind = self.draw(st.integers(0, 9)) if depth else 9
        if kind == 0:
            return self.array(depth - 1)
        if kind == 1:
            return self.inline_table(depth - 1)
        if kind == 2:
            quote = self.one_of(["'", '"', "'''", '"""'])
            self.markers.append(f"{quote}https://a.example/é{len(self.markers)}.jpg{quote}")
            return self.markers[-1]
        return self.one_of(_SCALARS)

    def array(self, depth: int) -> str:
        items = [self.value(depth) for _ in range(self.count(3))]
        gaps = [self.one_of(_GAPS) for _ in range(2 * len(items) + 2)]
        comma = "," + self.one_of(_GAPS) if items and self.count(1) else ""
        inner = ",".join(gaps.pop() + item + gaps.pop() for item in items)
        return f"[{inner}{comma}{gaps.pop()}]"

    def inline_table(self, depth: int) -> str:
        pairs = [self.pair(depth) for _ in range(self.count(3))]
        return f"{{{self.blank()}{', '.join(pairs)}{self.blank()}}}"

    def pair(self, depth: int) -> str:
        return f"{self.path()}{self.blank()}={self.blank()}{self.value(depth)}{self.blank()}"

    def pairs(self) -> str:
        lines = [self.blank() + self.pair(2) + self.one_of(_ENDS) for _ in range(self.count(4))]
        return "".join(lines)

    def tables(self, path: str, depth: int) -> str:
        """Tables and lists of them below a path, with their own tables or with none."""
        parts = []
        for _ in range(self.count(2)):
            name = self.path()
            whole = f"{path}{self.blank()}.{name}" if path else name
            opening, closing = self.draw(st.sampled_from([("[", "]"), ("[[", "]]")]))
            for _ in range(1 if opening == "[" else 1 + self.count(2)):
                head = f"{self.blank()}{opening}{self.blank()}{whole}{self.blank()}{closing}"
                parts += [head, self.one_of(_ENDS), self.pairs()]
                if depth:
                    parts.append(self.tables(whole, depth - 1))
        return "".join(parts)


@st.composite
def texts(draw: st.DrawFn) -> Written:
    """A valid text."""
    writer = _Writer(draw)
    text = writer.one_of(_GAPS) + writer.pairs() + writer.tables("", 2)
    if draw(st.booleans()):
        text = text.rstrip("\n")
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return Written(text, writer.markers)


FRAGMENTS = [
    *("[", "[[", "]", "]]", "{", "}", "=", ".", ",", " ", "\n", "\r\n", "\r", "\t", "#", "\\"),
    *("'", '"', "'''", '"""', "a", "b", "a = 1\n", "b.a = {", "[a]\n", "[[b]]\n", "[a.b]\n"),
    *("1", "-", "_", "+inf", "true", "1979-05-27", " 07:32:00", "0x", "é", "\\u00e9", "\\\n"),
    *("\x00", "\x7f", "\u2028", "\ufeff", '"""x"""""', "'''y'''''", "[]", "{}", "a = [\n"),
]
