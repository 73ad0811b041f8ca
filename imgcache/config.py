"""All settings, their defaults and their limits: one frozen object of frozen sections.

Each part of the program receives its own section only. The defaults stand here and nowhere else;
where the values come from (file, environment, flags) is config_sources.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from imgcache import config_sources, units
from imgcache.config_images import USUAL, CacheSettings, ImagePlace, NamedPath, Skipped
from imgcache.config_rules import Rules, RuleSettings, SeveritySettings, UrlSeverity
from imgcache.config_types import (
    BaseUrl,
    ByteSize,
    Count,
    DecoderMemory,
    Duration,
    DurationText,
    EditUrl,
    HostName,
    ProxyUrl,
    Section,
    Strings,
    bad_value,
    comma_separated,
    listed,
    no_boolean,
    parsed,
)
from imgcache.errors import ConfigError
from imgcache.model import Verdict
from imgcache.version import VERSION


def _folders(value: Any) -> Any:
    folders = comma_separated(value)
    return (folders,) if isinstance(folders, Path) else folders


Timeout = Annotated[
    float, parsed(units.duration, Annotated[float, Field(gt=0)] | DurationText), Field(gt=0)
]
Folders = Annotated[
    tuple[Path, ...], BeforeValidator(_folders, json_schema_input_type=list[str] | str)
]
Resolves = Annotated[
    tuple[Annotated[units.Resolve, parsed(units.Resolve.parse, str)], ...],
    listed,
]
AllowedNetworks = Annotated[
    tuple[Annotated[units.AllowedNetwork, parsed(units.AllowedNetwork.parse, str)], ...],
    listed,
]


def _own_header(name: str) -> str:
    if name.lower() in _FRAMING:
        raise ValueError(f"imgcache sets {name} itself; leave it out")
    return name


# Headers that define a request and its end (RFC 9112), and what imgcache can read in return.
_FRAMING = frozenset(
    """accept-encoding connection content-length expect host if-modified-since if-none-match range
    te trailer transfer-encoding upgrade""".split()  # noqa: SIM905 -- a list would take a page
)
HeaderName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"), AfterValidator(_own_header)
]
HeaderValue = Annotated[str, Field(pattern=r"^[\x20-\x7e]*$")]
Token = Annotated[str, Field(pattern=r"^[\x21-\x7e]+$")]
ThumbnailName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]


class BodySettings(Section):
    """What is read below the front matter."""

    images: bool = False


def _without_folder(schema: dict[str, Any]) -> None:
    """It is no setting."""
    del schema["properties"]["folder"]


class ManifestSettings(Section):
    """Where the manifest is written, too, and where the files are served that it lists."""

    path: NamedPath | None = None
    base_url: BaseUrl | None = None


class FreshnessSettings(Section):
    """How long an answer counts as fresh, in seconds (RFC 9111, between the two bounds)."""

    default: Duration = 7 * 86400.0
    least: Duration = 3600.0
    greatest: Duration = 30 * 86400.0

    @model_validator(mode="after")
    def _are_in_order(self) -> FreshnessSettings:
        if self.least > self.greatest:
            raise ValueError("freshness.least must not be longer than freshness.greatest")
        return self


class DriftSettings(Section):
    """When a picture counts as another one: bits of 64, and for how many seconds that is told."""

    distance: Annotated[int, Field(ge=0, le=64)] = 18
    remember: Duration = 7 * 86400.0


class ThumbnailSettings(Section):
    """How one thumbnail is made. Without width and height it fits into 320 x 320."""

    width: Annotated[int, Field(ge=1, le=16383)] | None = None
    height: Annotated[int, Field(ge=1, le=16383)] | None = None
    fit: Literal["inside", "cover"] = "inside"
    format: Literal["webp", "jpeg", "avif", "png"] = "webp"
    quality: Annotated[int, Field(ge=1, le=100)] = 80
    method: Annotated[int, Field(ge=0, le=6)] = 2

    @property
    def box(self) -> tuple[int | None, int | None]:
        """The box to fit, in pixels; None is unbounded."""
        if self.width is None and self.height is None:
            return (320, 320)
        return (self.width, self.height)

    @model_validator(mode="after")
    def _cover_needs_both(self) -> ThumbnailSettings:
        if self.fit == "cover" and None in self.box:
            raise ValueError('fit = "cover" needs width and height')
        return self


class FetchSettings(Section):
    """How images are requested; times in seconds."""

    concurrency: Count = 64
    processes: Count | None = None
    per_host: Count = 6
    connect_timeout: Timeout = 10.0
    idle_timeout: Timeout = 15.0
    deadline: Timeout = 60.0
    attempts: Count = 3
    backoff: Duration = 0.5
    retry_after_cap: Duration = 60.0
    max_bytes: Annotated[ByteSize, Field(ge=1)] = 32 << 20
    max_redirects: Annotated[int, Field(ge=0, le=20)] = 5
    user_agent: Annotated[str, Field(pattern=r"^[\x20-\x7e]+$")] = f"imgcache/{VERSION}"
    proxy: ProxyUrl | None = None
    headers: dict[HostName, dict[HeaderName, HeaderValue]] = Field(default_factory=dict)
    allow_private: AllowedNetworks = ()
    resolve: Resolves = ()
    ca_file: Path | None = None
    breaker_failures: Count = 5
    breaker_pause: Duration = 30.0


class LimitSettings(Section):
    """What decoding an image or reading an article may cost."""

    pixels: Count = 64_000_000
    frames: Count = 1000
    scans: Count = 100
    decode_time: Timeout = 10.0
    decode_memory: DecoderMemory = 1536 << 20
    front_matter: ByteSize = 1 << 20
    depth: Count = 64
    nodes: Count = 50_000


class ServeSettings(Section):
    """Where the service listens, and which requests it answers."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8460
    token: Token | None = None
    allowed_hosts: Strings = ()
    edit_url: EditUrl | None = None
    images: Literal["stream", "redirect"] = "stream"


