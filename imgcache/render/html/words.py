"""Plain words for what imgcache finds: pages are read by people who know no codes."""

from __future__ import annotations

from imgcache.core.catalog import Sorting
from imgcache.findings import Health
from imgcache.model import Breach, Verdict

# By the verdict's name; a sentence with the remedy stands in the message.
VERDICTS = {
    "ok": "as declared",
    "dimensions-missing": "no size declared",
    "dimensions-swapped": "width and height exchanged",
    "dimensions-scaled": "another size",
    "dimensions-mismatch": "another shape",
    "gone": "no longer there",
    "blocked": "access refused",
    "rate-limited": "host wants fewer requests",
    "http-error": "request refused",
    "server-error": "server failed",
    "protocol-error": "no proper answer",
    "dns-error": "unknown host name",
    "connect-error": "no connection",
    "tls-error": "no safe connection",
    "timeout": "took too long",
    "redirect-error": "redirects lead nowhere",
    "forbidden-address": "address is not public",
    "unsupported-url": "unusable address",
    "too-large": "file too large",
    "too-many-pixels": "too many pixels",
    "empty": "empty file",
    "not-an-image": "not an image",
    "unsupported-format": "format not shown by browsers",
    "truncated": "cut short",
    "corrupt": "damaged",
    "placeholder": "a stand-in",
    "replaced": "another picture than before",
    "not-cached": "not in the cache",
    "not-checked": "not checked yet",
    "local-error": "trouble on this machine",
}
HEALTHS = {
    Health.ERROR: "to fix",
    Health.WARNING: "to look at",
    Health.IGNORED: "ignored",
    Health.WELL: "well",
}
SORTINGS = {
    Sorting.BROKEN_FIRST: "worst first",
    Sorting.SINCE: "longest failing",
    Sorting.USES: "most used",
    Sorting.HOST: "by host",
}


def plain(name: Verdict | Breach) -> str:
    """A verdict or breach in plain words: `no longer there`, `too heavy`."""
    return VERDICTS.get(name.value, name.value.replace("-", " "))
