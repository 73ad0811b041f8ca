"""Texts of breaches: how an image breaks a rule of its site."""

from __future__ import annotations

from imgcache.core.verdicts.texts.text import Example, Text
from imgcache.core.verdicts.verdict import Evidence, Measured
from imgcache.model import Breach, Declared, Format, Size, Verdict

_PHOTO = Measured(Size(4000, 3000), Format.JPEG, 412_345, has_position=True)


def _broken(**wanted: object) -> Example:
    evidence = Evidence(measured=_PHOTO)
    return Example(declared=Declared(*_PHOTO.size), evidence=evidence, wanted=wanted)


BREACH_TEXTS: dict[Verdict | Breach, Text] = {
    Breach.TOO_HEAVY: Text(
        "The file is heavier than a rule of the site allows",
        "It has more bytes than `max_bytes`, or more a pixel than `max_bytes_per_pixel`.",
        "compress it more, or scale it",
        _broken(max_bytes="300 kB"),
        "Compress it more, scale it down, or save it as WebP or AVIF.",
    ),
    Breach.TOO_SMALL: Text(
        "The image is smaller than a rule of the site wants",
        "It is less wide than `min_width`, or less high than `min_height`.",
        "use a larger original",
        _broken(min_width=5000),
        "Use a larger original: scaling up adds no detail.",
    ),
    Breach.TOO_BIG: Text(
        "The image is larger than a rule of the site allows",
        "It has more pixels than `max_width`, `max_height` or `max_pixels`.",
        "scale it down",
        _broken(max_width=2400),
        "Scale it down to the size at which it is shown, twice that for dense screens.",
    ),
    Breach.WRONG_SHAPE: Text(
        "The image has another shape than a rule of the site wants",
        "Width through height is not `aspect`, within `aspect_tolerance`.",
        "crop it",
        _broken(aspect="16:9"),
        "Crop the image to that shape.",
    ),
    Breach.WRONG_FORMAT: Text(
        "The image has a format that a rule of the site does not list",
        "Its bytes are of a format that is not in `formats`, whatever its suffix says.",
        "save it as that",
        _broken(formats=["webp", "avif"]),
        "Save it in one of the formats that the message names.",
    ),
    Breach.MISSING_FIELD: Text(
        "The entry lacks a key that a rule of the site requires",
        "A key of `require` is not there, or is empty.",
        "write what is missing into the entry",
        _broken(require=["alt"]),
        "Write it into the entry: a text that says what is to be seen, whom to credit.",
    ),
    Breach.HAS_POSITION: Text(
        "The image tells where it was taken",
        "Its EXIF has GPS coordinates, which anybody can read, and a rule forbids them.",
        "save it without them, and take the old file off the web",
        _broken(forbid=["position"]),
        "Save the image without them, and take the old file off the web.",
    ),
}
