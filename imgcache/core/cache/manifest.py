"""manifest.json, which site generators read: rows to text, and text back to rows.

Writing yields one line per image, so that 60,000 of them never stand in memory together. Reading
is for a lost index: the text is semi-trusted then, and a row that is not exactly what this module
would have written is passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from msgspec.structs import replace
from typing_extensions import TypedDict

from imgcache.core.cache.layout import image_path, thumbnail_path
from imgcache.core.images.placeholder import is_placeholder
from imgcache.facts import ImageFacts, ThumbnailFacts
from imgcache.model import Format, Size
from imgcache.units import is_text

_SHA256 = re.compile(r"[0-9a-f]{64}")
_COLOR = re.compile(r"#[0-9a-f]{6}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_SUFFIX = re.compile(r"[a-z0-9]{1,8}")
# More than any image has, and what the index can hold.
_LARGEST = 2**53
_encode = json.JSONEncoder(separators=(", ", ": ")).encode


class ThumbnailDocument(TypedDict):
    """One thumbnail; `path` is relative to the cache folder."""

    path: str
    width: int
    height: int


class ImageDocument(TypedDict):
    """One image; `path` is relative to the cache folder, `color` its mean, `#rrggbb`."""

    path: str
    sha256: str
    width: int
    height: int
    format: str
    bytes: int
    color: str
    thumbnails: dict[str, ThumbnailDocument]


class ManifestDocument(TypedDict):
    """All sound copies, by their URLs as articles spell them; keys may be added."""

    schema: Literal[1]
    images: dict[str, ImageDocument]


class Row(NamedTuple):
    """One sound copy: the URL as an article spells it, and the image it answered with."""

    spelling: str
    image: ImageFacts


def lines(rows: Iterable[Row]) -> Iterator[str]:
    """The text of the manifest, piece by piece, all ASCII; `rows` come sorted by spelling."""
    yield '{"schema": 1, "images": {'
    separator = "\n"
    for row in rows:
        yield f"{separator}{_encode(row.spelling)}: {_encode(_described(row.image))}"
        separator = ",\n"
    yield "\n}}\n"


def _described(image: ImageFacts) -> ImageDocument:
    return {
        "path": image_path(image.sha256, image.format),
        "sha256": image.sha256,
        "width": image.size.width,
        "height": image.size.height,
        "format": image.format.label,
        "bytes": image.bytes,
        "color": image.color,
        "thumbnails": {
            thumbnail.name: {
                "path": thumbnail_path(thumbnail.name, image.sha256, thumbnail.suffix),
                "width": thumbnail.width,
                "height": thumbnail.height,
            }
            for thumbnail in sorted(image.thumbnails, key=lambda thumbnail: thumbnail.name)
        },
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
