"""The plan of a thumbnail: its fingerprint, its format and its geometry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct
from msgspec.structs import asdict

from imgcache.model import Size

if TYPE_CHECKING:
    from imgcache.config import ThumbnailSettings

# Raised by hand whenever thumbnails come out differently, so that old ones are made again.
CODE_VERSION = 3

_SMALL = 64  # pixels a side, as icons have

Box = tuple[float, float, float, float]
_SUFFIXES = {"webp": "webp", "jpeg": "jpg", "avif": "avif", "png": "png"}
SUFFIXES = frozenset(_SUFFIXES.values())


class Recipe(Struct, frozen=True):
    """The settings of one thumbnail as plain values, so that a worker process needs no pydantic.

    `width` and `height` are the box in pixels, None is unbounded.
    """

    name: str
    width: int | None
    height: int | None
    fit: str
    format: str
    quality: int
    method: int

    @classmethod
    def of(cls, name: str, settings: ThumbnailSettings) -> Self:
        """From the configuration."""
        width, height = settings.box
        return cls(
            name=name,
            width=width,
            height=height,
            fit=settings.fit,
            format=settings.format,
            quality=settings.quality,
            method=settings.method,
        )

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """From what `fields` returns."""
        return cls(**fields)

    def fields(self) -> dict[str, Any]:
        """All values, for JSON."""
        return asdict(self)

    def format_for(self, *, alpha: bool) -> str:
        """The format to write: JPEG has no transparency, so WebP takes its place."""
        return "webp" if alpha and self.format == "jpeg" else self.format

    def plan(self, source: Size) -> Plan:
        """The geometry for an image of this size as shown (its orientation applied)."""
        return _cover(self, source) if self.fit == "cover" else _inside(self, source)


def suffix(image_format: str) -> str:
    """The file suffix of a thumbnail format, without a dot."""
    return _SUFFIXES[image_format]


def fingerprint(settings: ThumbnailSettings) -> str:
    """A short text that changes when the settings or this code change, and for nothing else."""
    width, height = settings.box
    box = f"{width or 'any'}x{height or 'any'}"
    made = f"{settings.fit}-{settings.format}-q{settings.quality}-m{settings.method}"
    return f"v{CODE_VERSION}-{box}-{made}"


class Plan(Struct, frozen=True):
    """`box` of the source (left, top, right, bottom, in its pixels) becomes `size`."""

    box: Box
    size: Size

    @property
    def scale(self) -> float:
        """Source pixels per thumbnail pixel, on the side that has fewer."""
        left, top, right, bottom = self.box
        return min((right - left) / self.size.width, (bottom - top) / self.size.height)

    def is_exact(self, *, drawn: bool) -> bool:
        """Whether the thumbnail has to show each pixel as its source has it.

        So it is where nothing is reduced, and a picture is `drawn` (an icon, or few colours) or
        small: there what a photograph hides is seen.
        """
        return self.scale == 1 and (drawn or max(self.size) <= _SMALL)

    def transposed(self) -> Plan:
        """The same with width and height exchanged."""
        left, top, right, bottom = self.box
        return Plan((top, left, bottom, right), Size(self.size.height, self.size.width))


def _inside(recipe: Recipe, source: Size) -> Plan:
    scale = min(
        1.0,
        (recipe.width or source.width) / source.width,
        (recipe.height or source.height) / source.height,
    )
    size = Size(max(1, round(source.width * scale)), max(1, round(source.height * scale)))
    return Plan((0, 0, source.width, source.height), size)


def _cover(recipe: Recipe, source: Size) -> Plan:
    """The middle of the source in the shape of the box; the box shrinks where it is larger."""
    width, height = recipe.width or source.width, recipe.height or source.height
    scale = min(1.0, source.width / width, source.height / height)
    size = Size(max(1, round(width * scale)), max(1, round(height * scale)))
    zoom = min(source.width / size.width, source.height / size.height)
    # One of the two is zero, but for the last bit of a float.
    left = max(0.0, (source.width - size.width * zoom) / 2)
    top = max(0.0, (source.height - size.height * zoom) / 2)
    return Plan((left, top, source.width - left, source.height - top), size)
