"""Gauge of a run: how far it is, how fast, and how long it will take, as lines of text.

The slowest host decides how long: each is asked at its own pace, all of them at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from imgcache.engine.run.listener import Lane
from imgcache.render.phrases import amount, count

# A pace is that of the last half minute, seen in steps.
_STEP, _STEPS = 5.0, 6
_SLOWEST = 3
_BAR = 20
_INDENT = " " * 9


class Slow(Struct, frozen=True):
    """A host that takes long: how many URLs are left, how many a second, seconds left."""

    host: str
    left: int
    pace: float
    seconds: float


class Forecast(Struct, frozen=True):
    """When the fetching will end, by one clock (None: not known), and the slowest hosts."""

    ends_at: float | None = None
    slowest: tuple[Slow, ...] = ()


class Gauge:
    """Counts what a run tells; `clock` gives seconds. Its texts may be read by another thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._read = self._files = 0
        self._articles = self._judged = self._changed = 0
        self._images = self._done = self._failed = self._bytes = 0
        self._began: float | None = None
        self._lanes: Callable[[], Iterable[Lane]] = tuple
        self._seen: deque[tuple[float, Mapping[str, int]]] = deque(maxlen=_STEPS + 1)
        self._forecast = Forecast()

    def reading(self, files: int, of: int) -> None:
        """So many of the files are read."""
        self._read, self._files = files, of

    def planned(self, articles: int, jobs: int) -> None:
        """So many articles will be judged, after so many images."""
        self._articles, self._images = articles, jobs

    def fetching(self, lanes: Callable[[], Iterable[Lane]]) -> None:
        """From now on images are asked for."""
        self._lanes, self._began = lanes, self._clock()

    def attempted(self, wire_bytes: int) -> None:
        """Bytes came in."""
        self._bytes += wire_bytes

    def concluded(self, *, failed: bool) -> None:
        """One image is done."""
        self._done += 1
        self._failed += failed

    def judged(self, articles: int, changed: int) -> None:
        """Some articles are done: judged, and some of them changed."""
        self._judged += articles
        self._changed += changed

    def look(self) -> None:
        """Look at the hosts; to be called now and then, in the run's own task."""
        if self._began is None or self._judged:
            return
        now, lanes = self._clock(), list(self._lanes())
        if not self._seen or now - self._seen[-1][0] >= _STEP:
            self._seen.append((now, {one.host: one.left for one in lanes}))
        self._forecast = forecast(now, lanes, *self._seen[0])

    def lines(self, width: int) -> list[str]:
        """What is drawn on a terminal of that width: what does not fit is left out."""
        if not self._articles:
            return [_fitting("reading", self._read, self._files, [], width)] if self._files else []
        lines = []
        if self._images:
            told = [self._rate(), self._left(), self._losses(), self._volume()]
            lines.append(_fitting("images", self._done, self._images, told, width))
            lines += [line for line in self._hosts() if len(line) < width]
        told = [f"{self._changed:,} changed"] if self._changed else []
        lines.append(_fitting("articles", self._judged, self._articles, told, width))
        return lines

    def sentence(self) -> str | None:
        """The same in one line, for a log; None while there is nothing to tell."""
        if not self._articles:
            return f"{self._read:,} of {count(self._files, 'file')} read" if self._files else None
        if self._judged or not self._images:
            done = f"{self._judged:,} of {count(self._articles, 'article')} judged"
            return f"{done}, {self._changed:,} changed"
        parts = [
            f"{self._done:,} of {count(self._images, 'image')}",
            self._rate(),
            self._losses(),
            self._volume(),
            self._left(),
        ]
        slow = self._forecast.slowest[:1]
        why = f" ({_told(slow[0])})" if slow else ""
        return ", ".join(filter(None, parts)) + why

    @property
    def _elapsed(self) -> float:
        return self._clock() - self._began if self._began is not None else 0.0

    def _rate(self) -> str:
        elapsed = self._elapsed
        return f"{self._done / elapsed:.1f}/s" if elapsed and self._done else ""

    def _volume(self) -> str:
        elapsed = self._elapsed
        rate = f" ({amount(int(self._bytes / elapsed))}/s)" if elapsed and self._bytes else ""
        return f"{amount(self._bytes)}{rate}"

    def _losses(self) -> str:
        return f"{self._failed:,} failed"

    def _left(self) -> str:
        """Counts down where nothing is heard for a while."""
        ends_at = self._forecast.ends_at
        if ends_at is None or self._done >= self._images:
            return ""
        return f"{duration(max(0.0, ends_at - self._clock()))} left"

    def _hosts(self) -> list[str]:
        slowest = self._forecast.slowest
        several = len(slowest) > 1 and self._done < self._images
        told = (f"{_INDENT}{_told(one)}, {duration(one.seconds)}" for one in slowest)
        return list(told) if several else []


def forecast(now: float, lanes: Iterable[Lane], then: float, before: Mapping[str, int]) -> Forecast:
    """How long it takes, if all goes on as since `then`, when `before` was left of each host.

    Hosts that are given up take no time: what is left of them is skipped in the end. Those that
    were not asked yet are in the pace of all.
    """
    asked = [one for one in lanes if one.is_asked]
    elapsed = now - then
    done = {one.host: max(0, before.get(one.host, one.left) - one.left) for one in asked}
    slowest = [
        Slow(one.host, one.left, pace, one.wait + one.left / pace)
        for one in asked
        if elapsed > 0 and (pace := done[one.host] / elapsed) > 0
    ]
    slowest.sort(key=lambda one: -one.seconds)
    total = sum(before.values()) - sum(one.left for one in asked)
    if not slowest or total <= 0:
        return Forecast()
    all_of_them = sum(one.left for one in asked) * elapsed / sum(done.values())
    return Forecast(now + max(slowest[0].seconds, all_of_them), tuple(slowest[:_SLOWEST]))


def duration(seconds: float) -> str:
    """Like a clock: `2:05`, `1:02:05`."""
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def _told(one: Slow) -> str:
    return f"{one.host}: {one.left:,} at {one.pace:.1f}/s"


def _fitting(name: str, done: int, total: int, told: Iterable[str], width: int) -> str:
    """As many parts as the width takes; the count is there in any case."""
    done = min(done, total)
    line, bar = f"{name:<9}{done}/{total}", ""
    if width > 2 * len(line) + _BAR:
        filled = _BAR * done // max(1, total)
        bar = f"{'#' * filled}{'.' * (_BAR - filled)} "
    line = f"{name:<9}{bar}{done}/{total}"
    for part in filter(None, told):
        if len(line) + len(part) + 2 >= width:
            break
        line += f", {part}"
    return line[: max(1, width - 1)]
