"""Articles with images at places of all kinds, for hypothesis, and what editing them must give.

As in tests/core/articles/strategies.py an article is a list of parts: text that must stay to the
byte, and the slots in which a flag stands or would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from imgcache.config_images import USUAL, ImagePlace
from imgcache.core.articles.places.machine import places_of
from tests.core.articles.strategies import BOOLEANS, Slot, Written

# Whether an entry without the flag gets one follows from the place; strings never do.
PLACES = places_of(
    (
        ImagePlace(at="cover", url=("image", "src"), width="width", cached="kept"),
        ImagePlace(at="gallery[]", url=("src",), width="o.w", height="o.h", cached="o.kept"),
        ImagePlace(at="authors.*", url=("image_url",), cached="kept", add=False),
        ImagePlace(at="", url=("og_image",), width="og_width", cached="og_kept"),
        ImagePlace(at="shots[]", url=("f.url",), width="w"),
        USUAL,
    )
)
_FLAGS = [*BOOLEANS, "yes", '"true"', "null", ""]
_RAWS = ["1", "'480'", "wide", "plain", '"a \\t b"', "\U0001f600 x", "0x1F"]
_COMMENTS = ["", "", " # note", "\t# {x", "  "]
_BETWEEN = ["", "", "# kept: true\n", "\n"]
_URLS = ["a.example/1.jpg", "\U0001f600.example/x", "example/\xfcn?a=1&b=%2C", "e.org/a-#b"]


@dataclass
class _Pair:
    """A key of a mapping and its value: raw text, the flag of an entry, or a mapping."""

    key: str
    value: str | _Flag | list[_Pair]


@dataclass
class _Flag:
    """A flag as it stands; None where it is missing and would be added here."""

    entry: int
    raw: str | None


class _Writer:
    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.written = Written()
        self.root: list[tuple[str, str | _Flag]] = []

    def one_of(self, choices: Sequence[str]) -> str:
        return self.draw(st.sampled_from(choices))

    def chance(self) -> bool:
        return self.draw(st.booleans())

    def add(self, *parts: str | Slot) -> None:
        self.written.parts += parts

    def url(self) -> str:
        quote = self.one_of(["", "'", '"'])
        raw = f"{quote}https://{self.one_of(_URLS)}{quote}"
        self.written.urls.append(raw)
        return raw

    def fields(
        self, url: str, sides: Sequence[str], flag: str | None, *, adds: bool
    ) -> list[_Pair]:
        """The pairs of an entry, or of a part of it, with the flag at any place or missing."""
        pairs = [_Pair(url, self.url())] if url else []
        pairs += [_Pair(side, self.one_of(_RAWS)) for side in sides if self.chance()]
        entry = len(self.written.urls) - 1
        if not pairs or self.chance():
            pairs.insert(self.draw(st.integers(0, len(pairs))), _Pair("alt", self.one_of(_RAWS)))
        if flag and self.chance():
            at = self.draw(st.integers(0, len(pairs)))
            pairs.insert(at, _Pair(flag, _Flag(entry, self.one_of(_FLAGS))))
        elif flag and adds:
            known = [pair for name in (url, *sides) for pair in pairs if pair.key == name]
            at = pairs.index(known[-1] if known else pairs[-1])
            pairs.insert(at + 1, _Pair(flag, _Flag(entry, None)))
        else:
            self.written.parts.append(Slot(entry, "", "", None))
        return pairs

    def slot(self, key: str, flag: _Flag) -> tuple[str, Slot]:
        """A flag that stands, with what stands before it."""
        if not flag.raw:
            return f"{key}:", Slot(flag.entry, "", " {}", None)
        return f"{key}: ", Slot(flag.entry, flag.raw, "{}", BOOLEANS.get(flag.raw))

    def flow(self, pairs: Sequence[_Pair]) -> None:
        """`{...}`; a flag that is added stands at its end."""
        added = [pair for pair in pairs if isinstance(pair.value, _Flag) and pair.value.raw is None]
        quote = self.one_of(["", "'", '"'])
        self.add("{", self.one_of(["", " "]))
        for index, pair in enumerate(pair for pair in pairs if pair not in added):
            if index:
                self.add(self.one_of([", ", ","]))
            key = f"{quote}{pair.key}{quote}"
            if isinstance(pair.value, _Flag):
                self.add(*self.slot(key, pair.value), " ")
            elif isinstance(pair.value, str):
                self.add(f"{key}: {pair.value}")
            else:
                self.add(f"{key}: ")
                self.flow(pair.value)
        for pair in added:
            assert isinstance(pair.value, _Flag)
            self.add(Slot(pair.value.entry, "", f", {quote}{pair.key}{quote}: {{}}", None))
        self.add(self.one_of(["", " ", ","]), "}")

    def block(self, pairs: Sequence[_Pair], pad: str, first: str) -> None:
        """Lines; the first one begins with `first`."""
        quote = self.one_of(["", "'", '"'])
        for index, pair in enumerate(pairs):
            key, following = f"{quote}{pair.key}{quote}", pairs[index + 1 : index + 2]
            if isinstance(pair.value, _Flag) and pair.value.raw is None:
                continue
            self.add(self.one_of(_BETWEEN) + pad if index else first)
            if isinstance(pair.value, _Flag):
                self.add(*self.slot(key, pair.value))
            elif isinstance(pair.value, str):
                self.add(f"{key}: {pair.value}")
            elif self.chance():
                self.add(f"{key}: ")
                self.flow(pair.value)
            else:
                self.add(f"{key}:\n")
                self.block(pair.value, pad + "   ", pad + "   ")
                continue
            self.add(self.one_of(_COMMENTS))
            if following and isinstance(following[0].value, _Flag):
                self.add_missing(following[0], pad, quote)
            self.add("\n")

    def add_missing(self, pair: _Pair, pad: str, quote: str) -> None:
        """Where a flag would be added: behind the line before it."""
        assert isinstance(pair.value, _Flag)
        if pair.value.raw is None:
            template = f"\n{pad}{quote}{pair.key}{quote}: {{}}"
            self.add(Slot(pair.value.entry, "", template, None))

    def string(self) -> str:
        raw = self.url()
        self.add(Slot(len(self.written.urls) - 1, "", "", None))
        return raw

    # The parts of a front matter, each at its own place.

    def cover(self) -> None:
        if self.chance():
            self.add(f"cover: {self.string()}{self.one_of(_COMMENTS)}\n")
            return
        pairs = self.fields(self.one_of(["image", "src"]), ["width"], "kept", adds=True)
        self.add("cover:\n")
        self.block(pairs, "  ", "  ")

    def gallery(self) -> None:
        self.add("gallery:\n")
        for _ in range(self.draw(st.integers(1, 3))):
            if self.chance():
                self.add(f"- {self.string()}\n")
                continue
            pairs = [_Pair("src", self.url())]
            if self.chance():
                pairs.append(_Pair("o", self.fields("", ["w", "h"], "o.kept"[2:], adds=True)))
            else:
                self.add(Slot(len(self.written.urls) - 1, "", "", None))
            if self.chance():
                self.block(pairs, "   ", "-  ")
            else:
                self.add("- ")
                self.flow(pairs)
                self.add("\n")

    def authors(self) -> None:
        self.add("authors:\n")
        for name in ("ann", '"b.c"')[: self.draw(st.integers(1, 2))]:
            pairs = self.fields("image_url", ["width"], "kept", adds=False)
            if self.chance():
                self.add(f"  {name}: ")
                self.flow(pairs)
                self.add("\n")
            else:
                self.add(f"  {name}:\n")
                self.block(pairs, "    ", "    ")

    def og(self) -> None:
        self.block(self.fields("og_image", ["og_width"], "og_kept", adds=True), "", "")

    def shots(self) -> None:
        self.add("shots:\n")
        for _ in range(self.draw(st.integers(1, 2))):
            pairs = [_Pair("f", self.fields("url", ["kept", "isCached"], None, adds=False))]
            self.block(pairs, "  ", "- ")

    def usual(self) -> None:
        self.add("related:\n- images:\n")
        for _ in range(self.draw(st.integers(1, 2))):
            pairs = self.fields("url", ["width", "height"], "isCached", adds=True)
            self.block(pairs, "    ", "  - ")


_PARTS: list[Callable[[_Writer], None]] = [
    _Writer.cover,
    _Writer.gallery,
    _Writer.authors,
    _Writer.og,
    _Writer.shots,
    _Writer.usual,
]


@st.composite
def articles(draw: st.DrawFn) -> Written:
    """An article with some of the places, in any order."""
    writer = _Writer(draw)
    written = writer.written
    written.bom, written.newline = draw(st.booleans()), draw(st.sampled_from(["\n", "\r\n"]))
    written.whole = draw(st.integers(0, 3)) == 0
    writer.add("" if written.whole else "---\n", "title: plain\n")
    chosen = draw(st.lists(st.sampled_from(_PARTS), min_size=1, unique=True))
    for part in chosen:
        part(writer)
    if not written.whole:
        writer.add("---\n", writer.one_of(["", "Text\n---\nkept: false\n", "\udce9\udcff\n"]))
    return written
