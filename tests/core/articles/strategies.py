"""Articles as people write them, for hypothesis: all styles, and what editing each must give.

An article is generated as a list of parts. A part is text that must stay to the byte, or a `Slot`:
the one place of an entry that may change, with what it becomes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

BOOLEANS = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_FLAGS = [
    *BOOLEANS,
    *["yes", "off", '"true"', "'false'", "1", "null", "~", "", "maybe so"],
]
_SIZES = ["1", "640", "'480'", '"999999999"', "0", "012", "1e3", "-5", "wide", "1000000000", "~"]
_URLS = ["a.example/1.jpg", "\U0001f600.example/x", "example/\xfcn\xef?a=1&b=%2C", "e.org/a-#b"]
_TEXTS = ["plain", '"a \\t b"', "'it''s'", "\U0001f600 \U00024b62", '"{x: [y"', "0x1F"]
_COMMENTS = ["", "", "", "  ", " # note", "\t# \U0001f600: {x", " #"]
_BETWEEN = ["", "", "", "# a line\n", "\n", "          # isCached: false\n"]
# In a body each of them stands for the byte that Python decodes to it (PEP 383).
_ODD_BYTES = "\udc80\udce9\udcff\udcc3"
_BODIES = [
    *("", "\n", "Text \U0001f600\n---\nisCached: false\n", "no end", "\n\n---\n...\n"),
    *(_ODD_BYTES, f"caf\udce9\x00\n---\nisCached: {_ODD_BYTES}\n", f"\n\x0c{_ODD_BYTES}\n"),
]
_QUOTES = ["", "", "'", '"']
_SIZE_KEYS = ("width", "height")


@dataclass(frozen=True)
class Slot:
    """Where the flag of an entry stands, or would: `old` becomes `template` filled in."""

    entry: int
    old: str
    template: str
    value: bool | None

    def text(self, wanted: Mapping[int, bool]) -> str:
        flag = wanted.get(self.entry)
        if flag is None or flag is self.value:
            return self.old
        return self.template.format("true" if flag else "false")


@dataclass
class Written:
    """A generated article; `urls` are the raw texts of the entries' url values, in order."""

    parts: list[str | Slot] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    bom: bool = False
    newline: str = "\n"
    whole: bool = False

    def data(self, wanted: Mapping[int, bool] | None = None) -> bytes:
        texts = [part if isinstance(part, str) else part.text(wanted or {}) for part in self.parts]
        text = "".join(texts).replace("\n", self.newline)
        data = text.encode("utf-8", "surrogateescape")
        return (b"\xef\xbb\xbf" if self.bom else b"") + data

    @property
    def flags(self) -> list[bool | None]:
        slots = [part for part in self.parts if isinstance(part, Slot)]
        return [slot.value for slot in sorted(slots, key=lambda slot: slot.entry)]


@dataclass(frozen=True)
class _Item:
    """A pair of an entry: the key as spelt, and the raw value (of the flag too)."""

    name: str
    quote: str
    raw: str

    @property
    def key(self) -> str:
        return f"{self.quote}{self.name}{self.quote}"


