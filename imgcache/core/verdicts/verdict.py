"""Verdict rules: from facts to the verdict, the severity and the flag of one image entry.

The rules are contract in the README's table of verdicts; each is one small function here, and
nothing else in the program decides about an entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from imgcache.config import DriftSettings
from imgcache.config_rules import SeveritySettings
from imgcache.core.verdicts.drift import Replaced, replaced
from imgcache.core.verdicts.traits import TRAITS, Mark, marked
from imgcache.facts import Earlier, ImageFacts
from imgcache.model import (
    CONTENT_VERDICTS,
    REACH_VERDICTS,
    Declared,
    Failure,
    Format,
    Severity,
    Size,
    Source,
    Verdict,
)

_WRONG_SIZE = frozenset(
    {Verdict.DIMENSIONS_SWAPPED, Verdict.DIMENSIONS_SCALED, Verdict.DIMENSIONS_MISMATCH}
)
_TRANSIENT = marked(Mark.PASSING)
PLACEHOLDER_PATHS = 3


class Measured(Struct, frozen=True):
    """An image that was looked at and not kept: in place, or by `verify`; as far as it was read.

    `bytes` is its whole length, None if it is unknown; `sha256` is set for whole ones only.
    `has_position`: whether its EXIF has GPS coordinates, None where that was not read. `dhash` is
    the hash of what it looks like, empty where it was not decoded.
    """

    size: Size
    format: Format
    bytes: int | None = None
    sha256: str | None = None
    has_position: bool | None = None
    dhash: str = ""


class Evidence(Struct, frozen=True):
    """What a run knows of an entry's URL.

    `copy` is the sound copy that the cache holds; `placeholder` says that its bytes also stand
    for other URLs. With a `failure` the copy is what was kept from earlier. `replaced`: the URL
    showed another picture before, and that is still to be told.
    """

    failure: Failure | None = None
    copy: ImageFacts | None = None
    measured: Measured | None = None
    placeholder: bool = False
    replaced: Replaced | None = None
    source: Source | None = None
    status: int | None = None

    @property
    def sound(self) -> Measured | ImageFacts | None:
        """What is known of a sound image."""
        return self.measured or self.copy

    @property
    def sound_size(self) -> Size | None:
        """The true size of a sound image."""
        return self.sound.size if self.sound else None

    @property
    def size(self) -> Size | None:
        """The true size: of the copy, of what was measured, or from the header of a refused one."""
        facts = self.measured or self.copy or self.failure
        return facts.size if facts else None

    @property
    def format(self) -> Format | None:
        """The format, from the same place as the size."""
        facts = self.measured or self.copy or self.failure
        return facts.format if facts else None

    @property
    def bytes(self) -> int | None:
        """The image's length, from the same place; None where it is unknown."""
        facts = self.measured or self.copy or self.failure
        return facts.bytes if facts else None

    def compared(
        self,
        earlier: Sequence[Earlier],
        settings: DriftSettings,
        now: float,
        images: Mapping[str, ImageFacts],
    ) -> Evidence:
        """With whether the URL showed another picture before, by the copies that it had."""
        if not earlier or self.sound is None:
            return self
        return replace(self, replaced=replaced(earlier, self.sound.dhash, settings, now, images))


class Judgement(Struct, frozen=True):
    """The verdict on one entry, and the flag that follows from it (None: as it stood)."""

    verdict: Verdict
    flag: bool | None
    held: bool


def size_verdict(declared: Declared, actual: Size, tolerance: int = 0) -> Verdict:
    """Compare a declared size with the true one; `tolerance` in pixels, per side.

    A side that the entry can't have is not missed. Where only the other one is declared, a browser
    scales the image to it: there is no other shape.
    """
    if not set(declared.unnamed).isdisjoint(("width", "height")):
        return _by_the_named_side(declared, actual, tolerance)
    if declared.width is None or declared.height is None:
        return Verdict.DIMENSIONS_MISSING
    if _near(declared.width, declared.height, actual, tolerance):
        return Verdict.OK
    if _near(declared.height, declared.width, actual, tolerance):
        return Verdict.DIMENSIONS_SWAPPED
    ours, theirs = declared.width * actual.height, declared.height * actual.width
    return (
        Verdict.DIMENSIONS_SCALED
        if 100 * abs(ours - theirs) <= theirs
        else Verdict.DIMENSIONS_MISMATCH
    )


def _by_the_named_side(declared: Declared, actual: Size, tolerance: int) -> Verdict:
    for name, true in zip(("width", "height"), actual, strict=True):
        side: int | None = getattr(declared, name)
        if name in declared.unnamed:
            continue
        if side is None:
            return Verdict.DIMENSIONS_MISSING
        if abs(side - true) > tolerance:
            return Verdict.DIMENSIONS_SCALED
    return Verdict.OK


def _near(width: int, height: int, actual: Size, tolerance: int) -> bool:
    return abs(width - actual.width) <= tolerance and abs(height - actual.height) <= tolerance


def judge(
    declared: Declared,
    evidence: Evidence,
    tolerance: int = 0,
    on_mismatch: Literal["uncache", "keep"] = "uncache",
) -> Judgement:
    """The one verdict of an entry, whether a sound copy is held for it, and its flag."""
    judgement = _judged(declared, evidence, tolerance, on_mismatch)
    return replace(judgement, flag=None) if "cached" in declared.unnamed else judgement


