"""Settings of the rules that a site makes for its images, and of severities.

What a rule finds is decided in core/verdicts/wishes.py.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from imgcache import units
from imgcache.config_types import ByteSize, Count, Section, listed, no_boolean, parsed
from imgcache.model import Format, Severity, Verdict

_RATIO = r"([0-9]{1,6}(?:\.[0-9]{1,6})?) ?: ?([0-9]{1,6}(?:\.[0-9]{1,6})?)"
# What a pattern means as one character of several (fnmatch).
_SETS = r"\[!?\]?[^\]]*\]"
_FORMATS = tuple(one.label for one in Format)
_WISHES = (
    *("max_bytes", "max_bytes_per_pixel", "min_width", "min_height", "max_width", "max_height"),
    *("max_pixels", "aspect", "formats", "require", "forbid"),
)


class Aspect(NamedTuple):
    """Shapes from `least` to `most`, as width through height; `text` is how the site wrote it."""

    least: float
    most: float
    text: str

    @classmethod
    def parse(cls, text: str) -> Aspect:
        """From `16:9`, `1.91:1`, or a range `1:1..2:1`. Raises ValueError."""
        first, dots, last = text.partition("..")
        ratios = [_ratio(one.strip(), text) for one in ((first, last) if dots else (first,))]
        least, most = ratios[0], ratios[-1]
        if least > most:
            raise ValueError(
                f"{text!r} begins with the wider shape; write {last.strip()}..{first.strip()}"
            )
        return cls(least, most, text)


def _ratio(text: str, whole: str) -> float:
    match = re.fullmatch(_RATIO, text)
    if match is None or not float(match[1]) or not float(match[2]):
        raise ValueError(f"{whole!r} is no shape; write 16:9, 1.91:1, or a range like 1:1..2:1")
    return float(match[1]) / float(match[2])


def _aspect(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError('is no shape; write "16:9" in quotes')  # noqa: TRY004  as above
    return Aspect.parse(value)


def _pattern(text: str) -> str:
    if not text:
        raise ValueError("an empty pattern matches nothing; leave the key out to mean everything")
    if "[" in re.sub(_SETS, "", text):
        raise ValueError(f"{text!r} opens a set with [ and never closes it; write [[] for a [")
    return text


def _format(name: str) -> str:
    if name not in _FORMATS:
        near = difflib.get_close_matches(name.lower(), _FORMATS, n=1, cutoff=0.0)[0]
        known = ", ".join(_FORMATS)
        raise ValueError(f"{name!r} is no format; did you mean {near!r}? There are {known}")
    return name


def _named(name: str) -> str:
    if not name.strip():
        raise ValueError("is empty; a rule's name tells people which wish was not met")
    return name


def _key(name: str) -> str:
    if not name:
        raise ValueError('is empty; name a key of the entry, such as "alt"')
    return name


Pattern = Annotated[str, AfterValidator(_pattern)]
Share = Annotated[
    float,
    parsed(units.share, float | str),
    no_boolean(float | str),
    Field(ge=0, lt=1),
]
Density = Annotated[float, no_boolean(Annotated[float, Field(gt=0)]), Field(gt=0)]


class RuleSettings(Section):
    """One `[[rules]]`: which entries it is for, and what it wants of their images.

    `match` is a URL pattern, `articles` a pattern of paths relative to the configuration's folder,
    `at` a place of `[[images]]`; what is None narrows nothing, and no other wish is made.
    """

    name: Annotated[str, AfterValidator(_named)]
    match: Pattern | None = None
    articles: Pattern | None = None
    at: str | None = None
    severity: Severity = Severity.ERROR
    max_bytes: ByteSize | None = None
    max_bytes_per_pixel: Density | None = None
    min_width: Count | None = None
    min_height: Count | None = None
    max_width: Count | None = None
    max_height: Count | None = None
    max_pixels: Count | None = None
    aspect: Annotated[Aspect, BeforeValidator(_aspect, json_schema_input_type=str)] | None = None
    aspect_tolerance: Share = 0.01
    formats: Annotated[tuple[Annotated[str, AfterValidator(_format)], ...], listed] = ()
    require: Annotated[tuple[Annotated[str, AfterValidator(_key)], ...], listed] = ()
    forbid: Annotated[tuple[Literal["position"], ...], listed] = ()

    @model_validator(mode="after")
    def _can_be_met(self) -> RuleSettings:
        for side in ("width", "height"):
            least, most = getattr(self, f"min_{side}"), getattr(self, f"max_{side}")
            if least is not None and most is not None and least > most:
                raise ValueError(
                    f"min_{side} = {least} is above max_{side} = {most}, so that no image is "
                    "right; lower the first, or raise the second"
                )
        fewest = (self.min_width or 1) * (self.min_height or 1)
        if self.max_pixels is not None and fewest > self.max_pixels:
            raise ValueError(
                f"min_width and min_height make at least {fewest} pixels, more than "
                f"max_pixels = {self.max_pixels}; raise max_pixels"
            )
        if all(getattr(self, key) in (None, ()) for key in _WISHES):
            known = ", ".join(_WISHES)
            raise ValueError(f"this rule wants nothing; give it a wish, one of {known}")
        return self


def _differently_named(rules: tuple[RuleSettings, ...]) -> tuple[RuleSettings, ...]:
    seen: set[str] = set()
    for rule in rules:
        if rule.name in seen:
            raise ValueError(
                f"two rules are called {rule.name!r}; give each a name of its own, because reports "
                "and baselines tell them apart by it"
            )
        seen.add(rule.name)
    return rules


Rules = Annotated[tuple[RuleSettings, ...], AfterValidator(_differently_named)]


class UrlSeverity(Section):
    """One `[[severity.urls]]`: the severity of findings on URLs that match a pattern."""

    match: str
    severity: Severity


def _spelled_out(schema: dict[str, Any]) -> None:
    """In a file the verdicts stand beside the other keys, not in a table of their own."""
    verdicts = schema["properties"].pop("verdicts")
    names = (verdict.value for verdict in Verdict if verdict is not Verdict.OK)
    schema["properties"] |= dict.fromkeys(names, verdicts["additionalProperties"])


class SeveritySettings(Section):
    """Severities by verdict, by URL pattern, and for failures that may pass by themselves."""

    verdicts: dict[Verdict, Severity] = Field(default_factory=dict)
    transient: Severity | None = None
    urls: tuple[UrlSeverity, ...] = ()

    model_config = ConfigDict(json_schema_extra=_spelled_out)

    @model_validator(mode="before")
    @classmethod
    def _gather_verdicts(cls, data: Any) -> Any:
        """Lift `gone = "warning"` into `verdicts`; the environment spells `-` as `_`."""
        if not isinstance(data, Mapping) or "verdicts" in data:
            return data
        known = {verdict.value for verdict in Verdict if verdict is not Verdict.OK}
        lifted = {key.replace("_", "-"): value for key, value in data.items()}
        verdicts = {key: lifted.pop(key) for key in list(lifted) if key in known}
        return {**lifted, "verdicts": verdicts}
