"""Launch of decoder processes: when one is needed, or early, before the command is imported.

To start takes one of them 0.1 s and more, and so long as this process imports what it needs, other
cores have nothing to do.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from imgcache.edge import descriptors

# Its pipes have no buffers on this side.
Program = subprocess.Popen[bytes]

_PIPE_BYTES = 1 << 20
# Descriptors below which none is early.
_ROOM = 64
# All that an interpreter may need of the environment; secrets stay out of the decoder's reach.
_ENVIRONMENT = (
    "PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME",
    "TMPDIR", "VIRTUAL_ENV",
)  # fmt: skip
# Memory of one image is kept for the next: to get it anew costs a page fault each 4 KiB, a tenth
# of the time. glibc keeps up to 64 MiB, of blocks below 32 MiB (Pillow asks for 16 at most).
KEPT_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "PILLOW_BLOCKS_MAX": "2",
}
# At most one.
_early: list[Program] = []


def launched() -> Program:
    """A new process, which waits for its limits on stdin; raises OSError."""
    program = subprocess.Popen(
        # -P: nothing is imported from the working folder, which may be anybody's.
        [sys.executable, "-P", "-m", "imgcache.edge.decoder.worker"],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # an interrupt from the terminal is not for decoders
        cwd="/",  # Pillow asks for the working folder, and that of the run may be removed
        env=environment(os.environ),
    )
    if program.stdin is not None:
        _enlarge(program.stdin.fileno())
    return program


@contextmanager
def early() -> Iterator[None]:
    """One starts for the first pool that needs one; without room for it none is early.

    Nor where descriptors are few, which the run needs before there is a pool.
    """
    if descriptors.available() >= _ROOM:
        with suppress(OSError):
            _early.append(launched())
    try:
        yield
    finally:
        if (program := taken()) is not None:
            end(program)


def taken() -> Program | None:
    """The early one, which may have ended by now; None where there is none, or not any more."""
    return _early.pop() if _early else None


def end(program: Program) -> None:
    """Kill one whose pipes nobody else has."""
    with program:
        program.kill()


def environment(outer: Mapping[str, str]) -> dict[str, str]:
    """That of a decoder whose parent has this one."""
    root = Path(__file__).resolve().parents[3]
    kept = {name: outer[name] for name in _ENVIRONMENT if name in outer}
    return kept | {"PYTHONPATH": str(root), **KEPT_MEMORY}


def _enlarge(pipe: int) -> None:
    """Let most images go through a pipe in one piece, where the system can do that."""
    # Too much of the memory for pipes is in use, or the process has ended already.
    with suppress(OSError):
        if sys.platform == "linux":
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
