"""All that imgcache raises for its callers. A broken image is a result, never an exception.

ImgcacheError
 +-- ConfigError          settings or command-line words that can't be used (exit status 2)
 +-- CacheLockedError     another process writes this cache folder (exit status 2)
 +-- LocalError           this machine's fault: disk full, no file descriptors (exit status 2)
 |    +-- NotDurableError     what was written may be lost when the power fails (exit status 2)
 +-- ArticleError         one article can't be read or edited; the run goes on (exit status 1)
      +-- UnreadableError     this machine's fault (EIO, EMFILE); the run goes on (exit status 2)

Please don't add one without drawing it here.
"""

from __future__ import annotations

import sys

from imgcache.userinfo import masked_within


class ImgcacheError(Exception):
    """The root: whoever embeds imgcache needs to catch this one only."""


class ConfigError(ImgcacheError):
    """A setting, flag or PATH that can't be used; the message names it and the remedy."""


class CacheLockedError(ImgcacheError):
    """Another process holds the cache folder's lock."""


def refuse_windows() -> None:
    """Raises ConfigError there: locks, limits and durable renames are those of POSIX."""
    if sys.platform == "win32":
        raise ConfigError("imgcache runs on Linux and macOS; on Windows use WSL")


class LocalError(ImgcacheError):
    """This machine could not do its part (ENOSPC, EDQUOT, EIO, EMFILE, no decoder process)."""


class NotDurableError(LocalError):
    """A file was written, but this machine did not say that it is on disk."""


class ArticleError(ImgcacheError):
    """An article that can't be read, or not be edited exactly.

    `line` counts from 1 in the whole file; None where no line is to blame. `excerpt` is that line
    and `column`, from 1, the character in it, where one is to blame. `message` and `excerpt` may
    quote the article, but no password of a URL in it; such a line has no `column` any more.
    """

    def __init__(
        self,
        message: str,
        line: int | None = None,
        *,
        column: int | None = None,
        excerpt: str | None = None,
    ) -> None:
        self.message = masked_within(message)
        super().__init__(self.message)
        self.line = line
        self.excerpt = None if excerpt is None else masked_within(excerpt)
        self.column = column if self.excerpt == excerpt else None


class UnreadableError(ArticleError):
    """This machine could not read an article, which may be fine."""
