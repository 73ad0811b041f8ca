"""Resampling: one result with the quick library or without it, and no end for lack of memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest
from PIL import Image
from PIL.Image import Resampling

from imgcache.edge.decoder import launch, resampling
from imgcache.edge.decoder.resampling import Box, resized
from imgcache.model import Size

# What each takes: a picture between the two passes, or where it is thin the filter.
SHORT_OF_MEMORY = """
import os, resource
from pathlib import Path
from PIL import Image
from PIL.Image import Resampling
from imgcache.edge.decoder.resampling import resized
from imgcache.model import Size

def is_right(size, wanted):
    try:
        made = resized(pixels, wanted, Resampling.LANCZOS, (0, 0, *size))
    except MemoryError:
        return True
    return made.getcolors() == [(wanted.width * wanted.height, (9, 99, 200))]

for size, wanted in (
    ((2000, 2000), Size(500, 500)),
    ((6000, 4000), Size(320, 213)),
    ((4, 250_000), Size(3, 187_500)),
    ((1, 500_000), Size(1, 499_999)),
):
    pixels = Image.new("RGB", size, (9, 99, 200))
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    for megabytes in range(3, 90, 6):
        if (child := os.fork()) == 0:
            most = pages * resource.getpagesize() + (megabytes << 20)
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
            os._exit(not is_right(size, wanted))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status == 0, (size, megabytes, status)
"""

# Malloc has nothing left, and asks the system for more than it is asked for.
DRAINED = """
import ctypes, os, resource
from pathlib import Path
from PIL import Image
from PIL.Image import Resampling
from imgcache.edge.decoder.resampling import resized
from imgcache.model import Size

malloc = ctypes.CDLL(None).malloc
malloc.restype, malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]

def drain():
    size = 4 << 20
    while size >= 4096:
        while malloc(size):
            pass
        size //= 2

def limit(most):
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))

for size, wanted in (((64, 64), Size(32, 32)), ((160, 120), Size(64, 48))):
    pixels = Image.new("RGB", size, (9, 99, 200))
    resized(pixels, wanted, Resampling.LANCZOS, (0, 0, *size))
    for kilobytes in range(12, 240, 12):
        if (child := os.fork()) == 0:
            most = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            limit(most)
            drain()
            limit(most + (kilobytes << 10))
            try:
                resized(pixels, wanted, Resampling.LANCZOS, (0, 0, *size))
            except MemoryError:
                pass
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status == 0, (size, kilobytes, status)
"""

METHODS = [Resampling.BICUBIC, Resampling.LANCZOS]
quick = pytest.mark.skipif(not resampling.is_quick, reason="has no wheels for this machine")


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
    pixels, rng, differ = picture(mode, Size(211, 157)), Random(3), 0
    for _ in range(40):
        left, top = rng.uniform(0, 100), rng.uniform(0, 70)
        box: Box = (left, top, rng.uniform(left + 9, 211), rng.choice([157, top + 40]))
        size = Size(rng.randint(1, 60), rng.randint(1, 60))
        monkeypatch.setattr(resampling, "is_quick", False)
        by_pillow = resized(pixels, size, method, box)
        monkeypatch.undo()
        ours = resized(pixels, size, method, box)
        assert ours.size == size
        # Premultiplied modes are none that numpy knows.
        one, other = (np.frombuffer(made.tobytes(), np.uint8) for made in (ours, by_pillow))
        assert np.abs(one.astype(int) - other).max() <= 2
        differ += bool((one != other).any())
    assert differ, "Pillow made both"


@quick
@pytest.mark.skipif(sys.platform != "linux", reason="holds no process to a memory limit")
@pytest.mark.parametrize("script", [SHORT_OF_MEMORY, DRAINED])
def test_where_memory_is_short_no_process_ends(script: str) -> None:
    child, env = [sys.executable, "-c", script], os.environ | launch.KEPT_MEMORY
    ended = subprocess.run(child, capture_output=True, text=True, env=env, check=False)
    assert (ended.stderr, ended.returncode) == ("", 0)


@quick
@pytest.mark.parametrize(
    "refusal", [RuntimeError("Source cropping option is invalid"), MemoryError(), AttributeError()]
)
def test_what_is_refused_is_pillows_to_do(
    refusal: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels, box = picture("RGB", Size(90, 60)), (0.0, 0.0, 90.0, 60.0)

    def refuse(*_: object) -> Image.Image:
        raise refusal

    monkeypatch.setattr(resampling, "_by_simd", refuse)
    made = resized(pixels, Size(30, 20), Resampling.BICUBIC, box)
    assert made.tobytes() == pixels.resize((30, 20), Resampling.BICUBIC, box).tobytes()


@pytest.mark.parametrize("module", ["raise OSError('libgcc_s')", "class Resizer: pass"])
def test_a_library_that_can_not_be_used_is_none(module: str, tmp_path: Path) -> None:
    (tmp_path / "cykooz_resizer.py").write_text(module)
    script = "from imgcache.edge.decoder import resampling; print(resampling.is_quick)"
    child = [sys.executable, "-c", script]
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    ended = subprocess.run(child, capture_output=True, text=True, env=env, check=True)
    assert ended.stdout == "False\n"


@quick
def test_where_a_pillow_keeps_pixels_is_not_guessed() -> None:
    script = """
import PIL.Image
PIL.__version__ = "99.0.0"
from imgcache.edge.decoder import resampling
print(resampling.is_quick)
"""
    child = [sys.executable, "-c", script]
    ended = subprocess.run(child, capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"
