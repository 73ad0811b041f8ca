"""The runs of the peers, of the ceiling and of the bare transport, over imgcache's entries."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.beside.origin import Way
from benchmarks.beside.outcome import Outcome
from benchmarks.beside.peers import DRIVERS, PEERS, environment
from benchmarks.beside.place import Place, own_environment
from benchmarks.beside.sites import Entry

FIRST_BYTES = {"Range": "bytes=0-16383"}  # what imgcache's probe asks for first
FEW = 2


class Theirs:
    """The runs of the peers and of the drivers, over the same entries."""

    def __init__(self, place: Place, entries: Sequence[Entry]) -> None:
        self._place, self._entries = place, entries

    def peer(
        self, name: str, home: Path, way: Way, entries: Sequence[Entry] | None = None
    ) -> Outcome:
        """One run of a peer."""
        folder, entries = self._place.folder("peer"), entries or self._entries
        port = self._place.origin.ports[way]
        urls, out = folder / "urls.txt", folder / "out"
        urls.write_text("".join(f"{one.numbered(port)}\n" for one in entries))
        command = PEERS[name].command(home, urls, out)
        return self._outcome(command, folder, environment(home), len(entries))

    def start_up(self, name: str, home: Path) -> float:
        """Seconds that a peer takes for a few URLs, its better time."""
        few = self._entries[:FEW]
        return min(self.peer(name, home, Way.PLAIN, few).cost.seconds for _ in range(2))

    def ceiling(self, kind: str) -> Outcome:
        """The pictures themselves, shrunk."""
        folder = self._place.folder("peer")
        paths = [self._place.pictures / one.path for one in self._entries]
        (folder / "list").write_text("".join(f"{path}\n" for path in paths))
        command = (sys.executable, f"{DRIVERS}/ceiling.py", "list", kind)
        return self._outcome(command, folder, own_environment(), len(paths))

    def bare(self, way: Way, *, conditional: bool) -> Outcome:
        """The requests that a refresh, or else a probe, sends."""
        folder, port = self._place.folder("peer"), self._place.origin.ports[way]
        requests = [
            (one.named(port), self._conditions[one.path] if conditional else FIRST_BYTES)
            for one in self._entries
        ]
        (folder / "requests").write_text(json.dumps(requests))
        command = (sys.executable, f"{DRIVERS}/bare_transport.py", "requests", str(port))
        return self._outcome(command, folder, own_environment(), len(requests))

    @cached_property
    def _conditions(self) -> dict[str, dict[str, str]]:
        """What a conditional request for each path says, from the answers to HEAD."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        port, found = self._place.origin.ports[Way.STALE], {}
        for path in {one.path for one in self._entries}:
            url = f"http://127.0.0.1:{port}/{path}"
            with opener.open(urllib.request.Request(url, method="HEAD")) as answer:
                head = answer.headers
            found[path] = {
                "If-None-Match": head["ETag"],
                "If-Modified-Since": head["Last-Modified"],
            }
        return found

    def _outcome(
        self, command: Sequence[str], folder: Path, env: Mapping[str, str], wanted: int
    ) -> Outcome:
        cost, traffic = self._place.measure(command, folder, env)
        said = _said(cost.out)
        done = said.get("done", said.get("successful"))
        fault = None
        if cost.status or done != wanted:
            fault = f"exit status {cost.status}, {done} of {wanted} done: {cost.errors}"
        return Outcome(cost, traffic.bytes, said.get("bytes"), said.get("seconds"), fault)


def _said(out: str) -> dict[str, Any]:
    """What a driver says in its last line; lychee's whole output is one document."""
    for text in (out, out.rstrip().rpartition("\n")[2]):
        try:
            said = json.loads(text)
        except ValueError:
            continue
        if isinstance(said, dict):
            return said
    return {}