class Settings(Section):
    """Everything that can be set. `Settings.load()` reads file and environment.

    `folder` is no setting: that of the configuration file, else the working folder. The folders
    that are meant where none is set lie in it. `images`: None is the usual place.
    """

    model_config = ConfigDict(json_schema_extra=_without_folder)

    folder: Path = Path()
    articles: Strings = ()
    exclude: Strings = ()
    site_root: Folders = ()
    images: tuple[ImagePlace, ...] | None = None
    body: BodySettings = BodySettings()
    skip: dict[str, Skipped] = Field(default_factory=dict)
    on_mismatch: Literal["uncache", "keep"] = "uncache"
    tolerance: Annotated[int, no_boolean(Annotated[int, Field(ge=0)]), Field(ge=0)] = 0
    severity: SeveritySettings = SeveritySettings()
    fail_after: Duration | None = None
    rules: Rules = ()
    cache: CacheSettings = CacheSettings()
    manifest: ManifestSettings = ManifestSettings()
    freshness: FreshnessSettings = FreshnessSettings()
    drift: DriftSettings = DriftSettings()
    thumbnails: dict[ThumbnailName, ThumbnailSettings] = Field(
        default_factory=lambda: {"small": ThumbnailSettings()}
    )
    fetch: FetchSettings = FetchSettings()
    limits: LimitSettings = LimitSettings()
    serve: ServeSettings = ServeSettings()

    @classmethod
    def _refuse_unknown(cls, values: Mapping[str, Any]) -> None:
        known = _known_keys(Settings) | {"folder": None}
        config_sources.Layer(cls.__name__, dict(values)).check_keys(known)

    @property
    def places(self) -> tuple[ImagePlace, ...]:
        """Where images stand, by the numbers that entries have of them."""
        return (USUAL,) if self.images is None else self.images

    @property
    def site(self) -> Path:
        """The folder from which the articles have their names: that around the cache."""
        return self.cache.dir.parent if isinstance(self.cache.dir, Path) else self.folder

    @property
    def paths(self) -> Iterator[tuple[tuple[str, ...], Path]]:
        """The places that are set, with the keys that set them."""
        for name in config_sources.LISTS_OF_PATHS:
            yield from (((name,), Path(one)) for one in getattr(self, name))
        for section, key in config_sources.PATHS:
            one = getattr(getattr(self, section), key)
            if isinstance(one, Path):
                yield (section, key), one

    @property
    def required(self) -> tuple[str, ...]:
        """The keys that rules require of entries, each once."""
        return tuple(dict.fromkeys(key for rule in self.rules for key in rule.require))

    @classmethod
    def load(cls, config: Path | None = None, flags: Mapping[str, Any] | None = None) -> Settings:
        """The settings of this working folder: defaults, file, environment, then flags.

        `flags` is a nested mapping as the file would have it; its `fetch.resolve` and
        `fetch.allow_private` add to what is set, all else replaces. Raises ConfigError.
        """
        layers = config_sources.layers(working_folder(), os.environ, config)
        known = _known_keys(cls)
        for layer in layers:
            layer.check_keys(known)
        stack = [*layers, config_sources.Layer(config_sources.FLAGS, dict(flags or {}))]
        values = config_sources.merge(stack)
        home = next((one.folder for one in layers if one.folder is not None), Path())
        try:
            settings = cls.model_validate(_placed(values, home))
        except ValidationError as exc:
            problem = exc.errors()[0]
            to_blame, keys = config_sources.to_blame(stack, problem["loc"])
            raise bad_value(to_blame, {**problem, "loc": keys}) from exc
        if not all(map(os.path.isdir, settings.site_root)):
            reason = "there is no such folder; name the one that holds the site's own files"
            raise bad_value(stack, {"loc": ("site_root",), "msg": reason})
        for keys, path in settings.paths:
            if (refused := units.path_fault(path)) is not None:
                raise bad_value(stack, {"loc": keys, "msg": refused})
        places = [place.at for place in settings.places]
        for number, rule in enumerate(settings.rules):
            if rule.at not in (None, *places):
                reason = f"is no place of [[images]]; name one of {', '.join(map(repr, places))}"
                raise bad_value(stack, {"loc": ("rules", number, "at"), "msg": reason})
        return settings


