"""Types that settings are made of, and what is told of a value that is none of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
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
from imgcache.config_sources import Layer, get
from imgcache.errors import ConfigError
from imgcache.userinfo import masked, masked_within

# Messages never show what these are set to.
_SECRETS = frozenset({"token", "headers"})
_ABSENT = object()
# What to write instead, by the kind of pydantic's errors.
_REMEDIES = {
    "bool": "write true or false",
    "date": "write a date, as 2026-01-02",
    "dict": "is no table; write it as [{name}] with its keys below",
    "enum": "write {expected}",
    "finite": "write a number that has an end",
    "float": "write a number",
    "greater_than": "write a number above {gt}",
    "greater_than_equal": "write a number of at least {ge}",
    "int": "write a whole number",
    "is_instance_of": "write a text in quotes",
    "less_than": "write a number below {lt}",
    "less_than_equal": "write a number of at most {le}",
    "list": 'write a list, as ["a", "b"]',
    "literal": "write {expected}",
    "missing": "is required; add it",
    "model": "is no table; write it as [{name}] with its keys below",
    "path": "write a path in quotes",
    "string": "write a text in quotes",
    "too_short": "is empty; name at least one",
    "tuple": 'write a list, as ["a", "b"]',
}
# The same of texts that are no free ones, by the beginning of their setting's name.
_SPELLINGS = {
    "fetch.headers": "write one line; a header's name has letters, digits and signs, and no blank",
    "fetch.proxy": "write http://HOST:PORT, without a path",
    "fetch.user_agent": "write one line of ASCII characters, not an empty one",
    "serve.token": "write ASCII characters without blanks, at least one",
    "thumbnails": "name it with at most 32 of a-z, 0-9, - and _, a letter or digit first",
}
_NO_TABLES = frozenset({"bool", "date", "enum", "float", "int", "list", "literal", "path"}) | {
    "string",
    "tuple",
}
# Lists of tables, which are written otherwise.
_TABLES = frozenset({"images", "rules", "severity.urls"})


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
        raise ValueError("is no number; write one without quotes")  # noqa: TRY004  pydantic listens to ValueError
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
# A decoder itself takes some 60 MiB: with less, each image would have too many pixels.
_LEAST_DECODER = 128 << 20


def enough_to_decode(size: int) -> int:
    """A limit of memory under which small images can be decoded. Raises ValueError."""
    if size < _LEAST_DECODER:
        raise ValueError("is less than a decoder needs for any image; write at least 128MiB")
    return size


DecoderMemory = Annotated[ByteSize, AfterValidator(enough_to_decode)]
Count = Annotated[int, no_boolean(Annotated[int, Field(ge=1)]), Field(ge=1)]
# A list, or one text with commas.
listed = BeforeValidator(comma_separated, json_schema_input_type=list[str] | str)
Strings = Annotated[tuple[str, ...], listed]
# Patterns of rare settings are compiled when they are used: each takes half a millisecond.
_SCHEME = r"(?i)([a-z][a-z0-9+.-]*):"
# Browsers run them, or open them from no page.
_NO_EDITORS = frozenset(("javascript", "vbscript", "data", "blob", "filesystem", "about", "file"))
# An article's name must not become the host.
_WEB = r"(?i)https?://[^/?#{}\\]+[/?#]"


def edit_url(text: str) -> str:
    """A URL template with {path} and perhaps {line}. Raises ValueError."""
    scheme = re.match(_SCHEME, text)
    if scheme is None:
        raise ValueError("is no complete URL: it begins with https:// or an editor's scheme")
    if scheme[1].lower() in _NO_EDITORS:
        raise ValueError(f"{scheme[1]}: leads to no editor; use https: or an editor's scheme")
    if scheme[1].lower().startswith("http") and not re.match(_WEB, text):
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
_BASE = r"[A-Za-z0-9._~:/@!$&'()*+,;=%\[\]-]+"


def base_url(text: str) -> str:
    """A URL, or a path of a site, to which paths are appended; a slash ends it. Raises ValueError.

    Srcset has blanks between candidates, so that none may be in it.
    """
    if not re.fullmatch(_BASE, text):
        raise ValueError(
            'is no place where files are served; write "/images/" or "https://cdn.example/images/"'
        )
    return text if text.endswith("/") else f"{text}/"


BaseUrl = Annotated[str, AfterValidator(base_url)]
_PROXY = r"https?://([^/?#\s]*@)?(\[(?P<address>[^\]]+)\]|[\w.-]+)(:(?P<port>[0-9]{1,5}))?/?"
_LAST_PORT = 65535


def proxy_url(text: str) -> str:
    """A proxy that can be dialled. Raises ValueError: each image would fail, and not for itself."""
    found = re.fullmatch(_PROXY, text)
    if found is None or not 1 <= int(found["port"] or 1) <= _LAST_PORT:
        raise ValueError(_SPELLINGS["fetch.proxy"])
    if found["address"]:
        ip_address(found["address"])
    return text


# As URLs have them once they are normalised.
_HOST = r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[[0-9a-f:]+\]"


def host_name(text: str) -> str:
    """A host as URLs have it, in small letters. Raises ValueError for what no URL's host is."""
    if not re.fullmatch(_HOST, text.lower()):
        raise ValueError(
            f"{text!r} is no host; write it without scheme, port and path, as images.example.com, "
            "other letters as xn--..., an IPv6 address in brackets"
        )
    return text.lower()


