"""Limits of what one image may cost; apart from the checks, which import every format's walker."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one image may cost: pixels of a canvas, frames, scans."""

    pixels: int
    frames: int
    scans: int
