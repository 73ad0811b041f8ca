"""Colour spaces by their code points, as PNG (cICP) and AVIF (nclx) name them.

Sources: ITU-T H.273 tables 2 and 3. Where browsers differ from them, this follows what Chromium
paints: BT.709's curve is that of a display (BT.1886), and HDR is mapped to a screen of 203 cd/m2.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from imgcache.core.images.icc import ColorSpace, Curve, Primaries

# From a stored value to light, both from 0 to 1.
_Light = Callable[[float], float]

_D65 = (0.3127, 0.3290)
_C = (0.310, 0.316)
_PRIMARIES: dict[int, Primaries] = {
    1: (0.640, 0.330, 0.300, 0.600, 0.150, 0.060, *_D65),
    4: (0.670, 0.330, 0.210, 0.710, 0.140, 0.080, *_C),
    5: (0.640, 0.330, 0.290, 0.600, 0.150, 0.060, *_D65),
    6: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65),
    7: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65),
    8: (0.681, 0.319, 0.243, 0.692, 0.145, 0.049, *_C),
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *_D65),
    11: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351),
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_D65),
    22: (0.630, 0.340, 0.295, 0.605, 0.155, 0.077, *_D65),
}
BT_709 = 1
SRGB_PRIMARIES = _PRIMARIES[BT_709]
SRGB_CURVE = 13
UNSPECIFIED = 2
# All of them are the transfer characteristic of BT.709.
TELEVISION = frozenset({1, 6, 11, 14, 15})

# Every value of 8 bits falls on a step; three more between each two serve 16 bits.
_STEPS = 4 * 255
# BT.2408: cd/m2 of diffuse white; BT.2100: of the usual mastering display.
_WHITE, _PEAK = 203.0, 1000.0
_HLG_KNEE = 0.5  # BT.2100 table 5: a square below it, exponential above


def color_space(primaries: int, transfer: int) -> ColorSpace | None:
    """The colour space with these code points; None for reserved and unknown ones."""
    if primaries not in _PRIMARIES or transfer not in _TRANSFERS:
        return None
    return ColorSpace(_PRIMARIES[primaries], curve(_TRANSFERS[transfer]))


def curve(light: _Light) -> Curve:
    """The light of stored values from 0 to 1, at even steps."""
    return tuple(light(step / _STEPS) for step in range(_STEPS + 1))


def gamma(exponent: float) -> _Light:
    """The transfer function that is a plain power."""
    return lambda value: math.pow(value, exponent)


def _linear_power(straight_until: float, slope: float, offset: float, exponent: float) -> _Light:
    """A power with a linear part near black."""

    def light(value: float) -> float:
        if value <= straight_until:
            return value / slope
        return float(((value + offset) / (1 + offset)) ** exponent)

    return light


srgb = _linear_power(0.04045, 12.92, 0.055, 2.4)  # IEC 61966-2-1
_smpte_240m = _linear_power(0.0913, 4.0, 0.1115, 1 / 0.45)


def _cinema(value: float) -> float:
    """SMPTE ST 428-1."""
    return min(math.pow(value, 2.6) * 52.37 / 48, 1.0)


def _pq(value: float) -> float:
    """SMPTE ST 2084."""
    power = math.pow(value, 32 / 2523)
    ratio = max(power - 3424 / 4096, 0.0) / (2413 / 128 - 2392 / 128 * power)
    return _on_screen(10_000 * math.pow(ratio, 16384 / 2610))


def _hlg(value: float) -> float:
    """Hybrid log-gamma on the display of BT.2100."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = value**2 / 3 if value <= _HLG_KNEE else (math.exp((value - c) / a) + b) / 12
    return _on_screen(_PEAK * scene**1.2)


def _on_screen(nits: float) -> float:
    """HDR on an SDR screen: one stop darker, highlights compressed until the peak is white."""
    if nits <= _WHITE:
        return nits / _WHITE / 2
    beyond = min(math.log(nits / _WHITE) / math.log(_PEAK / _WHITE), 1.0)
    return 0.5 + 0.5 * beyond * (1.25 - 0.25 * beyond)


_TRANSFERS: dict[int, _Light] = {
    **dict.fromkeys(TELEVISION, gamma(2.4)),
    4: gamma(2.2),
    5: gamma(2.8),
    7: _smpte_240m,
    8: gamma(1.0),
    SRGB_CURVE: srgb,
    16: _pq,
    17: _cinema,
    18: _hlg,
}