HostName = Annotated[str, AfterValidator(host_name)]
ProxyUrl = Annotated[str, Field(pattern=r"^https?://[^/]+/?$"), AfterValidator(proxy_url)]


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


def _complaint(problem: Mapping[str, Any], name: str) -> str:
    """What is wrong with the setting `name`, in the words of its file and not of its types."""
    kind, reason = str(problem.get("type", "")), str(problem["msg"])
    if kind in {"", "value_error"}:
        return reason.removeprefix("Value error, ")
    if kind == "string_pattern_mismatch":
        return next((one for key, one in _SPELLINGS.items() if name.startswith(key)), reason)
    if name in _TABLES and kind.split("_", maxsplit=1)[0] in {"tuple", "list", "model", "dict"}:
        return f"is no list of tables; write [[{name}]] with its keys below, once for each"
    remedy = _REMEDIES.get(kind) or _REMEDIES.get(kind.split("_", maxsplit=1)[0], reason)
    # In a place that takes no table, one is a key too many.
    is_table = isinstance(problem.get("input"), Mapping)
    fault = "is a table; " if is_table and kind.split("_", maxsplit=1)[0] in _NO_TABLES else ""
    return fault + remedy.format(name=name, **problem.get("ctx", {}))


def bad_value(stack: Sequence[Layer], problem: Mapping[str, Any]) -> ConfigError:
    """The error for a value that the models refuse; it names the layer that set it."""
    parts = [one for one in problem["loc"] if one != "verdicts" and "[" not in str(one)]
    keys = [one for one in parts if isinstance(one, str)]
    name = ".".join(map(_spelt, keys))
    reason = _complaint(problem, name)
    for layer in reversed(stack):
        where, value = _found(layer, parts)
        if value is _ABSENT:
            continue
        if value is None or _has_tables(value) or _SECRETS.intersection(keys):
            return ConfigError(f"{where}: {name}: {reason}")
        return ConfigError(masked_within(f"{where}: {name} = {_shown(value)}: {reason}"))
    return ConfigError(f"{name}: {reason}")


def _spelt(key: str) -> str:
    """A key as TOML has it."""
    return key if re.fullmatch(r"[\w-]+", key, re.ASCII) else f'"{key}"'


def _has_tables(value: Any) -> bool:
    """Whether showing it would be longer than telling where it is."""
    return isinstance(value, Mapping) or (isinstance(value, list) and any(map(_has_tables, value)))


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(masked(value) if isinstance(value, str) else value)


def _found(layer: Layer, parts: Sequence[str | int]) -> tuple[str, Any]:
    """Where a layer sets something, and to what.

    None for what is missing in a table that is there, _ABSENT where the layer says nothing of it.
    """
    value = get(layer.values, parts)
    if value is not None:
        return layer.where(parts), value
    tables = [at for at, one in enumerate(parts) if isinstance(one, int)]
    if not tables:
        return layer.name, _ABSENT
    listed, table = parts[: tables[0]], parts[: tables[0] + 1]
    if get(layer.values, table) is not None:
        return layer.where(table), None
    value = get(layer.values, listed)
    return layer.where(listed), _ABSENT if value is None else value
