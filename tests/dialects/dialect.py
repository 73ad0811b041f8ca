"""One way to write an image, and what browsers make of it: the table that all tests agree on.

The tables stand in this folder, a format a file. What they say of `size` is asked of a Chromium in
tests/browser/; that imgcache says the same is tested without one.
"""

from __future__ import annotations

from dataclasses import dataclass

from imgcache.model import Verdict

# Browsers tell a size and imgcache tells none.
UNSIZED = (-1, -1)


@dataclass(frozen=True)
class Dialect:
    """The bytes of a file, and what comes of them.

    Attributes:
        data: the whole file.
        size: naturalWidth x naturalHeight; None where browsers show nothing.
        verdict: what imgcache decides once all is decoded; OK where browsers show all of it.
        sized: the size that imgcache tells, where that is not `size`: of what is not shown, mostly.
        media_type: the label that browsers need.
        differs: why imgcache tells something else, as a heading of docs/browser-differences.md; of
            what is damaged and yet shown, `reason` knows.
        blank: whether browsers paint nothing, although they tell a size.
    """

    data: bytes
    size: tuple[int, int] | None
    verdict: Verdict = Verdict.OK
    sized: tuple[int, int] | None = None
    media_type: str = "application/octet-stream"
    differs: str | None = None
    blank: bool = False

    @property
    def told(self) -> tuple[int, int] | None:
        """The size that imgcache tells."""
        if self.sized == UNSIZED:
            return None
        return self.sized or self.size

    @property
    def agrees(self) -> bool:
        """Whether imgcache calls sound what browsers show, at the same size, and nothing else."""
        return self.told == (self.size or self.told) and (self.verdict is Verdict.OK) is (
            self.size is not None
        )

    @property
    def reason(self) -> str | None:
        """Why imgcache does not agree with browsers; None where it does."""
        if self.size == self.told and self.verdict in {Verdict.TRUNCATED, Verdict.CORRUPT}:
            return self.differs or "damaged images"
        return self.differs


def unpainted(data: bytes, size: tuple[int, int], verdict: Verdict = Verdict.CORRUPT) -> Dialect:
    """What browsers tell a size of and paint nothing of."""
    return Dialect(data, size, verdict, blank=True)


def refused(data: bytes, verdict: Verdict, sized: tuple[int, int] | None = None) -> Dialect:
    """What browsers don't show."""
    return Dialect(data, None, verdict, sized)