def _judged(
    declared: Declared,
    evidence: Evidence,
    tolerance: int,
    on_mismatch: Literal["uncache", "keep"],
) -> Judgement:
    size = evidence.sound_size
    if size is None:
        return _judge_without_image(evidence)
    placeholder = is_placeholder(declared, evidence)
    by_size = size_verdict(declared, size, tolerance)
    held = evidence.copy is not None and not placeholder
    flag = held and (by_size not in _WRONG_SIZE or on_mismatch == "keep")
    failed = evidence.failure.verdict if evidence.failure else None
    if failed is None:
        return Judgement(_seen(by_size, evidence, placeholder=placeholder), flag, held)
    # Where a kept copy replaces an answer that failed, a wrong size matters more; but this
    # machine's own fault is no answer, and is never hidden.
    stands = by_size in _WRONG_SIZE and not placeholder and failed is not Verdict.LOCAL_ERROR
    return Judgement(by_size if stands else failed, flag, held)


def _seen(by_size: Verdict, evidence: Evidence, *, placeholder: bool) -> Verdict:
    """The verdict on a sound image that came: its size, unless it is not the one that is meant."""
    if placeholder:
        return Verdict.PLACEHOLDER
    return Verdict.REPLACED if by_size is Verdict.OK and evidence.replaced else by_size


def judge_offline(declared: Declared, evidence: Evidence, tolerance: int = 0) -> Judgement:
    """The verdict without a request: the flag against what the cache holds."""
    if evidence.sound_size is None and declared.cached and not _is_unusable(evidence):
        return Judgement(Verdict.NOT_CACHED, flag=False, held=False)
    return judge(declared, evidence, tolerance)


def _is_unusable(evidence: Evidence) -> bool:
    """Whether the URL itself is wrong, whatever the cache holds."""
    failure = evidence.failure
    return failure is not None and failure.verdict is Verdict.UNSUPPORTED_URL


def _judge_without_image(evidence: Evidence) -> Judgement:
    if evidence.failure is None:
        return Judgement(Verdict.NOT_CHECKED, None, held=False)
    return Judgement(evidence.failure.verdict, flag=False, held=False)


def is_placeholder(declared: Declared, evidence: Evidence) -> bool:
    """Whether the image is a stand-in: detected as one, or one pixel where more is declared."""
    declares_more = (declared.width or 0) > 1 or (declared.height or 0) > 1
    return evidence.placeholder or (evidence.size == Size(1, 1) and declares_more)


class Served(Struct, frozen=True):
    """One URL of a run that answered with a sound image: where, which bytes, who declared what."""

    url: str
    host: str
    path: str
    sha256: str
    size: Size
    declared: tuple[Size | None, ...]


def placeholders(served: Iterable[Served], tolerance: int = 0) -> frozenset[str]:
    """The URLs whose bytes are a host's stand-in picture.

    Bytes are one by the witness of three or more URLs of one host with different paths, all of
    whose entries declare a size, and another one than these bytes have. Then every URL of that
    host with these bytes shows it, whatever its own entries declare.
    """
    groups: dict[tuple[str, str], list[Served]] = {}
    for one in served:
        groups.setdefault((one.host, one.sha256), []).append(one)
    return frozenset(
        one.url for group in groups.values() if _is_stand_in(group, tolerance) for one in group
    )


def _is_stand_in(same: Sequence[Served], tolerance: int) -> bool:
    """Whether these bytes, which one host gave for all of these URLs, are none of their images."""
    witnesses = (
        one.path
        for one in same
        if all(_declares_another(size, one.size, tolerance) for size in one.declared)
    )
    return len(set(witnesses)) >= PLACEHOLDER_PATHS


def _declares_another(declared: Size | None, actual: Size, tolerance: int) -> bool:
    return declared is not None and not _near(*declared, actual, tolerance)


def severity(
    verdict: Verdict,
    names: Sequence[str],
    *,
    held: bool,
    settings: SeveritySettings,
    forborne: bool = False,
    strict: bool = False,
) -> Severity | None:
    """How much a verdict weighs; None for `ok`.

    `names`: the spellings of its URL. `held`: the cache holds a sound copy. `forborne`: patience
    (patience.py) makes it a warning.
    """
    if verdict is Verdict.OK:
        return None
    by_itself = Severity.WARNING if forborne else _by_itself(verdict, held=held)
    weight = _configured(verdict, names, settings) or by_itself
    return Severity.ERROR if strict and weight is Severity.WARNING else weight


def _configured(
    verdict: Verdict, names: Sequence[str], settings: SeveritySettings
) -> Severity | None:
    """The most specific setting wins: URL pattern, then verdict, then `transient`."""
    for rule in settings.urls:
        if matches_any([rule.match], names):
            return rule.severity
    if verdict in settings.verdicts:
        return settings.verdicts[verdict]
    return settings.transient if verdict in _TRANSIENT else None


def _by_itself(verdict: Verdict, *, held: bool) -> Severity:
    if held and verdict in REACH_VERDICTS | CONTENT_VERDICTS:
        return Severity.WARNING
    return TRAITS[verdict].severity


def matches_any(patterns: Iterable[str], names: Sequence[str]) -> bool:
    """Whether a URL pattern fits one of the names: `*` any characters, `?` one, `[...]` a set."""
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in names)
