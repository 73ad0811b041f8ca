"""Location of an entry's image: on the web, in the entry (`data:`), or in the site's folder."""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import unquote_to_bytes

import ada_url
from msgspec import Struct

from imgcache.core.http.url import WebUrl, control_character, is_web, parse_web, unsupported
from imgcache.model import Failure
from imgcache.userinfo import cleaned

_BASE64_MARK = re.compile(r";[ ]*base64$", re.IGNORECASE)
_BASE64_TEXT = re.compile(rb"[A-Za-z0-9+/]*")
_ASCII_WHITESPACE = b"\t\n\f\r "
_MEDIA_TYPE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class DataUrl(Struct, frozen=True):
    """The bytes that a `data:` URL carries, and what they are labelled as."""

    media_type: str
    data: bytes


class SitePath(Struct, frozen=True):
    """A relative or site-absolute path: no query, no fragment, percent-escapes as written.

    `folder` is that of the article beside which a relative path is looked up, as the site names
    it; None for a site-absolute path, and where the article is no file.
    """

    path: str
    folder: str | None = None

    @property
    def names(self) -> tuple[bytes, ...] | None:
        """The folders and the file that a web server would look up; None where there is no file.

        Segments go as in the URL standard's path states, before escapes are decoded: `a/../b` is
        `b` whether there is an `a` or not, `a.png/` and `a.png/.` are folders. A relative path may
        begin with `..`; above the site's root there is nothing. What decodes to more than one
        name is followed downwards only, as servers do.
        """
        *before, last = map(_dotted, self.path.removeprefix("/").split("/"))
        if last in {"", ".", ".."}:
            return None
        names: list[str] = []
        for segment in before:
            if segment == ".." and names and names[-1] != "..":
                names.pop()
            elif segment == ".." and self.path.startswith("/"):
                continue
            elif segment != ".":
                names.append(segment)
        return _decoded([*names, last])


def _dotted(segment: str) -> str:
    """A segment; `%2e` is a dot in those of nothing but dots."""
    dots = segment.lower().replace("%2e", ".")
    return dots if dots in {".", ".."} else segment


def _decoded(segments: list[str]) -> tuple[bytes, ...] | None:
    names: list[bytes] = []
    for segment in segments:
        parts = unquote_to_bytes(segment.encode("utf-8", "surrogatepass")).split(b"/")
        if len(parts) > 1 and (b".." in parts or not parts[-1]):
            return None
        names += (part for part in parts if part)
    return None if any(b"\0" in name for name in names) else tuple(names)


Location = WebUrl | DataUrl | SitePath | Failure


def place_key(location: DataUrl | SitePath) -> bytes:
    """What identifies an image that needs no fetch; a `data:` URL may be megabytes long."""
    if isinstance(location, SitePath):
        beside = "" if location.folder is None else f"{location.folder}\0"
        return f"{beside}{location.path}".encode("utf-8", "surrogatepass")
    label = location.media_type.encode("utf-8", "surrogatepass")
    return hashlib.sha256(label + b"\0" + location.data).digest()


def locate(text: str | None) -> Location:
    """What the `url` of an entry means; a Failure (unsupported-url) says why it means nothing.

    Args:
        text: the value as written; None where it is no string.
    """
    if text is None:
        return unsupported("the url is not a string")
    text = cleaned(text)
    if not text:
        return unsupported("the url is empty")
    if text[:5].lower() == "data:":
        return _data_url(text)
    if is_web(text):
        return parse_web(text)
    refused = control_character(text)
    if refused is not None:
        return refused
    path = re.split(r"[?#]", text, maxsplit=1)[0].replace("\\", "/")
    return SitePath(path) if path else unsupported("the url is a query or fragment only")


def beside(location: Location, folder: str) -> Location:
    """The same location, as an article in this folder means it."""
    if isinstance(location, SitePath) and not location.path.startswith("/"):
        return SitePath(location.path, folder)
    return location


def _data_url(text: str) -> DataUrl | Failure:
    """The "data: URL processor" of the Fetch standard, section 6."""
    try:
        href = ada_url.URL(text).href.partition("#")[0]
    except ValueError:
        return unsupported("the data: URL can't be parsed")
    label, comma, body = href[5:].partition(",")
    if not comma:
        return unsupported("the data: URL has no comma")
    label = label.strip("\t\n\f\r ")
    data: bytes | None = unquote_to_bytes(body)
    if _BASE64_MARK.search(label):
        label = _BASE64_MARK.sub("", label)
        data = forgiving_base64(data or b"")
    if data is None:
        return unsupported("the data: URL is not proper base64")
    return DataUrl(_media_type(label), data)


def _media_type(label: str) -> str:
    """The essence of the label, without parameters; what can't be parsed is plain text."""
    match = _MEDIA_TYPE.match(label)
    return match[0].lower() if match else "text/plain"


def forgiving_base64(text: bytes) -> bytes | None:
    """The bytes of a base64 text, None where it is none (Infra standard, section 7)."""
    text = text.translate(None, _ASCII_WHITESPACE)
    if len(text) % 4 == 0:
        text = text[:-2] + text[-2:].rstrip(b"=")
    if len(text) % 4 == 1 or not _BASE64_TEXT.fullmatch(text):
        return None
    return base64.b64decode(text + b"=" * (-len(text) % 4))
