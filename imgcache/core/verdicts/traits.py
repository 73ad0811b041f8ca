"""Traits of verdicts and breaches: one table of what each part of the program must know of each.

A column that is left out, or a verdict without a row, is an error at the first import.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from enum import Enum, Flag, IntEnum, auto

from msgspec import Struct

from imgcache.model import Breach, Severity, Verdict


class Stage(IntEnum):
    """How far an image was seen when this is said of it: a verdict hides those of later stages."""

    NOWHERE = 0
    REACHED = 1
    LOOKED_AT = 2
    MEASURED = 3


class Sight(Flag):
    """What must be read to find it for certain; a run that reads less says nothing of it."""

    FIRST_BYTES = auto()
    WHOLE = auto()
    CACHE = auto()


class Heard(Enum):
    """What it tells of the network: whether this host was asked, and gave any answer.

    A refusal is an answer, but none in HTTP.
    """

    NOTHING = auto()
    SILENCE = auto()
    REFUSAL = auto()
    ANSWER = auto()


class Mark(Flag):
    """What holds for some verdicts only.

    HOST: of a host in trouble, changing from day to day, the same for all its images.
    PASSING: `severity.transient` is for it. RANGE: a Range request may be to blame for it.
    UNLISTED: about the run and not about the article, so in no baseline.
    """

    NONE = 0
    HOST = auto()
    PASSING = auto()
    RANGE = auto()
    UNLISTED = auto()


class Traits(Struct, frozen=True):
    """One row. `severity` is without configuration and without a copy in the cache.

    `urgency`: what is shown first where not all is shown, from 0 (this machine's fault) to 5.
    """

    severity: Severity
    urgency: int
    stage: Stage
    sight: Sight
    heard: Heard
    marks: Mark


_ERROR, _WARNING = Severity.ERROR, Severity.WARNING
_NOWHERE, _REACHED = Stage.NOWHERE, Stage.REACHED
_LOOKED_AT, _MEASURED = Stage.LOOKED_AT, Stage.MEASURED
_WHOLE, _CACHE = Sight.WHOLE, Sight.CACHE
_ASKED = Sight.FIRST_BYTES | _WHOLE
_ANY = _ASKED | _CACHE
_NOTHING, _SILENCE, _REFUSAL, _ANSWER = Heard.NOTHING, Heard.SILENCE, Heard.REFUSAL, Heard.ANSWER
_NONE, _UNLISTED = Mark.NONE, Mark.UNLISTED
_HOST, _PASSING, _RANGE = Mark.HOST, Mark.PASSING, Mark.RANGE

# fmt: off
TRAITS: Mapping[Verdict | Breach, Traits] = {
    # severity, urgency, stage, sight, heard, marks
    Verdict.OK: Traits(_ERROR, 5, _MEASURED, _ANY, _ANSWER, _UNLISTED),

    Verdict.DIMENSIONS_MISSING: Traits(_WARNING, 4, _MEASURED, _ANY, _ANSWER, _NONE),
    Verdict.DIMENSIONS_SWAPPED: Traits(_ERROR, 3, _MEASURED, _ANY, _ANSWER, _NONE),
    Verdict.DIMENSIONS_SCALED: Traits(_ERROR, 3, _MEASURED, _ANY, _ANSWER, _NONE),
    Verdict.DIMENSIONS_MISMATCH: Traits(_ERROR, 3, _MEASURED, _ANY, _ANSWER, _NONE),

    Verdict.GONE: Traits(_ERROR, 1, _REACHED, _ASKED, _ANSWER, _RANGE),
    Verdict.BLOCKED: Traits(_ERROR, 1, _REACHED, _ASKED, _ANSWER, _RANGE),
    Verdict.RATE_LIMITED:
        Traits(_ERROR, 1, _REACHED, _ASKED, _ANSWER, _HOST | _PASSING | _RANGE),
    Verdict.HTTP_ERROR: Traits(_ERROR, 1, _REACHED, _ASKED, _ANSWER, _RANGE),
    Verdict.SERVER_ERROR:
        Traits(_ERROR, 1, _REACHED, _ASKED, _ANSWER, _HOST | _PASSING | _RANGE),
    Verdict.PROTOCOL_ERROR: Traits(_ERROR, 1, _REACHED, _ASKED, _ANSWER, _RANGE),
    Verdict.DNS_ERROR: Traits(_ERROR, 1, _REACHED, _ASKED, _SILENCE, _HOST),
    Verdict.CONNECT_ERROR: Traits(_ERROR, 1, _REACHED, _ASKED, _SILENCE, _HOST | _RANGE),
    Verdict.TLS_ERROR: Traits(_ERROR, 1, _REACHED, _ASKED, _REFUSAL, _HOST),
    Verdict.TIMEOUT:
        Traits(_ERROR, 1, _REACHED, _ASKED, _SILENCE, _HOST | _PASSING | _RANGE),
    Verdict.REDIRECT_ERROR: Traits(_ERROR, 1, _REACHED, _ASKED, _ANSWER, _RANGE),
    Verdict.FORBIDDEN_ADDRESS: Traits(_ERROR, 1, _REACHED, _ASKED, _NOTHING, _NONE),
    Verdict.UNSUPPORTED_URL: Traits(_ERROR, 1, _REACHED, _ASKED, _NOTHING, _RANGE),

    Verdict.TOO_LARGE: Traits(_ERROR, 2, _LOOKED_AT, _WHOLE, _ANSWER, _RANGE),
    Verdict.TOO_MANY_PIXELS: Traits(_ERROR, 2, _LOOKED_AT, _WHOLE, _ANSWER, _NONE),
    Verdict.EMPTY: Traits(_ERROR, 2, _LOOKED_AT, _ASKED, _ANSWER, _RANGE),
    Verdict.NOT_AN_IMAGE: Traits(_ERROR, 2, _LOOKED_AT, _ASKED, _ANSWER, _RANGE),
    Verdict.UNSUPPORTED_FORMAT: Traits(_ERROR, 2, _LOOKED_AT, _WHOLE, _ANSWER, _RANGE),
    Verdict.TRUNCATED: Traits(_ERROR, 2, _LOOKED_AT, _WHOLE, _ANSWER, _RANGE),
    Verdict.CORRUPT: Traits(_ERROR, 2, _LOOKED_AT, _WHOLE, _ANSWER, _RANGE),
    Verdict.PLACEHOLDER: Traits(_ERROR, 2, _LOOKED_AT, _WHOLE, _ANSWER, _RANGE),
    Verdict.REPLACED: Traits(_WARNING, 4, _MEASURED, _WHOLE | _CACHE, _ANSWER, _NONE),

    Verdict.NOT_CACHED: Traits(_ERROR, 2, _NOWHERE, _CACHE, _NOTHING, _NONE),
    Verdict.NOT_CHECKED: Traits(_WARNING, 5, _NOWHERE, _ANY, _NOTHING, _UNLISTED),
    Verdict.LOCAL_ERROR: Traits(_ERROR, 0, _NOWHERE, _ANY, _NOTHING, _UNLISTED),

    # The length of a file, and where its EXIF stands, may be told by its end only.
    Breach.TOO_HEAVY: Traits(_ERROR, 4, _MEASURED, _WHOLE | _CACHE, _ANSWER, _NONE),
    Breach.TOO_SMALL: Traits(_ERROR, 4, _MEASURED, _ANY, _ANSWER, _NONE),
    Breach.TOO_BIG: Traits(_ERROR, 4, _MEASURED, _ANY, _ANSWER, _NONE),
    Breach.WRONG_SHAPE: Traits(_ERROR, 4, _MEASURED, _ANY, _ANSWER, _NONE),
    Breach.WRONG_FORMAT: Traits(_ERROR, 4, _MEASURED, _ANY, _ANSWER, _NONE),
    Breach.MISSING_FIELD: Traits(_ERROR, 4, _MEASURED, _ANY, _ANSWER, _NONE),
    Breach.HAS_POSITION: Traits(_ERROR, 4, _MEASURED, _WHOLE | _CACHE, _ANSWER, _NONE),
}
# fmt: on


def complete(
    table: Container[Verdict | Breach], kinds: Iterable[Verdict | Breach], where: str
) -> None:
    """See that a table has a row for each. Raises LookupError, which names what is missing where.

    Tables that a verdict can be forgotten in are seen to when they are imported.
    """
    missing = [one for one in kinds if one not in table]
    if missing:
        raise LookupError(f"{where} has no row for {', '.join(missing)}: see CONTRIBUTING.md")


complete(TRAITS, [*Verdict, *Breach], "imgcache/core/verdicts/traits.py")


def marked(mark: Mark) -> frozenset[Verdict]:
    """The verdicts that have a mark."""
    return frozenset(one for one in Verdict if mark in TRAITS[one].marks)


def heard(*what: Heard) -> frozenset[Verdict]:
    """The verdicts that tell this of the network."""
    return frozenset(one for one in Verdict if TRAITS[one].heard in what)


def unseen(read: Sight) -> frozenset[Verdict | Breach]:
    """What can't be found for certain by a run that reads this: its absence says nothing."""
    return frozenset(one for one, traits in TRAITS.items() if read not in traits.sight)


HOST_VERDICTS = marked(Mark.HOST)
