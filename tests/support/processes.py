"""Processes of a run as tests see them, and helpers that are none."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import TypeVar

from imgcache.config import Settings
from imgcache.edge.helpers import Helpers

T = TypeVar("T")
R = TypeVar("R")


def children(process: int) -> list[int]:
    """The processes that this one has started, threads of its own included; oldest first."""
    tasks = Path(f"/proc/{process}/task").iterdir()
    return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]


class PickledHelpers(Helpers[Settings]):
    """Does all here, with what would come through to a helper, and from it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, ())

    def map(self, work: Callable[[Settings, T], R], items: Iterable[T]) -> Generator[R]:
        return (_through(one) for one in super().map(work, map(_through, items)))


def _through(item: T) -> T:
    passed: T = pickle.loads(pickle.dumps(item))  # noqa: S301  our own
    return passed
