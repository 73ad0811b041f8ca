"""manifest.json, which site generators read: rows to text, and text back to rows.

Writing yields one line per image, so that 60,000 of them never stand in memory together. Reading
is for a lost index: the text is semi-trusted then, and a row that is not exactly what this module
would have written is passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple, NotRequired, Self

from msgspec import Struct
from msgspec.structs import replace
from typing_extensions import TypedDict

from imgcache.core.cache.layout import image_path, thumbnail_path
from imgcache.core.images.placeholder import is_placeholder
from imgcache.core.images.thumbnail_plan import fingerprint
from imgcache.facts import ImageFacts, ThumbnailFacts
from imgcache.model import Format, Size
from imgcache.units import is_text

if TYPE_CHECKING:
    from imgcache.config import ThumbnailSettings

_SHA256 = re.compile(r"[0-9a-f]{64}")
_COLOR = re.compile(r"#[0-9a-f]{6}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_SUFFIX = re.compile(r"[a-z0-9]{1,8}")
# More than any image has, and what the index can hold.
_LARGEST = 2**53
_TYPES = {fmt.suffix: fmt.media_type for fmt in Format}
# What every manifest begins with.
HEAD = '{"schema": 1, "images": {'
_encode = json.JSONEncoder(separators=(", ", ": ")).encode


class _Url(TypedDict, total=False):
    """Where a file is served."""

    url: str


class _Looks(TypedDict, total=False):
    """What only pixels tell."""

    placeholder: str
    animated: bool
    alpha: bool


class ThumbnailDocument(TypedDict):
    """One thumbnail; `path` and `url` as those of its image, `type` is its media type."""

    path: str
    url: NotRequired[str]
    width: int
    height: int
    type: str
    bytes: int


class ImageDocument(TypedDict):
    """One image; `path` is relative to the cache folder, `color` its mean, `#rrggbb`.

    `url` is where the path is served, where the settings say so. `srcset` has for each media type
    the thumbnails that show all of the picture, by width, as an attribute of HTML lists them; by
    their paths where there are no URLs.
    """

    path: str
    url: NotRequired[str]
    sha256: str
    width: int
    height: int
    format: str
    type: str
    bytes: int
    color: str
    placeholder: NotRequired[str]
    animated: NotRequired[bool]
    alpha: NotRequired[bool]
    thumbnails: dict[str, ThumbnailDocument]
    srcset: dict[str, str]


class ManifestDocument(TypedDict):
    """All sound copies, by their URLs as articles spell them; keys may be added."""

    schema: Literal[1]
    images: dict[str, ImageDocument]


class Row(NamedTuple):
    """One sound copy: the URL as an article spells it, and the image it answered with."""

    spelling: str
    image: ImageFacts


class Style(Struct, frozen=True):
    """What a manifest says beside the facts, by the settings.

    `base_url` is put before each path, None for no URLs. `whole`: the thumbnails that show all of
    the picture, and the recipe of each.
    """

    base_url: str | None = None
    whole: Mapping[str, str] = {}

    @classmethod
    def of(cls, base_url: str | None, thumbnails: Mapping[str, ThumbnailSettings]) -> Self:
        """From the configuration."""
        inside = {name: one for name, one in thumbnails.items() if one.fit == "inside"}
        return cls(base_url, {name: fingerprint(one) for name, one in inside.items()})

    def is_whole(self, thumbnail: ThumbnailFacts) -> bool:
        """Whether it shows all of the picture; a recipe that is not known is taken for the one."""
        return thumbnail.recipe in ("", self.whole.get(thumbnail.name)) and (
            thumbnail.name in self.whole
        )


_PLAIN = Style()


def lines(rows: Iterable[Row], style: Style = _PLAIN) -> Iterator[str]:
    """The text of the manifest, piece by piece, all ASCII; `rows` come sorted by spelling."""
    yield HEAD
    separator = "\n"
    for row in rows:
        yield f"{separator}{_encode(row.spelling)}: {_encode(_described(row.image, style))}"
        separator = ",\n"
    yield "\n}}\n"


def _described(image: ImageFacts, style: Style) -> ImageDocument:
    small = sorted(image.thumbnails, key=lambda thumbnail: thumbnail.name)
    path = image_path(image.sha256, image.format)
    return {
        "path": path,
        **_url(style, path),
        "sha256": image.sha256,
        "width": image.size.width,
        "height": image.size.height,
        "format": image.format.label,
        "type": image.format.media_type,
        "bytes": image.bytes,
        "color": image.color,
        **_looks(image),
        "thumbnails": {one.name: _thumbnail_document(image, one, style) for one in small},
        "srcset": _srcset(image, [one for one in small if style.is_whole(one)], style),
    }


def _thumbnail_document(
    image: ImageFacts, thumbnail: ThumbnailFacts, style: Style
) -> ThumbnailDocument:
    path = thumbnail_path(thumbnail.name, image.sha256, thumbnail.suffix)
    return {
        "path": path,
        **_url(style, path),
        "width": thumbnail.width,
        "height": thumbnail.height,
        "type": _TYPES[thumbnail.suffix],
        "bytes": thumbnail.bytes,
    }


def _url(style: Style, path: str) -> _Url:
    return {} if style.base_url is None else {"url": f"{style.base_url}{path}"}


def _looks(image: ImageFacts) -> _Looks:
    looks: _Looks = {}
    if image.placeholder:
        looks["placeholder"] = image.placeholder
    if image.animated is not None:
        looks["animated"] = image.animated
    if image.alpha is not None:
        looks["alpha"] = image.alpha
    return looks


def _srcset(image: ImageFacts, whole: Iterable[ThumbnailFacts], style: Style) -> dict[str, str]:
    """The candidates of each media type by width, each width once; the original comes last."""
    found: dict[str, dict[int, str]] = {}
    for one in whole:
        path = thumbnail_path(one.name, image.sha256, one.suffix)
        found.setdefault(_TYPES[one.suffix], {}).setdefault(one.width, path)
    original = found.get(image.format.media_type)
    if original is not None:
        original[image.size.width] = image_path(image.sha256, image.format)
    base = style.base_url or ""
    return {
        kind: ", ".join(f"{base}{path} {width}w" for width, path in sorted(paths.items()))
        for kind, paths in sorted(found.items())
    }


def parse(data: bytes) -> tuple[Row, ...]:
    """The rows of a manifest that this program could have written; () when it is none.

    What the manifest does not hold is left empty: `mtime_ns`, and of thumbnails the recipe (so
    they count as made by another one) and the length.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(document, dict) or document.get("schema") != 1:
        return ()
    images = document.get("images")
    found = images.items() if isinstance(images, dict) else ()
    rows = ((spelling, _image(fields)) for spelling, fields in found if is_text(spelling))
    return tuple(Row(spelling, image) for spelling, image in rows if image is not None)


