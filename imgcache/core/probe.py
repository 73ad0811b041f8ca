"""What the first bytes of an image tell: its size and format, why it is none, or 'need more'."""

from __future__ import annotations

from dataclasses import dataclass

from imgcache.core.sniff import ENOUGH
from imgcache.core.soundness import Examined, Label, Limits, examine
from imgcache.model import Failure, Format, Size, Verdict

# What a probe asks for at first: most headers, EXIF included, end well before that.
FIRST_BYTES = 1 << 14


@dataclass(frozen=True, slots=True)
class Sized:
    """An image's format, and the size that a browser will show."""

    format: Format
    size: Size


def judge_prefix(data: bytes, label: Label | None, limits: Limits) -> Sized | Failure | None:
    """What these first bytes of a longer file settle; None where more of it is needed.

    A flaw that more bytes could mend is not settled; a limit that is passed already is.
    """
    found = examine(data, label, limits)
    structure = found.structure
    if found.format is None:
        return _settled(found) if len(data) >= ENOUGH or _is_known(structure.flaw) else None
    if structure.flaw in (Verdict.UNSUPPORTED_FORMAT, Verdict.TOO_MANY_PIXELS):
        return _settled(found)
    if structure.size is None or not _has_all_headers(found):
        return None
    return Sized(found.format, structure.size)


def _is_known(flaw: Verdict | None) -> bool:
    """An image format that browsers don't show is told by its first bytes."""
    return flaw is Verdict.UNSUPPORTED_FORMAT


def _has_all_headers(found: Examined) -> bool:
    """A JPEG may bring its orientation late; where its pixels begin, all has been said."""
    return found.format is not Format.JPEG or found.structure.scan is not None


def _settled(found: Examined) -> Failure:
    structure = found.structure
    return Failure(
        structure.flaw or Verdict.NOT_AN_IMAGE,
        structure.detail,
        size=structure.size,
        format=found.format,
    )
