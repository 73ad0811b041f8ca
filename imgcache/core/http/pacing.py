"""Pace of a host that answers 429 or 503 and names no time to wait (no Retry-After).

Fewer requests at once, then longer and longer gaps between them; and after each refusal a silence
that doubles until the host lets something through. What it lets through takes all of that back,
step by step. A refusal that the pace does not explain is held against its URL.
"""

from __future__ import annotations

import math

from imgcache.config import FetchSettings

# How often a URL is refused without losing a try, and how often in a row a host that lets nothing
# through at all before it is given up. Another host is given up when the next silence would be
# longer than `fetch.retry_after_cap`.
FREE_REFUSALS = 4
MOST_WITHOUT_ANSWER = 6
# So many let through in a row: this pace is right, and what is refused has another reason. So has
# a URL that is refused again after a silence of so many gaps, and of so many backoffs.
_PACE_FOUND = 10
_LONG_SILENCE = 2
_FIRST_SILENCE = 0.25  # as a share of `fetch.backoff`
_SHORTEST_SILENCE = 0.001
# Factors of the gap after a refusal, and after a request let through (in a long row).
_SLOWER, _MUCH_SLOWER = 1.2, 2.0
_FASTER, _MUCH_FASTER = 0.98, 0.96
_SMALLEST_GAP = 0.001
# So many let through in a row give a place back; prove a gap, which is then doubled at most.
_FOR_A_PLACE = 8
_PROOF = 5
# So many refusals in a row: what was proven no longer holds; what is let through can be measured.
_DISPROOF = 5
_MEASURABLE = 3


class Pace:
    """How fast one host is asked; all times are seconds of one clock.

    `places`: how many requests at once. `gap`: from one request to the next.
    """

    def __init__(self, fetch: FetchSettings) -> None:
        """Begin at full speed."""
        self.fetch = fetch
        self.places = fetch.per_host
        self.gap = 0.0
        self._earliest = -math.inf
        self._slowed_at = -math.inf
        self._in_a_row = 0
        self._last_row = 0
        self._answered_in_a_row = 0
        self._answered_since = 0
        self._proven = math.inf
        self._ever_answered = False

    @property
    def hopeless(self) -> bool:
        """Whether the host has refused so often in a row that it is not asked any more."""
        if not self._ever_answered:
            return self._in_a_row >= MOST_WITHOUT_ANSWER
        return self._silence(self._in_a_row - 1) > self.fetch.retry_after_cap

    def wait(self, now: float) -> float:
        """Seconds until the next request may go out."""
        return max(0.0, self._earliest - now)

    def sent(self, now: float) -> None:
        """A request goes out."""
        if self.gap:
            self._earliest = max(self._earliest, now + self.gap)

    def let_through(self, sent_at: float) -> None:
        """A request was answered: a little faster."""
        self._ever_answered = True
        self._answered_in_a_row += 1
        self._answered_since += 1
        if sent_at >= self._slowed_at:
            self._in_a_row = 0
        if self.gap and self._answered_in_a_row >= _PROOF:
            self._proven = min(self._proven, self.gap)
        self.gap *= _FASTER if self._answered_in_a_row < 2 * _PACE_FOUND else _MUCH_FASTER
        if self.gap < _SMALLEST_GAP:
            self.gap = 0.0
        if self._answered_in_a_row % _FOR_A_PLACE == 0:
            self.places = min(self.places + 1, self.fetch.per_host)

    def refused(self, now: float, sent_at: float, before: int) -> bool:
        """A request was refused. Returns whether it costs its URL no try.

        Args:
            now: when the refusal came.
            sent_at: when the request went out; those that were under way together slow down once.
            before: how often this URL had been refused.
        """
        own_fault = self._is_own_fault(sent_at, before)
        if not own_fault and sent_at >= self._slowed_at:
            self._slow_down(now)
        self._answered_in_a_row = 0
        return self._ever_answered and not own_fault and before < FREE_REFUSALS

    def _is_own_fault(self, sent_at: float, before: int) -> bool:
        if self._answered_in_a_row >= _PACE_FOUND:
            return True
        long = max(_LONG_SILENCE * self.fetch.backoff, _PACE_FOUND * self.gap)
        return before > 0 and not self._answered_since and sent_at - self._slowed_at > long

    def _slow_down(self, now: float) -> None:
        if self._answered_since and (self.gap or self.places == 1):
            self.gap = min(self._longer_gap(now), 2 * self._proven, self.fetch.retry_after_cap)
        self.places = max(1, self.places // 2) if self._ever_answered else 1
        silence = min(self._silence(self._in_a_row), self.fetch.retry_after_cap)
        self._earliest = max(self._earliest, now + max(silence, self.gap))
        self._in_a_row += 1
        self._last_row = self._in_a_row
        if self._in_a_row >= _DISPROOF:
            self._proven = math.inf
        self._slowed_at, self._answered_since = now, 0

    def _longer_gap(self, now: float) -> float:
        """After a row of refusals the host's own pace is seen: what it let through since then."""
        measured = (now - self._slowed_at) / self._answered_since
        if not self.gap:
            return min(measured, self._silence(0))
        most = _MUCH_SLOWER if self._last_row >= _MEASURABLE else _SLOWER
        return min(max(measured, _SLOWER * self.gap), most * self.gap)

    def _silence(self, doublings: int) -> float:
        first = max(_FIRST_SILENCE * self.fetch.backoff, _SHORTEST_SILENCE)
        return math.ldexp(first, doublings)
