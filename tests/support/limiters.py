"""How servers limit a client: each limiter says at a moment whether one more request is served."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

Limiter = Callable[[float], bool]


def token_bucket(rate: float, burst: int) -> Limiter:
    """So many requests a second, and a burst after a silence (nginx's limit_req, most CDNs)."""
    tokens, last = float(burst), 0.0

    def serves(now: float) -> bool:
        nonlocal tokens, last
        tokens, last = min(burst, tokens + (now - last) * rate), now
        if tokens < 1:
            return False
        tokens -= 1
        return True

    return serves


def fixed_window(most: int, seconds: float, began: float = 0.0) -> Limiter:
    """So many requests in each window of the clock; the first one may be half over."""
    window, count = -1.0, 0

    def serves(now: float) -> bool:
        nonlocal window, count
        current = (now + began) // seconds
        window, count = current, (count if current == window else 0) + 1
        return count <= most

    return serves


def sliding_window(most: int, seconds: float, *, strict: bool = False) -> Limiter:
    """So many requests in the time before each; a strict one counts what it refused, too."""
    served: deque[float] = deque()

    def serves(now: float) -> bool:
        while served and served[0] <= now - seconds:
            served.popleft()
        room = len(served) < most
        if room or strict:
            served.append(now)
        return room

    return serves


def nothing(_: float) -> bool:
    """Refuses everything."""
    return False
