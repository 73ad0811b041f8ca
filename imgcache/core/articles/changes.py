"""Changes that articles need, and their edited texts: records of the writer (writeback.py)."""

from __future__ import annotations

from msgspec import Struct

from imgcache.model import Entry, Notes


class Change(Struct, frozen=True):
    """What one entry shall declare; None leaves a field as it stands."""

    cached: bool | None = None
    width: int | None = None
    height: int | None = None
    placeholder: str | None = None


class Edited(Struct, frozen=True):
    """An article's new bytes, and what stands where in them by now."""

    data: bytes
    entries: tuple[Entry, ...]
    notes: Notes
