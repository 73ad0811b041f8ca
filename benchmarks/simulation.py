"""Ten million URLs on 50,000 hosts, simulated from what one URL costs: hours, and who bounds them.

    python -m benchmarks.simulation [URLS HOSTS WORKERS RATE LATENCY [START [even]]]

RATE: URLs a second that one worker fetches and decodes; LATENCY: seconds of one request; START:
seconds of a run before its first request and after its last answer. Hosts have sizes after Zipf, so
that the largest has 8 % of the URLs; with `even` the others share the rest evenly, as in the runs
of benchmarks/engines.py. Shards are cut and given out by the rules of a run; each host gives one
answer per LATENCY until it has given one, then `fetch.per_host`; each worker takes at most RATE.
Printed: time, what the largest host alone would take, and how busy the workers were.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np

from imgcache.config import FetchSettings
from imgcache.engine.refresh.shards.cutting import shard_size
from imgcache.engine.refresh.shards.dispatcher import ENOUGH

LARGEST = 0.08
PER_HOST = FetchSettings().per_host
# Requests at once for each worker: `fetch.concurrency` divided by the workers.
SHARE = FetchSettings().concurrency
STEPS = 2000


class Simulated(NamedTuple):
    """Seconds of the run, those of the largest host alone, and the share of the workers' time."""

    seconds: float
    largest: float
    busy: float


def sizes(urls: int, hosts: int, largest: float = LARGEST) -> np.ndarray:
    """URLs of each host, the largest first; all of them have one at least."""
    low, high = 0.0, 4.0
    ranks = np.arange(1, hosts + 1, dtype=float)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 / (ranks**-middle).sum() < largest else (low, middle)
    shares = ranks**-low
    made: np.ndarray = np.maximum(1, np.round(urls * shares / shares.sum()))
    return made


def even(urls: int, hosts: int) -> np.ndarray:
    """URLs of each host as benchmarks/engines.py has them."""
    large = int(urls * LARGEST)
    rest = np.bincount(np.arange(large, urls) % (hosts - 1), minlength=hosts - 1)
    made: np.ndarray = np.sort(np.array([large, *rest], dtype=float))[::-1]
    return made


def shards(hosts: np.ndarray, workers: int) -> list[tuple[int, int]]:
    """The hosts of each shard, first and past the last, as a run cuts them."""
    most, cut, start = shard_size(int(hosts.sum()), workers), [], 0
    while start < len(hosts):
        end, held = start + 1, hosts[start]
        while end < len(hosts) and held + hosts[end] <= most:
            held += hosts[end]
            end += 1
        cut.append((start, end))
        start = end
    return cut


def simulate(
    hosts: np.ndarray, workers: int, rate: float, latency: float, share: int = SHARE
) -> Simulated:
    """In steps, in which each host that was begun gives what it can and its worker takes."""
    left, owner = hosts.astype(float).copy(), np.full(len(hosts), -1)
    waiting = shards(hosts, workers)[::-1]
    fastest, answered = PER_HOST / latency, hosts - 1
    bound = max(hosts.sum() / workers / rate, hosts[0] / fastest)
    step, passed, used = bound / STEPS, 0.0, 0.0
    full = share * (1 - ENOUGH)
    while left.sum() > 0:
        begun = owner >= 0
        # One place for a host until it has answered.
        able = np.minimum(left, np.where(left > answered, step / latency, fastest * step))
        # Of a step that is longer than a shard, what is left of its connections at the end.
        lasting = np.minimum(left - able, PER_HOST)
        wanted = np.bincount(owner[begun], able[begun], minlength=workers)
        demand = np.bincount(owner[begun], lasting[begun], minlength=workers)
        most = min(rate, share / latency) * step
        for worker in np.flatnonzero((wanted < most) & (demand <= full)):
            while waiting and wanted[worker] < most and demand[worker] <= full:
                start, end = waiting.pop()
                owner[start:end] = worker
                wanted[worker] += able[start:end].sum()
                demand[worker] += lasting[start:end].sum()
        begun = owner >= 0
        scale = np.minimum(1.0, most / np.maximum(wanted, 1e-9))
        given = np.where(begun, able * scale[np.maximum(owner, 0)], 0.0)
        left = np.where(left - given < 1e-6, 0.0, left - given)
        passed += step
        used += given.sum() / rate
    return Simulated(passed, hosts[0] / fastest, used / passed / workers)


def main(words: list[str]) -> None:
    urls, count = (int(words[0]), int(words[1])) if words else (10_000_000, 50_000)
    hosts = even(urls, count) if words[6:] == ["even"] else sizes(urls, count)
    crews = [int(words[2])] if words[2:] else [1, 2, 4, 16]
    rate = float(words[3]) if words[3:] else 300.0
    latency = float(words[4]) if words[4:] else 0.3
    start = float(words[5]) if words[5:] else 0.0
    print(f"{urls:,} URLs, {count:,} hosts, the largest {hosts[0]:,.0f}; {rate:g}/s a worker")
    for workers in crews:
        run = simulate(hosts, workers, rate, latency)
        print(
            f"{workers:4} workers: {_spelt(run.seconds + start)}; the largest host alone "
            f"{_spelt(run.largest)}; workers busy {run.busy:.0%}"
        )


def _spelt(seconds: float) -> str:
    return f"{seconds / 3600:.2f} h" if seconds >= 3600 else f"{seconds:.1f} s"


if __name__ == "__main__":
    main(sys.argv[1:])
