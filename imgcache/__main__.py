"""Entry point of `imgcache` and `python -m imgcache`."""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from types import ModuleType
from typing import NoReturn, TextIO

from imgcache.errors import ConfigError, refuse_windows

# Flags of runs that meet no new picture.
_WITHOUT_NEW_ONES = frozenset({"--offline", "--rehash", "--help"})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def main() -> None:
    """Run the command line. It is imported late, so that decoder processes stay light."""
    try:
        refuse_windows()
    except ConfigError as exc:
        sys.stderr.write(f"imgcache: {exc}\n")
        sys.exit(2)
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave)
    # Imports make 60,000 objects and no garbage; a run makes garbage by the thousand.
    gc.set_threshold(100_000, 20, 20)
    _leave_out_plugins()
    try:
        with _early_decoder(sys.argv[1:]):
            from imgcache.cli.app import app  # noqa: PLC0415
            from imgcache.cli.completion import prepare  # noqa: PLC0415

            prepare(app, sys.argv[1:])
            app()
    except OSError as exc:  # of a page of help; what commands print is watched by themselves
        if exc.errno not in _FULL or exc.filename is not None:
            raise
        _refuse_stdout(exc)


def _leave(*_: object) -> NoReturn:
    """Ctrl-C or SIGTERM before a command listens to it.

    An exception could be lost in an import: then the command would run, or wait for ever for a lock
    that the import still has. An early decoder sees that nobody is there any more, and ends.
    """
    with suppress(OSError):
        os.write(2, b"imgcache: stopped before it began\n")
    os._exit(130)


def _early_decoder(words: Sequence[str]) -> AbstractContextManager[None]:
    """A decoder that starts on another core meanwhile, for a run that will most likely need one.

    Where a catalog is kept, most runs meet nothing new; it is looked for where it usually is, as to
    read the configuration takes longer. A wrong guess costs time alone.
    """
    if words[:1] not in (["refresh"], ["verify"]) or _WITHOUT_NEW_ONES.intersection(words):
        return nullcontext()
    from imgcache.core.cache.layout import CATALOG  # noqa: PLC0415  other commands need none of it
    from imgcache.edge.cores import cores  # noqa: PLC0415

    if cores() == 1 or os.path.lexists(f"cache/{CATALOG}"):
        return nullcontext()
    from imgcache.edge.decoder.launch import early  # noqa: PLC0415

    return early()


def _leave_out_plugins() -> None:
    """Pydantic gets none; else it reads the metadata of all that is installed.

    The variable is its setting, which processes of this one inherit. The module takes the place
    of its loader: that would import, for nothing, what reads metadata (a 25th of a start).
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    loader = ModuleType("pydantic.plugin._loader")
    vars(loader)["get_plugins"] = tuple
    sys.modules.setdefault(loader.__name__, loader)


def _refuse_stdout(exc: OSError) -> NoReturn:
    """Tell it in one line, if stderr is not full, too."""
    _silence(sys.stdout)
    try:
        sys.stderr.write(f"imgcache: stdout can't be written: {exc.strerror}\n")
        sys.stderr.flush()
    except OSError:
        _silence(sys.stderr)
    sys.exit(2)


def _silence(stream: TextIO) -> None:
    """What a stream still holds goes to /dev/null when the interpreter ends."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def run() -> None:
    """As `main`, and leave without taking the interpreter apart: that takes an eighth of a start.

    All files are closed by then and all threads have ended, so there is nothing left to be done
    but to write out what stdout and stderr hold. What goes wrong with that is Python's to tell.
    """
    try:
        main()
    except SystemExit as exc:
        if isinstance(exc.code, int | None):
            with suppress(OSError, ValueError):
                for stream in (sys.stdout, sys.stderr):
                    if stream is not None:  # closed by the parent process
                        stream.flush()
                os._exit(exc.code or 0)
        raise


if __name__ == "__main__":
    run()
