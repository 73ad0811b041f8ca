"""What the first bytes of an image tell: its size and format, why it is none, or 'need more'."""

from __future__ import annotations

from dataclasses import dataclass

from imgcache.core.images.examine import Examined, Label, Limits, examine
from imgcache.core.images.formats.structure import Structure
from imgcache.core.images.sniff import ENOUGH
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

    A flaw that more bytes could mend is not settled; a limit that is passed already is. Nothing
    is while a part of the header is missing that could change the size.
    """
    found = examine(data, label, limits)
    structure = found.structure
    if found.format is None:
        return _settled(found) if len(data) >= ENOUGH or _is_known(structure) else None
    if not structure.headed:
        return None
    if structure.flaw in (Verdict.UNSUPPORTED_FORMAT, Verdict.TOO_MANY_PIXELS):
        return _settled(found)
    return Sized(found.format, structure.size) if structure.size is not None else None


def _is_known(structure: Structure) -> bool:
    """An image format that browsers don't show is told by its first bytes."""
    return structure.flaw is Verdict.UNSUPPORTED_FORMAT and structure.headed


def _settled(found: Examined) -> Failure:
    structure = found.structure
    return Failure(
        structure.flaw or Verdict.NOT_AN_IMAGE,
        structure.detail,
        size=structure.size,
        format=found.format,
    )
