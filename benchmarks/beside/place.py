"""Place: where a contest is held, and how a command is measured there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from benchmarks.beside import meter
from benchmarks.beside.corpus import Corpus
from benchmarks.beside.meter import Cost
from benchmarks.beside.origin import Origin, Traffic


class Place(Struct, frozen=True):
    """Where a contest is held: the origin, the corpus and its folder, and a folder for the runs."""

    origin: Origin
    corpus: Corpus
    pictures: Path
    scratch: Path

    def folder(self, name: str) -> Path:
        """An empty folder."""
        path = self.scratch / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        return path

    def measure(
        self, command: Sequence[str], folder: Path, env: Mapping[str, str]
    ) -> tuple[Cost, Traffic]:
        """The cost of a command, and what the origin served meanwhile."""
        self.origin.traffic()
        cost = meter.run(command, folder, env, self.origin.processes)
        return cost, self.origin.traffic()


def own_environment() -> dict[str, str]:
    """That of imgcache: nothing is set but what Python needs."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith(("IMGCACHE_", "GITHUB_"))
    }
