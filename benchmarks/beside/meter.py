"""Meter: runs one command and says what it cost. Linux only, as it reads /proc.

CPU time is that of the command and of the descendants that it waited for. `main` is the peak
memory of the command's own process as the kernel keeps it, `whole` the greatest sum with all of its
descendants, where pages that forked processes share count for each. `foreign` is the share of the
machine's time that others took meanwhile: figures of a busy machine tell little.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

PAGE, TICKS = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
SAMPLE, SEARCH = 0.05, 5  # seconds between samples; new processes are looked for in each fifth
GRAIN = 0.05  # seconds that the kernel's coarse clock ticks can't be trusted with
TIMEOUT = 900.0


class Cost(Struct, frozen=True):
    """What a command cost: seconds, bytes, shares; its exit status and the ends of its output."""

    seconds: float
    cpu: float
    main: int
    whole: int
    foreign: float
    status: int
    out: str
    errors: str


class _Memory(threading.Thread):
    """Samples the memory of a process and its descendants; ends it when it takes too long."""

    def __init__(self, leader: int) -> None:
        super().__init__(daemon=True)
        self.main = self.whole = 0
        self._leader, self._done = leader, threading.Event()

    def run(self) -> None:
        """The thread's work."""
        members, count, end = [self._leader], 0, time.monotonic() + TIMEOUT
        while not self._done.wait(SAMPLE):
            if count % SEARCH == 0:
                members = _descent(self._leader)
            count += 1
            self.main = max(self.main, _own_peak(self._leader))
            self.whole = max(self.whole, self.main, sum(map(_resident, members)))
            if time.monotonic() > end:
                os.killpg(self._leader, signal.SIGKILL)
                return

    def stop(self) -> None:
        """Returns when the last sample is taken."""
        self._done.set()
        self.join()


def run(
    command: Sequence[str], folder: Path, env: Mapping[str, str], friends: Iterable[int] = ()
) -> Cost:
    """The cost of a command run in `folder`, where its output is kept in files.

    Args:
        command: the program and its words.
        folder: its working folder.
        env: its environment.
        friends: processes whose work is part of it, as the origin's.
    """
    out, errors = folder / "stdout", folder / "stderr"
    os.sync()  # what came before is not written back during this one
    before, began = _others(friends), time.perf_counter()
    with out.open("wb") as o, errors.open("wb") as e:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=o, stderr=e,
            start_new_session=True,
        )  # fmt: skip
    memory = _Memory(process.pid)
    memory.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)  # it has a session of its own, and would go on
        raise
    finally:
        seconds = time.perf_counter() - began
        memory.stop()
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    foreign = max(0.0, _others(friends) - before - cpu - GRAIN) / seconds / (os.cpu_count() or 1)
    said, wrong = (path.read_text("utf-8", "replace") for path in (out, errors))
    return Cost(
        seconds, cpu, memory.main, memory.whole, foreign, process.returncode, said, wrong[-600:]
    )


def _others(friends: Iterable[int]) -> float:
    """CPU seconds of the machine so far, but for those of this process and its friends."""
    with Path("/proc/stat").open("rb") as stat:
        user, nice, system, _, _, irq, soft, steal = map(int, stat.readline().split()[1:9])
    own = os.times()
    ours = own.user + own.system
    for one in friends:
        if fields := _fields(one):
            ours += (int(fields[11]) + int(fields[12])) / TICKS
    return (user + nice + system + irq + soft + steal) / TICKS - ours


def _fields(pid: int) -> list[bytes]:
    """Those of /proc/PID/stat that follow the name; none where it has gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return []


def _descent(first: int) -> list[int]:
    """A process and all that come from it, whatever their sessions are."""
    every = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
    parents = {one: int(fields[1]) for one in every if (fields := _fields(one))}
    found = [first]
    for one in found:  # which grows meanwhile
        found += [child for child, parent in parents.items() if parent == one]
    return found


def _resident(pid: int) -> int:
    fields = _fields(pid)
    return int(fields[21]) * PAGE if fields else 0


def _own_peak(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/status").read_bytes()
    except OSError:
        return 0
    _, found, rest = text.partition(b"VmHWM:")
    return int(rest.split()[0]) * 1024 if found else 0
