"""imgcache beside its peers: cold runs, 304s and probes of the same pictures from the same origin.

    python -m benchmarks.beside [--rounds N] [--only NAME ...] [--smoke] ...

Needs Linux and nginx; the peers are installed, and the pictures made, in a folder of the user's
cache (XDG_CACHE_HOME). In each round each contestant runs once, and the next round begins with
another one; the table has the medians. Nothing else should run on the machine meanwhile. The exit
status is 1 only where something could not be measured, not where a target is not met.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.beside import corpus, peers, targets
from benchmarks.beside.contestants import NAMES, contestants, peers_of
from benchmarks.beside.origin import serving
from benchmarks.beside.outcome import Contestant, Figures, Outcome, figures
from benchmarks.beside.place import Place
from benchmarks.beside.sites import of_pictures

KEPT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "imgcache-bench"
PICTURES = 300
SMOKE = ("ceiling", "cold", "304s", "bare-304s", "slow-probe", "small")


def options(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.beside", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--urls", type=int, default=1200, help="at most 1200")
    parser.add_argument("--articles", type=int, default=1000, help="of small pictures")
    parser.add_argument("--many", type=int, default=10_000, help="articles that are filled once")
    parser.add_argument("--seed", type=int, default=7, help="of the pictures")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME")
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="does it run? few URLs, no peers; the figures mean nothing",
    )
    chosen = parser.parse_args(words)
    if chosen.smoke:
        chosen.rounds, chosen.urls, chosen.articles, chosen.many = 1, 20, 5, 10
        chosen.only = SMOKE
    return chosen


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def homes(names: set[str]) -> dict[str, Path]:
    """The environments of the peers that are to run; what can't be installed is told."""
    found = {}
    for name in sorted(peers_of(names)):
        try:
            found[name] = peers.home_of(name, KEPT)
        except peers.NotInstalledError as exc:
            tell(f"{name} is left out, as it can't be installed: {exc}")
    return found


def pictures(chosen: argparse.Namespace) -> tuple[Path, corpus.Corpus]:
    """The corpus and its folder."""
    wheel = None
    if not chosen.smoke:
        try:
            wheel = peers.wheel(KEPT)
        except peers.NotInstalledError as exc:
            tell(f"without scikit-learn's photographs: {exc}")
    count = 20 if chosen.smoke else PICTURES
    folder = KEPT / f"corpus-{chosen.seed}-{count}"
    return folder, corpus.make(folder, chosen.seed, count, wheel)


def rounds(every: Sequence[Contestant], count: int) -> tuple[dict[str, Figures], list[str]]:
    """The medians of so many rounds, and what could not be measured."""
    outcomes: dict[str, list[Outcome]] = {one.name: [] for one in every}
    faults = []
    starts = {one.name: one.start_up() for one in every}
    for number in range(count):
        first = number * len(every) // count
        for one in (*every[first:], *every[:first]):
            if one.once and number:
                continue
            tell(f"round {number + 1} of {count}: {one.name}")
            outcome = one.run()
            outcomes[one.name].append(outcome)
            if outcome.fault is not None:
                faults.append(f"{one.name}: {outcome.fault}")
    found = (figures(one.name, one.items, starts[one.name], outcomes[one.name]) for one in every)
    return {one.name: one for one in found if one is not None}, faults


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the origin is stopped, too
    chosen = options()
    names = set(chosen.only)
    tell(f"what is kept: {KEPT}")
    installed = homes(names)
    folder, made = pictures(chosen)
    print(f"{made.described()}; {chosen.urls} URLs, medians of {chosen.rounds}")
    with tempfile.TemporaryDirectory(prefix="imgcache-bench-") as name:
        scratch = Path(name)
        with serving(folder, scratch) as origin:
            place = Place(origin, made, folder, scratch)
            every = contestants(place, chosen.urls, chosen.articles, chosen.many, installed)
            measured, faults = rounds([one for one in every if one.name in names], chosen.rounds)
    paths = [folder / one.path for one in of_pictures(made, chosen.urls)]
    for line in targets.table(measured, sum(path.stat().st_size for path in paths)):
        print(line)
    for fault in faults:
        print(f"could not be measured: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
