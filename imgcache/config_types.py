"""Types that settings are made of: sections, durations, sizes, lists."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

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
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
# Browsers run them, or open them from no page.
_NO_EDITORS = frozenset(("javascript", "vbscript", "data", "blob", "filesystem", "about", "file"))
# An article's name must not become the host.
_WEB = re.compile(r"https?://[^/?#{}\\]+[/?#]", re.IGNORECASE)


def edit_url(text: str) -> str:
    """A URL template with {path} and perhaps {line}. Raises ValueError."""
    scheme = _SCHEME.match(text)
    if scheme is None:
        raise ValueError("is no complete URL: it begins with https:// or an editor's scheme")
    if scheme[1].lower() in _NO_EDITORS:
        raise ValueError(f"{scheme[1]}: leads to no editor; use https: or an editor's scheme")
    if scheme[1].lower().startswith("http") and not _WEB.match(text):
        raise ValueError("needs a host and a slash before {path}: https://git.example/edit/{path}")
    if "{path}" not in text:
        raise ValueError("needs {path} where the article's path belongs")
    if set("{}") & set(text.replace("{path}", "").replace("{line}", "")):
        raise ValueError("knows {path} and {line} only")
    if not text.isprintable() or " " in text:
        raise ValueError("has a blank or a control character in it; write it as %20")
    return text


EditUrl = Annotated[str, AfterValidator(edit_url)]


class Section(BaseModel):
    """The common rules: frozen, and no unknown key."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True
    )
