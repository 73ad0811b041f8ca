"""Types that settings are made of: sections, durations, sizes, lists."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from imgcache import units
from imgcache.config_sources import Layer, bad_value


def parsed(parse: Any, written: Any) -> BeforeValidator:
    """A value that is parsed where it is a text, or nothing that could be meant.

    `written`: what may stand in a file.
    """
    kinds = (str, bool, list)
    return BeforeValidator(
        lambda value: parse(str(value)) if isinstance(value, kinds) else value,
        json_schema_input_type=written,
    )


def no_boolean(written: Any) -> BeforeValidator:
    """Anything but a boolean, which pydantic would take for 0 or 1; `written` as in `parsed`."""
    return BeforeValidator(_not_boolean, json_schema_input_type=written)


def _not_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("is no number")  # noqa: TRY004  pydantic listens to ValueError
    return value


def comma_separated(value: object) -> object:
    """The environment writes lists so."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


# As units.py reads them.
DurationText = Annotated[str, Field(examples=["500ms", "10s", "5m", "2h", "30d"])]
SizeText = Annotated[str, Field(examples=["32MiB", "500kB"])]
Duration = Annotated[
    float, parsed(units.duration, Annotated[float, Field(ge=0)] | DurationText), Field(ge=0)
]
ByteSize = Annotated[
    int, parsed(units.byte_size, Annotated[int, Field(ge=0)] | SizeText), Field(ge=0)
]
Count = Annotated[int, no_boolean(Annotated[int, Field(ge=1)]), Field(ge=1)]
# A list, or one text with commas.
listed = BeforeValidator(comma_separated, json_schema_input_type=list[str] | str)
Strings = Annotated[tuple[str, ...], listed]
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


# What a URL may hold as it is, but for what begins a query or a fragment.
_BASE = re.compile(r"[A-Za-z0-9._~:/@!$&'()*+,;=%\[\]-]+")


def base_url(text: str) -> str:
    """A URL, or a path of a site, to which paths are appended; a slash ends it. Raises ValueError.

    Srcset has blanks between candidates, so that none may be in it.
    """
    if not _BASE.fullmatch(text):
        raise ValueError(
            'is no place where files are served; write "/images/" or "https://cdn.example/images/"'
        )
    return text if text.endswith("/") else f"{text}/"


BaseUrl = Annotated[str, AfterValidator(base_url)]


class Section(BaseModel):
    """The common rules: frozen, and no unknown key. Made from Python it raises ConfigError."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True
    )

    def __init__(self, /, **values: Any) -> None:
        """Take these values. Raises ConfigError, where pydantic would its own error."""
        self._refuse_unknown(values)
        try:
            super().__init__(**values)
        except ValidationError as exc:
            layers = [Layer(type(self).__name__, values)]
            raise bad_value(layers, dict(exc.errors()[0])) from exc

    # Else pydantic would call this for sections within sections, and not know where they stand.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def _refuse_unknown(cls, values: Mapping[str, Any]) -> None:
        """Raises ConfigError for an unknown key, where the known ones are known."""
