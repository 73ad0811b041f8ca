"""Freshness of answers: the explicit lifetimes of RFC 9111, between two bounds.

imgcache is a cache by consent, not an HTTP cache: what an origin forbids to store is requested
again after `least`, and nothing is ever guessed from Last-Modified (no heuristic freshness).
"""

from __future__ import annotations

import math
import re

from imgcache.config import FreshnessSettings
from imgcache.core.http import http_date
from imgcache.facts import ResponseFacts

# RFC 9111 section 1.2.2: a delta that is too large to hold counts as 2^31 seconds.
_LONGEST = 2**31
_LONGEST_DIGITS = 10
_STALE = 0.0
_PERMANENT = frozenset({301, 308})

# RFC 9111 section 5.2: the argument is a token or a quoted string, at the sender's choice.
# What is no directive is passed over up to the next comma. An unclosed quote runs to the
# end, so that each character is looked at once.
_QUOTED = r'"((?:[^"\\]|\\.)*+)(?:"|\\?\Z)'
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_DIRECTIVE = re.compile(
    rf"(?:({_WORD})(?:\s*+=\s*+(?:{_QUOTED}|([^\s,\"]*)))?|{_QUOTED}|[^\s,])[^,\"]*+",
    re.DOTALL,
)
_FORBIDDING = frozenset({"no-store", "no-cache", "private"})


def is_fresh(response: ResponseFacts, policy: FreshnessSettings, now: float) -> bool:
    """Whether the origin need not be asked at `now` (POSIX seconds).

    An answer from the future (the clock was set back) is not fresh: its age is unknown.
    """
    return response.answered_at <= now < fresh_until(response, policy)


def fresh_until(response: ResponseFacts, policy: FreshnessSettings) -> float:
    """The POSIX time at which an answer stops being fresh.

    The lifetime that is left on arrival is held between `least` and `greatest`; an answer
    without an explicit lifetime gets `default`. Redirects may lead elsewhere before that.
    """
    left = _left(response)
    lasts = policy.default if left is None else min(max(left, policy.least), policy.greatest)
    if response.redirected is not None:
        lasts = min(lasts, max(response.redirected, policy.least))
    return response.answered_at + lasts


def redirect_lifetime(response: ResponseFacts) -> float:
    """For how many seconds a redirect lasts; infinity for a permanent one that does not say.

    Any other one that does not say may lead elsewhere the next time (RFC 9110 section 15.4).
    """
    left = _left(response)
    if left is None:
        return math.inf if response.status in _PERMANENT else _STALE
    return max(left, _STALE)


def _left(response: ResponseFacts) -> float | None:
    """Seconds of its explicit lifetime that are left on arrival; None where it names none."""
    lifetime = _explicit_lifetime(response)
    return None if lifetime is None else lifetime - _age_at_arrival(response)


def _explicit_lifetime(response: ResponseFacts) -> float | None:
    """Seconds from the origin's answer (RFC 9111 section 4.2.1); None when it names none.

    Invalid freshness information means stale, and so does a directive that forbids reuse.
    Of several values the first one counts. max-age overrides Expires (section 5.3).
    """
    directives = _directives(response.cache_control or "")
    if _FORBIDDING & directives.keys():
        return _STALE
    if "max-age" in directives:
        return _seconds(directives["max-age"]) or _STALE
    if response.expires is None:
        return None
    expires = http_date.parse(response.expires)
    if expires is None:
        return _STALE
    sent = http_date.parse(response.date)
    return max(_STALE, expires - (response.answered_at if sent is None else sent))


def _age_at_arrival(response: ResponseFacts) -> float:
    """`corrected_initial_age` of RFC 9111 section 4.2.3, in seconds."""
    sent = http_date.parse(response.date)
    apparent = 0.0 if sent is None else max(0.0, response.answered_at - sent)
    # RFC 9111 section 5.1: of a list the first member counts, and an invalid Age is ignored.
    announced = _seconds((response.age or "").partition(",")[0].strip()) or 0.0
    delay = max(0.0, response.answered_at - response.requested_at)
    return max(apparent, announced + delay)


def _directives(cache_control: str) -> dict[str, str]:
    """The directives with their arguments, names in lower case; the first of equal names."""
    found: dict[str, str] = {}
    for match in _DIRECTIVE.finditer(cache_control):
        name, quoted, token = match[1], match[2], match[3]
        if name is not None:
            argument = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else token or ""
            found.setdefault(name.lower(), argument)
    return found


def _seconds(text: str) -> float | None:
    """delta-seconds of RFC 9111 section 1.2.2; None when it is none."""
    if not re.fullmatch(r"[0-9]+", text):
        return None
    digits = text.lstrip("0") or "0"
    return float(_LONGEST if len(digits) > _LONGEST_DIGITS else min(int(digits), _LONGEST))
