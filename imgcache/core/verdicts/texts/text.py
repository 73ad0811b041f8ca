"""Texts of what can be found: what it means, an example, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from imgcache.core.verdicts.verdict import Evidence, Measured
from imgcache.model import Declared, Failure, Format, Size, Verdict

BRIDGE = "https://example.com/bridge.jpg"
_DECLARED = Declared(1600, 1035)


class Example(Struct, frozen=True):
    """An entry and what is known of its image, of which the program makes its own sentence.

    `wanted` are the keys of a site's rule that it breaks. `spelt` and `told` are for an article
    that can't be read: what stands in it, and what is said of that.
    """

    url: str = BRIDGE
    declared: Declared = _DECLARED
    evidence: Evidence = Evidence()
    wanted: Mapping[str, object] | None = None
    spelt: str | None = None
    told: str | None = None


class Text(Struct, frozen=True):
    """What is true of every such finding.

    `title` is a clause; `meaning` and `remedy` are sentences in Markdown. `clause` says at the end
    of a finding's message what to do; `remedy` is for where there is room for more than that.
    """

    title: str
    meaning: str
    clause: str
    example: Example
    remedy: str = ""

    @property
    def what_to_do(self) -> str:
        """The remedy, as a sentence."""
        return self.remedy or f"{self.clause[0].upper()}{self.clause[1:]}."


def failed(verdict: Verdict, detail: str, url: str = BRIDGE) -> Example:
    """An example in which the image did not come, or is of no use."""
    return Example(url, evidence=Evidence(failure=Failure(verdict, detail)))


def measured(width: int | None, height: int | None, actual: tuple[int, int]) -> Example:
    """An example in which a sound image has a size, and the entry declares one."""
    image = Measured(Size(*actual), Format.JPEG, 183_211)
    return Example(declared=Declared(width, height), evidence=Evidence(measured=image))
