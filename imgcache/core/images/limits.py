"""Limits of what one image may cost; apart from the checks, which import every format's walker."""

from __future__ import annotations

from msgspec import Struct


class Limits(Struct, frozen=True):
    """What one image may cost: pixels of a canvas, frames, scans."""

    pixels: int
    frames: int
    scans: int
