r"""Fences of a front matter: in which language it is, where it begins and ends.

YAML stands between two `---` lines (a closing `...` counts too), TOML between two `+++` lines,
JSON from the first `{` to its `}` (contract section 1). Lines end with `\n` or `\r\n` alone, as in
editors and site generators. All of it is found in the bytes, because the body need not be UTF-8.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple

from imgcache.errors import ArticleError

_UTF16 = tuple(
    f"\ufeff{fence}".encode(code) for fence in ("---", "+++") for code in ("utf-16-le", "utf-16-be")
)
_FENCE = re.compile(rb"(?:---|\+\+\+)[ \t]*(?:\r?\n|\Z)")
# Templates begin with `{%` and `{{`.
_JSON = re.compile(rb"\{\s*[\"}]")
# JSON of Hexo, and what other generators take for front matter by the name of its language.
_FOREIGN = re.compile(rb"(?:;;;|---[ \t]?[A-Za-z]\w*)[ \t]*(?:\r?\n|\Z)")
# A quote that never closes takes the rest, so that no byte is looked at twice.
_BRACE_OR_STRING = re.compile(rb"[{}]|\"(?:[^\"\\]++|\\.)*+\"?", re.DOTALL)


class Language(Enum):
    """The language of a front matter, or of a file that is nothing else."""

    YAML = auto()
    TOML = auto()
    JSON = auto()

    @property
    def is_written(self) -> bool:
        """Whether flags and sizes are ever written into it (contract section 3)."""
        return self is Language.YAML


_CLOSING = {
    Language.YAML: re.compile(rb"\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)"),
    Language.TOML: re.compile(rb"\n\+\+\+[ \t]*(?:\r?\n|\Z)"),
}


class NotAnArticle(Enum):
    """Why a file is passed over.

    It has no front matter, that of another language, or one without end; or the settings say so.
    """

    PLAIN = auto()
    FOREIGN = auto()
    UNCLOSED = auto()
    SKIPPED = auto()


class Span(NamedTuple):
    """Where a front matter stands, its fences left out; what comes before it is ASCII."""

    language: Language
    start: int
    end: int


def find(data: bytes) -> Span | NotAnArticle:
    """The front matter of a file, its byte order mark cut off. Raises ArticleError for UTF-16."""
    if data.startswith(_UTF16):
        raise ArticleError("is UTF-16; save it as UTF-8", 1)
    if _FENCE.match(data):
        return _between_fences(data, Language.YAML if data[:1] == b"-" else Language.TOML)
    if _JSON.match(data):
        end = _closing_brace(data)
        return NotAnArticle.UNCLOSED if end is None else Span(Language.JSON, 0, end)
    return NotAnArticle.FOREIGN if _FOREIGN.match(data) else NotAnArticle.PLAIN


def _between_fences(data: bytes, language: Language) -> Span | NotAnArticle:
    """Unclosed without a closing line: the first one may be a horizontal rule as well."""
    newline = data.find(b"\n")
    closing = _CLOSING[language].search(data, newline) if newline >= 0 else None
    if closing is None:
        return NotAnArticle.UNCLOSED
    return Span(language, newline + 1, closing.start() + 1)


def _closing_brace(data: bytes) -> int | None:
    """The index behind the brace that closes the first one."""
    level = 0
    for match in _BRACE_OR_STRING.finditer(data):
        brace = match[0]
        level += (brace == b"{") - (brace == b"}")
        if level == 0:
            return match.end()
    return None
