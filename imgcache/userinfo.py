"""User names and passwords in URLs: found however they are spelt, and never shown.

The text of a URL is read as the WHATWG URL standard has it, so that what is hidden here is what a
browser would take for `user:password@`.
"""

from __future__ import annotations

import re

HIDDEN = "***"
_AROUND = "".join(map(chr, range(0x21)))  # "C0 control or space"
_DROPPED = re.compile(r"[\t\n\r]")
_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*:)?(?P<slashes>[/\\]*)(?P<userinfo>[^/\\?#]*)@", re.IGNORECASE
)
# Few URLs have an @: what follows is compiled when the first one comes.
# A password with a slash, `?` or `#` that is not escaped: no URL, as no port is spelt like this.
_BROKEN = (
    r"(?is)(?P<head>(?:[a-z][a-z0-9+.-]*:)?[/\\]{2,}[^/\\?#@:\[\]]*:)"
    r"(?=[0-9]*[^0-9/\\?#@])[^@]*[/\\?#].*@"
)
# Never asked for, but such a URL may be in it (`blob:https://...`).
_OTHER_SCHEME = r"(?i)(?!https?:)[a-z][a-z0-9+.-]*:"
# In the midst of other text: what stands before an @ since the last character that ends a host.
_BEFORE_AT = r"(?<![^/?#\n])([^/?#\n]*)@"
_BEGINNING = r"(?i)https?:[/\\\s]*|[/\\][\t\r]*[/\\]"
_LONGEST_BEGINNING = 16


def cleaned(text: str) -> str:
    """What the URL parser reads of a text: no blanks around it, no tabs and line breaks in it."""
    return _DROPPED.sub("", text.strip(_AROUND))


def carries(text: str, scheme: str | None = None) -> bool:
    """Whether the URL has a user name or password, even an empty one.

    Args:
        text: cleaned.
        scheme: of the URL that `text` is resolved against, if it is. Behind the same scheme,
            `http:a@b` is a path.
    """
    match = _URL.match(text)
    if match is None:
        return False
    own = match["scheme"]
    relative = own is None or own[:-1].lower() == scheme
    return len(match["slashes"]) > 1 or not relative


def masked(url: str) -> str:
    """One URL as it is shown: unchanged, or cleaned and with `***` in place of its password."""
    if "@" not in url:
        return url
    text = cleaned(url)
    if text[:5].lower() == "data:":
        return url
    match = _URL.match(text)
    if match is not None and carries(text):
        head, tail = text[: match.start("userinfo")], text[match.end() :]
        return f"{head}{_hidden(match['userinfo'])}@{tail}"
    broken = re.match(_BROKEN, text)
    if broken:
        return f"{broken['head']}{HIDDEN}@{text[broken.end() :]}"
    return masked_within(url) if re.match(_OTHER_SCHEME, text) else url


def is_masked(url: str) -> bool:
    """Whether a URL as it is shown hides something."""
    return f"{HIDDEN}@" in url


def masked_within(text: str) -> str:
    """A text that may quote URLs (a line of an article, a header, a message) as it is shown."""
    return re.sub(_BEFORE_AT, _hidden_within, text) if "@" in text else text


def _hidden_within(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - _LONGEST_BEGINNING) : match.start()]
    text = before + match[1]
    beginnings = (found.end() for found in re.finditer(_BEGINNING, text))
    start = next((end for end in beginnings if end >= len(before)), len(text))
    # Plain words before a colon or an @ are prose; a password may hold blanks.
    if " " in text[start:].partition(":")[0]:
        return match[0]
    return f"{text[len(before) : start]}{_hidden(text[start:])}@"


def _hidden(userinfo: str) -> str:
    """A user name without a password is hidden, too: services take tokens there."""
    name, colon, _ = userinfo.partition(":")
    if colon:
        return f"{name}:{HIDDEN}"
    return HIDDEN if name else ""
