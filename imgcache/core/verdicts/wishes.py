"""Wishes of a site beyond sound images: the rules of `[[rules]]`, and how an image breaks them.

A rule never changes a verdict or a flag; each breach is a finding of its own beside them. What is
not known of an image (its length before it is read, the position in its EXIF) breaks no rule.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from imgcache.config_rules import RuleSettings
from imgcache.core.verdicts.texts.breaches import BREACH_TEXTS
from imgcache.core.verdicts.traits import complete
from imgcache.core.verdicts.verdict import Measured, matches_any
from imgcache.facts import ImageFacts
from imgcache.findings import BrokenRule
from imgcache.model import Breach, Severity


class Place(NamedTuple):
    """Where an entry stands, as rules narrow it down.

    `names` are the spellings of its URL, `article` the article's path relative to the
    configuration's folder (None: it is in no file), `at` the place of `[[images]]`, `filled` the
    keys that rules require and the entry has and does not leave empty (None: not known).
    """

    names: Sequence[str]
    article: str | None = None
    at: str | None = None
    filled: Collection[str] | None = None


Image = Measured | ImageFacts


def broken(
    rules: Iterable[RuleSettings], place: Place, image: Image, *, strict: bool = False
) -> tuple[BrokenRule, ...]:
    """The rules that this entry and its image break, in the order of the rules and of the codes."""
    return tuple(
        BrokenRule(rule.name, breach, _weight(rule, strict=strict), message)
        for rule in rules
        if is_for(rule, place)
        for breach, message in _breaches(rule, place, image)
    )


def _weight(rule: RuleSettings, *, strict: bool) -> Severity:
    is_raised = strict and rule.severity is Severity.WARNING
    return Severity.ERROR if is_raised else rule.severity


def is_for(rule: RuleSettings, place: Place) -> bool:
    """Whether a rule is about an entry that stands there."""
    if rule.match is not None and not matches_any([rule.match], place.names):
        return False
    if rule.articles is not None and not _is_in(rule.articles, place.article):
        return False
    return rule.at is None or rule.at == place.at


def _is_in(pattern: str, article: str | None) -> bool:
    """`blog/` means all that is in it."""
    whole = f"{pattern}*" if pattern.endswith("/") else pattern
    return article is not None and fnmatchcase(article, whole)


def _breaches(rule: RuleSettings, place: Place, image: Image) -> Iterator[tuple[Breach, str]]:
    for breach, find in _WISHES.items():
        cause = find(rule, place, image)
        if cause is not None:
            yield breach, f"{cause}; {BREACH_TEXTS[breach].clause}"


def _message(cause: str, wanted: str) -> str:
    """Numbers are exact in it, because a limit may be missed by a few."""
    return f"{cause}, and the site wants {wanted}"


def _listed(wanted: Sequence[str], word: str = "and") -> str:
    *most, last = wanted
    return f"{', '.join(most)} {word} {last}" if most else last


def _too_heavy(rule: RuleSettings, _: Place, image: Image) -> str | None:
    length, pixels = image.bytes, image.size.width * image.size.height
    if length is None:
        return None
    wanted = []
    if rule.max_bytes is not None and length > rule.max_bytes:
        wanted.append(f"at most {rule.max_bytes:,}")
    each = rule.max_bytes_per_pixel
    if each is not None and length > each * pixels:
        wanted.append(f"at most {int(each * pixels):,} of this size ({each:g} a pixel)")
    if not wanted:
        return None
    return _message(f"it has {length:,} bytes", _listed(wanted))


def _too_small(rule: RuleSettings, _: Place, image: Image) -> str | None:
    return _beyond(
        image,
        [
            (rule.min_width, image.size.width, "at least {} wide"),
            (rule.min_height, image.size.height, "at least {} high"),
        ],
        lambda limit, side: side < limit,
    )


def _too_big(rule: RuleSettings, _: Place, image: Image) -> str | None:
    return _beyond(
        image,
        [
            (rule.max_width, image.size.width, "at most {} wide"),
            (rule.max_height, image.size.height, "at most {} high"),
            (rule.max_pixels, image.size.width * image.size.height, "at most {:,} pixels"),
        ],
        lambda limit, side: side > limit,
    )


def _beyond(
    image: Image,
    limits: Iterable[tuple[int | None, int, str]],
    is_beyond: Callable[[int, int], bool],
) -> str | None:
    wanted = [
        text.format(limit)
        for limit, value, text in limits
        if limit is not None and is_beyond(limit, value)
    ]
    if not wanted:
        return None
    return _message(f"it is {image.size}", _listed(wanted))


def _wrong_shape(rule: RuleSettings, _: Place, image: Image) -> str | None:
    wanted, (width, height) = rule.aspect, image.size
    if wanted is None or not width or not height:
        return None
    # As sizes are compared (contract section 2): within a share of the wanted shape.
    shape, margin = width / height, rule.aspect_tolerance
    if wanted.least * (1 - margin) <= shape <= wanted.most * (1 + margin):
        return None
    return _message(f"it is {image.size}, which is {shape:.3g}:1", wanted.text)


def _wrong_format(rule: RuleSettings, _: Place, image: Image) -> str | None:
    if not rule.formats or image.format.label in rule.formats:
        return None
    wanted = _listed(rule.formats, "or")
    return _message(f"its format is {image.format.label}", wanted)


def _missing_field(rule: RuleSettings, place: Place, _: Image) -> str | None:
    if place.filled is None:
        return None
    missing = [f"`{key}`" for key in rule.require if key not in place.filled]
    if not missing:
        return None
    verb = "is" if len(missing) == 1 else "are"
    return f"{_listed(missing)} {verb} missing or empty"


def _has_position(rule: RuleSettings, _: Place, image: Image) -> str | None:
    if "position" not in rule.forbid or not image.has_position:
        return None
    return "its EXIF has the GPS coordinates of the place where it was taken"


_WISHES: dict[Breach, Callable[[RuleSettings, Place, Image], str | None]] = {
    Breach.TOO_HEAVY: _too_heavy,
    Breach.TOO_SMALL: _too_small,
    Breach.TOO_BIG: _too_big,
    Breach.WRONG_SHAPE: _wrong_shape,
    Breach.WRONG_FORMAT: _wrong_format,
    Breach.MISSING_FIELD: _missing_field,
    Breach.HAS_POSITION: _has_position,
}
complete(_WISHES, Breach, "imgcache/core/verdicts/wishes.py")
