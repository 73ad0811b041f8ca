"""Profiles written from numbers, read back by littleCMS."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image, ImageCms

from imgcache.core.images import cicp, icc
from imgcache.core.images.icc import ColorSpace
from tests.support import colours

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def through(profile: bytes, image: Image.Image) -> Image.Image:
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    made = ImageCms.profileToProfile(
        image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert made is not None
    return made


def test_a_profile_of_srgb_changes_nothing() -> None:
    ours = icc.rgb_profile(ColorSpace(colours.SRGB, colours.SRGB_CURVE))
    moved = through(ours, colours.chart())
    assert (
        max(abs(a - b) for a, b in zip(moved.tobytes(), colours.chart().tobytes(), strict=True))
        <= 1
    )


def test_its_colorants_are_those_that_every_srgb_profile_has() -> None:
    ours = ImageCms.getOpenProfile(
        BytesIO(icc.rgb_profile(ColorSpace(colours.SRGB, colours.SRGB_CURVE)))
    ).profile
    theirs = ImageCms.createProfile("sRGB")
    for name in ("red_colorant", "green_colorant", "blue_colorant"):
        for mine, usual in zip(getattr(ours, name)[0], getattr(theirs, name)[0], strict=True):
            assert mine == pytest.approx(usual, abs=0.0005)


def test_a_grey_profile_bends_by_its_curve() -> None:
    ramp = Image.frombytes("L", (256, 1), bytes(range(256)))
    bent = through(icc.grey_profile(colours.power(1.0)), ramp).getchannel("G").tobytes()
    # Half of the light is 188 of 255 in sRGB.
    assert (bent[0], bent[128], bent[255]) == (0, 188, 255)


@pytest.mark.parametrize(
    "primaries",
    [
        (0.0,) * 8,
        (0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3127, 0.3290),
        (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.0),
    ],
)
def test_primaries_that_make_no_colours_are_refused(primaries: icc.Primaries) -> None:
    with pytest.raises(ValueError, match=r"primaries|chromaticity|white"):
        icc.rgb_profile(ColorSpace(primaries, colours.power(2.2)))


def test_a_profile_is_told_by_its_signature_and_its_length() -> None:
    assert icc.is_profile(SRGB)
    assert icc.is_profile(colours.PROPHOTO_PROFILE)
    assert not icc.is_profile(SRGB[:-1])
    assert not icc.is_profile(b"junk" * 50)
    assert not icc.is_profile(b"")
    assert icc.color_channels(colours.press_profile()) == b"CMYK"
    assert icc.color_channels(icc.grey_profile(colours.power(1.0))) == b"GRAY"


@pytest.mark.parametrize("transfer", [1, 4, 5, 7, 8, 13, 16, 17, 18])
def test_every_curve_rises_from_black_to_white(transfer: int) -> None:
    space = cicp.color_space(cicp.BT_709, transfer)
    assert space is not None
    assert list(space.curve) == sorted(space.curve)
    assert space.curve[0] == 0.0
    assert space.curve[-1] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("transfer", "stored", "light"),
    [
        (13, 0.5, 0.2140), (8, 0.5, 0.5), (4, 0.5, 0.2176), (5, 0.5, 0.1436), (1, 0.5, 0.1895),
        # BT.2408 table 1: diffuse white, which takes half of a screen's light here.
        (16, 0.58, 0.5), (18, 0.75, 0.5),
    ],
)  # fmt: skip
def test_curves_have_their_known_values(transfer: int, stored: float, light: float) -> None:
    space = cicp.color_space(cicp.BT_709, transfer)
    assert space is not None
    at = round(stored * (len(space.curve) - 1))
    assert space.curve[at] == pytest.approx(light, abs=0.005)


@pytest.mark.parametrize("points", [(0, 13), (2, 13), (1, 2), (1, 9), (255, 255)])
def test_reserved_code_points_name_no_colour_space(points: tuple[int, int]) -> None:
    assert cicp.color_space(*points) is None