def _image(fields: object) -> ImageFacts | None:
    if not isinstance(fields, dict):
        return None
    sha256, color, label = (fields.get(key) for key in ("sha256", "color", "format"))
    fmt = next((known for known in Format if known.label == label), None)
    numbers = _numbers(fields, "width", "height", "bytes")
    if fmt is None or numbers is None or not _fits(_SHA256, sha256) or not _fits(_COLOR, color):
        return None
    if fields.get("path") != image_path(str(sha256), fmt):
        return None
    width, height, size = numbers
    thumbnails = _thumbnails(fields.get("thumbnails"), str(sha256))
    image = ImageFacts(
        str(sha256), fmt, Size(width, height), size, str(color), thumbnails=thumbnails
    )
    return _with_looks(image, fields)


def _with_looks(image: ImageFacts, fields: Mapping[str, object]) -> ImageFacts:
    """With what its pixels told; older manifests don't have it, and none has the hash."""
    placeholder = fields.get("placeholder")
    animated, alpha = (fields.get(key) for key in ("animated", "alpha"))
    return replace(
        image,
        animated=animated if isinstance(animated, bool) else None,
        alpha=alpha if isinstance(alpha, bool) else None,
        placeholder=str(placeholder) if is_placeholder(str(placeholder)) else "",
    )


def _thumbnails(named: object, sha256: str) -> tuple[ThumbnailFacts, ...]:
    found = named.items() if isinstance(named, dict) else ()
    facts = (_thumbnail(name, fields, sha256) for name, fields in sorted(found))
    return tuple(thumbnail for thumbnail in facts if thumbnail is not None)


def _thumbnail(name: str, fields: object, sha256: str) -> ThumbnailFacts | None:
    if not isinstance(fields, dict) or not _fits(_NAME, name):
        return None
    path, numbers = fields.get("path"), _numbers(fields, "width", "height")
    suffix = str(path).rpartition(".")[2]
    if numbers is None or not _fits(_SUFFIX, suffix):
        return None
    if path != thumbnail_path(name, sha256, suffix):
        return None
    width, height = numbers
    return ThumbnailFacts(name, "", suffix, width, height, bytes=0)


def _fits(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _numbers(fields: Mapping[str, object], *keys: str) -> tuple[int, ...] | None:
    values = [fields.get(key) for key in keys]
    numbers = tuple(v for v in values if type(v) is int and 0 < v <= _LARGEST)
    return numbers if len(numbers) == len(keys) else None