class _Writer:
    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.written = Written()
        self.bases: list[bool | None] = []
        self.anchors = 0

    def add(self, *parts: str | Slot) -> None:
        self.written.parts += parts

    def one_of(self, choices: Sequence[str]) -> str:
        return self.draw(st.sampled_from(choices))

    def chance(self) -> bool:
        return self.draw(st.booleans())

    def base(self) -> None:
        """A mapping to merge, with or without a flag."""
        flag = self.one_of(["", *BOOLEANS])
        pair = f"isCached: {flag}" if flag else "alt: none"
        self.add(f"base{len(self.bases)}: &base{len(self.bases)} {{{pair}, width: 5}}\n")
        self.bases.append(BOOLEANS.get(flag))

    def items(self) -> tuple[list[_Item], bool | None]:
        """The pairs of an entry, its flag at any place or missing; and the effective flag."""
        quote = self.one_of(_QUOTES)
        url_quote = self.one_of(["", "'", '"'])
        items = [_Item("url", quote, f"{url_quote}https://{self.one_of(_URLS)}{url_quote}")]
        items += [_Item(key, quote, self.one_of(_SIZES)) for key in _SIZE_KEYS if self.chance()]
        extras = [_Item("alt", self.one_of(_QUOTES), self.one_of(_TEXTS))]
        flag: bool | None = None
        if self.bases and self.chance():
            index = self.draw(st.integers(0, len(self.bases) - 1))
            extras.append(_Item("<<", "", f"*base{index}"))
            flag = self.bases[index]
        if self.chance():
            extras.append(_Item("isCached", quote, self.one_of(_FLAGS)))
            flag = BOOLEANS.get(extras[-1].raw)
        for extra in extras[self.draw(st.integers(0, 1)) :]:
            items.insert(self.draw(st.integers(0, len(items))), extra)
        self.written.urls += [item.raw for item in items if item.name == "url"]
        return items, flag if any(i.name in {"<<", "isCached"} for i in items) else None

    def value(self, item: _Item, flag: bool | None) -> list[str | Slot]:
        """A pair as it is written; a flag that has no value gets one after its colon."""
        colon = ":" if item.quote == '"' and self.chance() else ": "
        if item.name != "isCached":
            return [f"{item.key}: {item.raw}"]
        entry = len(self.written.urls) - 1
        if not item.raw:
            return [f"{item.key}:", Slot(entry, "", " {}", None)]
        # Only JSON's flow style does without a blank; block entries are given one by `block`.
        return [f"{item.key}{colon}", Slot(entry, item.raw, "{}", flag)]

    def missing(self, before: str, neighbour: _Item, flag: bool | None) -> Slot:
        key = f"{neighbour.quote}isCached{neighbour.quote}"
        return Slot(len(self.written.urls) - 1, "", f"{before}{key}: {{}}", flag)

    def block(self, pad: str, anchor: str) -> None:
        gap = " " * self.draw(st.integers(1, 3))
        indent = pad + " " + gap
        items, flag = self.items()
        is_missing = all(item.name != "isCached" for item in items)
        neighbour = [i for name in ("url", *_SIZE_KEYS) for i in items if i.name == name][-1]
        self.add(f"{pad}-{f' {anchor}{chr(10)}{indent}' if anchor else gap}")
        for index, item in enumerate(items):
            parts = self.value(item, flag)
            if index:
                self.add(self.one_of(_BETWEEN) + indent)
            if isinstance(parts[0], str) and parts[0].endswith('":') and parts[1:]:
                # A block mapping wants a blank after its colon.
                slot = parts[1]
                parts[0] += " " if isinstance(slot, Slot) and slot.old else ""
            self.add(*parts, self.one_of(_COMMENTS))
            if is_missing and item is neighbour:
                self.add(self.missing("\n" + indent, item, flag))
            self.add("\n")

    def flow(self, pad: str) -> None:
        """`{...}`, on one line or several, with a comma too many now and then."""
        items, flag = self.items()
        self.add("{", self.one_of(["", " ", f"\n{pad}   "]))
        for index, item in enumerate(items):
            if index:
                self.add(self.one_of([", ", ",", f",\n{pad}   ", f", # c\n{pad}     "]))
            self.add(*self.value(item, flag), "" if item.raw else " ")
            if index == len(items) - 1 and all(item.name != "isCached" for item in items):
                self.add(self.missing(", ", item, flag))
        self.add(self.one_of(["", " ", ", ", f"\n{pad}   ", f" # c\n{pad}   "]), "}")

    def images(self, pad: str, shared: list[str]) -> None:
        """A list under `images`; the pad is that of its dashes."""
        if self.draw(st.integers(0, 4)) == 0:
            self.add("images: [")
            for _ in range(self.draw(st.integers(1, 2))):
                self.flow(pad)
                self.add(", ")
            self.add("]", self.one_of(_COMMENTS), "\n")
            return
        self.add("images:", self.one_of(_COMMENTS), "\n")
        for _ in range(self.draw(st.integers(1, 3))):
            anchor = f"&e{self.anchors}" if self.chance() else ""
            self.anchors += 1
            if self.chance():
                self.block(pad, anchor)
            else:
                self.add(f"{pad}- {anchor}{' ' if anchor else ''}")
                self.flow(pad)
                self.add(self.one_of(_COMMENTS), "\n")
            if anchor:
                shared.append(f"*{anchor[1:]}")
        if shared and self.chance():
            self.add(f"{pad}- {self.one_of(shared)}\n")

    def front_matter(self) -> None:
        self.add(f"title: {self.one_of(_TEXTS)}{self.one_of(_COMMENTS)}\n")
        for _ in range(self.draw(st.integers(0, 2))):
            self.base()
        shared: list[str] = []
        if self.chance():
            self.images(self.one_of(["", "  "]), shared)
        if self.chance():
            self.add("related:\n  - x: 1\n    ")
            self.images(self.one_of(["    ", "       "]), shared)
        self.add("provider:\n  name: 'x'\n  ")
        self.images("  ", shared)


@st.composite
def articles(draw: st.DrawFn) -> Written:
    """An article between fences, or a file that is YAML as a whole."""
    writer = _Writer(draw)
    written = writer.written
    written.bom = draw(st.booleans())
    written.newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    written.whole = draw(st.integers(0, 3)) == 0
    if written.whole:
        writer.add(writer.one_of(["", "---\n", "# top\n"]))
        writer.front_matter()
        last = written.parts[-1]
        if draw(st.booleans()) and isinstance(last, str):
            written.parts[-1] = last.removesuffix("\n")
        return written
    writer.add("---", writer.one_of(["", " ", "\t "]), "\n")
    writer.front_matter()
    writer.add(writer.one_of(["---", "..."]), writer.one_of(["", "  "]))
    body = writer.one_of(_BODIES)
    writer.add("\n" + body if body else "")
    return written
