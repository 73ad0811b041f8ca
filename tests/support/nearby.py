"""The tests that lie nearest to what has changed since the last commit (`make fast`).

Tests lie as the modules do, so that a file's are found by its path: those of its name, else those
of its folder. What holds the house together is always among them.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
ALWAYS = ("tests/test_docs.py", "tests/test_floors.py", "tests/test_renewed.py")
_NONE = ("support", "browser", "torture", "dialects")


def nearest(changed: Iterable[str], root: Path = ROOT) -> list[str]:
    """Test files and folders for these files, both from the root of the repository."""
    found = {one for path in changed if (one := _of(PurePosixPath(path), root)) is not None}
    inside = {one for one in found if any(str(up) in found for up in PurePosixPath(one).parents)}
    return [*sorted(found - inside - set(ALWAYS)), *ALWAYS]


def _of(path: PurePosixPath, root: Path) -> str | None:
    if path.suffix != ".py" or len(path.parts) == 1:
        return None
    first, *inner = path.parts
    if first == "tests":
        is_test = path.name.startswith("test_") and inner[0] not in _NONE
        return str(path) if is_test and (root / path).is_file() else None
    if first != "imgcache":
        return None
    own = PurePosixPath("tests", *inner[:-1], f"test_{path.name}")
    if (root / own).is_file():
        return str(own)
    # A ground floor module is everybody's: its own tests or none.
    return None if len(inner) == 1 else str(_folder(own.parent, root))


def _folder(path: PurePosixPath, root: Path) -> PurePosixPath:
    return path if (root / path).is_dir() else _folder(path.parent, root)


def changed() -> list[str]:
    """What git says has changed since the last commit, untracked files included."""
    words = ["git", "status", "--porcelain", "-z", "--untracked-files=all"]
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [one[3:] for one in told.split("\0") if len(one) > 3]


if __name__ == "__main__":
    print(" ".join(nearest(sys.argv[1:] or changed())))  # noqa: T201  for make
