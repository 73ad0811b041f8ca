"""URL policy: what may be requested, parsed by the WHATWG URL standard.

It applies to the text of an entry, and of a Location header.
"""

from __future__ import annotations

import re
from ipaddress import ip_address

import ada_url
from msgspec import Struct

from imgcache.core.http.address import Address
from imgcache.model import Failure, Verdict
from imgcache.userinfo import carries, cleaned

_DEFAULT_PORTS = {"http": 80, "https": 443}
# What stands where an image should, by mistake.
_NO_IMAGES = {
    "mailto": "an e-mail address",
    "tel": "a telephone number",
    "sms": "a telephone number",
}
_NOT_ASCII = 0x80
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SCHEME_RELATIVE = re.compile(r"[/\\]{2}")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
# Labels that are neither punycode (no `--`) nor, the last one, a number; segments that are no dots.
_LABEL = r"[a-z0-9]++(?:-[a-z0-9]++)*+"
_PLAIN = re.compile(
    rf"(https?)://((?:{_LABEL}\.)*(?![0-9]){_LABEL})(?::([1-9][0-9]{{0,4}}))?"
    r"(?:/(?!\.)[A-Za-z0-9._~-]*+)++(?:\?[A-Za-z0-9._~/=&+-]++)?"
)
_HIGHEST_PORT = 65535

# Fetch standard, section 2.9 "Port blocking".
_BLOCKED = """
    0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111
    113 115 117 119 123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548
    554 556 563 587 601 636 989 990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566
    6665 6666 6667 6668 6669 6679 6697 10080"""
_BAD_PORTS = frozenset(map(int, _BLOCKED.split()))


class WebUrl(Struct, frozen=True, gc=False):
    """One URL that may be requested.

    `href` is normalised as the WHATWG URL standard has it, without its fragment: what is requested
    and the key by which two spellings are one. `host` keeps the brackets of an IPv6 literal.
    """

    href: str
    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """Host and port as a Host header has them: no port where it is the scheme's own."""
        own = _DEFAULT_PORTS[self.scheme] == self.port
        return self.host if own else f"{self.host}:{self.port}"

    @property
    def target(self) -> str:
        """The request target (RFC 9112 section 3.2.1): path and query, as they are in `href`."""
        return self.href[self.href.index("/", len(self.scheme) + 3) :]

    @property
    def literal(self) -> Address | None:
        """The address that the host is, None where it is a name."""
        if self.host[0] != "[" and not self.host[-1].isdigit():
            return None
        try:
            return ip_address(self.host.strip("[]"))
        except ValueError:
            return None


def unsupported(detail: str) -> Failure:
    """The failure of a URL that is never requested; `detail` is its reason."""
    return Failure(Verdict.UNSUPPORTED_URL, detail)


def control_character(text: str) -> Failure | None:
    """The failure of a text that holds a control character, which no URL of an article means."""
    match = _CONTROL.search(text)
    return unsupported(f"the URL holds the control character {match[0]!a}") if match else None


def is_web(text: str) -> bool:
    """Whether a cleaned text names a scheme or a host of its own, and so is no path in the site."""
    return _SCHEME.match(text) is not None or _SCHEME_RELATIVE.match(text) is not None


def parse_web(text: str) -> WebUrl | Failure:
    """The URL that `text` means, or why imgcache does not request it.

    It is read as the WHATWG URL standard has it: a backslash is a slash, blanks around it and tabs
    and line breaks in it are dropped, other blanks and quotes are percent-encoded. Only control
    characters are refused beyond that. `//host/path` is https.
    """
    plain = _plain(text)
    if plain is not None:
        return plain
    text = cleaned(text)
    if not text:
        return unsupported("the URL is empty")
    refused = control_character(text)
    if refused is not None:
        return refused
    return _checked(f"https:{text}" if _SCHEME_RELATIVE.match(text) else text, None)


def _plain(text: str) -> WebUrl | None:
    """A URL that the standard leaves as it is, as most are; None for any other.

    It spares most URLs of a site the parser, which takes ten times as long.
    """
    match = _PLAIN.fullmatch(text)
    if match is None:
        return None
    scheme, host, port = match.groups()
    number = int(port) if port else _DEFAULT_PORTS[scheme]
    if port and (number == _DEFAULT_PORTS[scheme] or number > _HIGHEST_PORT):
        return None
    return None if number in _BAD_PORTS else WebUrl(text, scheme, host, number)


def parse_location(location: bytes, base: WebUrl) -> WebUrl | Failure:
    """Where a Location header leads from `base`, byte by byte as browsers read it.

    A byte beyond ASCII stands for its own percent-escape, whatever the others around it mean.
    """
    text = cleaned("".join(chr(byte) if byte < _NOT_ASCII else f"%{byte:02X}" for byte in location))
    return _checked(text, base) if text else unsupported("the URL is empty")


def _checked(text: str, base: WebUrl | None) -> WebUrl | Failure:
    scheme = _SCHEME.match(text)
    kind = None if scheme is None else _NO_IMAGES.get(scheme[1].lower())
    if kind is not None or carries(text, base.scheme if base else None):
        what = "the URL carries user:password@"
        return unsupported(f"this is {kind}, not the URL of an image" if kind else what)
    if scheme is not None and scheme[1].lower() not in _DEFAULT_PORTS:
        return unsupported(f"the scheme is {scheme[1][:32]}, not http or https")
    try:
        parsed = ada_url.URL(text) if base is None else ada_url.URL(text, base=base.href)
    except ValueError:
        return unsupported("the URL can't be parsed")
    name = parsed.protocol[:-1]
    if parsed.username or parsed.password:
        return unsupported("the URL carries user:password@")
    port = int(parsed.port) if parsed.port else _DEFAULT_PORTS[name]
    if port in _BAD_PORTS:
        return unsupported(f"browsers block port {port}")
    return WebUrl(parsed.href.partition("#")[0], name, parsed.hostname, port)
