"""Types that settings are made of: sections, durations, sizes, lists."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from imgcache import units


def parsed(parse: Any) -> BeforeValidator:
    """A value that is parsed where it is a text."""
    return BeforeValidator(lambda value: parse(value) if isinstance(value, str) else value)


def comma_separated(value: object) -> object:
    """The environment writes lists so."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Duration = Annotated[float, parsed(units.duration), Field(ge=0)]
ByteSize = Annotated[int, parsed(units.byte_size), Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Strings = Annotated[tuple[str, ...], BeforeValidator(comma_separated)]


class Section(BaseModel):
    """The common rules: frozen, and no unknown key."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True
    )
