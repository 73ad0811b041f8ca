"""Read-only calls of the user's own git; nothing that a repository configures is run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from imgcache.edge.stopping import StoppedError, is_told

# A hook's own variables would send git to another work tree than the one around the PATH.
_FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
# No lock and no index refresh; nothing is fetched for a partial clone; messages are English.
_ENVIRON = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "LC_ALL": "C",
}
_SETTINGS = ("core.fsmonitor=false", "core.hooksPath=/dev/null")
_TIMEOUT = 60.0
# So often (seconds) it is heard whether to stop.
_HEARING = 0.1


class Answer(Struct, frozen=True):
    """What git printed; `text` is None where it failed or is missing, `complaint` then says why."""

    text: str | None
    complaint: str = ""


def ask(
    folder: Path, *arguments: str, settings: Sequence[str] = (), index: Path | None = None
) -> Answer:
    """Run git in a folder, to read only.

    `settings` (`name=value`) override those of the repository. `index` replaces the repository's
    own index file. Raises StoppedError.
    """
    words = [word for setting in (*_SETTINGS, *settings) for word in ("-c", setting)]
    try:
        with subprocess.Popen(  # noqa: S603 - our own arguments; users' are checked before
            ["git", *words, *arguments],  # noqa: S607 - the user's own git
            cwd=folder,
            env=_environ(index),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,  # Ctrl-C on a terminal is ours to hear
        ) as process:
            stdout, stderr = _output(process)
    except FileNotFoundError:
        return Answer(None, "git is not installed")
    except subprocess.TimeoutExpired:
        return Answer(None, f"git took longer than {_TIMEOUT:.0f} seconds")
    except (OSError, subprocess.SubprocessError) as exc:
        return Answer(None, f"git can't be run: {exc}")
    if process.returncode == 0:
        return Answer(os.fsdecode(stdout))
    return Answer(None, _complaint(stderr))


def _output(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """What it prints until it ends. Raises TimeoutExpired and StoppedError; it is killed then."""
    for _ in range(round(_TIMEOUT / _HEARING)):
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=_HEARING)
        if is_told():
            process.kill()
            raise StoppedError
    process.kill()
    raise subprocess.TimeoutExpired(process.args, _TIMEOUT)


def _environ(index: Path | None) -> dict[str, str]:
    environ = {key: value for key, value in os.environ.items() if key not in _FOREIGN}
    environ.update(_ENVIRON)
    if index is not None:
        environ["GIT_INDEX_FILE"] = str(index)
    return environ


def _complaint(stderr: bytes) -> str:
    """Git's first fatal message, as one printable line."""
    lines = stderr.decode("utf-8", "backslashreplace").splitlines()
    fatal = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    line = next(iter([*fatal, *lines]), "git failed without a word")
    return "".join(char for char in line.partition(": ")[2] or line if char.isprintable())
