"""Findings at an image entry, as renderers see them: its verdict, and rules that it breaks."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from imgcache.model import Breach, Severity, Verdict

# The severities that are listed; the rest is only counted.
LISTED = (Severity.ERROR, Severity.WARNING)
# They tell nothing of the image itself: all that a run has of one of them are told at once.
OF_THE_RUN = frozenset({Verdict.NOT_CHECKED, Verdict.NOT_CACHED})
# So many places of what stands in several are named.
PLACES = 10


class Health(StrEnum):
    """How an image fares, by the worst that was found of it; worst first."""

    ERROR = "error"
    WARNING = "warning"
    IGNORED = "ignored"
    WELL = "well"

    @classmethod
    def of(cls, severity: Severity | None) -> Health:
        """The one that goes with a severity of an entry."""
        return _HEALTH[severity]


_HEALTH = {
    None: Health.WELL,
    Severity.ERROR: Health.ERROR,
    Severity.WARNING: Health.WARNING,
    Severity.IGNORE: Health.IGNORED,
}


class BrokenRule(Struct, frozen=True):
    """A rule of the site that an entry breaks, and how.

    `known`: the baseline lists it, so that it does not count.
    """

    rule: str
    breach: Breach
    severity: Severity
    message: str
    known: bool = False


class Finding(Struct, frozen=True):
    """One thing that was found at an entry: its verdict, or (then with its name) a broken rule."""

    name: Verdict | Breach
    severity: Severity
    message: str
    rule: str | None = None
    known: bool = False

    @property
    def code(self) -> str:
        """The stable number of its verdict or breach."""
        return self.name.code or ""

    @property
    def title(self) -> str:
        """What was found, in a few words: `gone (IMG201)`, `too-heavy (IMG501), rule hero`."""
        of_rule = "" if self.rule is None else f", rule {self.rule}"
        return f"{self.name} ({self.code}){of_rule}"

    @property
    def is_listed(self) -> bool:
        """Whether reports list it; the rest is only counted."""
        return self.severity in LISTED