def working_folder() -> Path:
    """Raises ConfigError where it is gone."""
    try:
        return Path.cwd()
    except OSError as exc:
        raise ConfigError("the working folder is gone; change into one that is there") from exc


def _placed(values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """With what lies in the folder of the configuration file unless a setting says otherwise."""
    cache = values.get("cache", {})
    if isinstance(cache, Mapping):
        usual = folder / CacheSettings().folder
        cache = {"dir": usual, **cache}
        if units.is_url(cache["dir"]) and cache.get("index") is None:
            cache["index"] = usual / units.folder_name(cache["dir"])
    return {**values, "folder": folder, "cache": cache}


def _known_keys(section: type[BaseModel]) -> dict[str, Any]:
    """The keys of a section, nested; `"*"` stands for names that the user chooses."""
    keys: dict[str, Any] = {}
    for name, field in section.model_fields.items():
        kind = field.annotation
        nested = isinstance(kind, type) and issubclass(kind, BaseModel)
        keys[name] = _known_keys(kind) if nested and isinstance(kind, type) else None
    if section is SeveritySettings:
        del keys["verdicts"]
        keys |= {verdict.value: None for verdict in Verdict if verdict is not Verdict.OK}
        keys["urls"] = _known_keys(UrlSeverity)
    if section is Settings:
        del keys["folder"]
        keys["images"] = _known_keys(ImagePlace)
        keys["skip"] = {"*": None}
        keys["thumbnails"] = {"*": _known_keys(ThumbnailSettings)}
        keys["rules"] = _known_keys(RuleSettings)
    return keys
