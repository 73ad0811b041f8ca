"""Outcomes: what the runs of one contestant cost, and their medians."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from msgspec import Struct

from benchmarks.beside.meter import Cost

CALM = 0.1  # where others took more of the machine, a run counts only if there is no better one


class Outcome(Struct, frozen=True):
    """One run.

    `seconds` are by its own clock, without start-up, where it has one; `bytes` those that the
    origin sent, `own_bytes` those that the tool says it got. A `fault` says why the run is void.
    """

    cost: Cost
    bytes: int
    own_bytes: int | None = None
    seconds: float | None = None
    fault: str | None = None


class Figures(Struct, frozen=True):
    """The medians of one contestant's runs; rates are of items in a second."""

    name: str
    rate: float
    rate_with_start: float
    cpu: float
    main: float
    whole: float
    bytes: float
    own_bytes: float | None
    foreign: float
    runs: int


class Contestant(Struct, frozen=True):
    """What is measured: so many items by one tool.

    `start_up` is measured once: the seconds that the tool takes for next to nothing. `run` is
    called in each round, or in the first only.
    """

    name: str
    items: int
    run: Callable[[], Outcome]
    start_up: Callable[[], float]
    once: bool = False


def figures(name: str, items: int, start_up: float, outcomes: Sequence[Outcome]) -> Figures | None:
    """The medians of the runs that are not void; None if there is none."""
    sound = [one for one in outcomes if one.fault is None]
    calm = [one for one in sound if one.cost.foreign <= CALM] or sound
    if not calm:
        return None
    costs = [one.cost for one in calm]
    seconds = [one.seconds or max(one.cost.seconds - start_up, 1e-3) for one in calm]
    own = [one.own_bytes for one in calm if one.own_bytes is not None]
    return Figures(
        name=name,
        rate=items / median(seconds),
        rate_with_start=items / median(one.seconds for one in costs),
        cpu=median(one.cpu for one in costs),
        main=median(one.main for one in costs),
        whole=median(one.whole for one in costs),
        bytes=median(one.bytes for one in calm),
        own_bytes=median(own) if own else None,
        foreign=max(one.foreign for one in costs),
        runs=len(calm),
    )
