"""Targets: what imgcache should reach, most of them as a ratio to a peer in the same run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from benchmarks.beside.outcome import Figures

MEASURED = Mapping[str, Figures]
COLUMNS = (
    f"{'':28}{'/s':>9}{'with start':>12}{'CPU s':>8}{'MB main':>9}{'MB all':>8}{'MB moved':>10}"
)


class Target(Struct, frozen=True):
    """What is compared, what is asked of it at least and what is hoped for.

    `value` raises KeyError where something that it needs was not measured. Where `least` is more
    than `goal`, less is better.
    """

    what: str
    value: Callable[[MEASURED], float]
    least: float
    goal: float
    form: str = ".2f"

    def verdict(self, value: float) -> str:
        """Whether a value is what is asked for."""
        sign = 1 if self.goal > self.least else -1
        if sign * value >= sign * self.goal:
            return "met, and the goal"
        return "met" if sign * value >= sign * self.least else "SHORT"


def _rates(one: str, other: str) -> Callable[[MEASURED], float]:
    return lambda measured: measured[one].rate / measured[other].rate


def _whole_runs(one: str, other: str) -> Callable[[MEASURED], float]:
    """The ratio with start-up."""
    return lambda measured: measured[one].rate_with_start / measured[other].rate_with_start


def targets(bytes_of_pictures: int) -> tuple[Target, ...]:
    """All of them, for pictures of so many bytes in all."""
    return (
        Target("cold / ceiling", _rates("cold", "ceiling"), 0.80, 0.90),
        Target("cold / ceiling, WebP", _rates("cold-webp", "ceiling-webp"), 0.80, 0.90),
        Target("cold / img2dataset, with start-up", _whole_runs("cold", "img2dataset"), 1.4, 1.7),
        Target("cold / Scrapy", _rates("cold", "scrapy"), 3.5, 4),
        Target("many, entries/s", lambda m: m["many"].rate_with_start, 1200, 1800, ".0f"),
        Target("304s / bare transport", _rates("304s", "bare-304s"), 0.70, 0.85),
        Target("probe / probe-image-size", _rates("probe", "probe-image-size"), 1.4, 2),
        Target("probe, bytes moved", lambda m: _moved(m) / bytes_of_pictures, 0.10, 0.09, ".1%"),
        Target("slow probe / slow lychee", _rates("slow-probe", "slow-lychee"), 0.9, 1),
        Target("memory of many, MB", lambda m: m["many"].main / 1e6, 130, 100, ".0f"),
    )


def _moved(measured: MEASURED) -> float:
    """Bytes that a probe moves: those that left a slow link, or else by imgcache's own count.

    Without a link nginx would count what it handed to the kernel for a client that left.
    """
    slow = measured.get("slow-probe")
    own = measured["probe"].own_bytes if slow is None else None
    return slow.bytes if slow is not None else float(own or 0)


def table(measured: MEASURED, bytes_of_pictures: int) -> Iterator[str]:
    """The lines of the whole table."""
    yield COLUMNS
    for one in measured.values():
        busy = f"   others took {one.foreign:.0%}" if one.foreign > 0.05 else ""
        yield (
            f"{one.name:28}{one.rate:9.0f}{one.rate_with_start:12.0f}{one.cpu:8.2f}"
            f"{one.main / 1e6:9.0f}{one.whole / 1e6:8.0f}{one.bytes / 1e6:10.1f}{busy}"
        )
    yield ""
    yield f"{'target':38}{'measured':>9}{'at least':>10}{'goal':>8}"
    for target in targets(bytes_of_pictures):
        numbers = [f"{one:{target.form}}" for one in (target.least, target.goal)]
        try:
            value = target.value(measured)
        except KeyError:
            told, verdict = "-", "not measured"
        else:
            told, verdict = f"{value:{target.form}}", target.verdict(value)
        yield f"{target.what:38}{told:>9}{numbers[0]:>10}{numbers[1]:>8}   {verdict}"
