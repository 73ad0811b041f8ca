"""Settings of where images stand in front matters and are kept, and of articles passed over."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from imgcache import place_patterns, units
from imgcache.config_types import ByteSize, Section


def _checked_pattern(text: str) -> str:
    place_patterns.pattern(text)
    return text


def _checked_key(text: str) -> str:
    place_patterns.key_path(text)
    return text


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


_one_or_several = BeforeValidator(_listed, json_schema_input_type=list[str] | str)
KeyPath = Annotated[str, AfterValidator(_checked_key)]


class ImagePlace(Section):
    """One `[[images]]`: where entries stand, and the keys inside of them.

    `width`, `height`, `cached` and `placeholder` exist only where they are named. `add`: an entry
    without the flag, or the placeholder, gets one.
    """

    at: Annotated[str, AfterValidator(_checked_pattern)]
    url: Annotated[tuple[KeyPath, ...], _one_or_several, Field(min_length=1)] = ("url",)
    width: KeyPath | None = None
    height: KeyPath | None = None
    cached: KeyPath | None = None
    placeholder: KeyPath | None = None
    add: bool = True

    @model_validator(mode="after")
    def _are_distinct(self) -> ImagePlace:
        named = (self.width, self.height, self.cached, self.placeholder)
        keys = [*self.url, *(key for key in named if key)]
        paths = [place_patterns.key_path(key) for key in keys]
        if len(set(paths)) < len(paths):
            raise ValueError("url, width, height, cached and placeholder must be different keys")
        return self


# What is read where no `[[images]]` is configured.
USUAL = ImagePlace(
    at="**.images[]", url=("url",), width="width", height="height", cached="isCached"
)

# Dates are those of TOML.
Scalar = bool | int | float | str | dt.datetime | dt.date


def _several(value: Any) -> Any:
    values = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not values:
        raise ValueError("is empty; name a value that makes an article be passed over")
    if not all(isinstance(one, Scalar) for one in values):
        raise ValueError("write true, false, a number, a date or a text, or a list of them")
    return values


# The value of a key, or any of several, that makes an article be passed over.
Skipped = Annotated[
    tuple[Scalar, ...], BeforeValidator(_several, json_schema_input_type=list[Scalar] | Scalar)
]


def _not_empty(value: object) -> object:
    """An empty path would be the working folder itself."""
    if value == "":
        raise ValueError("is empty; name a place")
    return value


def _folder_or_bucket(value: Any) -> Any:
    _not_empty(value)
    return units.BucketUrl.parse(value) if units.is_url(value) else value


NamedPath = Annotated[Path, BeforeValidator(_not_empty)]


class CacheSettings(Section):
    """Where the cache lies, and how large it may grow."""

    dir: Annotated[
        Path | units.BucketUrl, BeforeValidator(_folder_or_bucket, json_schema_input_type=str)
    ] = Path("cache")
    index: NamedPath | None = None
    max_bytes: ByteSize | None = None

    @property
    def home(self) -> Path:
        """The folder of the index, on this machine's disk."""
        return self.index if self.index is not None else self.folder

    @property
    def folder(self) -> Path:
        """The cache folder; of an object store what it has on this machine: each has its own."""
        if isinstance(self.dir, Path):
            return self.dir
        return self.index or Path("cache") / units.folder_name(str(self.dir))
