"""In a mount namespace of its own (unshare -Urm): a refresh on a small disk, then on a large one.

    python full_disk.py FOLDER KIB

FOLDER, below the working folder, moves to a tmpfs of so many KiB; where it held files already, the
rest of that disk is filled. What was seen goes to stdout as JSON. The disk goes with the namespace.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

FILLER = "filler"
BLOCK = 4096


def mount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], check=True)


def run(*words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "imgcache", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return {"status": done.returncode, "stdout": done.stdout, "stderr": done.stderr}


def seen() -> dict[str, str | None]:
    """All files but images, thumbnails and the index; the texts of the articles."""
    files = [path for path in Path().rglob("*") if path.is_file()]
    return {
        str(path): path.read_bytes().decode() if path.suffix == ".md" else None for path in files
    }


def fill(folder: Path) -> None:
    with (folder / FILLER).open("wb", buffering=0) as file:
        try:
            while file.write(bytes(BLOCK)):
                pass
        except OSError:
            pass  # full, as it should be


def main(folder: Path, size: int) -> None:
    saved = Path(f"{folder}.saved")
    had_files = folder.exists()
    if had_files:
        shutil.copytree(folder, saved)
    folder.mkdir(exist_ok=True)
    mount(folder, f"size={size}k")
    if had_files:
        shutil.copytree(saved, folder, dirs_exist_ok=True)
        shutil.rmtree(saved)
        fill(folder)
    told = {"full": run("refresh", "--format", "json"), "seen": seen()}
    told["check"] = run("cache", "check")
    (folder / FILLER).unlink(missing_ok=True)
    mount(folder, "remount,size=64m")
    told["again"] = run("refresh", "--format", "json")
    told["fixed"] = run("cache", "check")
    told["end"] = seen()
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
