"""Resampling: one result with the quick library or without it, and no end for lack of memory."""

from __future__ import annotations

import subprocess
import sys
from random import Random

import numpy as np
import pytest
from PIL import Image
from PIL.Image import Resampling

from imgcache.edge.decoder import resampling
from imgcache.edge.decoder.resampling import Box, resized
from imgcache.model import Size

# Pillow needs 4 MB, the copies for the other library take 48; and there are 12 to 80.
SHORT_OF_MEMORY = """
import os, resource
from pathlib import Path
from PIL import Image
from PIL.Image import Resampling
from imgcache.edge.decoder.resampling import resized
from imgcache.model import Size

pixels = Image.new("RGB", (2000, 2000), (9, 99, 200))
pages = int(Path("/proc/self/statm").read_text().split()[0])
for megabytes in range(12, 80, 3):
    if (child := os.fork()) == 0:
        most = pages * resource.getpagesize() + (megabytes << 20)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        made = resized(pixels, Size(500, 500), Resampling.BICUBIC, (0, 0, 2000, 2000))
        os._exit(made.getcolors() != [(250000, (9, 99, 200))])
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status == 0, (megabytes, status)
"""

METHODS = [Resampling.BICUBIC, Resampling.LANCZOS]
quick = pytest.mark.skipif(resampling.quick is None, reason="has no wheels for this machine")


def picture(mode: str, size: Size) -> Image.Image:
    """Noise, softened, of middle levels: what rings beyond black and white is cut by each pass."""
    rng = Random(7)
    small = Image.frombytes("RGBA", (12, 9), bytes(rng.choices(range(64, 192), k=12 * 9 * 4)))
    return small.resize(size, Resampling.BICUBIC).convert("RGBa" if mode == "RGBa" else mode)


def test_a_mode_is_the_same_afterwards() -> None:
    for mode in ("L", "RGB", "RGBa", "CMYK"):
        made = resized(picture(mode, Size(90, 60)), Size(30, 20), METHODS[0], (0, 0, 90, 60))
        assert (made.mode, made.size) == (mode, (30, 20))


@quick
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBa"])
def test_both_libraries_see_the_same(
    mode: str, method: Resampling, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels, rng = picture(mode, Size(211, 157)), Random(3)
    for _ in range(40):
        left, top = rng.uniform(0, 100), rng.uniform(0, 70)
        box: Box = (left, top, rng.uniform(left + 9, 211), rng.choice([157, top + 40]))
        size = Size(rng.randint(1, 60), rng.randint(1, 60))
        monkeypatch.setattr(resampling, "quick", None)
        by_pillow = resized(pixels, size, method, box)
        monkeypatch.undo()
        ours = resampling._by_simd(resampling.quick, pixels, size, method, box)  # type: ignore[arg-type]
        assert ours.size == size
        # Premultiplied modes are none that numpy knows.
        one, other = (np.frombuffer(made.tobytes(), np.uint8) for made in (ours, by_pillow))
        assert np.abs(one.astype(int) - other).max() <= 2


@pytest.mark.skipif(sys.platform != "linux", reason="holds no process to a memory limit")
def test_who_lacks_the_memory_for_copies_gets_it_from_pillow() -> None:
    child = [sys.executable, "-c", SHORT_OF_MEMORY]
    ended = subprocess.run(child, capture_output=True, text=True, check=False)
    assert (ended.stderr, ended.returncode) == ("", 0)


@quick
def test_what_is_refused_is_pillows_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels, box = picture("RGB", Size(90, 60)), (0.0, 0.0, 90.0, 60.0)

    def refuse(*_: object) -> Image.Image:
        raise RuntimeError("Source cropping option is invalid")

    monkeypatch.setattr(resampling, "_by_simd", refuse)
    made = resized(pixels, Size(30, 20), Resampling.BICUBIC, box)
    assert made.tobytes() == pixels.resize((30, 20), Resampling.BICUBIC, box).tobytes()
