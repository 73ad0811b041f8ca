"""How many elements the `use` elements of an SVG make, counted without making them.

A `use` shows a copy of the element that it names, with all that this contains, its `use` elements
included: a few hundred bytes are enough for a tree of billions (SVG 2 section 5.5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from msgspec import Struct, field

_USE = "{http://www.w3.org/2000/svg}use"
_XLINK = "{http://www.w3.org/1999/xlink}href"
# Enough to compare with any limit; numbers that double at each level would grow without end.
_COUNTLESS = 1 << 53


class _Part(Struct):
    """An element with an id, and what is in it down to the next such element."""

    elements: int = 0
    leads: list[int | str] | None = None

    def lead_to(self, part: int | str) -> None:
        """Another part is in it: by its number, or by its id through a `use`."""
        self.leads = self.leads or []
        self.leads.append(part)


class Uses(Struct):
    """The parts of a document, the root first, and which of them contain or use which."""

    _parts: list[_Part] = field(default_factory=list)
    _ids: dict[str, int] = field(default_factory=dict)
    _open: list[_Part] = field(default_factory=list)

    @property
    def depth(self) -> int:
        """How many elements have begun and not ended."""
        return len(self._open)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        is_part = "id" in attributes or not self._open
        part = self._begun(attributes) if is_part else self._open[-1]
        self._open.append(part)
        part.elements += 1
        if tag == _USE:
            href = attributes.get("href", attributes.get(_XLINK, ""))
            if href.startswith("#"):
                part.lead_to(unquote(href[1:]))

    def _begun(self, attributes: Mapping[str, str]) -> _Part:
        number = len(self._parts)
        if self._open:
            self._open[-1].lead_to(number)
        self._ids.setdefault(attributes.get("id", ""), number)
        self._parts.append(_Part())
        return self._parts[-1]

    def end(self) -> None:
        """The element that began last ends."""
        self._open.pop()

    def made(self) -> int:
        """How many copies of elements there are once all is copied; bounded, and never too many.

        A `use` within what it names is not followed, as browsers don't.
        """
        totals: dict[int, int] = {}
        ahead = [0] if self._parts else []
        while ahead:
            number = ahead[-1]
            if number not in totals:
                totals[number] = 0
                ahead += [lead for lead in self._leads(number) if lead not in totals]
                continue
            ahead.pop()
            if not totals[number]:
                copied = sum(totals.get(lead, 0) for lead in self._leads(number))
                totals[number] = min(self._parts[number].elements + copied, _COUNTLESS)
        return totals.get(0, 0) - sum(part.elements for part in self._parts)

    def _leads(self, number: int) -> Iterator[int]:
        for lead in self._parts[number].leads or ():
            found = self._ids.get(lead) if isinstance(lead, str) else lead
            if found is not None:
                yield found
